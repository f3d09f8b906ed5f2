import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { BufferPool, LARGE_BYTES, SMALL_BYTES } from '../../../src/io/buffer-pool.js';
import { Copier } from '../../../src/io/copy.js';
import { Output } from '../../../src/io/output.js';
import { Turn } from '../../../src/io/turn.js';

function newOutput() {
  const buffers = new BufferPool(8);
  const written: Buffer[] = [];
  const owner = { onDrained: () => undefined, onWriteError: () => undefined };
  const output = new Output({ turn: new Turn(), buffers, copier: new Copier(Buffer.alloc(64)) }, owner);
  const socket = {
    _write: (bytes: Buffer, _encoding: string, done: () => void) => {
      written.push(Buffer.from(bytes));
      done();
    },
    _writev: (list: { chunk: Buffer }[], done: () => void) => {
      for (const { chunk } of list) written.push(Buffer.from(chunk));
      done();
    },
  };
  output.attach(socket as unknown as Socket);
  const claim = (text: string, bytes = text.length): boolean => {
    const chunk = output.claim(bytes);
    if (chunk === null) return false;
    chunk.bytes.write(text, output.claimedAt, 'latin1');
    output.commit(text.length);
    return true;
  };
  return { output, buffers, claim, sent: () => Buffer.concat(written).toString('latin1') };
}

it('sends what is claimed and committed in its place among what is appended', async () => {
  const { output, buffers, claim, sent } = newOutput();
  const append = (text: string) => output.append(Buffer.from(text), 0, text.length);
  append('a');
  expect(claim('bc', 100)).toBe(true);
  append('d');
  expect(claim('e', SMALL_BYTES)).toBe(true);
  expect(output.pendingBytes).toBe(5);
  await nextTurn();
  expect(sent()).toBe('abcde');
  expect(output.pendingBytes).toBe(0);
  expect(buffers.lent).toBe(0);
});

it('opens a new chunk when the claim does not fit behind what is there', async () => {
  const { claim, sent } = newOutput();
  const long = 'x'.repeat(SMALL_BYTES - 10);
  claim(long);
  expect(claim('y'.repeat(100))).toBe(true);
  await nextTurn();
  expect(sent()).toBe(long + 'y'.repeat(100));
});

it('refuses a claim that no chunk can hold, and any claim once closed', () => {
  const { output, claim } = newOutput();
  expect(claim('z', LARGE_BYTES + 1)).toBe(false);
  output.close();
  expect(claim('z')).toBe(false);
});

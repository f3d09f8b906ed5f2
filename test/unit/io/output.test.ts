import { setImmediate as nextPoll } from 'node:timers/promises';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BufferPool, LARGE_BYTES, SMALL_BYTES } from '../../../src/io/buffer-pool.js';
import { Copier } from '../../../src/io/copy.js';
import { Output, OWNED_BYTES_MIN } from '../../../src/io/output.js';
import { MORE_POLLS_MAX, Turn } from '../../../src/io/turn.js';

/** Resolves when what was added before has been flushed, whatever it waited for. */
async function nextTurn(): Promise<void> {
  for (let polls = 0; polls <= MORE_POLLS_MAX; polls++) await nextPoll();
}

type Done = (error?: Error | null) => void;

/** The two hooks that Output calls. What it is given is copied at completion, as the kernel may do it that late. */
class FakeSocket {
  /** Bytes of each write that was completed. */
  readonly writes: string[] = [];
  isAsynchronous = false;
  error: Error | null = null;
  #waiting: (() => void)[] = [];

  _write(bytes: Buffer, _encoding: string, done: Done): void {
    this.#take([bytes], done);
  }

  _writev(list: { chunk: Buffer }[], done: Done): void {
    const chunks = list.map(({ chunk }) => chunk);
    this.#take(chunks, done);
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Completes the write that waits for the kernel. */
  complete(): void {
    this.#waiting.shift()!();
  }

  #take(chunks: Buffer[], done: Done): void {
    const { error } = this;
    const finish = (): void => {
      if (error === null) this.writes.push(Buffer.concat(chunks).toString('latin1'));
      done(error);
    };
    if (this.#waiting.length > 0) throw new Error('two writes at a time');
    if (this.isAsynchronous) this.#waiting.push(finish);
    else finish();
  }
}

function newOutput() {
  const buffers = new BufferPool(8);
  const events: string[] = [];
  const memory = { turn: new Turn(), buffers, copier: new Copier(Buffer.alloc(64)) };
  const output = new Output(memory, {
    onDrained: () => events.push('drained'),
    onWriteError: (error) => events.push(`error: ${error.message}`),
  });
  const socket = new FakeSocket();
  const append = (text: string): void => {
    const bytes = Buffer.from(`<<${text}>>`, 'latin1');
    output.append(bytes, 2, 2 + text.length);
    bytes.fill('!');
  };
  return { output, socket, buffers, events, append, attach: () => output.attach(socket as unknown as Socket) };
}

describe('Output', () => {
  it('sends what was appended in a turn with one write, when the turn ends', async () => {
    const { output, socket, append, attach, buffers } = newOutput();
    attach();
    append('one ');
    append('two ');
    append('x'.repeat(200));
    expect(socket.writes).toEqual([]);
    expect(output.pendingBytes).toBe(208);
    await nextTurn();
    expect(socket.writes).toEqual([`one two ${'x'.repeat(200)}`]);
    expect(output.pendingBytes).toBe(0);
    expect(output.sentBytes).toBe(208);
    expect(buffers.lent).toBe(0);
    append('three');
    await nextTurn();
    expect(socket.writes).toHaveLength(2);
  });

  it('keeps what is appended before there is a socket', async () => {
    const { output, socket, append, attach } = newOutput();
    append('early');
    await nextTurn();
    expect(output.pendingBytes).toBe(5);
    attach();
    append(' late');
    await nextTurn();
    expect(socket.writes).toEqual(['early late']);
  });

  it('sends more than a chunk holds, in order', async () => {
    const { socket, append, attach, buffers } = newOutput();
    attach();
    append('a'.repeat(SMALL_BYTES - 10));
    append('b'.repeat(3 * LARGE_BYTES));
    append('c');
    await nextTurn();
    expect(socket.writes.join('')).toBe(`${'a'.repeat(SMALL_BYTES - 10)}${'b'.repeat(3 * LARGE_BYTES)}c`);
    expect(buffers.lent).toBe(0);
  });

  it('sends an owned buffer as it is, in its place', async () => {
    const { output, socket, append, attach, buffers } = newOutput();
    attach();
    const block = buffers.borrowBlock(OWNED_BYTES_MIN);
    block.fill('o');
    append('before ');
    output.appendOwned(block, block);
    append(' behind');
    output.appendOwned(Buffer.from(' end'), null);
    await nextTurn();
    expect(socket.writes.join('')).toBe(`before ${'o'.repeat(block.length)} behind end`);
    expect(buffers.borrowBlock(OWNED_BYTES_MIN)).toBe(block);
  });

  it('gives nothing back before the kernel has it', async () => {
    const { output, socket, append, attach, buffers } = newOutput();
    attach();
    socket.isAsynchronous = true;
    const block = buffers.borrowBlock(OWNED_BYTES_MIN);
    block.fill('o');
    append('before ');
    output.appendOwned(block, block);
    await nextTurn();
    expect(socket.isWaiting).toBe(true);
    expect(buffers.lent).toBe(1);
    expect(buffers.borrowBlock(OWNED_BYTES_MIN)).not.toBe(block);
    socket.complete();
    expect(buffers.lent).toBe(0);
    expect(socket.writes).toEqual([`before ${'o'.repeat(block.length)}`]);
    expect(buffers.borrowBlock(OWNED_BYTES_MIN)).toBe(block);
  });

  it('gathers bytes while a write waits, and sends them when it is done', async () => {
    const { output, socket, append, attach } = newOutput();
    attach();
    socket.isAsynchronous = true;
    append('one');
    await nextTurn();
    append('two');
    await nextTurn();
    append('three');
    expect(output.pendingBytes).toBe(11);
    socket.complete();
    expect(socket.writes).toEqual(['one']);
    expect(output.pendingBytes).toBe(8);
    socket.complete();
    expect(socket.writes).toEqual(['one', 'twothree']);
    expect(output.pendingBytes).toBe(0);
    await nextTurn();
    expect(socket.isWaiting).toBe(false);
  });

  it('tells once that everything has been sent, and only if asked', async () => {
    const { output, socket, append, attach, events } = newOutput();
    attach();
    append('one');
    await nextTurn();
    expect(events).toEqual([]);
    socket.isAsynchronous = true;
    append('two');
    output.tellsDrain = true;
    await nextTurn();
    append('three');
    expect(events).toEqual([]);
    socket.complete();
    expect(events).toEqual([]);
    socket.complete();
    expect(events).toEqual(['drained']);
    append('four');
    await nextTurn();
    socket.complete();
    expect(events).toEqual(['drained']);
  });

  it('tells so too when the kernel takes everything at once', async () => {
    const { output, append, attach, events } = newOutput();
    attach();
    append('one');
    output.tellsDrain = true;
    await nextTurn();
    expect(events).toEqual(['drained']);
  });

  it.each([false, true])(
    'closes itself and says why when a write fails (asynchronously: %s)',
    async (isAsynchronous) => {
      const { output, socket, append, attach, events, buffers } = newOutput();
      attach();
      socket.isAsynchronous = isAsynchronous;
      socket.error = new Error('EPIPE');
      append('one');
      output.tellsDrain = true;
      await nextTurn();
      if (isAsynchronous) {
        append('two');
        socket.complete();
      }
      expect(events).toEqual(['error: EPIPE']);
      append('three');
      await nextTurn();
      expect(output.pendingBytes).toBe(0);
      expect(buffers.lent).toBe(0);
      expect(events).toEqual(['error: EPIPE']);
    },
  );

  it('drops what waits when it is closed, and gives back what is under way when that is done', async () => {
    const { output, socket, append, attach, events, buffers } = newOutput();
    attach();
    socket.isAsynchronous = true;
    append('one');
    await nextTurn();
    const block = buffers.borrowBlock(OWNED_BYTES_MIN);
    append('x'.repeat(2 * LARGE_BYTES));
    output.appendOwned(block, block);
    output.tellsDrain = true;
    output.close();
    expect(output.pendingBytes).toBe(0);
    expect(buffers.lent).toBe(1);
    expect(buffers.borrowBlock(OWNED_BYTES_MIN)).toBe(block);
    socket.complete();
    expect(buffers.lent).toBe(0);
    await nextTurn();
    expect(socket.writes).toEqual(['one']);
    expect(events).toEqual([]);
  });

  it('takes nothing any more once it is closed, but gives owned blocks back', () => {
    const { output, append, buffers } = newOutput();
    output.close();
    output.close();
    const block = buffers.borrowBlock(OWNED_BYTES_MIN);
    append('one');
    append('x'.repeat(2 * LARGE_BYTES));
    output.appendOwned(block, block);
    expect(output.pendingBytes).toBe(0);
    expect(buffers.lent).toBe(0);
    expect(buffers.borrowBlock(OWNED_BYTES_MIN)).toBe(block);
  });

  it('can be flushed before the turn ends', () => {
    const { output, socket, append, attach } = newOutput();
    attach();
    append('bye');
    output.flush();
    expect(socket.writes).toEqual(['bye']);
  });

  it('loses, doubles and reorders nothing, however it is filled and emptied', async () => {
    const stepArb = fc.record({
      kind: fc.constantFrom('append', 'append', 'append', 'owned', 'flush', 'complete', 'turn', 'toggle'),
      length: fc.oneof(fc.nat(200), fc.nat(40_000), fc.nat(150_000)),
      fill: fc.constantFrom('a', 'b', 'c', 'd'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(stepArb, { maxLength: 40 }), async (steps) => {
        const { output, socket, append, attach, buffers } = newOutput();
        attach();
        let sent = '';
        for (const { kind, length, fill } of steps) {
          if (kind === 'append') append(fill.repeat(length));
          if (kind === 'owned') {
            const block = buffers.borrowBlock(Math.max(1, length));
            block.fill(fill);
            output.appendOwned(block.subarray(0, length), block);
          }
          if (kind === 'append' || kind === 'owned') sent += fill.repeat(length);
          if (kind === 'flush') output.flush();
          if (kind === 'complete' && socket.isWaiting) socket.complete();
          if (kind === 'turn') await nextTurn();
          if (kind === 'toggle') socket.isAsynchronous = !socket.isAsynchronous;
          expect(output.pendingBytes + output.sentBytes).toBe(sent.length);
        }
        await nextTurn();
        while (socket.isWaiting) socket.complete();
        expect(socket.writes.join('') === sent).toBe(true);
        expect(output.pendingBytes).toBe(0);
        expect(buffers.lent).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});

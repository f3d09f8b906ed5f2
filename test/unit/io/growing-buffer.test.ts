import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BufferPool } from '../../../src/io/buffer-pool.js';
import { GrowingBuffer } from '../../../src/io/growing-buffer.js';

const newBuffer = (): GrowingBuffer => new GrowingBuffer(new BufferPool(4));
const textOf = ({ buffer, length }: GrowingBuffer): string => buffer.toString('latin1', 0, length);

describe('GrowingBuffer', () => {
  it('holds nothing while it is empty', () => {
    const growing = newBuffer();
    expect(growing.buffer).toHaveLength(0);
    growing.append(Buffer.from('abc'), 1, 2);
    growing.clear();
    expect(growing.buffer).toHaveLength(0);
  });

  it('grows at once to what is known to follow', () => {
    const growing = newBuffer();
    growing.append(Buffer.from('abc'), 0, 3, 100_000);
    expect(growing.buffer.length).toBeGreaterThanOrEqual(100_003);
    const { buffer } = growing;
    growing.append(Buffer.alloc(100_000), 0, 100_000);
    expect(growing.buffer).toBe(buffer);
  });

  it('pays at most 1 MiB for an announcement, and nothing for a negative one', () => {
    const growing = newBuffer();
    growing.append(Buffer.from('abc'), 0, 3, 2 ** 40);
    expect(growing.buffer.length).toBeLessThanOrEqual(2 * 1024 ** 2);
    const other = newBuffer();
    other.append(Buffer.from('abc'), 0, 3, -(2 ** 40));
    expect(other.buffer.length).toBeLessThanOrEqual(1024);
  });

  it('copies every byte a bounded number of times, even if nothing is known to follow', () => {
    const growing = newBuffer();
    const piece = Buffer.alloc(1000, 'x');
    let copied = 0;
    for (let i = 0; i < 5000; i++) {
      const { buffer, length } = growing;
      growing.append(piece, 0, piece.length);
      if (growing.buffer !== buffer) copied += length;
    }
    expect(growing.length).toBe(5_000_000);
    expect(copied).toBeLessThan(2 * growing.length);
  });

  it('leaves the bytes that it gave away alone', () => {
    const pool = new BufferPool(4);
    const growing = new GrowingBuffer(pool);
    growing.append(Buffer.alloc(20_000, 'a'), 0, 20_000);
    const taken = growing.take();
    expect(growing.length).toBe(0);
    growing.append(Buffer.alloc(20_000, 'b'), 0, 20_000);
    expect(taken.toString('latin1', 0, 20_000)).toBe('a'.repeat(20_000));
    pool.giveBackBlock(taken);
    expect(pool.borrowBlock(taken.length)).toBe(taken);
  });

  it('holds what was appended and not discarded, while its blocks pass from one to another', () => {
    const stepArb = fc.record({
      which: fc.integer({ min: 0, max: 2 }),
      action: fc.constantFrom('append', 'append', 'append', 'discard', 'clear', 'take'),
      fill: fc.constantFrom('a', 'b', 'c', 'd'),
      length: fc.oneof(fc.nat(100), fc.nat(40_000)),
      expected: fc.constantFrom(0, -5, 30_000),
    });
    fc.assert(
      fc.property(fc.array(stepArb, { maxLength: 40 }), (steps) => {
        const pool = new BufferPool(4);
        const growing = [0, 1, 2].map(() => new GrowingBuffer(pool));
        const model = ['', '', ''];
        const taken: { readonly bytes: Buffer; readonly text: string }[] = [];
        for (const { which, action, fill, length, expected } of steps) {
          const one = growing[which]!;
          if (action === 'append') {
            one.append(Buffer.alloc(length + 2, fill), 1, 1 + length, expected);
            model[which] = model[which]! + fill.repeat(length);
          } else if (action === 'discard') {
            const count = Math.min(length, one.length);
            one.discard(count);
            model[which] = model[which]!.slice(count);
          } else if (action === 'take') {
            const { length: whole } = one;
            taken.push({ bytes: one.take().subarray(0, whole), text: model[which]! });
            model[which] = '';
          } else {
            one.clear();
            model[which] = '';
          }
          expect(growing.map(textOf)).toEqual(model);
        }
        for (const { bytes, text } of taken) expect(bytes.toString('latin1')).toBe(text);
      }),
      { numRuns: 200 },
    );
  });
});

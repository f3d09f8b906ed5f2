import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Chunk } from '../../../src/io/buffer-pool.js';
import { Copier } from '../../../src/io/copy.js';

describe('Copier', () => {
  it('copies any range of any source to any place, and nothing else', () => {
    const readBuffer = Buffer.alloc(400);
    const slab = Buffer.alloc(2048).subarray(13, 1013);
    const other = Buffer.alloc(400);
    const copier = new Copier(readBuffer);
    const ranges = fc.record({
      source: fc.constantFrom(readBuffer, slab, other),
      start: fc.nat(200),
      length: fc.nat(200),
      at: fc.nat(300),
      fill: fc.nat(255),
    });
    fc.assert(
      fc.property(fc.array(ranges, { minLength: 1, maxLength: 8 }), (copies) => {
        const chunk = new Chunk(512);
        chunk.bytes.fill(0xee);
        const model = Buffer.alloc(512, 0xee);
        for (const { source, start, length, at, fill } of copies) {
          for (let i = 0; i < source.length; i++) source[i] = (fill + i * 7) & 255;
          copier.copy(source, start, start + length, chunk, at);
          source.copy(model, at, start, start + length);
        }
        expect(chunk.bytes.equals(model)).toBe(true);
      }),
    );
  });

  it('keeps every bit pattern, NaNs of any kind among them', () => {
    const source = Buffer.from('7ff0000000000001fff8000000000000ffffffffffffffff7fa00000', 'hex');
    const copier = new Copier(Buffer.alloc(8));
    const chunk = new Chunk(64);
    copier.copy(source, 0, source.length, chunk, 3);
    expect(chunk.bytes.subarray(3, 3 + source.length).equals(source)).toBe(true);
  });
});

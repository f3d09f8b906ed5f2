import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES_MAX, BufferPool, LARGE_BYTES, SMALL_BYTES } from '../../../src/io/buffer-pool.js';

describe('BufferPool', () => {
  describe('of chunks', () => {
    it('lends a small one unless the bytes need a large one', () => {
      const pool = new BufferPool(4);
      expect(pool.borrow(0).bytes).toHaveLength(SMALL_BYTES);
      expect(pool.borrow(SMALL_BYTES).bytes).toHaveLength(SMALL_BYTES);
      expect(pool.borrow(SMALL_BYTES + 1).bytes).toHaveLength(LARGE_BYTES);
      expect(pool.borrow(10 * LARGE_BYTES).bytes).toHaveLength(LARGE_BYTES);
    });

    it('gives each a view of the same memory', () => {
      const chunk = new BufferPool(4).borrow(1);
      chunk.view.setUint32(4, 0x61626364);
      expect(chunk.bytes.toString('latin1', 4, 8)).toBe('abcd');
      expect(chunk.view.byteLength).toBe(SMALL_BYTES);
    });

    it('lends again what came back, each to one borrower', () => {
      const pool = new BufferPool(4);
      const [one, two] = [pool.borrow(1), pool.borrow(1)];
      expect(two).not.toBe(one);
      pool.giveBack(one);
      expect(pool.borrow(SMALL_BYTES + 1)).not.toBe(one);
      expect(pool.borrow(1)).toBe(one);
      expect(pool.borrow(1)).not.toBe(one);
    });

    it('counts what is lent', () => {
      const pool = new BufferPool(1);
      const chunks = [pool.borrow(1), pool.borrow(1), pool.borrow(LARGE_BYTES)];
      expect(pool.lent).toBe(3);
      for (const chunk of chunks) pool.giveBack(chunk);
      expect(pool.lent).toBe(0);
    });

    it('keeps no more spare ones than it was told', () => {
      const pool = new BufferPool(2);
      const chunks = new Set([pool.borrow(1), pool.borrow(1), pool.borrow(1)]);
      for (const chunk of chunks) pool.giveBack(chunk);
      const again = [pool.borrow(1), pool.borrow(1), pool.borrow(1)];
      expect(again.filter((chunk) => chunks.has(chunk))).toHaveLength(2);
    });
  });

  describe('of blocks', () => {
    it.each([1, 511, 16_383, 16_384, 16_385, 65_536, 65_537, BLOCK_BYTES_MAX, BLOCK_BYTES_MAX + 1])(
      'lends one of at least %i bytes, and less than twice as many',
      (bytes) => {
        const block = new BufferPool(0).borrowBlock(bytes);
        expect(block.length).toBeGreaterThanOrEqual(bytes);
        expect(block.length).toBeLessThan(2 * bytes);
      },
    );

    it('lends again what came back, to whoever needs as much', () => {
      const pool = new BufferPool(0);
      const block = pool.borrowBlock(20_000);
      pool.giveBackBlock(block);
      expect(pool.borrowBlock(40_000)).not.toBe(block);
      expect(pool.borrowBlock(16_384)).not.toBe(block);
      expect(pool.borrowBlock(32_768)).toBe(block);
      expect(pool.borrowBlock(32_768)).not.toBe(block);
    });

    it('never lends memory that it did not lend before', () => {
      const pool = new BufferPool(0);
      const foreign = Buffer.alloc(32_768);
      pool.giveBackBlock(foreign);
      expect(pool.borrowBlock(32_768)).not.toBe(foreign);
    });

    it('lends a block that came back twice to one borrower only', () => {
      const pool = new BufferPool(0);
      const block = pool.borrowBlock(20_000);
      pool.giveBackBlock(block);
      pool.giveBackBlock(block);
      expect(pool.borrowBlock(20_000)).toBe(block);
      expect(pool.borrowBlock(20_000)).not.toBe(block);
    });

    it('keeps a bounded number of bytes of one size', () => {
      const pool = new BufferPool(0);
      const blocks = new Set(Array.from({ length: 20 }, () => pool.borrowBlock(BLOCK_BYTES_MAX)));
      for (const block of blocks) pool.giveBackBlock(block);
      const again = Array.from({ length: 20 }, () => pool.borrowBlock(BLOCK_BYTES_MAX));
      expect(again.filter((block) => blocks.has(block))).toHaveLength(8);
    });
  });
});

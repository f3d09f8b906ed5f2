import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/errors.js';
import { Jump, jumpBucket } from '../../../src/routing/jump.js';

/** The paper's C code, in arbitrary precision. */
function jumpByDefinition(key: number, buckets: number): number {
  let state = BigInt(key >>> 0);
  let bucket = -1;
  for (let next = 0; next < buckets;) {
    bucket = next;
    state = (state * 2862933555777941757n + 1n) & 0xffff_ffff_ffff_ffffn;
    next = Math.floor((bucket + 1) * (2 ** 31 / Number((state >> 33n) + 1n)));
  }
  return bucket;
}

describe('jump', () => {
  it('equals the paper for every kind of key', () => {
    for (const buckets of [1, 2, 3, 10, 1000, 1_000_000]) {
      for (let i = 0; i < 400; i++) {
        const key = Math.imul(i, 0x9e3779b1);
        expect(jumpBucket(key, buckets)).toBe(jumpByDefinition(key, buckets));
      }
      for (const key of [0, 1, -1, 0x7fffffff, 0x80000000, 0xffffffff, 0xffff, 0x10000]) {
        expect(jumpBucket(key, buckets)).toBe(jumpByDefinition(key, buckets));
      }
    }
  });

  it('gives a node of weight w the keys of w buckets', () => {
    const weighted = new Jump([2, 1, 3].map((weight, i) => ({ id: `n${i}`, weight })));
    const owners = [0, 0, 1, 2, 2, 2];
    for (let hash = 0; hash < 5000; hash += 7) expect(weighted.ownerOf(hash)).toBe(owners[jumpBucket(hash, 6)]);
    expect([...weighted.shares()]).toEqual([2 / 6, 1 / 6, 3 / 6]);
  });

  it('lists every node even when one has nearly all the weight', () => {
    const lopsided = new Jump([1, 100_000, 1].map((weight, i) => ({ id: `n${i}`, weight })));
    const out = new Int32Array(3);
    for (let hash = 0; hash < 100; hash++) {
      expect(lopsided.ownersOf(hash, 3, out)).toBe(3);
      expect([...out].sort()).toEqual([0, 1, 2]);
    }
  });

  it('refuses weights that would need an unreasonable table', () => {
    expect(() => new Jump([{ id: 'a', weight: 5_000_000 }])).toThrow(ConfigError);
  });
});

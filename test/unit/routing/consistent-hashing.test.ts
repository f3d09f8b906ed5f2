import { describe, expect, it } from 'vitest';
import { buildConsistentHashing, defaultReplicas } from '../../../src/routing/consistent-hashing.js';
import { keyHashes } from '../../../src/routing/hash.js';

describe('consistent hashing', () => {
  it('places point i of a node at the hash of id:i', () => {
    const nodes = ['a', 'bb'].map((id) => ({ id, weight: 1 }));
    for (const hash of [keyHashes.crc32_mix, keyHashes.md5]) {
      const ring = buildConsistentHashing(nodes, hash, 20);
      for (const [node, { id }] of nodes.entries()) {
        for (let i = 0; i < 20; i++) {
          const text = Buffer.from(`${id}:${i}`);
          const value = hash(text, 0, text.length);
          expect(ring.explain(value)).toMatchObject({ node, value: value >>> 0, of: 40 });
        }
      }
    }
  });

  it('gives a node points in proportion to its weight', () => {
    const nodes = [1, 0, 3].map((weight, i) => ({ id: `n${i}`, weight }));
    expect(buildConsistentHashing(nodes, keyHashes.murmur3_32, 50).pointCount).toBe(200);
  });

  it('holds the default ring of 50 nodes in 1.5 MB', () => {
    const nodes = Array.from({ length: 50 }, (_, i) => ({ id: `cache-${i}`, weight: 1 }));
    const ring = buildConsistentHashing(nodes, keyHashes.murmur3_32, defaultReplicas);
    expect(ring.byteLength).toBeLessThan(1_500_000);
  });

  it('refuses a ring of more than four million points, with the numbers', () => {
    const nodes = [{ id: 'a', weight: 5000 }];
    expect(() => buildConsistentHashing(nodes, keyHashes.crc32, 1000)).toThrow(
      /5000000 points \(total weight 5000 × 1000 replicas\), at most 4194304/,
    );
  });
});

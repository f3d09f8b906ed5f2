import { describe, expect, it } from 'vitest';
import { fmix32, murmur3 } from '../../../src/routing/hash-murmur.js';
import { Rendezvous } from '../../../src/routing/rendezvous.js';

const named = (weights: Readonly<Record<string, number>>): { id: string; weight: number }[] =>
  Object.entries(weights).map(([id, weight]) => ({ id, weight }));

/** Indexes by falling score, straight from the definition. */
function rankByDefinition(nodes: readonly { id: string; weight: number }[], hash: number): number[] {
  const scores = nodes.map(({ id, weight }) => {
    const mixed = fmix32(hash ^ murmur3(Buffer.from(id), 0, id.length)) >>> 0;
    return weight / -Math.log((mixed + 0.5) / 2 ** 32);
  });
  return [...nodes.keys()].sort((a, b) => scores[b]! - scores[a]!);
}

describe('rendezvous', () => {
  it.each([
    ['equal', { d: 1, a: 1, c: 1, b: 1, e: 1 }],
    ['unequal', { d: 3, a: 1, c: 7, b: 1, e: 2 }],
  ])('orders nodes of %s weight by their score', (_, weights) => {
    const nodes = named(weights);
    const rendezvous = new Rendezvous(nodes);
    const out = new Int32Array(5);
    for (let i = 0; i < 500; i++) {
      const hash = Math.imul(i, 0x9e3779b1);
      const expected = rankByDefinition(nodes, hash);
      expect(rendezvous.ownerOf(hash)).toBe(expected[0]);
      for (let count = 1; count <= 5; count++) {
        expect(rendezvous.ownersOf(hash, count, out)).toBe(count);
        expect([...out.subarray(0, count)]).toEqual(expected.slice(0, count));
      }
    }
  });

  it('gives a node of weight 0 nothing', () => {
    const rendezvous = new Rendezvous(named({ a: 1, drained: 0, b: 1 }));
    const out = new Int32Array(3);
    for (let hash = 0; hash < 300; hash++) expect(rendezvous.ownersOf(fmix32(hash), 3, out)).toBe(2);
    expect([...rendezvous.shares()]).toEqual([0.5, 0, 0.5]);
  });
});

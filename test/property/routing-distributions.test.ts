/**
 * What every distribution promises, for arbitrary nodes and keys: independence of order, removal that disturbs nobody else,
 * shares in proportion to weight, distinct owners, and an explanation that agrees with the routing.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RoutedNode } from '../../src/routing/distribution.js';
import { hashNames } from '../../src/routing/hash.js';
import { Partitioner, partitioningAlgorithms, type PartitioningAlgorithm } from '../../src/routing/partitioner.js';

const hashed = partitioningAlgorithms.filter((algorithm) => algorithm !== 'random');
const orderFree = ['consistent_hashing', 'rendezvous', 'maglev', 'ketama', 'modula'] as const;

const nodeList = (options: { minLength: number; maxWeight: number }): fc.Arbitrary<RoutedNode[]> =>
  fc.uniqueArray(
    fc.record({
      id: fc.string({ minLength: 1, maxLength: 20 }),
      weight: fc.integer({ min: 1, max: options.maxWeight }),
    }),
    { minLength: options.minLength, maxLength: 8, selector: (node) => node.id },
  );

const keyList = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 20, maxLength: 60 });

const build = (nodes: readonly RoutedNode[], algorithm: PartitioningAlgorithm): Partitioner =>
  new Partitioner({ nodes, algorithm, ...(algorithm === 'consistent_hashing' ? { replicas: 64 } : {}) });

const ownerId = (partitioner: Partitioner, key: Uint8Array): string =>
  partitioner.nodes[partitioner.nodeOf(key, 0, key.length)]!.id;

/** Twenty thousand keys' owners, counted. */
function counts(partitioner: Partitioner): number[] {
  const result = partitioner.nodes.map(() => 0);
  for (let i = 0; i < 20_000; i++) {
    const key = Buffer.from(`item/${i}`);
    result[partitioner.nodeOf(key, 0, key.length)]! += 1;
  }
  return result;
}

describe('the order of the nodes', () => {
  it.each(orderFree)('does not matter to %s', (algorithm) => {
    fc.assert(
      fc.property(nodeList({ minLength: 2, maxWeight: 5 }), keyList, fc.nat(), (nodes, keys, turn) => {
        const by = turn % nodes.length;
        const turned = [...nodes.slice(by), ...nodes.slice(0, by)].reverse();
        const one = build(nodes, algorithm);
        const other = build(turned, algorithm);
        for (const key of keys) expect(ownerId(other, key)).toBe(ownerId(one, key));
      }),
      { numRuns: 40 },
    );
  });
});

describe('removing a node', () => {
  it.each(['consistent_hashing', 'rendezvous'] as const)('moves only its own keys with %s', (algorithm) => {
    fc.assert(
      fc.property(nodeList({ minLength: 2, maxWeight: 5 }), keyList, fc.nat(), (nodes, keys, pick) => {
        const removed = nodes[pick % nodes.length]!;
        const before = build(nodes, algorithm);
        const after = build(
          nodes.filter((node) => node !== removed),
          algorithm,
        );
        for (const key of keys) {
          const owner = ownerId(before, key);
          if (owner !== removed.id) expect(ownerId(after, key)).toBe(owner);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('moves only its own keys with jump when it is the last', () => {
    fc.assert(
      fc.property(nodeList({ minLength: 2, maxWeight: 5 }), keyList, (nodes, keys) => {
        const before = build(nodes, 'jump');
        const after = build(nodes.slice(0, -1), 'jump');
        for (const key of keys) {
          const owner = ownerId(before, key);
          if (owner !== nodes.at(-1)!.id) expect(ownerId(after, key)).toBe(owner);
        }
      }),
      { numRuns: 60 },
    );
  });

  it.each(['consistent_hashing', 'rendezvous'] as const)(
    'hands its keys to the next owner that was listed with %s',
    (algorithm) => {
      fc.assert(
        fc.property(nodeList({ minLength: 3, maxWeight: 3 }), keyList, (nodes, keys) => {
          const before = build(nodes, algorithm);
          const out = new Int32Array(2);
          for (const key of keys.slice(0, 5)) {
            before.ownersOf(key, 0, key.length, 2, out);
            const survivors = nodes.filter((_, index) => index !== out[0]);
            expect(ownerId(build(survivors, algorithm), key)).toBe(nodes[out[1]!]!.id);
          }
        }),
        { numRuns: 20 },
      );
    },
  );

  it('moves few other keys with maglev', () => {
    const nodes = Array.from({ length: 10 }, (_, i) => ({ id: `cache-${i}`, weight: (i % 3) + 1 }));
    fc.assert(
      fc.property(fc.nat({ max: 9 }), (removed) => {
        const before = build(nodes, 'maglev');
        const after = build(nodes.toSpliced(removed, 1), 'maglev');
        let strayed = 0;
        for (let i = 0; i < 20_000; i++) {
          const key = Buffer.from(`item/${i}`);
          const owner = ownerId(before, key);
          if (owner !== nodes[removed]!.id && ownerId(after, key) !== owner) strayed++;
        }
        expect(strayed).toBeLessThan(20_000 * 0.02);
      }),
      { numRuns: 10 },
    );
  });
});

describe('weights', () => {
  it.each(['consistent_hashing', 'maglev', 'jump', 'rendezvous', 'modula', 'redis_cluster', 'ketama'] as const)(
    'set the shares of %s in proportion',
    (algorithm) => {
      const nodes = [1, 4, 2, 3].map((weight, i) => ({ id: `cache-${i}`, weight }));
      const partitioner = new Partitioner({ nodes, algorithm });
      // The points of ketama are few (160 a server), so its shares are coarse.
      const tolerance = algorithm === 'ketama' ? 0.25 : 0.08;
      const shares = partitioner.shares();
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
      for (const [i, count] of counts(partitioner).entries()) {
        const expected = nodes[i]!.weight / 10;
        expect(Math.abs(count / 20_000 - expected)).toBeLessThan(tolerance * expected);
        expect(Math.abs(shares[i]! - expected)).toBeLessThan(tolerance * expected);
        expect(Math.abs(shares[i]! - count / 20_000)).toBeLessThan(0.02);
      }
    },
  );

  it.each(hashed)('of 0 leave a node of %s without keys', (algorithm) => {
    const nodes = [1, 0, 2].map((weight, i) => ({ id: `cache-${i}`, weight }));
    const partitioner = build(nodes, algorithm);
    const out = new Int32Array(3);
    expect(counts(partitioner)[1]).toBe(0);
    expect(partitioner.shares()[1]).toBe(0);
    expect(partitioner.ownersOf(Buffer.from('k'), 0, 1, 3, out)).toBe(2);
  });
});

describe('owners', () => {
  it.each(hashed)(
    'of %s are distinct, begin with the owner, and do not depend on how many are asked for',
    (algorithm) => {
      fc.assert(
        fc.property(nodeList({ minLength: 1, maxWeight: 5 }), keyList, (nodes, keys) => {
          const partitioner = build(nodes, algorithm);
          const all = new Int32Array(nodes.length + 1);
          for (const key of keys) {
            const found = partitioner.ownersOf(key, 0, key.length, nodes.length + 1, all);
            expect(found).toBe(nodes.length);
            expect(new Set(all.subarray(0, found)).size).toBe(found);
            expect(all[0]).toBe(partitioner.nodeOf(key, 0, key.length));
            const fewer = new Int32Array(2).fill(-1);
            const two = partitioner.ownersOf(key, 0, key.length, 2, fewer);
            expect([...fewer.subarray(0, two)]).toEqual([...all.subarray(0, two)]);
          }
        }),
        { numRuns: 25 },
      );
    },
  );
});

describe('explain', () => {
  it.each(hashed)('agrees with the routing of %s, whatever hash and tag', (algorithm) => {
    const hash = algorithm === 'redis_cluster' ? fc.constant(undefined) : fc.constantFrom(...hashNames);
    const key = fc.string({ unit: fc.constantFrom('a', 'é', '{', '}', ':'), maxLength: 12 });
    fc.assert(
      fc.property(nodeList({ minLength: 1, maxWeight: 3 }), hash, key, (nodes, name, text) => {
        const replicas = algorithm === 'consistent_hashing' ? 16 : undefined;
        const partitioner = new Partitioner({ nodes, algorithm, hash: name, hashTag: '{}', replicas });
        const bytes = Buffer.from(text);
        const explanation = partitioner.explain(bytes);
        expect(explanation.node).toBe(partitioner.nodeOf(bytes, 0, bytes.length));
        expect(explanation.hash).toBe(partitioner.hashOf(bytes, 0, bytes.length));
        const part = explanation.hashed;
        if (part.length > 0) {
          const whole = new Partitioner({ nodes, algorithm: 'modula', hash: explanation.hashName });
          expect(whole.hashOf(part, 0, part.length)).toBe(explanation.hash);
        }
        expect(explanation.why).toContain(JSON.stringify(nodes[explanation.node]!.id));
      }),
      { numRuns: 40 },
    );
  });
});

/** ketama and modula against every recorded placement: the promise that a twemproxy user keeps the cache. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/errors.js';
import type { RoutedNode } from '../../../src/routing/distribution.js';
import { twemproxyHashes } from '../../../src/routing/hash.js';
import { buildKetama } from '../../../src/routing/ketama.js';
import { Partitioner } from '../../../src/routing/partitioner.js';
import { nodeOfServer, vectorKeys, vectors, type TwemproxyDistribution } from './twemproxy-vectors.js';

type TheirHash = keyof typeof twemproxyHashes;

const placeAll = (partitioner: Partitioner, keys: readonly Buffer[]): number[] =>
  keys.map((key) => partitioner.nodeOf(key, 0, key.length));

const cases = Object.entries(vectors.placement).flatMap(([pool, hashes]) =>
  Object.entries(hashes).flatMap(([hash, distributions]) =>
    Object.entries(distributions).map(([algorithm, digits]) => ({ pool, hash, algorithm, digits })),
  ),
);

describe('placement equals twemproxy', () => {
  it('has all recorded placements to compare with', () => {
    expect(cases.reduce((sum, { digits }) => sum + digits.length, 0)).toBe(25_347);
  });

  it.each(cases)('pool $pool, $hash $algorithm', ({ pool, hash, algorithm, digits }) => {
    const { servers, hash_tag: tag, ejected } = vectors.pools[pool]!;
    const all = servers.map(nodeOfServer);
    // Ejection in twemproxy is a new ring from the survivors.
    const live = all.filter((node) => node.name !== ejected);
    const partitioner = new Partitioner({
      nodes: live,
      algorithm: algorithm as TwemproxyDistribution,
      hash: twemproxyHashes[hash as TheirHash],
      ...(tag === null ? {} : { hashTag: tag }),
    });
    const placed = placeAll(partitioner, vectorKeys).map((index) => all.indexOf(live[index]!));
    expect(placed.join('')).toBe(digits);
  });

  it('names servers on port 11211 and on sockets as twemproxy does', () => {
    const { servers, ring_names_in_stats_order: names, key_to_ring_name: expected } = vectors.special_names;
    const nodes = servers.map(nodeOfServer);
    expect(nodes.map((node) => node.name).sort()).toEqual([...names].sort());
    const partitioner = new Partitioner({ nodes, algorithm: 'ketama', hash: 'md5' });
    const placed = placeAll(
      partitioner,
      Object.keys(expected).map((key) => Buffer.from(key)),
    );
    expect(placed.map((index) => nodes[index]!.name)).toEqual(Object.values(expected));
  });

  it.each([
    ['n25', Array.from({ length: 25 }, (_, i) => ({ id: `s${i}`, weight: 1 })), 3900],
    ['w5', [1, 2, 3, 4, 15].map((weight, i) => ({ id: `w${i}`, weight })), 784],
  ] as const)('rounds point counts in 32-bit floats: %s', (name, nodes: readonly RoutedNode[], points) => {
    expect(buildKetama(nodes).pointCount).toBe(points);
    const expected = vectors.float32_rounding[name];
    const partitioner = new Partitioner({ nodes, algorithm: 'ketama', hash: 'md5' });
    expect(
      placeAll(
        partitioner,
        Object.keys(expected).map((key) => Buffer.from(key)),
      ),
    ).toEqual(Object.values(expected));
  });
});

describe('ketama and modula', () => {
  it('give the same owners whatever the order of the configuration', () => {
    const nodes = vectors.pools['named']!.servers.map(nodeOfServer);
    for (const algorithm of ['ketama', 'modula'] as const) {
      const given = new Partitioner({ nodes, algorithm, hash: 'murmur' });
      const reversed = new Partitioner({ nodes: nodes.toReversed(), algorithm, hash: 'murmur' });
      const names = (p: Partitioner): (string | undefined)[] => placeAll(p, vectorKeys).map((i) => p.nodes[i]!.name);
      expect(names(reversed)).toEqual(names(given));
    }
  });

  it('refuse modula weights that would need an unreasonable table', () => {
    const nodes = [1, 5_000_000].map((weight, i) => ({ id: `n${i}`, weight }));
    expect(() => new Partitioner({ nodes, algorithm: 'modula' })).toThrow(ConfigError);
    expect(new Partitioner({ nodes, algorithm: 'ketama' }).shares()[1]).toBe(1);
  });
});

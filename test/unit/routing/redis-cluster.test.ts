import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/errors.js';
import { Partitioner } from '../../../src/routing/partitioner.js';
import { RedisCluster } from '../../../src/routing/redis-cluster.js';

const three = ['a', 'b', 'c'].map((id) => ({ id, weight: 1 }));

const slotOf = (key: string): number => {
  const { placement } = new Partitioner({ nodes: three, algorithm: 'redis_cluster' }).explain(Buffer.from(key));
  return placement.kind === 'slot' ? placement.slot : -1;
};

describe('redis_cluster', () => {
  // Values of CLUSTER KEYSLOT in Redis.
  it.each([
    ['', 0],
    ['foo', 12182],
    ['123456789', 12739],
    ['{user1000}.following', 3443],
    ['user1000', 3443],
    ['foo{}{bar}', 8363],
    ['foo{{bar}}zap', 4015],
    ['foo{bar}{zap}', 5061],
    ['bar', 5061],
  ])('puts %j in slot %i', (key, slot) => {
    expect(slotOf(key)).toBe(slot);
  });

  it('deals slots to three nodes as redis-cli does', () => {
    const cluster = new RedisCluster(three);
    const edges = [0, 5460, 5461, 10922, 10923, 16383];
    expect(edges.map((slot) => cluster.ownerOf(slot))).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it('takes slot ranges as given and walks them for further owners', () => {
    const cluster = new RedisCluster(three, [
      { first: 0, last: 99, node: 2 },
      { first: 100, last: 16382, node: 0 },
      { first: 16383, last: 16383, node: 1 },
    ]);
    const out = new Int32Array(3);
    expect(cluster.ownersOf(16383, 3, out)).toBe(3);
    expect([...out]).toEqual([1, 2, 0]);
    expect(cluster.ownersOf(150, 2, out)).toBe(2);
    expect([...out.subarray(0, 2)]).toEqual([0, 1]);
    expect(cluster.shares()[2]).toBeCloseTo(100 / 16384, 10);
  });

  it.each([
    ['a gap', [{ first: 0, last: 16382, node: 0 }], /slot 16383 belongs to no node/],
    [
      'an overlap',
      [
        { first: 0, last: 16383, node: 0 },
        { first: 7, last: 7, node: 1 },
      ],
      /slot 7 is given twice/,
    ],
    ['a slot past the end', [{ first: 0, last: 16384, node: 0 }], /not a range/],
    ['an unknown node', [{ first: 0, last: 16383, node: 3 }], /name no node/],
  ])('refuses ranges with %s', (_, ranges, message) => {
    expect(() => new RedisCluster(three, ranges)).toThrow(message);
  });

  it('refuses another hash or hash tag, which the protocol fixes', () => {
    const nodes = three;
    expect(() => new Partitioner({ nodes, algorithm: 'redis_cluster', hash: 'crc32' })).toThrow(ConfigError);
    expect(() => new Partitioner({ nodes, algorithm: 'redis_cluster', hashTag: '$$' })).toThrow(ConfigError);
  });
});

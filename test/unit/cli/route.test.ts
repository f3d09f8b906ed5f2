import { describe, expect, it } from 'vitest';
import { routeOf } from '../../../src/cli/route.js';
import { parseConfig } from '../../../src/config/load.js';
import { partitionerOptions } from '../../../src/config/partitioning.js';
import { Partitioner } from '../../../src/routing/partitioner.js';

function routesIn(partitioning: string) {
  const text = `listeners: [{ bind: "h:1", pool: p }]
pools: { p: { nodes: [{ id: a, host: ha }, { id: b, host: hb }, { id: c, host: hc }], partitioning: ${partitioning} } }`;
  const pool = parseConfig(text, 'f', {}).pools[0]!;
  const partitioner = new Partitioner(partitionerOptions(pool.nodes, pool.partitioning, () => 0.5));
  return (key: string | Buffer) => routeOf(Buffer.from(key), partitioner, pool);
}

describe('routeOf', () => {
  it('names the slot that Redis Cluster gives a key', () => {
    // `CLUSTER KEYSLOT foo` answers 12182, which is in the last third of the slots.
    expect(routesIn('{ algorithm: redis_cluster }')('foo')).toMatchObject({
      key: 'foo',
      keyHex: '666f6f',
      placement: { kind: 'slot', slot: 12_182, of: 16_384 },
      node: { id: 'c', address: 'hc:6379' },
    });
  });

  it('shows the part of the key that was hashed', () => {
    const route = routesIn('{}');
    const tagged = route('{user}:1');
    expect(tagged.hashedHex).toBe(Buffer.from('user').toString('hex'));
    expect(tagged.node).toEqual(route('user').node);
  });

  it('gives a key that is not text in hexadecimal only', () => {
    expect(routesIn('{}')(Buffer.from([0xff, 0x00]))).toMatchObject({ key: null, keyHex: 'ff00' });
  });

  it('gives no hash when the algorithm uses none', () => {
    expect(routesIn('{ algorithm: random }')('k')).toMatchObject({ hash: null, placement: { kind: 'drawn' } });
  });
});

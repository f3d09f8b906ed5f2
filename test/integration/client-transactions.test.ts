/** Transactions and long pipelines as ioredis and node-redis make them, over three nodes. */
import { Redis } from 'ioredis';
import { createClient, WatchError } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, startFleet } from '../support/fleet.js';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet.stop());

describe('ioredis', () => {
  let client: Redis;
  let other: Redis;
  beforeAll(() => {
    client = new Redis(fleet.proxy.port, '127.0.0.1');
    other = new Redis(fleet.proxy.port, '127.0.0.1');
  });
  afterAll(() => {
    client.disconnect();
    other.disconnect();
  });

  it('runs a transaction on the keys of one node, and one that lost its watched key gives null', async () => {
    await client.set('{io}a', '1');
    await client.watch('{io}a');
    expect(await client.multi().incr('{io}a').get('{io}a').exec()).toEqual([
      [null, 2],
      [null, '2'],
    ]);
    await client.watch('{io}a');
    await other.set('{io}a', 'mine');
    expect(await client.multi().set('{io}a', 'lost').exec()).toBeNull();
    expect(await client.get('{io}a')).toBe('mine');
  });

  it('refuses a transaction over two nodes and names them', async () => {
    const [one, two] = [fleet.keysOf(0, 1)[0]!, fleet.keysOf(1, 1)[0]!];
    await expect(client.multi().set(one, '1').set(two, '2').exec()).rejects.toThrow(/^EXECABORT.*n0.*n1/);
    expect(await client.mget(one, two)).toEqual([null, null]);
  });

  it('counts right when clients race for one key with WATCH', async () => {
    const racers = Array.from({ length: 8 }, () => new Redis(fleet.proxy.port, '127.0.0.1'));
    await client.set('{race}', '0');
    await Promise.all(
      racers.map(async (racer) => {
        for (let done = 0; done < 10;) {
          await racer.watch('{race}');
          const value = Number(await racer.get('{race}'));
          const results = await racer
            .multi()
            .set('{race}', value + 1)
            .exec();
          if (results !== null) done++;
        }
      }),
    );
    expect(await client.get('{race}')).toBe('80');
    for (const racer of racers) racer.disconnect();
  });
});

describe.each([2, 3] as const)('node-redis in RESP%i', (RESP) => {
  it('gets 10,000 replies of one pipeline in order, and a watch conflict', async () => {
    const client = createClient({ url: `redis://127.0.0.1:${fleet.proxy.port}`, RESP });
    const other = createClient({ url: `redis://127.0.0.1:${fleet.proxy.port}`, RESP });
    await Promise.all([client.connect(), other.connect()]);
    const pipeline = client.multi();
    for (let i = 0; i < 5000; i++) pipeline.set(`nr:${i % 777}`, String(i)).get(`nr:${i % 777}`);
    const replies = await pipeline.execAsPipeline();
    expect(replies).toHaveLength(10_000);
    for (let i = 0; i < 5000; i++) expect(replies[i * 2 + 1]).toBe(String(i));

    await client.watch('{nr}a');
    await other.set('{nr}a', 'theirs');
    await expect(client.multi().set('{nr}a', 'ours').exec()).rejects.toBeInstanceOf(WatchError);
    expect(await client.multi().set('{nr}a', 'ours').get('{nr}a').exec()).toEqual(['OK', 'ours']);
    await Promise.all([client.close(), other.close()]);
  });
});

/**
 * Placement, live: nutcracker and Ringward side by side on the same file, in front of the same servers. 10,000 random keys
 * in all go through both; a key that was written through one must be found through the other, on the same server.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/child-process.js';
import { startRingward, type RingwardServer } from '../support/proxy.js';
import {
  startMemcached,
  startNutcracker,
  startRedis,
  type NutcrackerServer,
  type TestServer,
} from '../support/servers.js';
import { connectRaw, encodeCommand, type RawClient } from '../support/wire.js';

const PAIRS = [
  ['fnv1a_64', 'ketama'],
  ['murmur', 'ketama'],
  ['md5', 'ketama'],
  ['one_at_a_time', 'modula'],
  ['hsieh', 'modula'],
  ['crc16', 'modula'],
  ['jenkins', 'ketama'],
  ['crc32a', 'modula'],
] as const;
const MC_PAIRS = [
  ['fnv1_32', 'ketama'],
  ['crc32', 'modula'],
] as const;
/** Ten pools. */
const KEYS_PER_POOL = 1000;

let redis: TestServer[];
let memcached: TestServer[];
let nutcracker: NutcrackerServer;
let ringward: RingwardServer;

function poolText(
  name: string,
  isRedis: boolean,
  [hash, distribution]: readonly [string, string],
  servers: readonly TestServer[],
): string {
  // Every second pool names its servers and gives them weights; every third has a hash tag.
  const index = Number(name.slice(1));
  const lines = servers.map(
    ({ port }, i) =>
      `    - 127.0.0.1:${port}:${index % 2 === 0 ? 1 : i + 1}${index % 2 === 0 ? '' : ` cache-${i * 7}`}`,
  );
  const tag = index % 3 === 2 ? '  hash_tag: "{}"\n' : '';
  return `${name}:\n  listen: 127.0.0.1:0\n  redis: ${isRedis}\n  hash: ${hash}\n  distribution: ${distribution}\n${tag}  servers:\n${lines.join('\n')}\n`;
}

beforeAll(async () => {
  redis = await Promise.all(Array.from({ length: 5 }, () => startRedis()));
  memcached = await Promise.all(Array.from({ length: 3 }, () => startMemcached()));
  const text = [
    ...PAIRS.map((pair, index) => poolText(`r${index}`, true, pair, redis)),
    ...MC_PAIRS.map((pair, index) => poolText(`m${index}`, false, pair, memcached)),
  ].join('');
  nutcracker = await startNutcracker({ config: text });
  let ours = text;
  while (ours.includes('127.0.0.1:0')) ours = ours.replace('127.0.0.1:0', `127.0.0.1:${await freePort()}`);
  ringward = await startRingward(ours, { args: ['--no-stats', '--workers', '0'] });
});
afterAll(() => Promise.all([...redis, ...memcached, nutcracker, ringward].map((server) => server.stop())));

/** A small generator with a seed, so that a failure can be repeated. */
function* randomKeys(seed: number, count: number, isText: boolean): Generator<Buffer> {
  let state = seed;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let i = 0; i < count; i++) {
    const length = 1 + next(next(2) === 0 ? 16 : 250);
    const bytes = Buffer.alloc(length);
    for (let at = 0; at < length; at++) bytes[at] = isText ? 33 + next(223) : next(256);
    if (isText) for (let at = 0; at < length; at++) if (bytes[at] === 127) bytes[at] = 128;
    if (next(4) === 0 && length > 6) {
      bytes.write('{', 1);
      bytes.write('}', 4);
    }
    yield bytes;
  }
}

/** The keys that a server holds, asked directly. */
async function held(server: TestServer): Promise<Set<string>> {
  const client = await connectRaw(server.port);
  const reply = await client.call('KEYS', '*');
  client.destroy();
  const keys = new Set<string>();
  for (let at = reply.indexOf('\r\n') + 2; at < reply.length;) {
    const head = reply.indexOf('\r\n', at);
    const length = Number(reply.slice(at + 1, head));
    keys.add(reply.slice(head + 2, head + 2 + length));
    at = head + 4 + length;
  }
  return keys;
}

async function writeAll(client: RawClient, keys: readonly Buffer[], value: string): Promise<void> {
  client.send(Buffer.concat(keys.map((key) => encodeCommand('SET', key, value))));
  await client.readReplies(keys.length);
}

describe('10,000 keys', () => {
  it.each(PAIRS.map(([hash, distribution], index) => [hash, distribution, index] as const))(
    'of a redis pool with %s and %s lie on the same servers',
    async (_hash, _distribution, index) => {
      const keys = [...randomKeys(index + 1, KEYS_PER_POOL, false)];
      const placements: Map<string, number>[] = [];
      for (const port of [nutcracker.ports[`r${index}`]!, ringward.ports[`r${index}`]!]) {
        const client = await connectRaw(port);
        await writeAll(client, keys, 'v');
        client.destroy();
        const sets = await Promise.all(redis.map(held));
        placements.push(new Map(sets.flatMap((set, server) => [...set].map((key) => [key, server] as const))));
        await Promise.all(redis.map(flush));
      }
      const distinct = new Set(keys.map((key) => key.toString('latin1')));
      expect(placements[0]!.size).toBe(distinct.size);
      expect(placements[1]).toEqual(placements[0]);
      expect(new Set(placements[0]!.values()).size).toBeGreaterThan(1);
    },
  );

  it.each(MC_PAIRS.map(([hash, distribution], index) => [hash, distribution, index] as const))(
    'of a memcached pool with %s and %s lie on the same servers',
    async (_hash, _distribution, index) => {
      const keys = [...randomKeys(100 + index, KEYS_PER_POOL, true)];
      const counts: number[][] = [];
      for (const port of [nutcracker.ports[`m${index}`]!, ringward.ports[`m${index}`]!]) {
        const client = await connectRaw(port);
        for (const key of keys) client.send(Buffer.concat([Buffer.from('set '), key, Buffer.from(' 0 0 1\r\nv\r\n')]));
        for (let i = 0; i < keys.length; i++) expect(await client.readLine()).toBe('STORED');
        client.destroy();
        counts.push(await whereEach(keys));
        await Promise.all(memcached.map(flushMemcached));
      }
      expect(counts[1]).toEqual(counts[0]);
      expect(new Set(counts[0]).size).toBeGreaterThan(1);
      expect(counts[0]).not.toContain(-1);
    },
  );
});

async function flush({ port }: TestServer): Promise<void> {
  const client = await connectRaw(port);
  await client.call('FLUSHALL');
  client.destroy();
}

async function flushMemcached({ port }: TestServer): Promise<void> {
  const client = await connectRaw(port);
  client.send('flush_all\r\n');
  await client.readLine();
  client.destroy();
}

/** The server that holds each key, by asking all of them; -1 for none. */
async function whereEach(keys: readonly Buffer[]): Promise<number[]> {
  const found = keys.map(() => -1);
  for (const [server, { port }] of memcached.entries()) {
    const client = await connectRaw(port);
    for (const [at, key] of keys.entries()) {
      client.send(Buffer.concat([Buffer.from('get '), key, Buffer.from('\r\n')]));
      const line = await client.readLine();
      if (line === 'END') continue;
      found[at] = server;
      await client.readUntil('END\r\n');
    }
    client.destroy();
  }
  return found;
}

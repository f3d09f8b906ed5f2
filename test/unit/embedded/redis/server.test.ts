/** What a comparison with redis-server cannot show: memory bound, expiry by an injected clock, random answers, limits. */
import { afterEach, describe, expect, it } from 'vitest';
import type { EmbeddedNode } from '../../../../src/embedded/node.js';
import { type EmbeddedRedisOptions, startEmbeddedRedis } from '../../../../src/embedded/redis/server.js';
import { EnvironmentError } from '../../../../src/errors.js';
import { type RawClient, connectRaw } from '../../../support/wire.js';

const OUT_OF_MEMORY = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
const nodes: EmbeddedNode[] = [];
const clients: RawClient[] = [];

async function start(options: EmbeddedRedisOptions = {}): Promise<RawClient> {
  const node = await startEmbeddedRedis({ port: 0, ...options });
  nodes.push(node);
  const client = await connectRaw(node.port);
  clients.push(client);
  return client;
}

async function numberOf(client: RawClient, field: string): Promise<number> {
  const info = await client.call('INFO');
  return Number(new RegExp(`${field}:([0-9]+)`).exec(info)![1]);
}

/** The bulk strings of a flat array reply. */
function bulks(reply: string): string[] {
  return reply.split('\r\n').filter((line, index) => index % 2 === 0 && index > 0 && line !== '');
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  for (const node of nodes.splice(0)) await node.close();
});

describe('memory of an embedded Redis node', () => {
  it('stays under the bound while keys keep coming', async () => {
    const client = await start({ maxMemoryBytes: 100_000 });
    for (let key = 0; key < 2000; key += 1) client.sendCommand('SET', `key-${key}`, 'x'.repeat(key % 300));
    await client.readReplies(2000);
    expect(await numberOf(client, 'used_memory')).toBeLessThanOrEqual(100_000);
    expect(await numberOf(client, 'evicted_keys')).toBeGreaterThan(1000);
  });

  it('evicts what was used least recently', async () => {
    const client = await start({ maxMemoryBytes: 100_000 });
    await client.call('SET', 'kept', 'v');
    for (let key = 0; key < 2000; key += 1) {
      client.sendCommand('SET', `key-${key}`, 'x'.repeat(100));
      client.sendCommand('GET', 'kept');
    }
    await client.readReplies(4000);
    expect(await client.call('GET', 'kept')).toBe('$1\r\nv\r\n');
  });

  it('refuses a value that could never fit, and keeps the others', async () => {
    const client = await start({ maxMemoryBytes: 100_000 });
    await client.call('SET', 'a', '1');
    expect(await client.call('SET', 'b', 'x'.repeat(100_000))).toBe(OUT_OF_MEMORY);
    expect(await client.call('SETRANGE', 'b', '200000', 'x')).toBe(OUT_OF_MEMORY);
    expect(await client.call('SETBIT', 'b', '4000000000', '1')).toBe(OUT_OF_MEMORY);
    expect(await client.call('GET', 'a')).toBe('$1\r\n1\r\n');
  });

  it('refuses what would make one collection larger than the bound', async () => {
    const client = await start({ maxMemoryBytes: 10_000 });
    for (let element = 0; element < 9; element += 1) await client.call('RPUSH', 'l', 'x'.repeat(1000));
    expect(await client.call('RPUSH', 'l', 'x'.repeat(1000))).toBe(OUT_OF_MEMORY);
    expect(await client.call('LLEN', 'l')).toBe(':9\r\n');
  });

  it('counts nothing once everything is gone', async () => {
    const client = await start();
    await client.call('HSET', 'h', 'f', 'v', 'g', 'w');
    await client.call('ZADD', 'z', '1', 'm', '2', 'n');
    await client.call('SADD', 's', 'm');
    await client.call('RPUSH', 'l', 'a', 'b');
    await client.call('SET', 'str', 'v', 'EX', '100');
    expect(await numberOf(client, 'used_memory')).toBeGreaterThan(0);
    await client.call('HDEL', 'h', 'f', 'g');
    await client.call('ZREMRANGEBYRANK', 'z', '0', '-1');
    await client.call('SPOP', 's');
    await client.call('LPOP', 'l', '2');
    await client.call('DEL', 'str');
    expect(await numberOf(client, 'used_memory')).toBe(0);
  });
});

describe('expiry on an embedded Redis node', () => {
  it('hides a key from the millisecond of its expiry on', async () => {
    let nowMs = 1_000_000;
    const client = await start({ now: () => nowMs });
    await client.call('SET', 'k', 'v', 'PX', '500');
    nowMs += 499;
    expect(await client.call('PTTL', 'k')).toBe(':1\r\n');
    expect(await client.call('PEXPIRETIME', 'k')).toBe(':1000500\r\n');
    nowMs += 1;
    expect(await client.call('GET', 'k')).toBe('$-1\r\n');
    expect(await client.call('TTL', 'k')).toBe(':-2\r\n');
    expect(await client.call('DBSIZE')).toBe(':0\r\n');
  });

  it('removes expired keys that nobody asks for', async () => {
    let nowMs = 1_000_000;
    const client = await start({ now: () => nowMs });
    for (let key = 0; key < 100; key += 1) client.sendCommand('SET', `k${key}`, 'v', 'PX', '500');
    await client.readReplies(100);
    nowMs += 500;
    await expect.poll(() => client.call('DBSIZE')).toBe(':0\r\n');
    expect(await numberOf(client, 'used_memory')).toBe(0);
  });
});

describe('random answers of an embedded Redis node', () => {
  it('picks distinct members for a positive count and repeats for a negative one', async () => {
    const client = await start();
    await client.call('SADD', 's', 'a', 'b', 'c', 'd');
    expect(bulks(await client.call('SRANDMEMBER', 's', '10')).sort()).toEqual(['a', 'b', 'c', 'd']);
    const three = bulks(await client.call('SRANDMEMBER', 's', '3'));
    expect(new Set(three).size).toBe(3);
    expect(bulks(await client.call('SRANDMEMBER', 's', '-9'))).toHaveLength(9);
    expect(bulks(await client.call('SPOP', 's', '3'))).toHaveLength(3);
    expect(await client.call('SCARD', 's')).toBe(':1\r\n');
  });

  it('gives fields with values and members with scores, nested in RESP3', async () => {
    const client = await start();
    await client.call('HSET', 'h', 'f', 'v');
    await client.call('ZADD', 'z', '1.5', 'm');
    expect(await client.call('HRANDFIELD', 'h', '-2', 'WITHVALUES')).toBe(
      '*4\r\n$1\r\nf\r\n$1\r\nv\r\n$1\r\nf\r\n$1\r\nv\r\n',
    );
    await client.call('HELLO', '3');
    expect(await client.call('HRANDFIELD', 'h', '5', 'WITHVALUES')).toBe('*1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n');
    expect(await client.call('ZRANDMEMBER', 'z', '1', 'WITHSCORES')).toBe('*1\r\n*2\r\n$1\r\nm\r\n,1.5\r\n');
    expect(await client.call('RANDOMKEY')).toMatch(/^\$1\r\n[hz]\r\n$/);
  });

  it('gives the rank together with the score', async () => {
    const client = await start();
    await client.call('ZADD', 'z', '1', 'a', '2', 'b');
    expect(await client.call('ZRANK', 'z', 'b', 'WITHSCORE')).toBe('*2\r\n:1\r\n$1\r\n2\r\n');
    expect(await client.call('ZREVRANK', 'z', 'x', 'WITHSCORE')).toBe('*-1\r\n');
  });
});

describe('limits of an embedded Redis node', () => {
  it('closes a client whose unread replies pass the bound', async () => {
    const client = await start({ maxMemoryBytes: 2 * 1024 * 1024 });
    await client.call('SET', 'k', 'x'.repeat(1024 * 1024));
    client.sendCommand('MGET', ...Array.from({ length: 100 }, () => 'k'));
    await client.closed;
    expect(client.unread()).toHaveLength(0);
  });

  it('answers every request of a client that reads late', async () => {
    const client = await start();
    await client.call('SET', 'k', 'x'.repeat(100_000));
    client.socket.pause();
    for (let request = 0; request < 200; request += 1) client.sendCommand('GET', 'k');
    client.sendCommand('ECHO', 'last');
    client.socket.resume();
    const replies = await client.readReplies(201);
    expect(replies[200]!.toString()).toBe('$4\r\nlast\r\n');
  });

  it('says which address it cannot bind', async () => {
    await start();
    const { port } = nodes[0]!;
    await expect(startEmbeddedRedis({ port })).rejects.toThrow(EnvironmentError);
    await expect(startEmbeddedRedis({ port })).rejects.toThrow(`127.0.0.1:${port}`);
  });
});

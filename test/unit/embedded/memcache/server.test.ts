/** What a comparison with memcached cannot show: the memory bound, expiry by an injected clock, limits. */
import { afterEach, describe, expect, it } from 'vitest';
import { type EmbeddedMemcachedOptions, startEmbeddedMemcached } from '../../../../src/embedded/memcache/server.js';
import type { EmbeddedNode } from '../../../../src/embedded/node.js';
import { type RawClient, connectRaw } from '../../../support/wire.js';

const nodes: EmbeddedNode[] = [];
const clients: RawClient[] = [];

async function start(options: EmbeddedMemcachedOptions = {}): Promise<RawClient> {
  const node = await startEmbeddedMemcached({ port: 0, ...options });
  nodes.push(node);
  const client = await connectRaw(node.port);
  clients.push(client);
  return client;
}

/** Everything a command answers. */
async function ask(client: RawClient, text: string): Promise<string> {
  client.send(`${text}\r\nmn\r\n`);
  return (await client.readUntil('MN\r\n')).slice(0, -'MN\r\n'.length);
}

async function statOf(client: RawClient, name: string): Promise<number> {
  return Number(new RegExp(`STAT ${name} ([0-9]+)`).exec(await ask(client, 'stats'))![1]);
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  for (const node of nodes.splice(0)) await node.close();
});

describe('memory of an embedded memcached node', () => {
  it('stays under the bound while items keep coming, and evicts what was used least recently', async () => {
    const client = await start({ maxMemoryBytes: 100_000 });
    await ask(client, 'set kept 0 0 1\r\nv');
    for (let key = 0; key < 1000; key += 1) {
      client.send(`set key-${key} 0 0 200 noreply\r\n${'x'.repeat(200)}\r\n`);
      if (key % 50 === 0) await ask(client, 'get kept');
    }
    expect(await ask(client, 'get kept')).toBe('VALUE kept 0 1\r\nv\r\nEND\r\n');
    expect(await ask(client, 'get key-0')).toBe('END\r\n');
    expect(await statOf(client, 'bytes')).toBeLessThanOrEqual(100_000);
    expect(await statOf(client, 'evictions')).toBeGreaterThan(500);
  });

  it('refuses an item that could never fit, and forgets the old value', async () => {
    const client = await start({ maxMemoryBytes: 100_000 });
    await ask(client, 'set a 0 0 1\r\nv');
    expect(await ask(client, `set a 0 0 100000\r\n${'x'.repeat(100_000)}`)).toBe(
      'SERVER_ERROR object too large for cache\r\n',
    );
    expect(await ask(client, 'get a')).toBe('END\r\n');
  });
});

describe('time on an embedded memcached node', () => {
  it('hides an item from the second of its expiry on', async () => {
    let nowMs = 1_700_000_000_000;
    const client = await start({ now: () => nowMs });
    await ask(client, 'set a 0 10 1\r\nv');
    nowMs += 9_999;
    expect(await ask(client, 'mg a t l')).toBe('HD t1 l9\r\n');
    nowMs += 1;
    expect(await ask(client, 'get a')).toBe('END\r\n');
    expect(await ask(client, 'add a 0 0 1\r\nw')).toBe('STORED\r\n');
  });

  it('reads times past thirty days as dates', async () => {
    const client = await start({ now: () => 1_700_000_000_000 });
    await ask(client, 'set a 0 1700000100 1\r\nv');
    expect(await ask(client, 'mg a t')).toBe('HD t100\r\n');
    await ask(client, 'touch a 1699999999');
    expect(await ask(client, 'mg a')).toBe('EN\r\n');
  });

  it('flushes later what is there then', async () => {
    let nowMs = 1_700_000_000_000;
    const client = await start({ now: () => nowMs });
    await ask(client, 'set a 0 0 1\r\nv');
    expect(await ask(client, 'flush_all 10')).toBe('OK\r\n');
    expect(await ask(client, 'mg a')).toBe('HD\r\n');
    nowMs += 9_000;
    expect(await ask(client, 'mg a')).toBe('EN\r\n');
    await ask(client, 'set a 0 0 1\r\nv');
    expect(await ask(client, 'mg a')).toBe('HD\r\n');
  });
});

describe('input of an embedded memcached node', () => {
  it('gives the same answers however the bytes are cut', async () => {
    const bytes = 'set a 0 0 5\r\nab\r\nc\r\nget a\r\nms b 2 q\r\nhi\r\nmg b v\r\nincr a 1\r\n';
    const whole = await start();
    const expected = await ask(whole, bytes);
    const cut = await start();
    for (const byte of bytes) cut.send(byte);
    expect(await ask(cut, '')).toBe(expected);
  });

  it('closes a connection whose line does not end', async () => {
    const client = await start();
    client.send('x'.repeat(4000));
    expect(await client.readToEnd()).toHaveLength(0);
  });

  it('closes a client that asks for more than may wait', async () => {
    const client = await start();
    await ask(client, `set a 0 0 1000000\r\n${'x'.repeat(1_000_000)}`);
    client.send(`get ${'a '.repeat(300)}\r\n`);
    await client.closed;
    expect(client.unread()).toHaveLength(0);
  });

  it('names itself in stats', async () => {
    const client = await start({ name: 'memcached-1' });
    expect(await ask(client, 'stats')).toContain('STAT embedded_node memcached-1\r\n');
    expect(await ask(client, 'stats settings')).toContain('STAT item_size_max 1048576\r\n');
  });
});

/**
 * SCAN over several nodes: every key that stays is returned, whatever the options and whatever is written meanwhile; the
 * cursor is all that a scan needs to go on elsewhere; replies and errors have the form of redis-server's.
 */
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Fleet, startFleet } from '../support/fleet.js';
import { startFakeNode, answerHandshake } from '../support/fake-node.js';
import { type RingwardServer, startRingward } from '../support/proxy.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { type Argument, type RawClient, connectRaw } from '../support/wire.js';

/** One reply of SCAN; keys must be printable. */
function parse(reply: string): { cursor: string; keys: string[] } {
  const found = /^\*2\r\n\$\d+\r\n(\d+)\r\n\*(\d+)\r\n/.exec(reply);
  if (found === null) throw new Error(`no reply of SCAN: ${JSON.stringify(reply.slice(0, 200))}`);
  const keys: string[] = [];
  for (let at = found[0].length; at < reply.length;) {
    const lineEnd = reply.indexOf('\r\n', at);
    const start = lineEnd + 2;
    const end = start + Number(reply.slice(at + 1, lineEnd));
    keys.push(reply.slice(start, end));
    at = end + 2;
  }
  expect(keys).toHaveLength(Number(found[2]));
  return { cursor: found[1]!, keys };
}

/** A whole scan; each call asks the next of `clients`. */
async function scanAll(clients: readonly RawClient[], ...options: readonly Argument[]): Promise<string[]> {
  const all: string[] = [];
  let cursor = '0';
  let calls = 0;
  do {
    const reply = parse(await clients[calls++ % clients.length]!.call('SCAN', cursor, ...options));
    all.push(...reply.keys);
    cursor = reply.cursor;
  } while (cursor !== '0');
  return all;
}

describe('SCAN over three nodes', () => {
  let fleet: Fleet;
  let plain: TestServer;
  let other: RingwardServer;

  beforeAll(async () => {
    [plain, fleet] = await Promise.all([startRedis(), startFleet({ workers: 2 })]);
    const nodes = fleet.nodes.map(({ port }, i) => ({ id: `n${i}`, host: '127.0.0.1', port }));
    other = await startRingward({
      workers: 0,
      listeners: [{ name: 'redis', bind: '127.0.0.1:0', pool: 'main' }],
      pools: { main: { nodes } },
      log: { format: 'json' },
    });
  });
  afterAll(async () => {
    await Promise.all([fleet.stop(), plain.stop(), other.kill()]);
  });

  async function flush(): Promise<void> {
    for (let i = 0; i < 3; i++) await (await fleet.connectNode(i)).call('FLUSHALL');
  }

  it('returns every key that stays while others come and go, with any COUNT, MATCH and TYPE', async () => {
    const client = await fleet.connect();
    const writer = await fleet.connect();
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.stringMatching(/^[a-c]{1,2}[a-z0-9]{0,6}$/), { maxLength: 120, size: 'max' }),
        fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
        fc.option(fc.constantFrom('*', 'a*', '?b*', '[ac]*'), { nil: undefined }),
        fc.option(fc.constantFrom('string', 'list', 'zset'), { nil: undefined }),
        fc.constantFrom(2, 3),
        async (names, count, match, type, version) => {
          await flush();
          await client.call('HELLO', version);
          for (const [i, name] of names.entries())
            client.sendCommand(...(i % 3 === 0 ? ['LPUSH', name, 'v'] : ['SET', name, 'v']));
          await client.readReplies(names.length);
          const options: Argument[] = [];
          if (count !== undefined) options.push('count', count);
          if (match !== undefined) options.push('MATCH', match);
          if (type !== undefined) options.push('TYPE', type);
          let isScanning = true;
          const writing = (async () => {
            for (let i = 0; isScanning; i++) {
              await writer.call('SET', `zz${i % 400}`, i);
              await writer.call('DEL', `zz${(i + 200) % 400}`);
            }
          })();
          const seen = new Set(await scanAll([client], ...options).finally(() => (isScanning = false)));
          await writing;
          const pattern = { '*': /./, 'a*': /^a/, '?b*': /^.b/, '[ac]*': /^[ac]/ }[match ?? '*'];
          const wanted = names.filter(
            (name, i) => pattern.test(name) && (type === undefined || type === (i % 3 === 0 ? 'list' : 'string')),
          );
          expect(wanted.filter((name) => !seen.has(name))).toEqual([]);
          const unwanted = [...seen].filter((name) => !name.startsWith('zz') && !wanted.includes(name));
          expect(unwanted).toEqual([]);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('goes on with its cursor at another worker and at another proxy', async () => {
    await flush();
    const names = Array.from({ length: 500 }, (_, i) => `move${i}`);
    const clients = [...(await Promise.all([fleet.connect(), fleet.connect()])), await connectRaw(other.port)];
    await clients[0]!.call('MSET', ...names.flatMap((name) => [name, 'v']));
    expect((await scanAll(clients, 'COUNT', 7)).sort()).toEqual([...names].sort());
    clients[2]!.destroy();
  });

  it('passes keys of any bytes, and databases are apart', async () => {
    await flush();
    const client = await fleet.connect();
    await client.call('SELECT', 5);
    await client.call('SET', '\r\n*2\r\n', 'v');
    expect(await scanAll([client])).toEqual(['\r\n*2\r\n']);
    await client.call('SELECT', 0);
    expect(await scanAll([client])).toEqual([]);
  });

  for (const version of [2, 3]) {
    it(`answers as redis-server does when nothing is there, and to bad requests, in RESP${version}`, async () => {
      await flush();
      const [expected, actual] = [await connectRaw(plain.port), await fleet.connect()];
      for (const client of [expected, actual]) await client.call('HELLO', version);
      const requests = [
        ['SCAN', 'x'],
        ['SCAN', ' 0'],
        ['SCAN', '99999999999999999999999'],
        ['SCAN'],
        ['SCAN', '0', 'COUNT'],
        ['SCAN', '0', 'COUNT', '0'],
        ['SCAN', '0', 'COUNT', 'many'],
        ['SCAN', '0', 'NONSENSE', '1'],
        ['SCAN', '0', 'MATCH', 'a', 'COUNT'],
        ['SCAN', 'x', 'NONSENSE'],
      ];
      for (const request of requests)
        expect([request, await actual.call(...request)]).toEqual([request, await expected.call(...request)]);
      // At the last node: the end of the scan.
      for (const options of [[], ['TYPE', 'nosuchtype'], ['MATCH', '*', 'COUNT', '5', 'TYPE', 'string']]) {
        expect(await actual.call('SCAN', '2', ...options)).toBe(await expected.call('SCAN', '0', ...options));
      }
      expected.destroy();
    });
  }

  it('refuses a cursor of a node that the pool does not have', async () => {
    const client = await fleet.connect();
    expect(await client.call('SCAN', '3')).toBe('-ERR invalid cursor\r\n');
    expect(await client.call('SCAN', String(4096 + 1023))).toBe('-ERR invalid cursor\r\n');
  });

  it('feeds the iterators of ioredis and node-redis', async () => {
    await flush();
    const names = Array.from({ length: 300 }, (_, i) => `it${i}`).sort();
    await (await fleet.connect()).call('MSET', ...names.flatMap((name) => [name, 'v']));
    const io = new Redis(fleet.proxy.port, '127.0.0.1');
    const streamed: string[] = [];
    for await (const keys of io.scanStream({ match: 'it*', count: 20 })) streamed.push(...(keys as string[]));
    expect(streamed.sort()).toEqual(names);
    await io.quit();
    for (const RESP of [2, 3] as const) {
      const client = createClient({ url: `redis://127.0.0.1:${fleet.proxy.port}`, RESP });
      await client.connect();
      const found: string[] = [];
      for await (const keys of client.scanIterator({ MATCH: 'it*', COUNT: 20 })) found.push(...keys);
      expect(found.sort()).toEqual(names);
      await client.close();
    }
  });

  it('keeps its place in a pipeline, and says nothing under CLIENT REPLY OFF', async () => {
    await flush();
    const client = await fleet.connect();
    for (let i = 0; i < 50; i++) {
      client.sendCommand('SCAN', i % 3);
      client.sendCommand('ECHO', i);
    }
    const replies = (await client.readReplies(100)).map(String);
    for (let i = 0; i < 50; i++) {
      expect(parse(replies[2 * i]!)).toEqual({ cursor: String((i % 3) + 1 === 3 ? 0 : (i % 3) + 1), keys: [] });
      expect(replies[2 * i + 1]).toContain(`\r\n${i}\r\n`);
    }
    client.sendCommand('CLIENT', 'REPLY', 'OFF');
    client.sendCommand('SCAN', 0);
    client.sendCommand('CLIENT', 'REPLY', 'ON');
    expect(String(await client.readReply())).toBe('+OK\r\n');
  });
});

describe('SCAN', () => {
  it('over one node passes cursors as they are', async () => {
    const fleet = await startFleet({ nodes: 1 });
    const [client, node] = [await fleet.connect(), await fleet.connectNode(0)];
    for (let i = 0; i < 100; i++) client.sendCommand('SET', `one${i}`, 'v');
    await client.readReplies(100);
    let cursor = '0';
    do {
      const reply = await client.call('SCAN', cursor, 'COUNT', 7);
      expect(reply).toBe(await node.call('SCAN', cursor, 'COUNT', 7));
      cursor = parse(reply).cursor;
    } while (cursor !== '0');
    await fleet.stop();
  });

  it('says which node is down instead of leaving its keys out, and goes on when it is back', async () => {
    const fleet = await startFleet();
    const client = await fleet.connect();
    const { port } = fleet.nodes[1]!;
    await fleet.nodes[1]!.kill();
    const reply = await eventually(
      'the node to refuse connections',
      () => client.call('SCAN', 1),
      (text) => text.includes('ECONNREFUSED'),
    );
    expect(reply).toBe(`-ERR ringward: node n1 (127.0.0.1:${port}) refused the connection (ECONNREFUSED)\r\n`);
    expect(parse(await client.call('SCAN', 0))).toEqual({ cursor: '1', keys: [] });
    fleet.nodes[1] = await startRedis({ port });
    await eventually(
      'the node to be back',
      () => client.call('SCAN', 1),
      (text) => text.startsWith('*'),
    );
    await fleet.stop();
  });

  it('refuses what a node answers when there is no room in it for the number of the node', async () => {
    const cursors = [(1n << 54n).toString(), 'nonsense'];
    const nodes = await Promise.all(
      [0, 1].map(() =>
        startFakeNode((words, socket) => {
          if (answerHandshake(words, socket)) return;
          const cursor = cursors[words[1] === '0' ? 0 : 1]!;
          socket.write(`*2\r\n$${cursor.length}\r\n${cursor}\r\n*0\r\n`);
        }),
      ),
    );
    const fleet = await startFleet({ ports: nodes.map(({ port }) => port) });
    const client = await fleet.connect();
    expect(await client.call('SCAN', 0)).toMatch(
      /^-ERR ringward: node n0 \(127\.0\.0\.1:\d+\) answered SCAN with cursor 18014398509481984; over several nodes it must be below 2\^54\r\n$/,
    );
    expect(await client.call('SCAN', 1024)).toMatch(/^-ERR ringward: node n0 .* something that is no cursor\r\n$/);
    await fleet.stop();
    await Promise.all(nodes.map((node) => node.stop()));
  });

  it('returns each of 1,000,000 keys over three nodes while writes go on', { timeout: 120_000 }, async () => {
    const fleet = await startFleet({
      nodeArgs: ['--enable-debug-command', 'yes'],
      pool: { timeouts: { request: '60s' } },
    });
    const counts = [333_333, 333_333, 333_334];
    await Promise.all(
      counts.map(async (count, i) => {
        const node = await fleet.connectNode(i);
        expect(await node.call('DEBUG', 'POPULATE', count, `n${i}`, 8)).toBe('+OK\r\n');
      }),
    );
    const [client, writer] = [await fleet.connect(), await fleet.connect()];
    const writes = { done: 0, isOver: false };
    const writing = (async () => {
      while (!writes.isOver) {
        for (let i = 0; i < 50; i++) {
          writer.sendCommand('SET', `w:${(writes.done + i) % 5000}`, i);
          writer.sendCommand('DEL', `w:${(writes.done + i + 2500) % 5000}`);
        }
        await writer.readReplies(100);
        writes.done += 50;
      }
    })();
    const seen = counts.map((count) => new Uint8Array(count));
    let found = 0;
    let cursor = '0';
    do {
      const reply = parse(await client.call('SCAN', cursor, 'COUNT', 5000));
      cursor = reply.cursor;
      for (const name of reply.keys) {
        if (!name.startsWith('n')) continue;
        const [node, index] = [Number(name[1]), Number(name.slice(3))];
        if (seen[node]![index] === 0) found++;
        seen[node]![index] = 1;
      }
    } while (cursor !== '0');
    writes.isOver = true;
    await writing;
    expect(found).toBe(1_000_000);
    expect(writes.done).toBeGreaterThan(0);
    await fleet.stop();
  });
});

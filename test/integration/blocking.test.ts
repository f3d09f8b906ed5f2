/**
 * Commands that block, through the proxy: the same bytes as one redis-server, values that reach exactly one of many
 * clients, clients that leave, and CLIENT UNBLOCK over two workers.
 */
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Fleet, startFleet } from '../support/fleet.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { type RawClient, connectRaw } from '../support/wire.js';
import { pipeline } from './commands-replies.js';

let plain: TestServer;
let fleet: Fleet;

beforeAll(async () => {
  const pool = { partitioning: { hash_tag: '{}' }, limits: { private_connections: 400 } };
  [plain, fleet] = await Promise.all([startRedis(), startFleet({ pool, workers: 2 })]);
});
afterAll(async () => {
  await Promise.all([fleet.stop(), plain.kill()]);
});

type Words = readonly string[];

/** CLIENT LIST's line of the client, once it waits in a command that blocks. */
async function waiting(asker: RawClient, id: string): Promise<string> {
  return eventually(
    `client ${id} to wait`,
    () => asker.call('CLIENT', 'LIST', 'ID', id),
    (line) => / flags=\w*b/.test(line),
  );
}

async function idOf(client: RawClient): Promise<string> {
  return (await client.call('CLIENT', 'ID')).slice(1, -2);
}

const key = fc.constantFrom('{t}l', '{t}m', '{t}z', '{t}s');
const seconds = fc.constantFrom('0.01', '0.02', '.01', '1e-2', '-1', 'x', '', '1e400');
const end = fc.constantFrom('LEFT', 'right', 'NO');
const command: fc.Arbitrary<Words> = fc.oneof(
  fc.tuple(fc.constantFrom('BLPOP', 'brpop', 'BZPOPMIN', 'BZPOPMAX'), key, key, seconds).map((words) => words),
  fc.tuple(key, key, end, end, seconds).map(([a, b, from, to, wait]) => ['BLMOVE', a, b, from, to, wait]),
  fc.tuple(key, key, seconds).map(([a, b, wait]) => ['BRPOPLPUSH', a, b, wait]),
  fc.tuple(seconds, key, key, end).map(([wait, a, b, from]) => ['BLMPOP', wait, '2', a, b, from]),
  fc.tuple(seconds, key, fc.constantFrom('MIN', 'MAX')).map(([wait, a, from]) => ['BZMPOP', wait, '1', a, from]),
  fc
    .tuple(fc.constantFrom('5', '-1', 'x'), key, fc.constantFrom('0', '$', 'y'))
    .map(([wait, a, from]) => ['XREAD', 'COUNT', '2', 'BLOCK', wait, 'STREAMS', a, from]),
  key.map((k) => ['XREADGROUP', 'GROUP', 'g', 'c', 'BLOCK', '5', 'STREAMS', k, '>']),
  key.map((k) => ['XREAD', 'BLOCK', '5', 'STREAMS', k]),
  key.map((k) => ['XREAD', 'STREAMS', k, '0']),
  key.map((k) => ['RPUSH', k, 'e1', 'e2']),
  key.map((k) => ['ZADD', k, '1', 'm1', '2.5', 'm2']),
  key.map((k) => ['XADD', k, '5-*', 'f', 'v']),
  key.map((k) => ['XGROUP', 'CREATE', k, 'g', '0', 'MKSTREAM']),
  key.map((k) => ['DEL', k]),
  fc.constantFrom(['BLPOP', '{t}l'], ['BLMPOP', '0.01', '0', '{t}l', 'LEFT'], ['WAIT', '0', '0'], ['WAIT', '1', '10']),
  fc.constantFrom(['WAIT', 'x', '0'], ['WAIT', '0', '-1'], ['WAITAOF', '0', '0', '0'], ['PING'], ['GET', '{t}l']),
);

describe('commands that block', () => {
  it.each(['2', '3'])('answer as one redis-server does, pipelined, in RESP%s', async (version) => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 25, size: 'max' }), async (commands) => {
        const clients = await Promise.all([plain.port, fleet.proxy.port].map((port) => connectRaw(port)));
        const all = [['HELLO', version], ['DEL', '{t}l', '{t}m', '{t}z', '{t}s'], ...commands];
        const [expected, actual] = await Promise.all(clients.map((client) => pipeline(client, all)));
        all.forEach((words, i) => {
          // 7.0 does not know WAITAOF; the proxy asks the nodes, whose error names the same arguments.
          if (i > 1) expect([words, actual![i]]).toEqual([words, expected![i]]);
        });
        for (const client of clients) client.destroy();
      }),
      { numRuns: 50 },
    );
    expect(Number(await fleet.info('upstream_protocol_errors'))).toBe(0);
  });

  it.each<[Words, Words, string]>([
    [['BLPOP', '{w}a', '{w}b', '0'], ['RPUSH', '{w}b', 'v'], '*2\r\n$4\r\n{w}b\r\n$1\r\nv\r\n'],
    [['BLMOVE', '{w}a', '{w}c', 'LEFT', 'LEFT', '0'], ['RPUSH', '{w}a', 'v'], '$1\r\nv\r\n'],
    [['BZPOPMAX', '{w}z', '5'], ['ZADD', '{w}z', '2', 'm'], '*3\r\n$4\r\n{w}z\r\n$1\r\nm\r\n$1\r\n2\r\n'],
    [['BLMPOP', '0', '1', '{w}a', 'LEFT'], ['RPUSH', '{w}a', 'v'], '*2\r\n$4\r\n{w}a\r\n*1\r\n$1\r\nv\r\n'],
    [
      ['XREAD', 'BLOCK', '0', 'STREAMS', '{w}s', '$'],
      ['XADD', '{w}s', '7-1', 'f', 'v'],
      '*1\r\n*2\r\n$4\r\n{w}s\r\n*1\r\n*2\r\n$3\r\n7-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n',
    ],
  ])('%j waits for another client, and what came behind it is served after it', async (block, push, reply) => {
    const [client, pusher] = [await fleet.connect(), await fleet.connect()];
    const id = await idOf(client);
    client.sendCommand(...block);
    client.sendCommand('ECHO', 'next');
    await waiting(pusher, id);
    expect(client.unread().length).toBe(0);
    await pusher.call(...push);
    expect((await client.readReply()).toString()).toBe(reply);
    expect((await client.readReply()).toString()).toBe('$4\r\nnext\r\n');
    await pusher.call('DEL', '{w}a', '{w}b', '{w}c', '{w}s', '{w}z');
  });

  it('refuse keys of several nodes, which are named', async () => {
    const client = await fleet.connect();
    const [a, b] = [fleet.keysOf(0, 1)[0]!, fleet.keysOf(1, 1)[0]!];
    expect(await client.call('BLPOP', a, b, '0')).toBe(
      `-CROSSSLOT Keys in request don't hash to the same slot: ringward has '${a}' on node n0 and '${b}' on node n1; keys that share a {tag} share a node\r\n`,
    );
  });

  it('give each value to exactly one of 200 waiting clients', async () => {
    const clients = Array.from({ length: 200 }, () => new Redis(fleet.proxy.port));
    const pusher = new Redis(fleet.proxy.port);
    const answers = clients.map((client, i) => client.blpop(`queue${i % 5}`, 0));
    await eventually(
      'all clients to wait',
      async () => String(await pusher.client('LIST')),
      (text) => text.split(/ flags=\w*b/).length === 201,
    );
    await Promise.all(Array.from({ length: 200 }, (_, i) => pusher.rpush(`queue${i % 5}`, `value${i}`)));
    const values = (await Promise.all(answers)).map((answer) => answer![1]);
    expect(values.sort()).toEqual(Array.from({ length: 200 }, (_, i) => `value${i}`).sort());
    expect(await pusher.exists('queue0', 'queue1', 'queue2', 'queue3', 'queue4')).toBe(0);
    for (const client of [...clients, pusher]) client.disconnect();
  });

  it.each(['half-closes', 'resets'])('leave nothing behind at the node when the client %s', async (how) => {
    const [client, pusher] = [await fleet.connect(), await fleet.connect()];
    const id = await idOf(client);
    client.sendCommand('BLPOP', 'left', '0');
    await waiting(pusher, id);
    const node = await fleet.connectNode(fleet.nodeOf('left'));
    if (how === 'resets') client.socket.resetAndDestroy();
    else client.end();
    await eventually(
      'the node to have no waiting client',
      () => node.call('INFO', 'clients'),
      (text) => text.includes('blocked_clients:0\r'),
    );
    expect(await pusher.call('RPUSH', 'left', 'stays')).toBe(':1\r\n');
    expect(await pusher.call('LPOP', 'left')).toBe('$5\r\nstays\r\n');
  });

  it('stop waiting when the client is killed', async () => {
    const [client, killer] = [await fleet.connect(), await fleet.connect()];
    const id = await idOf(client);
    client.sendCommand('BLPOP', 'killed', '0');
    await waiting(killer, id);
    expect(await killer.call('CLIENT', 'KILL', 'ID', id)).toBe(':1\r\n');
    await client.closed;
    const node = await fleet.connectNode(fleet.nodeOf('killed'));
    await eventually(
      'the node to have no waiting client',
      () => node.call('INFO', 'clients'),
      (text) => text.includes('blocked_clients:0\r'),
    );
  });
});

describe('CLIENT UNBLOCK', () => {
  const commands: Words[] = [
    ['BLPOP', '{u}no', '0'],
    ['BLMOVE', '{u}no', '{u}n', 'LEFT', 'LEFT', '0'],
    ['BZPOPMIN', '{u}no', '0'],
    ['BZMPOP', '0', '1', '{u}no', 'MIN'],
    ['XREAD', 'BLOCK', '0', 'STREAMS', '{u}no', '$'],
    ['WAIT', '1', '0'],
  ];
  it.each(commands.flatMap((words) => [['2', words] as const, ['3', words] as const]))(
    'ends the wait as redis-server does, in RESP%s, of %j',
    async (version, words) => {
      // Ten askers, so that some sit in the other worker.
      const askers = await Promise.all(Array.from({ length: 10 }, () => fleet.connect()));
      const ours = await fleet.connect();
      const theirs = await connectRaw(plain.port);
      const plainAsker = await connectRaw(plain.port);
      for (const [i, reason] of [[], ['TIMEOUT'], ['error']].entries()) {
        const replies: string[] = [];
        for (const [client, asker] of [
          [ours, askers[i * 3]!],
          [theirs, plainAsker],
        ] as const) {
          await client.call('HELLO', version);
          const id = await idOf(client);
          client.sendCommand(...words);
          await waiting(asker, id);
          expect(await asker.call('CLIENT', 'UNBLOCK', id, ...reason)).toBe(':1\r\n');
          replies.push((await client.readReply()).toString());
        }
        expect(replies[0]).toBe(replies[1]);
      }
      expect(await ours.call('ECHO', 'again')).toBe('$5\r\nagain\r\n');
      for (const client of [...askers, ours, theirs, plainAsker]) client.destroy();
    },
  );

  it('answers 0 for a client that does not wait, and as Redis does to wrong arguments', async () => {
    const clients = [await fleet.connect(), await connectRaw(plain.port)];
    const requests: Words[] = [
      ['UNBLOCK', '1'],
      ['UNBLOCK', 'x'],
      ['UNBLOCK', '1', 'no'],
      ['UNBLOCK', '1', 'ERROR', 'x'],
      ['UNBLOCK'],
    ];
    const [ours, theirs] = await Promise.all(
      clients.map((client) =>
        pipeline(
          client,
          requests.map((words) => ['CLIENT', ...words]),
        ),
      ),
    );
    expect(ours).toEqual(theirs);
    const id = await idOf(clients[0]!);
    expect(await clients[0]!.call('CLIENT', 'UNBLOCK', id)).toBe(':0\r\n');
    clients[1]!.destroy();
  });
});

describe('WAIT', () => {
  it('answers the smallest number of replicas that any node has, for what other connections wrote', async () => {
    const nodes = await Promise.all([startRedis(), startRedis()]);
    const replicas = await Promise.all(
      [nodes[0], nodes[0], nodes[1]].map(({ port }) => startRedis({ args: ['--replicaof', `127.0.0.1 ${port}`] })),
    );
    const pair = await startFleet({ ports: nodes.map(({ port }) => port) });
    try {
      const client = await pair.connect();
      await eventually(
        'one replica of each node',
        () => client.call('WAIT', '2', '50'),
        (reply) => reply === ':1\r\n',
      );
      for (let i = 0; i < 20; i++) await client.call('SET', `k${i}`, 'v');
      expect(await client.call('WAIT', '1', '0')).toBe(':1\r\n');
      for (let i = 0; i < 20; i++) {
        const replica = await connectRaw(replicas[pair.nodeOf(`k${i}`) === 0 ? 0 : 2]!.port);
        // Both replicas of the first node count for one, so only the second node's is certain.
        if (pair.nodeOf(`k${i}`) === 1) expect(await replica.call('GET', `k${i}`)).toBe('$1\r\nv\r\n');
        replica.destroy();
      }
    } finally {
      await pair.stop();
      await Promise.all([...replicas, ...nodes].map((server) => server.kill()));
    }
  });
});

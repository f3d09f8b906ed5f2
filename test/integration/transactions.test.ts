/**
 * MULTI, EXEC, DISCARD, WATCH and UNWATCH through the proxy, beside one redis-server: programs of two clients that change
 * each other's keys get the same bytes. And what only a proxy has: keys of several nodes, limits, its own commands.
 */
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, startFleet } from '../support/fleet.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { type RawClient, connectRaw, encodeCommand } from '../support/wire.js';
import { pipeline } from './commands-replies.js';

const POOL = { partitioning: { hash_tag: '{}' } };

let plain: TestServer;
let one: Fleet;
let three: Fleet;

beforeAll(async () => {
  [plain, one, three] = await Promise.all([
    startRedis(),
    startFleet({ nodes: 1, pool: POOL }),
    startFleet({ nodes: 3, pool: POOL }),
  ]);
});
afterAll(async () => {
  await Promise.all([one.stop(), three.stop(), plain.kill()]);
});

type Words = readonly string[];
/** What one of two clients sends in one piece. */
interface Step {
  readonly who: 0 | 1;
  readonly batch: readonly Words[];
}

const key = fc.constantFrom('{t}a', '{t}b', '{t}c', '{t}\xff');
const data: fc.Arbitrary<Words> = fc.oneof(
  fc.tuple(key, fc.constantFrom('1', 'x', 'y'.repeat(20_000))).map(([k, v]) => ['SET', k, v]),
  key.map((k) => ['GET', k]),
  key.map((k) => ['INCR', k]),
  key.map((k) => ['DEL', k]),
  fc.tuple(key, key).map(([a, b]) => ['MGET', a, b]),
  fc.tuple(key, key).map(([a, b]) => ['MSET', a, '5', b, '6']),
  key.map((k) => ['RPUSH', k, 'e1', 'e2']),
  key.map((k) => ['LRANGE', k, '0', '-1']),
  key.map((k) => ['BLPOP', k, '0.01']),
  fc.tuple(key, key).map(([a, b]) => ['BLMOVE', a, b, 'LEFT', 'RIGHT', '0.01']),
  key.map((k) => ['HSET', k, 'f', 'v']),
  key.map((k) => ['HGETALL', k]),
  key.map((k) => ['PEXPIRE', k, '100000']),
  key.map((k) => ['EVAL', "return {redis.call('exists', KEYS[1]), 'x'}", '1', k]),
);
const own: fc.Arbitrary<Words> = fc.constantFrom(
  ...[['PING'], ['PING', 'x'], ['ECHO', 'e'], ['SELECT', '0'], ['SELECT', '1'], ['SELECT', '99'], ['SELECT', 'x']],
  ...[
    ['CLIENT', 'SETNAME', 'n1'],
    ['CLIENT', 'SETNAME', 'a b'],
    ['CLIENT', 'GETNAME'],
    ['CLIENT', 'REPLY', 'ON'],
  ],
  ...[
    ['AUTH', 'x'],
    ['CLIENT', 'NO-EVICT', 'on'],
    ['CLIENT', 'NO-EVICT', 'x'],
    ['WAIT', '0', '0'],
  ],
);
const wrong: fc.Arbitrary<Words> = fc.constantFrom(
  ...[['NOSUCH', 'x'], ['GET'], ['CLIENT', 'NOSUCH'], ['SET', '{t}a'], ['EXEC', 'x'], ['DISCARD', 'x'], ['MULTI', 'x']],
  ...[['WATCH'], ['BLPOP', '{t}a', 'x'], ['BLPOP', '{t}a', '-1'], ['SET', '{t}a', '1', 'NOPE'], ['LPOP', '{t}a', '-1']],
);
const control: fc.Arbitrary<Words> = fc.oneof(
  { arbitrary: fc.constant(['MULTI']), weight: 5 },
  { arbitrary: fc.constant(['EXEC']), weight: 5 },
  { arbitrary: fc.constant(['DISCARD']), weight: 1 },
  { arbitrary: fc.constant(['UNWATCH']), weight: 1 },
  { arbitrary: fc.constant(['RESET']), weight: 1 },
  { arbitrary: fc.array(key, { minLength: 1, maxLength: 2 }).map((keys) => ['WATCH', ...keys]), weight: 4 },
);
const anyCommand = fc.oneof(
  { arbitrary: data, weight: 8 },
  { arbitrary: control, weight: 8 },
  { arbitrary: own, weight: 3 },
  { arbitrary: wrong, weight: 1 },
);
/** A transaction as programs have it, so that most of them come to their EXEC. */
const wellFormed = fc
  .tuple(fc.option(key), fc.array(fc.oneof(data, data, own), { maxLength: 6 }))
  .map(([watched, commands]): readonly Words[] => [
    ...(watched === null ? [] : [['WATCH', watched]]),
    ['MULTI'],
    ...commands,
    ['EXEC'],
  ]);
const step: fc.Arbitrary<Step> = fc.record({
  who: fc.constantFrom<0 | 1>(0, 1),
  batch: fc.oneof(fc.array(anyCommand, { minLength: 1, maxLength: 6 }), wellFormed),
});

/** What two fresh clients of the server on `port` get for the program. */
async function run(port: number, version: string, program: readonly Step[]): Promise<string[][]> {
  const clients: [RawClient, RawClient] = [await connectRaw(port), await connectRaw(port)];
  for (const client of clients) {
    const keys = ['{t}a', '{t}b', '{t}c', '{t}\xff'];
    await pipeline(client, [
      ['SELECT', '1'],
      ['DEL', ...keys],
      ['SELECT', '0'],
      ['DEL', ...keys],
      ['HELLO', version],
    ]);
  }
  const replies: string[][] = [];
  for (const { who, batch } of program) replies.push(await pipeline(clients[who], batch));
  for (const client of clients) client.destroy();
  return replies;
}

describe.each(['1', '3'])('transactions over a pool of %s nodes', (nodes) => {
  const fleet = (): Fleet => (nodes === '1' ? one : three);

  it.each(['2', '3'])('answer two clients as one redis-server does, in RESP%s', async (version) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14, size: 'max' }), async (program) => {
        const [expected, actual] = await Promise.all([
          run(plain.port, version, program),
          run(fleet().proxy.port, version, program),
        ]);
        program.forEach(({ who, batch }, i) => expect([who, batch, actual[i]]).toEqual([who, batch, expected[i]]));
      }),
      { numRuns: 120 },
    );
    expect(Number(await fleet().info('upstream_protocol_errors'))).toBe(0);
  });
});

/** The replies of the proxy over three nodes and of a plain redis-server to the same requests. */
async function both(commands: readonly Words[]): Promise<[proxy: string[], redis: string[]]> {
  const clients = [await connectRaw(three.proxy.port), await connectRaw(plain.port)] as const;
  const replies = await Promise.all([pipeline(clients[0], commands), pipeline(clients[1], commands)]);
  for (const client of clients) client.destroy();
  return replies;
}

describe('a transaction', () => {
  it('gets what Redis says about commands that it does not take', async () => {
    const [proxy, redis] = await both([
      ...[['MULTI'], ['MULTI'], ['WATCH', 'a'], ['SET', '{t}a', '1'], ['EXEC']],
      ...[['MULTI'], ['SAVE'], ['PING'], ['EXEC'], ['EXEC'], ['DISCARD']],
      ...[['MULTI'], ['SHUTDOWN'], ['PSYNC', '?', '-1'], ['SYNC'], ['EXEC']],
      ...[['MULTI'], ['PING'], ['RESET'], ['EXEC'], ['MULTI'], ['UNWATCH'], ['EXEC']],
      ...[['MULTI'], ['CLIENT'], ['OBJECT', 'NO'], ['DISCARD'], ['MULTI'], ['QUIT']],
    ]);
    expect(proxy).toEqual(redis);
  });

  it('does not block in commands that block', async () => {
    const [proxy, redis] = await both([
      ...[
        ['MULTI'],
        ['BLPOP', '{t}no', '0'],
        ['BRPOP', '{t}no', '0'],
        ['BLMOVE', '{t}no', '{t}n', 'LEFT', 'LEFT', '0'],
      ],
      ...[
        ['BRPOPLPUSH', '{t}no', '{t}n', '0'],
        ['BLMPOP', '0', '1', '{t}no', 'LEFT'],
        ['BZPOPMIN', '{t}no', '0'],
      ],
      ...[
        ['BZPOPMAX', '{t}no', '0'],
        ['BZMPOP', '0', '1', '{t}no', 'MIN'],
        ['XREAD', 'BLOCK', '0', 'STREAMS', '{t}no', '$'],
      ],
      ...[['WAIT', '5', '0'], ['EXEC']],
    ]);
    expect(proxy).toEqual(redis);
  });

  it.each(['2', '3'])("has the proxy's own answers in their places in RESP%s", async (version) => {
    const client = await three.connect();
    await pipeline(client, [['HELLO', version]]);
    const id = await client.call('CLIENT', 'ID');
    const queued = [
      ['SET', '{t}a', 'v'],
      ['CLIENT', 'ID'],
      ['CLIENT', 'SETNAME', 'later'],
      ['GET', '{t}a'],
      ['CLIENT', 'LIST', 'ID', id.slice(1, -2)],
    ];
    const replies = await pipeline(client, [
      ['MULTI'],
      ...queued,
      ['COMMAND', 'COUNT'],
      ['INFO', 'server'],
      ['EXEC'],
      ['CLIENT', 'GETNAME'],
      ['COMMAND', 'COUNT'],
    ]);
    const exec = replies[8]!;
    expect(exec.startsWith(`*7\r\n+OK\r\n${id}+OK\r\n$1\r\nv\r\n$`)).toBe(true);
    expect(exec).toContain(' name=later ');
    expect(exec).toContain(`\n\r\n${replies[10]!}`);
    expect(exec).toContain('ringward_version:');
    expect(replies[9]).toBe('$5\r\nlater\r\n');
    expect(await client.call('PING')).toBe('+PONG\r\n');
  });

  it('runs without a command for a node, too', async () => {
    const client = await three.connect();
    expect(await pipeline(client, [['MULTI'], ['CLIENT', 'SETNAME', 'x'], ['CLIENT', 'GETNAME'], ['EXEC']])).toEqual([
      '+OK\r\n',
      '+QUEUED\r\n',
      '+QUEUED\r\n',
      '*2\r\n+OK\r\n$1\r\nx\r\n',
    ]);
  });

  it.each([
    [['HELLO', '3'], 'hello'],
    [['CLIENT', 'REPLY', 'OFF'], 'client|reply'],
  ])('refuses %j, which would change how its reply looks', async (words, name) => {
    const client = await three.connect();
    expect(await pipeline(client, [['MULTI'], words, ['SET', '{t}no', '1'], ['EXEC'], ['EXISTS', '{t}no']])).toEqual([
      '+OK\r\n',
      `-ERR ringward: command '${name}' is not possible inside a transaction\r\n`,
      '+QUEUED\r\n',
      '-EXECABORT Transaction discarded because of previous errors.\r\n',
      ':0\r\n',
    ]);
  });

  it('says nothing after CLIENT REPLY OFF, and is done all the same', async () => {
    const client = await three.connect();
    client.send(
      Buffer.concat(
        [
          ['CLIENT', 'REPLY', 'OFF'],
          ['DEL', '{t}off'],
          ['WATCH', '{t}off'],
          ['MULTI'],
          ['INCR', '{t}off'],
          ['EXEC'],
          ['CLIENT', 'REPLY', 'ON'],
        ].map((words) => encodeCommand(...words)),
      ),
    );
    expect((await client.readReply()).toString()).toBe('+OK\r\n');
    expect(await client.call('GET', '{t}off')).toBe('$1\r\n1\r\n');
  });

  it('is discarded when its keys are on several nodes, and the error names two of them', async () => {
    const client = await three.connect();
    const [a, b] = [three.keysOf(0, 1)[0]!, three.keysOf(1, 1)[0]!];
    const where = `ringward has '${a}' on node n0 and '${b}' on node n1; keys that share a {tag} share a node\r\n`;
    const before = Number(await three.info('crossslot_errors'));
    const abort = `-EXECABORT Transaction discarded because of: CROSSSLOT ${where}`;
    expect((await pipeline(client, [['MULTI'], ['SET', a, '1'], ['SET', b, '1'], ['EXEC']])).at(-1)).toBe(abort);
    expect((await pipeline(client, [['MULTI'], ['MSET', a, '1', b, '1'], ['EXEC']])).at(-1)).toBe(abort);
    expect((await pipeline(client, [['WATCH', a], ['MULTI'], ['SET', b, '1'], ['EXEC']])).at(-1)).toBe(abort);
    expect((await client.call('WATCH', a, b)).startsWith('-CROSSSLOT')).toBe(true);
    await client.call('WATCH', a);
    expect(await client.call('WATCH', b)).toBe(`-CROSSSLOT Keys in request don't hash to the same slot: ${where}`);
    expect(await client.call('EXISTS', a, b)).toBe(':0\r\n');
    expect(Number(await three.info('crossslot_errors'))).toBe(before + 5);
  });

  it('keeps what is watched in one database while another is selected', async () => {
    const commands = [
      ['SELECT', '1'],
      ['DEL', '{t}w'],
      ['SELECT', '0'],
      ['DEL', '{t}w'],
      ['WATCH', '{t}w'],
      ['SELECT', '1'],
      ['SET', '{t}w', 'x'],
    ];
    for (const more of [
      [],
      [['WATCH', '{t}v']],
      [
        ['SELECT', '0'],
        ['SET', '{t}w', 'y'],
      ],
      [['SELECT', '0']],
    ]) {
      const [proxy, redis] = await both([
        ...commands,
        ...more,
        ['MULTI'],
        ['SET', '{t}q', '1'],
        ['GET', '{t}w'],
        ['EXEC'],
        ['GET', '{t}q'],
      ]);
      expect([more, proxy]).toEqual([more, redis]);
    }
  });

  it('keeps what is watched when the client changes its RESP version', async () => {
    const ends = [[['SET', '{t}w', 'x']], []];
    for (const end of ends) {
      const commands = [
        ['DEL', '{t}w', '{t}h'],
        ['WATCH', '{t}w'],
        ['HELLO', '3'],
        ...end,
        ['MULTI'],
        ['HSET', '{t}h', 'f', 'v'],
        ['HGETALL', '{t}h'],
        ['EXEC'],
      ];
      const [proxy, redis] = await both(commands);
      for (const replies of [proxy, redis]) replies.splice(2, 1);
      expect([end, proxy]).toEqual([end, redis]);
    }
  });

  it('carries large commands and large replies', async () => {
    const client = await three.connect();
    const value = Buffer.alloc(3_000_000, 'v');
    client.send(
      Buffer.concat(
        [
          ['MULTI'],
          ['SET', '{t}big', value],
          ['GET', '{t}big'],
          ['CLIENT', 'GETNAME'],
          ['GET', '{t}big'],
          ['EXEC'],
          ['DEL', '{t}big'],
        ].map((words) => encodeCommand(...words)),
      ),
    );
    const replies = await client.readReplies(7);
    const bulk = Buffer.concat([Buffer.from(`$${value.length}\r\n`), value, Buffer.from('\r\n')]);
    expect(replies[5]!.equals(Buffer.concat([Buffer.from('*4\r\n+OK\r\n'), bulk, Buffer.from('$-1\r\n'), bulk]))).toBe(
      true,
    );
    expect(replies[6]!.toString()).toBe(':1\r\n');
  });

  it('runs 20,000 commands', async () => {
    const client = await three.connect();
    const many = Array.from({ length: 20_000 }, () => ['INCR', '{t}many']);
    const replies = await pipeline(client, [['DEL', '{t}many'], ['MULTI'], ...many, ['EXEC']]);
    expect(replies.at(-1)).toBe(`*20000\r\n${many.map((_, i) => `:${i + 1}\r\n`).join('')}`);
  });
});

describe('the limits of transactions', () => {
  let tight: Fleet;
  beforeAll(async () => {
    tight = await startFleet({
      nodes: 1,
      limits: { transaction_commands: 3, transaction_size: '2KiB' },
      pool: { limits: { private_connections: 1 } },
    });
  });
  afterAll(() => tight.stop());

  it('discard one with too many commands, or too many bytes of them', async () => {
    const client = await tight.connect();
    const set = ['SET', 'k', 'v'];
    const abort = '-EXECABORT Transaction discarded because of previous errors.\r\n';
    expect((await pipeline(client, [['MULTI'], set, set, set, ['EXEC']])).at(-1)).toBe('*3\r\n+OK\r\n+OK\r\n+OK\r\n');
    expect((await pipeline(client, [['MULTI'], set, set, set, set, ['EXEC']])).slice(-2)).toEqual([
      '-ERR ringward: the transaction has more than 3 commands\r\n',
      abort,
    ]);
    expect((await pipeline(client, [['MULTI'], ['SET', 'k', 'v'.repeat(3000)], ['EXEC']])).slice(-2)).toEqual([
      '-ERR ringward: the transaction has more than 2048 bytes of commands\r\n',
      abort,
    ]);
    expect(await tight.info('transactions_over_limit')).toBe('2');
  });

  it('refuse a client for which no connection is left, until one is', async () => {
    const [watcher, client] = [await tight.connect(), await tight.connect()];
    const limit = 'all 1 connections for transactions and blocking commands are in use (limit private_connections)';
    await watcher.call('WATCH', 'k');
    expect(await client.call('WATCH', 'k')).toBe(`-ERR ringward: ${limit}\r\n`);
    expect(await client.call('BLPOP', 'list', '0.01')).toBe(`-ERR ringward: ${limit}\r\n`);
    expect(await client.call('WAIT', '0', '0')).toBe(`-ERR ringward: ${limit}\r\n`);
    expect((await pipeline(client, [['MULTI'], ['GET', 'k'], ['EXEC']])).at(-1)).toBe(
      `-EXECABORT Transaction discarded because of: ringward: ${limit}\r\n`,
    );
    expect(await tight.info('private_connections_refused')).toBe('4');
    expect(await watcher.call('UNWATCH')).toBe('+OK\r\n');
    expect((await pipeline(client, [['MULTI'], ['DEL', 'k'], ['EXEC']])).at(-1)).toBe('*1\r\n:1\r\n');
  });
});

describe('clients that people use', () => {
  it('ioredis: multi, watch, and a transaction that is lost to another client', async () => {
    const client = new Redis(three.proxy.port);
    const other = new Redis(three.proxy.port);
    expect(await client.multi().set('{io}a', '1').incr('{io}a').get('{io}a').exec()).toEqual([
      [null, 'OK'],
      [null, 2],
      [null, '2'],
    ]);
    await client.watch('{io}a');
    await other.set('{io}a', '9');
    expect(await client.multi().incr('{io}a').exec()).toBeNull();
    await Promise.all([client.quit(), other.quit()]);
  });

  it.each([2, 3] as const)('node-redis in RESP%i', async (RESP) => {
    const client = createClient({ url: `redis://127.0.0.1:${three.proxy.port}`, RESP });
    await client.connect();
    expect(await client.multi().set('{nr}a', '1').hSet('{nr}h', 'f', 'v').hGetAll('{nr}h').exec()).toMatchObject([
      'OK',
      expect.any(Number),
      { f: 'v' },
    ]);
    await client.del(['{nr}a', '{nr}h']);
    await client.close();
  });
});

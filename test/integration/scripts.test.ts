/**
 * EVAL, EVALSHA, FCALL and their read-only forms: what a plain redis-server answers, byte for byte, and scripts that nodes
 * lack (another node had the EVAL, the node was restarted or flushed) are brought there by the proxy.
 */
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Fleet, type FleetOptions, startFleet } from '../support/fleet.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { type Argument, type RawClient, connectRaw } from '../support/wire.js';

const shaOf = (text: string): string => createHash('sha1').update(text).digest('hex');

const GET = "return redis.call('GET', KEYS[1])";
const SET = "return redis.call('SET', KEYS[1], ARGV[1])";
const PUSH = "return redis.call('RPUSH', KEYS[1], ARGV[1])";
const LIBRARY = `#!lua name=lib
redis.register_function('put', function(keys, args) return redis.call('SET', keys[1], args[1]) end)
redis.register_function{function_name='look', callback=function(keys) return redis.call('GET', keys[1]) end, flags={'no-writes'}}
redis.register_function{function_name='one', callback=function() return 1 end, flags={'no-writes'}}`;

describe('scripts and functions', () => {
  let plain: TestServer;
  let fleet: Fleet;
  beforeAll(async () => {
    [plain, fleet] = await Promise.all([
      startRedis(),
      startFleet({ pool: { partitioning: { hash_tag: '{}' }, timeouts: { request: '30s' } } }),
    ]);
    for (const port of [plain.port, ...fleet.nodes.map((node) => node.port)]) {
      const client = await connectRaw(port);
      expect(await client.call('FUNCTION', 'LOAD', LIBRARY)).toBe('$3\r\nlib\r\n');
      client.destroy();
    }
  });
  afterAll(() => Promise.all([plain.stop(), fleet.stop()]));

  const requests: readonly (readonly Argument[])[] = [
    ['EVAL', SET, 1, 'a', 'va'],
    ['eval', GET, 1, 'a'],
    ['EVAL_RO', GET, 1, 'a'],
    ['EVAL_RO', SET, 1, 'a', 'x'],
    ['EVALSHA', shaOf(GET), 1, 'a'],
    ['EVALSHA', shaOf(GET).toUpperCase(), 1, 'b'],
    ['EVALSHA_RO', shaOf(GET), 1, 'c'],
    ['EVALSHA_RO', shaOf(SET), 1, 'c', 'x'],
    ['EVALSHA', shaOf(SET), 1, 'c', 'vc'],
    ['EVALSHA', shaOf('return 0'), 1, 'a'],
    ['EVALSHA', 'short', 1, 'a'],
    ['EVALSHA', shaOf(GET), 'many', 'a'],
    ['EVALSHA', shaOf(GET), -1, 'a'],
    ['EVALSHA', shaOf(GET), 5, 'a'],
    ['EVALSHA', shaOf(GET), 0],
    ['EVALSHA'],
    ['EVAL', 'return (', 1, 'a'],
    ['EVALSHA', shaOf('return ('), 1, 'a'],
    ['EVALSHA', shaOf('return ('), 1, 'b'],
    ['EVAL', 'return {KEYS[1], KEYS[2], ARGV[1]}', 2, '{t}1', '{t}2', 'x'],
    ['EVALSHA', shaOf('return {KEYS[1], KEYS[2], ARGV[1]}'), 2, '{u}1', '{u}2', 'x'],
    ['EVAL', "return redis.error_reply('MY error')", 1, 'a'],
    ['EVAL', "return redis.call('LPUSH', KEYS[1], 'x')", 1, 'a'],
    ['EVAL', 'redis.setresp(3); return {double=3.5}', 1, 'a'],
    ['EVAL', 'redis.setresp(3); return {map={a=1}}', 1, 'a'],
    ['EVAL', 'return false', 1, 'a'],
    ['EVAL', 'return 7', 0],
    ['EVAL', 'return ARGV', 0, 'x', 'y'],
    ['EVAL', 'return 1', 'x'],
    ['EVAL', 'return 1'],
    ['FCALL', 'put', 1, 'f', 'vf'],
    ['FCALL', 'look', 1, 'f'],
    ['FCALL_RO', 'look', 1, 'f'],
    ['FCALL_RO', 'put', 1, 'f', 'x'],
    ['FCALL', 'one', 0],
    ['FCALL', 'nosuch', 1, 'f'],
    ['FCALL', 'one', 'x'],
    ['EVAL', "return string.rep('x', 300000)", 1, 'a'],
    ['EVALSHA', shaOf("return string.rep('x', 300000)"), 1, 'b'],
  ];

  for (const version of [2, 3]) {
    it.each([
      ['one at a time', false],
      ['in a pipeline', true],
    ])(`answer as redis-server does, %s, in RESP${version}`, async (_how, isPipelined) => {
      const clients = [await connectRaw(plain.port), await fleet.connect()] as const;
      const answers = await Promise.all(
        clients.map(async (client) => {
          await client.call('HELLO', version);
          await client.call('DEL', 'a', 'b', 'c', 'f');
          if (!isPipelined) {
            const replies: string[] = [];
            for (const request of requests) replies.push(await client.call(...request));
            return replies;
          }
          for (const request of requests) client.sendCommand(...request);
          return (await client.readReplies(requests.length)).map((reply) => reply.toString('latin1'));
        }),
      );
      requests.forEach((request, i) => expect([request, answers[1]![i]]).toEqual([request, answers[0]![i]]));
      clients[0].destroy();
    });
  }

  it('are refused with CROSSSLOT and a hint when their keys are on several nodes', async () => {
    const client = await fleet.connect();
    const [one, two] = [fleet.keysOf(0, 1)[0]!, fleet.keysOf(1, 1)[0]!];
    await client.call('EVAL', GET, 1, one);
    for (const request of [
      ['EVAL', GET, 2, one, two],
      ['EVALSHA', shaOf(GET), 2, one, two],
      ['FCALL_RO', 'look', 2, one, two],
    ]) {
      expect(await client.call(...request)).toBe(
        `-CROSSSLOT Keys in request don't hash to the same slot: ringward has '${one}' on node n0 and '${two}' on node n1; keys that share a {tag} share a node\r\n`,
      );
    }
    expect(await client.call('EVAL', GET, 1, one)).toBe('$-1\r\n');
  });

  it('say nothing under CLIENT REPLY OFF', async () => {
    const client = await fleet.connect();
    client.sendCommand('CLIENT', 'REPLY', 'OFF');
    for (const key of ['a', 'b', 'c', 'd']) client.sendCommand('EVALSHA', shaOf(SET), 1, key, 'quiet');
    client.sendCommand('CLIENT', 'REPLY', 'ON');
    expect(String(await client.readReply())).toBe('+OK\r\n');
    for (const key of ['a', 'b', 'c', 'd']) expect(await client.call('GET', key)).toBe('$5\r\nquiet\r\n');
  });
});

describe('scripts without keys', () => {
  const fleets: Fleet[] = [];
  afterEach(() => Promise.all(fleets.splice(0).map((fleet) => fleet.stop())));
  const WHERE = "redis.call('SET', 'ran', 'here'); return 1";

  async function whereItRan(pool: object, kills: readonly number[] = []): Promise<(string | null)[]> {
    const fleet = await startFleet({ pool });
    fleets.push(fleet);
    const client = await fleet.connect();
    for (const node of kills) {
      await fleet.nodes[node]!.kill();
      await eventually(
        'the node to refuse connections',
        () => client.call('GET', fleet.keysOf(node, 1)[0]!),
        (reply) => reply.includes('ECONNREFUSED'),
      );
    }
    await eventually(
      'the script to run',
      () => client.call('EVAL', WHERE, 0),
      (reply) => reply === ':1\r\n',
    );
    return Promise.all(
      fleet.nodes.map(async (_node, i) => (kills.includes(i) ? null : (await fleet.connectNode(i)).call('GET', 'ran'))),
    );
  }
  const HERE = '$4\r\nhere\r\n';
  const NOT = '$-1\r\n';

  it('run on the node that the pool names', async () => {
    expect(await whereItRan({ keyless_scripts: 'n2' })).toEqual([NOT, NOT, HERE]);
  });

  it('run on the first node that is up by default', async () => {
    expect(await whereItRan({})).toEqual([HERE, NOT, NOT]);
    expect(await whereItRan({ keyless_scripts: 'any' }, [0])).toEqual([null, HERE, NOT]);
  });
});

describe('a script that a node lacks', () => {
  const fleets: Fleet[] = [];
  afterEach(() => Promise.all(fleets.splice(0).map((fleet) => fleet.stop())));

  async function start(options: FleetOptions = {}): Promise<Fleet> {
    // Loads of a test machine must not look like nodes that failed.
    const pool = { timeouts: { request: '30s' }, ...options.pool };
    const fleet = await startFleet({ ...options, pool });
    fleets.push(fleet);
    return fleet;
  }

  async function restart(fleet: Fleet, node: number, client: RawClient): Promise<void> {
    const { port } = fleet.nodes[node]!;
    await fleet.nodes[node]!.kill();
    fleet.nodes[node] = await startRedis({ port });
    await eventually(
      'the node to be back',
      () => client.call('GET', fleet.keysOf(node, 1, 'probe')[0]!),
      (reply) => reply === '$-1\r\n' || reply === '_\r\n',
    );
  }

  for (const version of [2, 3]) {
    it(`since it was restarted is there when EVALSHA needs it, in RESP${version}`, async () => {
      const fleet = await start();
      const client = await fleet.connect();
      await client.call('HELLO', version);
      const key = fleet.keysOf(1, 1)[0]!;
      expect(await client.call('EVAL', SET, 1, key, 'before')).toBe('+OK\r\n');
      await restart(fleet, 1, client);
      expect(await client.call('EVALSHA', shaOf(SET), 1, key, 'after')).toBe('+OK\r\n');
      expect(await client.call('GET', key)).toBe('$5\r\nafter\r\n');
    });
  }

  it('is there for each of 1000 pipelined EVALSHA after a restart, in the order of the client', async () => {
    const fleet = await start();
    const client = await fleet.connect();
    const keys = [0, 1, 2].map((node) => fleet.keysOf(node, 1, 'list')[0]!);
    await client.call('EVAL', PUSH, 1, keys[0]!, 'first');
    await client.call('DEL', keys[0]!);
    await restart(fleet, 1, client);
    await restart(fleet, 2, client);
    for (let i = 0; i < 1000; i++) {
      const key = keys[i % 3]!;
      if (i % 10 === 9) client.sendCommand('LLEN', key);
      else client.sendCommand('EVALSHA', shaOf(PUSH), 1, key, i);
    }
    const lengths = new Map<string, number>();
    const replies = (await client.readReplies(1000)).map(String);
    for (let i = 0; i < 1000; i++) {
      const key = keys[i % 3]!;
      const length = (lengths.get(key) ?? 0) + (i % 10 === 9 ? 0 : 1);
      lengths.set(key, length);
      expect([i, replies[i]]).toEqual([i, `:${length}\r\n`]);
    }
    expect(Number(await fleet.info('scripts_healed'))).toBe(0);
  });

  it('since somebody flushed its scripts is loaded, and the request repeated once', async () => {
    const fleet = await start();
    const client = await fleet.connect();
    const keys = [0, 1, 2].map((node) => fleet.keysOf(node, 1)[0]!);
    await client.call('EVAL', PUSH, 1, keys[0]!, 'x');
    for (const key of keys) await client.call('EVALSHA', shaOf(PUSH), 1, key, 'x');
    for (let i = 0; i < 3; i++) await (await fleet.connectNode(i)).call('SCRIPT', 'FLUSH');
    const loaded = Number(await fleet.info('scripts_loaded'));
    for (let i = 0; i < 1000; i++) client.sendCommand('EVALSHA', shaOf(PUSH), 1, keys[i % 3]!, i);
    const replies = (await client.readReplies(1000)).map(String);
    expect(replies.filter((reply) => !reply.startsWith(':'))).toEqual([]);
    const items = await Promise.all(keys.map((key) => client.call('LLEN', key)));
    expect(items.reduce((sum, reply) => sum + Number(reply.slice(1)), 0)).toBe(4 + 1000);
    const healed = Number(await fleet.info('scripts_healed'));
    expect(healed).toBeGreaterThan(0);
    expect(Number(await fleet.info('scripts_loaded')) - loaded).toBe(healed);
  });

  it('is NOSCRIPT when the cache does not have it any more', async () => {
    const fleet = await start({ limits: { script_cache_size: '64KiB' } });
    const client = await fleet.connect();
    const key = fleet.keysOf(1, 1)[0]!;
    await client.call('EVAL', GET, 1, key);
    for (let i = 0; i < 100; i++)
      await client.call('EVAL', `--${'x'.repeat(1000)}\nreturn ${i}`, 1, fleet.keysOf(0, 1)[0]!);
    await restart(fleet, 1, client);
    expect(await client.call('EVALSHA', shaOf(GET), 1, key)).toBe('-NOSCRIPT No matching script. Please use EVAL.\r\n');
    expect(Number(await fleet.info('scripts_evicted'))).toBeGreaterThan(30);
    expect(await client.call('EVAL', GET, 1, key)).toBe('$-1\r\n');
    expect(await client.call('EVALSHA', shaOf(GET), 1, key)).toBe('$-1\r\n');
  });

  it('and cannot be had because the node is down is an error that names the node', async () => {
    const fleet = await start();
    const client = await fleet.connect();
    const key = fleet.keysOf(1, 1)[0]!;
    await client.call('EVAL', GET, 1, fleet.keysOf(0, 1)[0]!);
    await fleet.nodes[1]!.kill();
    await eventually(
      'the node to refuse connections',
      () => client.call('EVALSHA', shaOf(GET), 1, key),
      (reply) => /^-ERR ringward: node n1 \S+ refused the connection \(ECONNREFUSED\)\r\n$/.test(reply),
    );
  });

  it('is found by each of two workers once a client of it has used EVAL', async () => {
    const fleet = await start({ workers: 2 });
    const clients = await Promise.all(Array.from({ length: 8 }, () => fleet.connect()));
    for (const client of clients) await client.call('EVAL', GET, 1, 'k');
    for (let node = 0; node < 3; node++) await restart(fleet, node, clients[0]!);
    for (const client of clients) {
      for (let node = 0; node < 3; node++) {
        const key = fleet.keysOf(node, 1)[0]!;
        await eventually(
          'the connection of this worker to be open again',
          () => client.call('EVALSHA', shaOf(GET), 1, key),
          (reply) => !/ringward/.test(reply),
        ).then((reply) => expect(reply).toBe('$-1\r\n'));
      }
    }
  });

  it('pays no attention to limits on requests in flight', async () => {
    const fleet = await start({ pool: { limits: { in_flight_per_node: 1 } } });
    const client = await fleet.connect();
    const keys = [0, 1, 2].map((node) => fleet.keysOf(node, 1)[0]!);
    await client.call('EVAL', PUSH, 1, keys[0]!, 'x');
    for (let i = 0; i < 60; i++) client.sendCommand('EVALSHA', shaOf(PUSH), 1, keys[i % 3]!, 'x');
    const replies = (await client.readReplies(60)).map(String);
    expect(replies.every((reply) => reply.startsWith(':'))).toBe(true);
  });
});

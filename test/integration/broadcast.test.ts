/**
 * Commands that go to every node. With one node the replies are a plain redis-server's, byte for byte; with three they are
 * what one server with all the keys would say, and what cannot be the same is put together as docs/commands.md says.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Fleet, startFleet } from '../support/fleet.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { type RawClient, connectRaw } from '../support/wire.js';
import { pipeline } from './commands-replies.js';

const LIBRARY = "#!lua name=mylib\nredis.register_function('myfunc', function(keys, args) return args[1] end)";
const OTHER_LIBRARY = "#!lua name=other\nredis.register_function('two', function() return 2 end)\nredis.register_function('three', function() return 3 end)"; // prettier-ignore
const SCRIPT = 'return 1';
const SHA = 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db';

let plain: TestServer;
let alone: Fleet;
let fleet: Fleet;
const opened: RawClient[] = [];

beforeAll(async () => {
  [plain, alone, fleet] = await Promise.all([startRedis(), startFleet({ nodes: 1 }), startFleet()]);
});
beforeEach(async () => {
  for (const server of [plain, ...alone.nodes, ...fleet.nodes]) {
    const client = await open(server.port);
    // A slow machine makes slow commands, which are nothing to compare.
    for (const line of [
      'CONFIG SET slowlog-log-slower-than -1',
      'SLOWLOG RESET',
      'FLUSHALL',
      'SCRIPT FLUSH',
      'FUNCTION FLUSH',
    ]) {
      expect(await client.call(...line.split(' '))).toBe('+OK\r\n');
    }
  }
});
afterEach(() => {
  for (const client of opened.splice(0)) client.destroy();
});
afterAll(async () => {
  await Promise.all([alone.stop(), fleet.stop()]);
  await plain.stop();
});

async function open(port: number): Promise<RawClient> {
  const client = await connectRaw(port);
  opened.push(client);
  return client;
}

async function openWith(port: number, version: number): Promise<RawClient> {
  const client = await open(port);
  await client.call('HELLO', version);
  return client;
}

const KEYS = Array.from({ length: 100 }, (_, i) => `key${i}`);

/** Replies that are the same from one server and from three. `|` parts words. */
const SAME_SCRIPT = [
  'DBSIZE', 'KEYS|*', 'RANDOMKEY', 'DBSIZE|x', 'KEYS', 'RANDOMKEY|x', 'FLUSHALL|nonsense', 'FLUSHDB|a|b', 'KEYS|[',
  'SET|only|1', 'DBSIZE', 'KEYS|o*', 'KEYS|x*', 'RANDOMKEY',
  'SELECT|3', 'DBSIZE', 'RANDOMKEY', 'SET|three|3', 'KEYS|*', 'DBSIZE', 'SELECT|0', 'KEYS|*',
  'SWAPDB|0|3', 'KEYS|*', 'SWAPDB|0|x', 'SWAPDB|0|99', 'SWAPDB|0', 'FLUSHDB', 'DBSIZE', 'SELECT|3', 'KEYS|*', 'FLUSHALL|ASYNC', 'DBSIZE', 'FLUSHDB|SYNC',
  `SCRIPT|LOAD|${SCRIPT}`, `SCRIPT|EXISTS|${SHA}|nosuch`, 'SCRIPT|EXISTS', 'SCRIPT|LOAD|return +', 'SCRIPT|FLUSH|x', 'SCRIPT|FLUSH|SYNC', `SCRIPT|EXISTS|${SHA}`, 'SCRIPT|KILL',
  'FUNCTION|STATS', `FUNCTION|LOAD|${LIBRARY}`, `FUNCTION|LOAD|${LIBRARY}`, `FUNCTION|LOAD|REPLACE|${LIBRARY}`, 'FUNCTION|LOAD|x',
  'FUNCTION|LIST', 'FUNCTION|LIST|WITHCODE', 'FUNCTION|LIST|LIBRARYNAME|no*', 'FUNCTION|LIST|x', 'FUNCTION|STATS', 'FUNCTION|KILL',
  'FUNCTION|DELETE|nosuch', 'FUNCTION|DUMP', 'FUNCTION|RESTORE|x', 'FUNCTION|DELETE|mylib', 'FUNCTION|LIST', 'FUNCTION|FLUSH|x', 'FUNCTION|FLUSH',
  'CONFIG|GET|maxmemory', 'CONFIG|GET|nosuch', 'CONFIG|GET', 'CONFIG|SET|nosuch|1', 'CONFIG|SET|maxmemory|x', 'CONFIG|SET|maxmemory', 'CONFIG|SET|maxmemory|100mb|timeout|0', 'CONFIG|GET|maxmemory', 'CONFIG|SET|maxmemory|0',
  'CONFIG|RESETSTAT', 'CONFIG|REWRITE', 'CONFIG|NOSUCH',
  'SLOWLOG|GET', 'SLOWLOG|GET|x', 'SLOWLOG|GET|-2', 'SLOWLOG|GET|-1', 'SLOWLOG|LEN', 'SLOWLOG|RESET', 'SLOWLOG|GET|1|2',
  'LATENCY|LATEST', 'LATENCY|HISTORY|x', 'LATENCY|GRAPH|x', 'LATENCY|RESET', 'LATENCY|RESET|a|b', 'LATENCY|HISTOGRAM|nosuch', 'LATENCY|NOSUCH',
  'MEMORY|PURGE', 'MEMORY|USAGE|nosuch', 'MEMORY|NOSUCH',
  'ROLE', 'MODULE|LIST', 'ROLE|x', 'LOLWUT', 'LOLWUT|VERSION|5|1|1|1', 'SAVE', 'SAVE|x', 'BGSAVE|x',
  'CLUSTER|INFO', 'CLUSTER|HELP', 'CLUSTER|KEYSLOT|a', 'CLUSTER|KEYSLOT', 'CLUSTER|NOSUCH', 'CLUSTER', 'READONLY', 'READWRITE', 'ASKING', 'ASKING|x',
  'OBJECT|ENCODING|nosuch', 'OBJECT|FREQ|nosuch', 'LASTSAVE|x',
]; // prettier-ignore

describe.each([2, 3])('in RESP%i', (version) => {
  it.each([
    ['one node', () => alone],
    ['three nodes', () => fleet],
  ])('%s answer as one redis-server does', async (_name, subject) => {
    const clients = [await openWith(plain.port, version), await openWith(subject().proxy.port, version)];
    const commands = SAME_SCRIPT.map((line) => line.split('|'));
    const [expected, actual] = await Promise.all(clients.map((client) => pipeline(client, commands)));
    commands.forEach((words, i) => expect([words, actual![i]]).toEqual([words, expected![i]]));
  });

  it('three nodes have the keys of one, in any order', async () => {
    const clients = [await openWith(plain.port, version), await openWith(fleet.proxy.port, version)];
    const replies = await Promise.all(
      clients.map((client) =>
        pipeline(client, [
          ['MSET', ...KEYS.flatMap((key) => [key, 'v'])],
          ['DBSIZE'],
          ['KEYS', '*'],
          ['KEYS', 'key1?'],
          ['DEL', ...KEYS.slice(50)],
          ['DBSIZE'],
          ['FLUSHALL'],
          ['DBSIZE'],
          ['KEYS', '*'],
        ]),
      ),
    );
    const [expected, actual] = replies.map((list) => list.map((reply) => reply.split('\r\n').sort()));
    expect(actual).toEqual(expected);
  });

  it('RANDOMKEY gives keys of every node, and never a null while there is a key', async () => {
    const client = await openWith(fleet.proxy.port, version);
    await client.call('MSET', ...KEYS.flatMap((key) => [key, 'v']));
    const replies = await pipeline(
      client,
      Array.from({ length: 300 }, () => ['RANDOMKEY']),
    );
    const nodes = new Set(replies.map((reply) => fleet.nodeOf(/^\$\d+\r\n(key\d+)\r\n$/.exec(reply)![1]!)));
    expect([...nodes].sort()).toEqual([0, 1, 2]);
    await client.call('FLUSHALL');
    const [only] = fleet.keysOf(2, 1);
    await client.call('SET', only!, 'v');
    const same = await pipeline(
      client,
      Array.from({ length: 50 }, () => ['RANDOMKEY']),
    );
    expect(new Set(same)).toEqual(new Set([`$${only!.length}\r\n${only!}\r\n`]));
  });

  it('CONFIG GET tells the first value, and whose differs', async () => {
    const client = await openWith(fleet.proxy.port, version);
    const head = (pairs: number): string => (version === 3 ? `%${pairs}\r\n` : `*${2 * pairs}\r\n`);
    const node = await fleet.connectNode(1);
    await node.call('CONFIG', 'SET', 'maxmemory', '1048576000');
    expect(await client.call('CONFIG', 'GET', 'maxmemory')).toBe(
      `${head(2)}$9\r\nmaxmemory\r\n$1\r\n0\r\n$12\r\nmaxmemory@n1\r\n$10\r\n1048576000\r\n`,
    );
    expect(await client.call('CONFIG', 'SET', 'maxmemory', '0')).toBe('+OK\r\n');
    expect(await client.call('CONFIG', 'GET', 'maxmemory')).toBe(`${head(1)}$9\r\nmaxmemory\r\n$1\r\n0\r\n`);
  });

  it('SLOWLOG GET puts the entries of all nodes in the order of time, with ids that tell the node', async () => {
    const client = await openWith(fleet.proxy.port, version);
    await client.call('CONFIG', 'SET', 'slowlog-log-slower-than', '0');
    await client.call('SLOWLOG', 'RESET');
    for (let i = 0; i < 12; i++) await client.call('SET', fleet.keysOf(i % 3, 1)[0]!, `value${i}`);
    await client.call('CONFIG', 'SET', 'slowlog-log-slower-than', '-1');
    const length = Number(/\d+/.exec(await client.call('SLOWLOG', 'LEN'))![0]);
    expect(length).toBeGreaterThanOrEqual(12);
    const reply = await client.call('SLOWLOG', 'GET', '-1');
    const entries = [...reply.matchAll(/\*6\r\n:(\d+)\r\n:(\d+)\r\n/g)].map((found) => found.slice(1).map(Number));
    expect(entries).toHaveLength(length);
    expect(reply.startsWith(`*${length}\r\n`)).toBe(true);
    const times = entries.map(([, time]) => time!);
    expect(times).toEqual([...times].sort((one, other) => other - one));
    expect(new Set(entries.map(([id]) => id)).size).toBe(length);
    const sets = [...reply.matchAll(/:(\d+)\r\n:\d+\r\n:\d+\r\n\*3\r\n\$3\r\nSET\r\n\$\d+\r\n(k\d+)\r\n/g)];
    expect(sets).toHaveLength(12);
    for (const [, id, key] of sets) expect(Number(id) % 3).toBe(fleet.nodeOf(key!));
    expect(await client.call('SLOWLOG', 'GET', '2')).toMatch(/^\*2\r\n/);
    expect(await client.call('SLOWLOG', 'GET')).toMatch(/^\*10\r\n/);
  });

  it('reports for people come under the name of each node', async () => {
    const client = await openWith(fleet.proxy.port, version);
    for (const words of [
      ['MEMORY', 'DOCTOR'],
      ['LATENCY', 'DOCTOR'],
      ['MEMORY', 'MALLOC-STATS'],
    ]) {
      const reply = await client.call(...words);
      expect(reply.startsWith(version === 3 ? '=' : '$')).toBe(true);
      fleet.nodes.forEach((node, i) => expect(reply).toContain(`# Node n${i} (127.0.0.1:${node.port})\n`));
    }
  });

  it('MEMORY STATS has the fields of one server, keys added up and ratios as means', async () => {
    const clients = [await openWith(plain.port, version), await openWith(fleet.proxy.port, version)];
    for (const client of clients) await client.call('MSET', ...KEYS.flatMap((key) => [key, 'v']));
    const [expected, actual] = await Promise.all(clients.map((client) => client.call('MEMORY', 'STATS')));
    const fieldsOf = (reply: string): string[] => reply.match(/[a-z][a-z.-]{4,}[a-z0-9]*/g)!.sort();
    expect(fieldsOf(actual!)).toEqual(fieldsOf(expected!));
    expect(actual).toContain('keys.count\r\n:100\r\n');
    const ratio = Number(/peak\.percentage\r\n(?:\$\d+\r\n|,)([\d.]+)/.exec(actual!)![1]);
    expect(ratio).toBeGreaterThan(0);
    expect(ratio).toBeLessThanOrEqual(100);
  });

  it('LATENCY events of all nodes are put together', async () => {
    const client = await openWith(fleet.proxy.port, version);
    await client.call('CONFIG', 'SET', 'latency-monitor-threshold', '1');
    const busy = 'local i = 0 while i < 3000000 do i = i + 1 end';
    for (const node of [0, 1, 2]) await client.call('EVAL', busy, '1', fleet.keysOf(node, 1)[0]!);
    await client.call('CONFIG', 'SET', 'latency-monitor-threshold', '0');
    const latest = /^\*1\r\n\*4\r\n\$7\r\ncommand\r\n:(\d+)\r\n:(\d+)\r\n:(\d+)\r\n$/.exec(
      await client.call('LATENCY', 'LATEST'),
    )!;
    const history = await client.call('LATENCY', 'HISTORY', 'command');
    const samples = [...history.matchAll(/\*2\r\n:(\d+)\r\n:(\d+)\r\n/g)].map((found) => found.slice(1).map(Number));
    expect(samples.length).toBeGreaterThanOrEqual(3);
    expect(history.startsWith(`*${samples.length}\r\n`)).toBe(true);
    expect(samples).toEqual(samples.toSorted(([one], [other]) => one! - other!));
    expect(Number(latest[1])).toBe(samples.at(-1)![0]);
    expect(Number(latest[3])).toBe(Math.max(...samples.map(([, millis]) => millis!)));
    expect(await client.call('LATENCY', 'GRAPH', 'command')).toMatch(
      /# Node n0 [^]*command - high[^]*# Node n2 [^]*command - high/,
    );
    expect(await client.call('LATENCY', 'RESET', 'command')).toBe(':3\r\n');
    expect(await client.call('LATENCY', 'LATEST')).toBe('*0\r\n');
  });

  it('LATENCY HISTOGRAM adds the counts of all nodes', async () => {
    const client = await openWith(fleet.proxy.port, version);
    await client.call('CONFIG', 'RESETSTAT');
    for (let i = 0; i < 30; i++) await client.call('SET', KEYS[i]!, 'v');
    const histogram = await client.call('LATENCY', 'HISTOGRAM', 'set');
    expect(histogram).toContain('calls\r\n:30\r\n');
    const counts = [...histogram.split('histogram_usec')[1]!.matchAll(/:(\d+)\r\n:(\d+)/g)].map((found) =>
      Number(found[2]),
    );
    expect(counts.at(-1)).toBe(30);
    expect(counts).toEqual([...counts].sort((one, other) => one - other));
  });

  it('LASTSAVE is the earliest', async () => {
    const client = await openWith(fleet.proxy.port, version);
    const nodes = await Promise.all([0, 1, 2].map(async (i) => (await fleet.connectNode(i)).call('LASTSAVE')));
    const earliest = Math.min(...nodes.map((reply) => Number(reply.slice(1))));
    expect(await client.call('LASTSAVE')).toBe(`:${earliest}\r\n`);
  });

  it('INFO with the id of a node is that node’s own', async () => {
    const client = await openWith(fleet.proxy.port, version);
    const reply = await client.call('INFO', 'n1', 'server');
    expect(reply).toContain(`tcp_port:${fleet.nodes[1]!.port}\r\n`);
    expect(reply).not.toContain('# Clients');
    expect(await client.call('INFO', 'n2')).toContain('# Keyspace');
    expect(await client.call('INFO', 'server')).toContain('ringward_version');
    expect(await client.call('INFO', 'nosuch')).toBe(version === 3 ? '=4\r\ntxt:\r\n' : '$0\r\n\r\n');
  });

  it('FUNCTION LIST names the library and the node that differ', async () => {
    const client = await openWith(fleet.proxy.port, version);
    const node = await openWith(fleet.nodes[0]!.port, version);
    await client.call('FUNCTION', 'LOAD', LIBRARY);
    await client.call('FUNCTION', 'LOAD', OTHER_LIBRARY);
    const sorted = (reply: string): string[] => reply.split('\r\n').sort();
    expect(sorted(await client.call('FUNCTION', 'LIST'))).toEqual(sorted(await node.call('FUNCTION', 'LIST')));
    await node.call('FUNCTION', 'DELETE', 'other');
    expect(await client.call('FUNCTION', 'LIST')).toMatch(
      /^-ERR ringward: nodes n0 \(.*\) and n1 \(.*\) do not have the same function library 'other'; /,
    );
    expect(await client.call('FUNCTION', 'DELETE', 'other')).toMatch(
      /^-ERR ringward: node n0 \(127.0.0.1:\d+\) answered ERR Library not found; done by n1, n2\r\n$/,
    );
    expect(sorted(await client.call('FUNCTION', 'LIST'))).toEqual(sorted(await node.call('FUNCTION', 'LIST')));
  });
});

describe('a broadcast', () => {
  it('comes behind what its client sent before, and in front of what follows', async () => {
    const client = await fleet.connect();
    const commands = Array.from({ length: 40 }, (_, i) => [
      ['SET', `a${i}`, '1'],
      ['SET', `b${i}`, '1'],
      ['DBSIZE'],
      ['FLUSHDB'],
      ['GET', `a${i}`],
      ['DBSIZE'],
    ]).flat();
    const replies = await pipeline(client, commands);
    for (let i = 0; i < replies.length; i += 6) {
      expect(replies.slice(i, i + 6)).toEqual(['+OK\r\n', '+OK\r\n', ':2\r\n', '+OK\r\n', '$-1\r\n', ':0\r\n']);
    }
  });

  it('gives no reply after CLIENT REPLY OFF, and is done all the same', async () => {
    const client = await fleet.connect();
    client.sendCommand('MSET', ...KEYS.flatMap((key) => [key, 'v']));
    await client.readReply();
    client.sendCommand('CLIENT', 'REPLY', 'OFF');
    for (const words of [
      ['DBSIZE'],
      ['KEYS', '*'],
      ['RANDOMKEY'],
      ['SCRIPT', 'KILL'],
      ['FLUSHALL'],
      ['FLUSHALL', 'x'],
    ]) {
      client.sendCommand(...words);
    }
    client.sendCommand('CLIENT', 'REPLY', 'ON');
    expect((await client.readReply()).toString()).toBe('+OK\r\n');
    client.sendCommand('CLIENT', 'REPLY', 'SKIP');
    client.sendCommand('DBSIZE');
    expect(await client.call('DBSIZE')).toBe(':0\r\n');
  });

  it('KEYS lists 200,000 keys', async () => {
    const client = await fleet.connect();
    const names = Array.from({ length: 200_000 }, (_, i) => `many:${i}`);
    for (let i = 0; i < names.length; i += 10_000) {
      await client.call('MSET', ...names.slice(i, i + 10_000).flatMap((name) => [name, 'v']));
    }
    expect(await client.call('DBSIZE')).toBe(':200000\r\n');
    const reply = await client.call('KEYS', 'many:*');
    expect(reply.startsWith('*200000\r\n')).toBe(true);
    expect(reply.match(/many:\d+/g)!.sort()).toEqual(names.sort());
    expect(await client.call('FLUSHALL')).toBe('+OK\r\n');
  });

  it('is refused by a pool with admin_commands: refuse, if it is dangerous', async () => {
    const strict = await startFleet({ nodes: 2, pool: { admin_commands: 'refuse' } });
    try {
      const client = await strict.connect();
      for (const words of [
        ['FLUSHALL'],
        ['KEYS', '*'],
        ['CONFIG', 'GET', 'port'],
        ['SLOWLOG', 'GET'],
        ['SWAPDB', '0', '1'],
      ]) {
        const name = words[0] === 'CONFIG' || words[0] === 'SLOWLOG' ? `${words[0]}|GET` : words[0]!;
        expect(await client.call(...words)).toBe(
          `-ERR ringward: command '${name.toLowerCase()}' is refused: pool main has admin_commands: refuse\r\n`,
        );
      }
      expect(await client.call('DBSIZE')).toBe(':0\r\n');
      expect(await client.call('SCRIPT', 'LOAD', SCRIPT)).toBe(`$40\r\n${SHA}\r\n`);
      expect(await client.call('RANDOMKEY')).toBe('$-1\r\n');
    } finally {
      await strict.stop();
    }
  });

  it.each([
    ['MIGRATE', ['MIGRATE', 'h', '1', 'k', '0', '10']],
    ['SHUTDOWN', ['SHUTDOWN']],
    ['REPLICAOF', ['REPLICAOF', 'NO', 'ONE']],
    ['SYNC', ['SYNC']],
    ['DEBUG', ['DEBUG', 'SLEEP', '0']],
    ['MODULE', ['MODULE', 'LOAD', '/x']],
    ['ACL', ['ACL', 'LIST']],
    ['CLIENT PAUSE', ['CLIENT', 'PAUSE', '100']],
    ['SCRIPT DEBUG', ['SCRIPT', 'DEBUG', 'YES']],
  ])('is not %s, which is refused with what to do instead', async (_name, words) => {
    const client = await fleet.connect();
    expect(await client.call(...words)).toMatch(/^-ERR ringward: command '[a-z|]+' is not supported: .* .*\r\n$/);
  });
});

/**
 * Commands through the proxy: binary values, scripts, odd requests beside the same ones at one plain redis-server, keys on
 * different nodes, commands that are refused. Every single command is in test/differential, those that are cut by node in
 * split.test.ts.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, startFleet } from '../support/fleet.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { type RawClient, connectRaw } from '../support/wire.js';

let fleet: Fleet;
let plain: TestServer;
const opened: RawClient[] = [];

beforeAll(async () => {
  [plain, fleet] = await Promise.all([startRedis(), startFleet()]);
});
afterEach(() => {
  for (const client of opened.splice(0)) client.destroy();
});
afterAll(async () => {
  await fleet.stop();
  await plain.stop();
});

async function connectPlain(): Promise<RawClient> {
  const client = await connectRaw(plain.port);
  opened.push(client);
  return client;
}

async function flushAll(): Promise<void> {
  for (const server of [plain, ...fleet.nodes]) {
    const client = await connectRaw(server.port);
    expect(await client.call('FLUSHALL')).toBe('+OK\r\n');
    client.destroy();
  }
}

describe('the proxy beside one redis-server', () => {
  it('carries DUMP payloads, which are binary, to RESTORE', async () => {
    const client = await fleet.connect();
    await client.call('SET', 'dumped', Buffer.from([0, 255, 13, 10]));
    client.sendCommand('DUMP', 'dumped');
    const reply = await client.readReply();
    const payload = reply.subarray(reply.indexOf('\n') + 1, -2);
    expect(await client.call('RESTORE', 'restored', 0, payload)).toBe('+OK\r\n');
    expect(await client.call('GET', 'restored')).toBe('$4\r\n\0\xff\r\n\r\n');
  });

  it('gives each script to the node of its keys, and by its SHA only one that passed before', async () => {
    const client = await fleet.connect();
    const [here, there] = [fleet.keysOf(0, 1, 's')[0]!, fleet.keysOf(1, 1, 's')[0]!];
    const script = "return redis.call('incr', KEYS[1])";
    expect(await client.call('EVAL', script, 1, here)).toBe(':1\r\n');
    const neverSeen = 'd8f2fad9f8e86a53d2a6ebd960b33c4972cacc37';
    expect(await client.call('EVALSHA', neverSeen, 1, there)).toMatch(/^-NOSCRIPT /);
    expect(await client.call('EVAL', script, 2, here, there)).toMatch(/^-CROSSSLOT /);
  });

  it('forwards requests whose line ends are not quite right as redis-server takes them', async () => {
    const bytes = '*3\r\n$3\r\nSETxx$1\rXk??$2\r\nab\n\r*2\r\n$3\r\nGET\r\n$1\r\nk\r\n';
    const replies = await Promise.all(
      [await connectPlain(), await fleet.connect()].map(async (client) => {
        client.send(bytes);
        return (await client.readReplies(2)).map(String);
      }),
    );
    expect(replies[1]).toEqual(replies[0]);
    expect(replies[0]).toEqual(['+OK\r\n', '$2\r\nab\r\n']);
  });

  it.each([
    ['inline commands', 'SET k "a\\x41 b"\r\nGET k\r\nDEL k nokey\nMGET k k\r\n'],
    ['empty lines and empty arrays', '\r\n\r\n*0\r\n*-1\r\nPING\r\n'],
    ['unbalanced quotes', 'GET k\r\nSET k "a\r\n'],
    ['a bad array length', 'GET k\r\n*x\r\n'],
    ['a huge array length', '*99999999999\r\n'],
    ['something else than a bulk string', 'SET k v\r\n*1\r\n:1\r\n'],
    ['a bad bulk length', '*1\r\n$-5\r\n'],
    ['a huge bulk length', '*1\r\n$9999999999\r\n'],
    ['an unknown command with many arguments', `NOSUCH ${'abcdefgh '.repeat(40)}\r\n`],
    ['line ends in an unknown name', '*2\r\n$5\r\na\r\nbc\r\n$3\r\n\r\nx\r\n'],
  ])('treats %s as redis-server does', async (_title, bytes) => {
    await flushAll();
    const answers = await Promise.all(
      [await connectPlain(), await fleet.connect()].map(async (client) => {
        client.send(bytes);
        client.send('\r\nQUIT\r\n');
        return (await client.readToEnd()).toString('latin1');
      }),
    );
    expect(answers[1]).toBe(answers[0]);
  });
});

describe('keys on different nodes', () => {
  it.each(['RENAME', 'SINTER', 'PFMERGE', 'LMPOP 2', 'ZUNIONSTORE', 'BITOP AND', 'COPY', 'MSETNX', 'SORT'])(
    '%s says which keys are apart, and on which nodes',
    async (line) => {
      const client = await fleet.connect();
      const [here, there] = [fleet.keysOf(0, 1, 'x')[0]!, fleet.keysOf(2, 1, 'x')[0]!];
      const [name, ...rest] = line.split(' ');
      const args: Record<string, readonly string[]> = {
        ZUNIONSTORE: [here, '1', there],
        'LMPOP 2': ['2', here, there, 'LEFT'],
        MSETNX: [here, 'a', there, 'b'],
        SORT: [here, 'STORE', there],
      };
      const words = args[line] ?? [...rest, here, there];
      expect(await client.call(name!, ...words)).toBe(
        `-CROSSSLOT Keys in request don't hash to the same slot: ringward has '${here}' on node n0 and ` +
          `'${there}' on node n2; keys that share a {tag} share a node\r\n`,
      );
      expect(await client.call('PING')).toBe('+PONG\r\n');
    },
  );

  it('shows unprintable keys as escapes and cuts long ones', async () => {
    const client = await fleet.connect();
    const long = fleet.keysOf(0, 1, 'l'.repeat(100))[0]!;
    const odd = fleet.keysOf(1, 1, '\r\n\xff')[0]!;
    const reply = await client.call('RENAME', Buffer.from(long), Buffer.from(odd, 'latin1'));
    expect(reply).toContain(`'${'l'.repeat(64)}...' on node n0 and '\\x0d\\x0a\\xff`);
    expect(reply.match(/\r\n/g)).toHaveLength(1);
  });
});

describe('a command that is not supported', () => {
  it.each(['CLIENT PAUSE 1', 'DEBUG SLEEP 0', 'SHUTDOWN NOSAVE'])(
    '%s gets an error that names it, and the connection stays',
    async (line) => {
      const client = await fleet.connect();
      const words = line.split(' ');
      const name = (/^CLIENT /.test(line) ? words.slice(0, 2).join('|') : words[0]!).toLowerCase();
      expect(await client.call(...words)).toMatch(
        new RegExp(`^-ERR ringward: command '${name.replace('|', '\\|')}' is not supported: .+\r\n$`),
      );
      expect(await client.call('PING')).toBe('+PONG\r\n');
    },
  );
});

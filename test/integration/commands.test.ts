/**
 * Commands through the proxy beside the same commands at one plain redis-server: the same bytes must come back. Keys share a
 * hash tag, so that every command finds its keys on one node; commands that are cut by node are in split.test.ts.
 */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Command } from '../../src/command/command.js';
import { extractKeys, KeyList } from '../../src/command/keys.js';
import { handlingOf } from '../../src/command/policy.js';
import { redisTable } from '../../src/command/redis-table.js';
import { type Fleet, startFleet } from '../support/fleet.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { type RawClient, connectRaw, encodeCommand } from '../support/wire.js';
import { comparable, pipeline, withoutDrift } from './commands-replies.js';
import { redisCommand } from './embedded-redis-grammar.js';

let fleet: Fleet;
let plain: TestServer;
const opened: RawClient[] = [];

beforeAll(async () => {
  plain = await startRedis({ args: ['--enable-debug-command', 'yes'] });
  fleet = await startFleet();
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

/** The command or subcommand that the words name. */
function find(words: readonly string[]): Command | undefined {
  const [name, word] = words.slice(0, 2).map((text) => Buffer.from(text, 'latin1'));
  const command = redisTable.find(name!, 0, name!.length);
  if (command === undefined || !command.hasSubcommands || word === undefined) return command;
  return redisTable.findSub(command, word, 0, word.length);
}

/** The same command with every key behind `tag`. A command whose keys cannot be told stays as it is: it is an error. */
function tagged(words: readonly string[], tag: string): string[] {
  const command = find(words);
  const result = [...words];
  if (command === undefined || words.length < command.minArgs || words.length > command.maxArgs) return result;
  const bytes = encodeCommand(...words.map((word) => Buffer.from(word, 'latin1')));
  const offsets = new Int32Array(words.length * 2);
  let at = bytes.indexOf('\n') + 1;
  words.forEach((word, i) => {
    at = bytes.indexOf('\n', at) + 1;
    offsets[i * 2] = at;
    at += word.length;
    offsets[i * 2 + 1] = at;
    at += 2;
  });
  const keys = new KeyList();
  const count = extractKeys(command, bytes, offsets, words.length, keys);
  for (let i = 0; i < count; i++) result[keys.positions[i]!] = tag + words[keys.positions[i]!]!;
  return result;
}

function isServedAlike(words: readonly string[]): boolean {
  const command = redisTable.find(Buffer.from(words[0]!), 0, words[0]!.length);
  if (command === undefined) return true;
  const { kind } = handlingOf(command);
  // "client nosuch" and the like differ in nothing; containers answer about their own subcommands.
  return kind !== 'unsupported' && words[0] !== 'config';
}

async function compare(commands: readonly (readonly string[])[], version: number): Promise<void> {
  await flushAll();
  const [toPlain, toProxy] = [await connectPlain(), await fleet.connect()];
  const all = [['hello', String(version)], ['select', '0'], ...commands];
  const [expected, actual] = await Promise.all([pipeline(toPlain, all), pipeline(toProxy, all)]);
  all.forEach((words, at) => {
    const reply = withoutDrift(words, expected[at]!, actual[at]!);
    expect([words, comparable(words, reply)]).toEqual([words, comparable(words, expected[at]!)]);
  });
  toPlain.destroy();
  toProxy.destroy();
}

describe('the proxy beside one redis-server', () => {
  for (const version of [2, 3]) {
    it(`answers random commands on keys of one node with the same bytes in RESP${version}`, async () => {
      const tags = fc.constantFrom('{t}', '{user:1}', '{\xff}', '{a}{b}');
      const command = redisCommand.filter(isServedAlike);
      await fc.assert(
        fc.asyncProperty(tags, fc.array(command, { minLength: 1, maxLength: 120, size: 'max' }), (tag, commands) =>
          compare(
            commands.map((words) => tagged(words, tag)),
            version,
          ),
        ),
        { numRuns: 40 },
      );
    });

    it(`passes every command that it serves and the random ones leave out, in RESP${version}`, async () => {
      await compare(
        LINES.map((line) => tagged(line.split(' '), '{t}')),
        version,
      );
    });
  }

  it('forgets no command with keys in these two tests', async () => {
    const client = await connectPlain();
    const covered = new Set(LINES.map((line) => find(line.split(' '))?.name));
    for (const words of fc.sample(redisCommand, { numRuns: 6000, seed: 1 })) covered.add(find(words)?.name);
    const missing: string[] = [];
    for (const command of redisTable.commands) {
      const { kind } = handlingOf(command);
      if (kind !== 'single' && kind !== 'same_node' && kind !== 'split') continue;
      const known = await client.call('COMMAND', 'INFO', command.name);
      if (!/^\*1\r\n(\*-1|\$-1|_)/.test(known) && !covered.has(command.name)) missing.push(command.name);
    }
    expect(missing).toEqual([]);
  });

  it('carries DUMP payloads, which are binary, to RESTORE', async () => {
    const client = await fleet.connect();
    await client.call('SET', 'dumped', Buffer.from([0, 255, 13, 10]));
    client.sendCommand('DUMP', 'dumped');
    const reply = await client.readReply();
    const payload = reply.subarray(reply.indexOf('\n') + 1, -2);
    expect(await client.call('RESTORE', 'restored', 0, payload)).toBe('+OK\r\n');
    expect(await client.call('GET', 'restored')).toBe('$4\r\n\0\xff\r\n\r\n');
  });

  it('gives each script and its SHA to the node of its keys', async () => {
    const client = await fleet.connect();
    const [here, there] = [fleet.keysOf(0, 1, 's')[0]!, fleet.keysOf(1, 1, 's')[0]!];
    const script = "return redis.call('incr', KEYS[1])";
    expect(await client.call('EVAL', script, 1, here)).toBe(':1\r\n');
    const sha = 'd8f2fad9f8e86a53d2a6ebd960b33c4972cacc37';
    expect(await client.call('EVALSHA', sha, 1, there)).toMatch(/^-NOSCRIPT /);
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
  it.each(['MULTI', 'BLPOP k 0', 'KEYS *', 'SCAN 0', 'FLUSHALL', 'CONFIG GET x', 'WATCH k', 'CLIENT PAUSE 1'])(
    '%s gets an error that names it, and the connection stays',
    async (line) => {
      const client = await fleet.connect();
      const words = line.split(' ');
      const name = (/^(CONFIG|CLIENT) /.test(line) ? words.slice(0, 2).join('|') : words[0]!).toLowerCase();
      expect(await client.call(...words)).toMatch(
        new RegExp(`^-ERR ringward: command '${name.replace('|', '\\|')}' is not supported yet: .+\r\n$`),
      );
      expect(await client.call('PING')).toBe('+PONG\r\n');
    },
  );
});

/** Deterministic lines for what the grammar of random commands leaves out, in an order in which most of them succeed. */
const LINES = `
set n 5
bitfield n set u8 0 200 get u8 0 overflow fail incrby u8 0 100
bitfield_ro n get u8 0
bitpos n 1
bitop and nn n n
bitop not nn n
dump nokey
restore bad 0 notadump
object encoding n
object encoding nokey
object refcount n
object idletime n
object freq n
memory usage nokey
memory usage n samples 5
set o ohmytext
set p mynewtext
lcs o p
lcs o p idx withmatchlen
geoadd g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
geodist g Palermo Catania km
geohash g Palermo Catania nobody
geopos g Palermo nobody
georadius g 15 37 200 km asc
georadius g 15 37 200 km store g2
georadius_ro g 15 37 200 km withdist asc
georadiusbymember g Palermo 200 km asc
georadiusbymember_ro g Palermo 200 km desc
geosearch g fromlonlat 15 37 byradius 200 km asc withcoord
geosearchstore g3 g fromlonlat 15 37 byradius 200 km asc
hset h f v
hrandfield h
hrandfield h -2 withvalues
hrandfield nokey 2
pfadd hl a b c
pfadd hl2 c d
pfcount hl
pfcount hl hl2
pfmerge hl3 hl hl2
pfcount hl3
rpush l 3 1 2
sort l
sort l desc limit 0 2
sort_ro l alpha
sort l store l2
lmpop 2 nolist l left count 2
zadd zz 1 a 2 b
zmpop 1 zz min
zmpop 2 nokey zz max count 5
xadd st 1-1 a 1
xadd st 1-2 b 2 c 3
xadd st nomkstream 1-1 x y
xadd nost nomkstream 1-1 x y
xlen st
xrange st - +
xrevrange st + - count 1
xread count 1 streams st 0
xread streams st nost 0 0
xgroup create st grp 0
xgroup create nost grp 0
xgroup create st2 grp $ mkstream
xgroup createconsumer st grp bob
xreadgroup group grp bob count 1 streams st >
xreadgroup group grp bob streams st 0
xpending st grp
xpending st grp - + 10
xack st grp 1-1
xclaim st grp alice 0 1-2 justid
xautoclaim st grp alice 0 0
xgroup setid st grp 0
xinfo stream st
xinfo groups st
xinfo consumers st grp
xgroup delconsumer st grp bob
xgroup destroy st grp
xdel st 1-1
xtrim st maxlen 1
xsetid st 5-5
eval return{KEYS[1],ARGV[1]} 1 k v
eval_ro return{1,{2,3},'x'} 1 k
eval return{err='MY'} 1 k
evalsha 0000000000000000000000000000000000000000 1 k
evalsha_ro 0000000000000000000000000000000000000000 1 k
fcall nofunc 1 k
fcall_ro nofunc 1 k
eval broken( 1 k
unlink st g
get st
`
  .trim()
  .split('\n');

/**
 * Read-only commands over keys of several nodes, in a pool that has `cross_node_reads`: what one redis-server would have
 * answered, byte for byte. The order of a set's members is left open by Redis; their lines are compared sorted.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crossNodeReadNames } from '../../src/shape/cross-node/cross-node-read.js';
import { type Fleet, startFleet } from '../support/fleet.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { type RawClient, connectRaw } from '../support/wire.js';
import { pipeline } from './commands-replies.js';
import { sameNodeRequests } from './same-node-requests.js';

let fleet: Fleet;
let plain: TestServer;

beforeAll(async () => {
  // HyperLogLogs of more than a few members become dense.
  const nodeArgs = ['--hll-sparse-max-bytes', '120'];
  [plain, fleet] = await Promise.all([startRedis(), startFleet({ nodeArgs, pool: { cross_node_reads: true } })]);
});
afterAll(async () => {
  await fleet.stop();
  await plain.stop();
});

/** A set's members as sorted lines, which loses nothing else; any other reply as it is. */
function settled(words: readonly string[], reply: string): string {
  const isSet = /^S(?:INTER|UNION|DIFF)$/i.test(words[0]!) && !reply.startsWith('-');
  return isSet ? reply.split('\r\n').sort().join('\r\n') : reply;
}

/** Sends the commands to both and compares the replies of those behind the first `quiet`. */
async function compare(commands: readonly (readonly string[])[], version: string, quiet = 0): Promise<void> {
  const clients = await Promise.all([plain.port, fleet.proxy.port].map((port) => connectRaw(port)));
  for (const client of clients) await client.call('HELLO', version);
  const [expected, actual] = await Promise.all(clients.map((client) => pipeline(client, commands)));
  commands.forEach((words, i) => {
    if (i < quiet) return;
    expect([words, settled(words, actual![i]!)]).toEqual([words, settled(words, expected![i]!)]);
  });
  for (const client of clients) client.destroy();
}

/** Keys by what they mostly hold, so that most commands find what they want. */
const SETS = ['', 'a', 'b', '\xff\0\r\n'];
const SORTED = ['c', 'd', 'e', '$5\r\nxx'];
const LOGS = ['f', 'g', 'h', 'k'.repeat(300)];
const ODD = ['odd1', 'odd2'];
const KEYS = [...SETS, ...SORTED, ...LOGS, ...ODD];
const MEMBERS = ['', 'm', '\r\n', '*3\r\n', '-ERR\r\n', ':1', '\xff\xfe\0', '0', '17', '-5', 'x'.repeat(100)];

const keysOf = (...names: readonly string[]): fc.Arbitrary<string[]> =>
  fc.array(fc.oneof({ arbitrary: fc.constantFrom(...names), weight: 60 }, fc.constantFrom(...KEYS)), {
    minLength: 1,
    maxLength: 7,
  });
const member = fc.oneof(
  fc.constantFrom(...MEMBERS),
  fc.nat(12).map((n) => `m${n}`),
);
const members = fc.array(member, { minLength: 1, maxLength: 20 });
const double = fc.oneof(
  fc.constantFrom('inf', '-inf', '0', '-0', '1', '0.1', '0.2', '0.3', '-0.7', '1e300', '1e-320', '123456789012345680'),
  fc.integer({ min: -20, max: 20 }).map(String),
  fc.double({ noNaN: true }).map((n) => String(n).replace('Infinity', 'inf')),
);

/** Values that look like HyperLogLogs, right and wrong: runs that add up or do not, lengths, encodings. */
const hyperLogLog = fc
  .tuple(
    fc.constantFrom('HYLL\x01', 'HYLL\x01', 'HYLL\x01', 'HYLL\x00', 'HYLL\x02', 'HYLX\x01', 'HY'),
    fc.array(fc.constantFrom('\x7f\xff', '\x5f\xff', '\x3f', '\x00', '\x80', '\xff', '\x83', '\x40'), { maxLength: 6 }),
  )
  .map(([head, runs]) => head + '\0'.repeat(11) + runs.join(''));

const scored = fc.array(fc.tuple(double, member), { minLength: 1, maxLength: 20 });
const numbers = fc.array(fc.nat(100_000).map(String), { minLength: 1, maxLength: 150 });
const write: fc.Arbitrary<readonly string[]> = fc.oneof(
  { arbitrary: fc.tuple(fc.constantFrom(...SETS), members).map(([key, list]) => ['SADD', key, ...list]), weight: 6 },
  {
    arbitrary: fc.tuple(fc.constantFrom(...SORTED), scored).map(([key, list]) => ['ZADD', key, ...list.flat()]),
    weight: 6,
  },
  { arbitrary: fc.tuple(fc.constantFrom(...LOGS), numbers).map(([key, list]) => ['PFADD', key, ...list]), weight: 6 },
  fc.tuple(fc.constantFrom(...LOGS, ...ODD), hyperLogLog).map(([key, value]) => ['SET', key, value]),
  fc.tuple(fc.constantFrom(...ODD), fc.constantFrom('12345', '', 'text')).map(([key, value]) => ['SET', key, value]),
  fc.constantFrom(...ODD).map((key) => ['LPUSH', key, 'x']),
);

const weight = fc.oneof(double, fc.constantFrom('0x10', '1e400', 'nan', ' 1', '', '+2', '.5'));
/** Each for a number of keys. */
const optionKinds: readonly ((count: number) => fc.Arbitrary<readonly string[]>)[] = [
  (count) => fc.array(weight, { minLength: count, maxLength: count }).map((list) => ['WEIGHTS', ...list]),
  (count) => fc.array(double, { minLength: count, maxLength: count }).map((list) => ['weights', ...list]),
  () => fc.constantFrom('sum', 'MIN', 'Max', 'min\0x', 'avg').map((word) => ['aggregate', word]),
  () => fc.constant(['WITHSCORES']),
  () => fc.constantFrom('0', '1', '3', '-1', 'x', '01', '9223372036854775808').map((n) => ['LIMIT', n]),
  () => fc.constantFrom(['LIMIT'], ['AGGREGATE'], ['WEIGHTS'], ['nonsense'], ['withscores\0']),
];
const options = (count: number): fc.Arbitrary<readonly string[]> =>
  fc
    .array(
      fc.constantFrom(...optionKinds).chain((kind) => kind(count)),
      { maxLength: 3 },
    )
    .map((list) => list.flat());

/** A command that says how many keys it has, sometimes wrongly. */
const counted = fc
  .tuple(fc.constantFrom('ZUNION', 'ZINTER', 'ZDIFF', 'zintercard', 'SINTERCARD'), keysOf(...SETS, ...SORTED))
  .chain(([name, list]) =>
    fc
      .tuple(
        options(list.length),
        fc.constantFrom(...Array<string>(20).fill(String(list.length)), '0', '-1', 'x', '99'),
      )
      .map(([words, count]) => [name, count, ...list, ...words]),
  );
/** The same without a mistake. */
const weighted = fc
  .tuple(fc.constantFrom('ZUNION', 'ZINTER'), keysOf(...SETS, ...SORTED), fc.constantFrom('SUM', 'MIN', 'MAX'))
  .chain(([name, list, aggregate]) =>
    fc
      .array(double, { minLength: list.length, maxLength: list.length })
      .map((weights) => [
        name,
        String(list.length),
        ...list,
        'WEIGHTS',
        ...weights,
        'AGGREGATE',
        aggregate,
        'WITHSCORES',
      ]),
  );
const plainly = (names: readonly string[], keys: fc.Arbitrary<string[]>): fc.Arbitrary<string[]> =>
  fc.tuple(fc.constantFrom(...names), keys).map(([name, list]) => [name, ...list]);

const read: fc.Arbitrary<readonly string[]> = fc.oneof(
  { arbitrary: counted, weight: 2 },
  { arbitrary: weighted, weight: 2 },
  fc
    .tuple(fc.constantFrom('ZUNION', 'ZINTER', 'ZDIFF'), keysOf(...SETS, ...SORTED))
    .map(([name, list]) => [name, String(list.length), ...list, 'WITHSCORES']),
  plainly(['SUNION', 'SINTER', 'SDIFF'], keysOf(...SETS)),
  plainly(['PFCOUNT', 'pfcount'], keysOf(...LOGS)),
);

describe('read-only commands over several nodes', () => {
  for (const version of ['2', '3']) {
    it(`answer as one redis-server does, pipelined, in RESP${version}`, async () => {
      const writes = fc.array(write, { minLength: 8, maxLength: 30, size: 'max' });
      const reads = fc.array(read, { minLength: 1, maxLength: 60, size: 'max' });
      await fc.assert(
        fc.asyncProperty(writes, reads, async (before, commands) => {
          const all = [['DEL', ...KEYS], ...before, ...commands];
          await compare(all, version, 1);
        }),
        { numRuns: 60 },
      );
    });

    it(`answer as one redis-server does about keys of one type, in RESP${version}`, async () => {
      const sets = [0, 1, 2, 3, 4, 5].map((i) => `set${i}`);
      const sorted = [0, 1, 2, 3, 4, 5].map((i) => `sorted${i}`);
      const logs = [0, 1, 2, 3, 4, 5].map((i) => `log${i}`);
      const fill = sets.flatMap((_, i) => {
        const values = Array.from({ length: 200 * (i + 1) }, (__, n) => n * (i + 2));
        return [
          ['SADD', sets[i]!, ...values.map((n) => `member${n}`)],
          ['ZADD', sorted[i]!, ...values.flatMap((n) => [String(n / 7), `member${n}`])],
          ['PFADD', logs[i]!, ...values.slice(0, i < 2 ? 8 : 2000).map(String)],
        ];
      });
      const some = (names: readonly string[]): fc.Arbitrary<string[]> => fc.subarray([...names], { minLength: 2 });
      const command = fc.oneof(
        fc.tuple(fc.constantFrom('SUNION', 'SINTER', 'SDIFF'), some(sets)).map(([name, list]) => [name, ...list]),
        some(logs).map((list) => ['PFCOUNT', ...list, 'nolog']),
        fc
          .tuple(
            fc.constantFrom('ZUNION', 'ZINTER'),
            some([...sorted, sets[1]!]),
            fc.constantFrom('SUM', 'MIN', 'MAX'),
            fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 7, maxLength: 7 }),
          )
          .map(([name, list, aggregate, weights]) => {
            const given = weights.slice(0, list.length).map(String);
            return [name, String(list.length), ...list, 'WEIGHTS', ...given, 'AGGREGATE', aggregate, 'WITHSCORES'];
          }),
        some([...sorted, sets[0]!]).map((list) => ['ZDIFF', String(list.length), ...list, 'WITHSCORES']),
        fc
          .tuple(fc.constantFrom('ZINTERCARD', 'SINTERCARD'), some(sets), fc.constantFrom('0', '7', '10000'))
          .map(([name, list, limit]) => [name, String(list.length), ...list, 'LIMIT', limit]),
      );
      await compare([['DEL', ...sets, ...sorted, ...logs], ...fill], version, 1);
      await fc.assert(
        fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 30 }), (commands) => compare(commands, version)),
        { numRuns: 25 },
      );
    });
  }

  it('count as cross-node reads only when several nodes are asked', async () => {
    const client = await fleet.connect();
    const [before, crossings] = await Promise.all([fleet.info('cross_node_reads'), fleet.info('crossslot_errors')]);
    await client.call('SINTER', '{one}a', '{one}b');
    expect(await fleet.info('cross_node_reads')).toBe(before);
    await client.call('SINTER', ...fleet.keysOf(0, 2), ...fleet.keysOf(1, 1));
    expect(await fleet.info('cross_node_reads')).toBe(String(Number(before) + 1));
    expect(await fleet.info('crossslot_errors')).toBe(crossings);
  });

  it('say nothing to a client that has switched replies off', async () => {
    const client = await fleet.connect();
    const names = [0, 1].map((node) => fleet.keysOf(node, 1)[0]!);
    client.sendCommand('CLIENT', 'REPLY', 'OFF');
    client.sendCommand('SUNION', ...names);
    client.sendCommand('CLIENT', 'REPLY', 'ON');
    expect((await client.readReply()).toString()).toBe('+OK\r\n');
  });
});

describe('every command whose keys must share a node', () => {
  const ends = (): [string, string] => [fleet.keysOf(0, 1, 'x')[0]!, fleet.keysOf(2, 1, 'x')[0]!];

  it('gets CROSSSLOT for keys that are apart, unless it is one that the proxy can compute', async () => {
    const [client, toPlain] = [await fleet.connect(), await connectRaw(plain.port)];
    const [here, there] = ends();
    const computed: string[] = [];
    for (const words of sameNodeRequests(here, there)) {
      const reply = await client.call(...words);
      if (reply.startsWith('-CROSSSLOT')) {
        expect([words, reply]).toEqual([words, crossSlot(here, there)]);
        continue;
      }
      computed.push(words[0]!);
      expect([words, reply]).toEqual([words, await toPlain.call(...words)]);
    }
    expect(computed.sort()).toEqual([...crossNodeReadNames].sort());
    expect(await client.call('EXISTS', here, there)).toBe(':0\r\n');
    toPlain.destroy();
  });

  it('gets CROSSSLOT without exception in a pool that does not have the option', async () => {
    const strict = await startFleet();
    try {
      const client: RawClient = await strict.connect();
      const [here, there] = [strict.keysOf(0, 1, 'x')[0]!, strict.keysOf(2, 1, 'x')[0]!];
      const requests = sameNodeRequests(here, there);
      expect(requests.length).toBeGreaterThan(30);
      for (const words of requests)
        expect([words, await client.call(...words)]).toEqual([words, crossSlot(here, there)]);
    } finally {
      await strict.stop();
    }
  });

  function crossSlot(here: string, there: string): string {
    return (
      `-CROSSSLOT Keys in request don't hash to the same slot: ringward has '${here}' on node n0 and ` +
      `'${there}' on node n2; keys that share a {tag} share a node\r\n`
    );
  }
});

/**
 * MGET, MSET, DEL, UNLINK, EXISTS and TOUCH over several nodes: what one redis-server would have answered, byte for byte,
 * and an error that names the node when one of them is down.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Fleet, startFleet } from '../support/fleet.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { type RawClient, connectRaw } from '../support/wire.js';
import { pipeline } from './commands-replies.js';

let fleet: Fleet;
let plain: TestServer;

beforeAll(async () => {
  [plain, fleet] = await Promise.all([startRedis(), startFleet()]);
});
afterAll(async () => {
  await fleet.stop();
  await plain.stop();
});

const KEYS = ['', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', '\xff\0\r\n', '{t}1', '{t}2', '$5\r\nxx', 'k'.repeat(300)];
const VALUES = [
  '',
  'v',
  '\r\n',
  '*3\r\n$1\r\n',
  '-ERR no\r\n',
  ':1\r\n',
  '\xff\xfe\0',
  'x'.repeat(100),
  'y'.repeat(70_000),
];

const key = fc.constantFrom(...KEYS);
const keys = fc.array(key, { minLength: 1, maxLength: 12 });
const command: fc.Arbitrary<readonly string[]> = fc.oneof(
  { arbitrary: keys.map((list) => ['MGET', ...list]), weight: 4 },
  {
    arbitrary: fc
      .array(fc.tuple(key, fc.constantFrom(...VALUES)), { minLength: 1, maxLength: 8 })
      .map((pairs) => ['mset', ...pairs.flat()]),
    weight: 3,
  },
  fc.tuple(fc.constantFrom('DEL', 'unlink', 'Exists', 'TOUCH'), keys).map(([name, list]) => [name, ...list]),
  key.map((one) => ['LPUSH', one, 'x']),
  key.map((one) => ['MSET', one, 'v', 'odd']),
  fc.constantFrom(['MGET'], ['MSET', 'k'], ['DEL'], ['EXISTS']),
);

describe('commands over several nodes', () => {
  for (const version of ['2', '3']) {
    it(`answer as one redis-server does, pipelined, in RESP${version}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 60, size: 'max' }), async (commands) => {
          const clients = await Promise.all([plain.port, fleet.proxy.port].map((port) => connectRaw(port)));
          const all = [['DEL', ...KEYS], ...commands];
          for (const client of clients) await client.call('HELLO', version);
          const [expected, actual] = await Promise.all(clients.map((client) => pipeline(client, all)));
          all.forEach((words, i) => {
            if (i > 0) expect([words, actual![i]]).toEqual([words, expected![i]]);
          });
          for (const client of clients) client.destroy();
        }),
        { numRuns: 40 },
      );
    });
  }

  it.each([1, 2, 31, 500, 2000])('take %i keys', async (count) => {
    const clients: [RawClient, RawClient] = [await connectRaw(plain.port), await fleet.connect()];
    const names = Array.from({ length: count }, (_, i) => `n${i}`);
    const answers = await Promise.all(
      clients.map((client) =>
        pipeline(client, [
          ['DEL', ...names],
          ['MSET', ...names.flatMap((name) => [name, `value of ${name}`])],
          ['MGET', ...names, ...names],
          ['EXISTS', ...names, ...names],
          ['TOUCH', ...names, 'never'],
          ['UNLINK', ...names.slice(0, Math.ceil(count / 2))],
          ['MGET', ...names],
          ['DEL', ...names],
        ]),
      ),
    );
    expect(answers[1]).toEqual(answers[0]);
    clients[0].destroy();
  });

  it('put each key on its own node, and only there', async () => {
    const client = await fleet.connect();
    const names = Array.from({ length: 60 }, (_, i) => `own${i}`);
    await client.call('MSET', ...names.flatMap((name) => [name, 'v']));
    for (let node = 0; node < 3; node++) {
      const direct = await fleet.connectNode(node);
      const here = names.filter((name) => fleet.nodeOf(name) === node);
      expect(here.length).toBeGreaterThan(0);
      expect(await direct.call('EXISTS', ...names)).toBe(`:${here.length}\r\n`);
      expect(await direct.call('EXISTS', ...here)).toBe(`:${here.length}\r\n`);
    }
  });

  it('carry values that are larger than any buffer', async () => {
    const client = await fleet.connect();
    const big = [0, 1, 2].map(
      (node) => [fleet.keysOf(node, 1, 'big')[0]!, Buffer.alloc(3_000_000, 65 + node)] as const,
    );
    expect(await client.call('MSET', ...big.flat())).toBe('+OK\r\n');
    const reply = await pipeline(client, [
      ['MGET', ...big.map(([name]) => name), 'nokey'],
      ['PING', 'x'],
    ]);
    expect(reply).toEqual([
      `*4\r\n${big.map(([, value]) => `$${value.length}\r\n${value.toString()}\r\n`).join('')}$-1\r\n`,
      '$1\r\nx\r\n',
    ]);
    await client.call('DEL', ...big.map(([name]) => name));
  });

  it('count as split only when several nodes are asked', async () => {
    const client = await fleet.connect();
    const before = Number(await fleet.info('split_commands'));
    await client.call('MGET', '{one}a', '{one}b');
    expect(Number(await fleet.info('split_commands'))).toBe(before);
    await client.call('MGET', ...fleet.keysOf(0, 2), ...fleet.keysOf(1, 1));
    expect(Number(await fleet.info('split_commands'))).toBe(before + 1);
  });
});

describe('commands over several nodes of which one is down', () => {
  let broken: Fleet;
  let client: RawClient;
  let names: string[];

  beforeAll(async () => {
    broken = await startFleet();
    client = await broken.connect();
    names = [0, 1, 2].map((node) => broken.keysOf(node, 1)[0]!);
    await client.call('MSET', ...names.flatMap((name) => [name, `v-${name}`]));
    await broken.nodes[1]!.kill();
    // Its end is seen first, the refusal of the next connection a little later.
    await eventually(
      'the node to refuse connections',
      () => client.call('GET', names[1]!),
      (reply) => reply.includes('ECONNREFUSED'),
    );
  });
  afterAll(() => broken.stop());

  for (const version of ['2', '3']) {
    it(`MGET has an error in the place of each key of that node, and the others' values, in RESP${version}`, async () => {
      await client.call('HELLO', version);
      const [zero, one, two] = names;
      const reply = await client.call('MGET', one!, zero!, 'nokey{' + two! + '}', two!, one!);
      const nil = version === '2' ? '$-1' : '_';
      const where = `127\\.0\\.0\\.1:${broken.nodes[1]!.port}`;
      const failed = `-ERR ringward: node n1 \\(${where}\\) refused the connection \\(ECONNREFUSED\\)`;
      const value = (name: string) => `\\$4\r\nv-${name}`;
      expect(reply).toMatch(
        new RegExp(
          `^\\*5\r\n${failed}\r\n${value(zero!)}\r\n${nil.replace('$', '\\$')}\r\n${value(two!)}\r\n${failed}\r\n$`,
        ),
      );
    });
  }

  it.each(['DEL', 'UNLINK', 'EXISTS', 'TOUCH'])('%s is an error that names the node', async (name) => {
    expect(await client.call(name, ...names)).toMatch(
      /^-ERR ringward: node n1 \(127\.0\.0\.1:\d+\) refused the connection/,
    );
    expect(await client.call('PING')).toBe('+PONG\r\n');
  });

  it('MSET is an error that names the node, and the other nodes have their keys', async () => {
    const reply = await client.call('MSET', ...names.flatMap((name) => [name, 'new1']));
    expect(reply).toMatch(
      /^-ERR ringward: node n1 \(127\.0\.0\.1:\d+\) refused the connection \(ECONNREFUSED\); keys of other nodes are not affected by that\r\n$/,
    );
    expect(await client.call('GET', names[0]!)).toBe('$4\r\nnew1\r\n');
    expect(await client.call('GET', names[2]!)).toBe('$4\r\nnew1\r\n');
  });

  it('commands that do not touch that node are served', async () => {
    expect(await client.call('EXISTS', names[0]!, names[2]!)).toBe(':2\r\n');
  });
});

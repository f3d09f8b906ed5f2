/**
 * The same bytes, odd or broken, to a plain redis-server and to the proxy in front of one node and of three: a client must
 * see the same replies, byte for byte, and the same end of the connection. Meanwhile another client of each stays
 * connected and must not notice.
 * One case is one connection. Whether the server closes it is known without waiting: `settle` asks the other client for
 * replies that come from the same nodes, behind everything that the case sent.
 * Set RESP_FUZZ_SEED to repeat a run (a failure prints its seed), RESP_FUZZ_RUNS for a longer one.
 */
import process from 'node:process';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, startFleet } from '../support/fleet.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { type RawClient, connectRaw, encodeCommand } from '../support/wire.js';
import { type Case, CASES, KNOWN_DIFFERENCES } from './resp-cases.js';
import { brokenPipelineArb } from './resp-mutations.js';

const SEED = Number(process.env['RESP_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const RUNS = Number(process.env['RESP_FUZZ_RUNS'] ?? 400);

/** What a client sees. */
interface Seen {
  readonly replies: string;
  readonly closes: boolean;
}

/** A server under comparison, with a client that stays. */
interface Subject {
  readonly name: string;
  readonly port: number;
  readonly observer: RawClient;
  /** Every node, to empty them. */
  readonly nodes: readonly RawClient[];
}

let redis: TestServer;
const fleets: Fleet[] = [];
let subjects: Subject[] = [];

/** On each of three nodes there are some of these. Nobody sets them. */
const OBSERVED = Array.from({ length: 12 }, (_, i) => `observed:${i}`);
const OBSERVED_REPLY = `*12\r\n${'$-1\r\n'.repeat(12)}`;
const ROUNDS = 3;
/** How long a close may lag behind, in settles. */
const CLOSING_SETTLES_MAX = 100;

beforeAll(async () => {
  redis = await startRedis();
  fleets.push(await startFleet({ nodes: 1 }), await startFleet({ nodes: 3 }));
  subjects = [
    {
      name: 'redis-server',
      port: redis.port,
      observer: await connectRaw(redis.port),
      nodes: [await connectRaw(redis.port)],
    },
  ];
  for (const fleet of fleets) {
    const nodes = await Promise.all(fleet.nodes.map((_, index) => fleet.connectNode(index)));
    const name = `ringward over ${nodes.length}`;
    subjects.push({ name, port: fleet.proxy.port, observer: await fleet.connect(), nodes });
  }
});

afterAll(async () => {
  subjects[0]?.observer.destroy();
  for (const node of subjects[0]?.nodes ?? []) node.destroy();
  await Promise.all([redis.kill(), ...fleets.map((fleet) => fleet.stop())]);
});

/** Everything sent before has been served when this resolves; and the client that stays has been served as ever. */
async function settle(subject: Subject): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    expect(await subject.observer.call('PING'), subject.name).toBe('+PONG\r\n');
    expect(await subject.observer.call('MGET', ...OBSERVED), subject.name).toBe(OBSERVED_REPLY);
  }
}

/** Sends the pieces. `mustClose`: the reference closed the connection; its end is then awaited. */
async function run(subject: Subject, pieces: readonly Buffer[], mustClose: boolean): Promise<Seen> {
  await Promise.all(subject.nodes.map((node) => node.call('FLUSHALL')));
  const client = await connectRaw(subject.port);
  const end = { came: false };
  void client.closed.then(() => (end.came = true));
  client.socket.once('end', () => (end.came = true));
  for (const piece of pieces) client.send(piece);
  await settle(subject);
  for (let more = 0; mustClose && !end.came && more < CLOSING_SETTLES_MAX; more++) await settle(subject);
  const closes = end.came;
  if (!closes) client.end();
  const replies = (await client.readToEnd()).toString('latin1');
  client.destroy();
  return { replies, closes };
}

/** What redis-server shows first, then what the proxies show. `cut`: where the bytes are cut for the proxies. */
async function compare(bytes: Buffer, cut = 0): Promise<{ expected: Seen; actual: Seen[] }> {
  const expected = await run(subjects[0]!, [bytes], false);
  const pieces = cut === 0 ? [bytes] : [bytes.subarray(0, cut), bytes.subarray(cut)];
  const actual = await Promise.all(subjects.slice(1).map((subject) => run(subject, pieces, expected.closes)));
  return { expected, actual };
}

const bytesOf = (each: Case): Buffer =>
  typeof each.bytes === 'string' ? Buffer.from(each.bytes, 'latin1') : each.bytes;

describe('a client of the proxy sees what a client of redis-server sees', () => {
  it.each(CASES.map((each) => [each.name, each] as const))('when it sends %s', async (_name, each) => {
    const { expected, actual } = await compare(bytesOf(each));
    for (const seen of actual) expect(seen).toEqual(expected);
  });

  it.each(KNOWN_DIFFERENCES)('but for $name: $reason', async (each) => {
    const { expected, actual } = await compare(bytesOf(each));
    expect(expected).toEqual(each.redis);
    for (const seen of actual) expect(seen).toEqual(each.ringward);
  });

  it(`when it sends pipelines that were broken at random (seed ${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(brokenPipelineArb, fc.nat(), async (bytes, at) => {
        const { expected, actual } = await compare(bytes, bytes.length === 0 ? 0 : at % bytes.length);
        for (const seen of actual) expect(seen).toEqual(expected);
      }),
      { seed: SEED, numRuns: RUNS, endOnFailure: false, interruptAfterTimeLimit: 60_000 },
    );
  }, 120_000);

  it('and the clients that stayed were answered from first to last', async () => {
    for (const subject of subjects) {
      await settle(subject);
      expect(subject.observer.unread()).toHaveLength(0);
      subject.observer.send(encodeCommand('PING'));
      expect((await subject.observer.readReply()).toString()).toBe('+PONG\r\n');
    }
  });
});

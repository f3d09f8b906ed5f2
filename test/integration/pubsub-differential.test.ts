/**
 * Publish and subscribe by random programs of two clients: what one redis-server does, byte for byte in RESP2 and RESP3,
 * over one node and over three.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Fleet, startFleet } from '../support/fleet.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { type RawClient, connectRaw } from '../support/wire.js';

let plain: TestServer;
let one: Fleet;
let three: Fleet;

beforeAll(async () => {
  [plain, one, three] = await Promise.all([startRedis(), startFleet({ nodes: 1 }), startFleet({ nodes: 3 })]);
});
afterAll(async () => {
  await Promise.all([one.stop(), three.stop(), plain.stop()]);
});

const fleets = { '1 node': () => one, '3 nodes': () => three };

/** `PUBLISH` and `PUBSUB NUMSUB` count the proxy once where redis-server counts each client. */
function withoutCounts(words: readonly string[], reply: string): string {
  const name = words[0]!.toLowerCase();
  if (name.endsWith('publish')) return reply.replace(/^:[1-9]\d*\r\n$/, ':N\r\n');
  if (name !== 'pubsub') return reply;
  if (words[1]!.toLowerCase().endsWith('numsub')) return reply.replace(/:[1-9]\d*\r\n/g, ':N\r\n');
  return reply.startsWith('*') ? reply.split('\r\n').sort().join('|') : reply;
}

/** Sends a request and a marker behind it: everything up to the marker's reply came for the request. */
async function framesOf(client: RawClient, words: readonly string[], marker: string): Promise<string[]> {
  client.sendCommand(...words.map((word) => Buffer.from(word, 'latin1')));
  client.sendCommand('PING', marker);
  const frames: string[] = [];
  for (;;) {
    const frame = (await client.readReply()).toString('latin1');
    if (frame.includes(`$${marker.length}\r\n${marker}\r\n`)) return frames;
    frames.push(frame);
  }
}

const name = fc.constantFrom('a', 'b', 'c', 'd', '{t}1', '{t}2', '', '\xff\0\r\n', 'x'.repeat(300));
const names = fc.array(name, { minLength: 1, maxLength: 4 });
const pattern = fc.constantFrom('*', 'a*', '[abc]', '{t}?', 'nothing*');
const patterns = fc.array(pattern, { minLength: 1, maxLength: 3 });
const payload = fc.constantFrom('', 'm', '\r\n', '*3\r\n$7\r\nmessage\r\n', 'y'.repeat(20_000), 'z'.repeat(100_000));

const step: fc.Arbitrary<{ readonly by: number; readonly words: readonly string[] }> = fc.record({
  by: fc.nat(1),
  words: fc.oneof(
    names.map((list) => ['SUBSCRIBE', ...list]),
    patterns.map((list) => ['psubscribe', ...list]),
    names.map((list) => ['SSUBSCRIBE', ...list]),
    names.map((list) => ['UNSUBSCRIBE', ...list]),
    patterns.map((list) => ['PUNSUBSCRIBE', ...list]),
    names.map((list) => ['SUnsubscribe', ...list]),
    fc.constantFrom(['UNSUBSCRIBE'], ['PUNSUBSCRIBE'], ['SUNSUBSCRIBE'], ['GET', 'k'], ['PING'], ['PING', 'x']),
    fc.constantFrom(['SUBSCRIBE'], ['PUBLISH', 'a'], ['PING', '1', '2'], ['NOSUCH'], ['OBJECT', 'ENCODING', 'k']),
    fc.tuple(name, payload).map(([channel, text]) => ['PUBLISH', channel, text]),
    fc.tuple(name, payload).map(([channel, text]) => ['SPUBLISH', channel, text]),
    fc.constantFrom(
      ['PUBSUB', 'CHANNELS'],
      ['PUBSUB', 'CHANNELS', 'a*'],
      ['PUBSUB', 'NUMPAT'],
      ['PUBSUB', 'SHARDCHANNELS'],
    ),
    names.map((list) => ['PUBSUB', 'NUMSUB', ...list]),
    names.map((list) => ['PUBSUB', 'SHARDNUMSUB', ...list]),
    fc.constantFrom(['PUBSUB', 'CHANNELS', 'a', 'b'], ['PUBSUB', 'NUMSUB'], ['PUBSUB', 'SHARDNUMSUB']),
  ),
});

/** Ends of all subscriptions come in no order, and so do a channel's message and those of its patterns. */
function inNoOrder(words: readonly string[], frames: readonly string[]): string[] {
  if (!/^(?:unsubscribe|sunsubscribe|punsubscribe)$/i.test(words[0]!) || words.length > 1) return [...frames];
  const sort = (pick: RegExp): string[] => frames.map((frame) => pick.exec(frame)?.[1] ?? frame).sort();
  return [...sort(/unsubscribe\r\n([^]*):\d+\r\n$/), ...sort(/:(\d+)\r\n$/)];
}

interface Seen {
  readonly replies: (readonly string[])[];
  /** Messages that each of the two got, sorted. */
  readonly messages: (readonly string[])[];
}

const isMessage = (frame: string): boolean => /^[*>][34]\r\n\$\d\r\n[ps]?message\r\n/.test(frame);

async function run(port: number, version: string, steps: readonly { by: number; words: readonly string[] }[]) {
  const clients = [await connectRaw(port), await connectRaw(port)];
  const publisher = await connectRaw(port);
  const seen: Seen = { replies: [], messages: [] };
  const messages: string[][] = [[], []];
  for (const client of clients) await client.call('HELLO', version);
  let marks = 0;
  const look = async (by: number, words: readonly string[]): Promise<string[]> => {
    const frames = await framesOf(clients[by]!, words, `mark-${marks++}`);
    messages[by]!.push(...frames.filter(isMessage));
    return frames.filter((frame) => !isMessage(frame));
  };
  for (const { by, words } of steps) {
    // A subscriber in RESP2 may not publish, so both kinds of client do.
    const isPublic = /publish$|^pubsub$/i.test(words[0]!);
    const frames = isPublic
      ? [await publisher.call(...words.map((word) => Buffer.from(word, 'latin1')))]
      : inNoOrder(words, await look(by, words));
    seen.replies.push([...words, ...frames.map((frame) => withoutCounts(words, frame))]);
    if (words[0] === 'RESET') await clients[by]!.call('HELLO', version);
  }
  // What was published has reached the subscribers of one node when a last message has.
  return { clients, publisher, seen, messages, look };
}

async function behaviour(port: number, version: string, steps: readonly { by: number; words: readonly string[] }[]) {
  const { clients, publisher, seen, messages, look } = await run(port, version, steps);
  const sentinels = Array.from({ length: 12 }, (_, i) => `sentinel${i}`);
  for (const by of [0, 1]) {
    await look(by, ['SUBSCRIBE', ...sentinels]);
    await look(by, ['SSUBSCRIBE', ...sentinels]);
  }
  for (const sentinel of sentinels) {
    await publisher.call('PUBLISH', sentinel, 'end');
    await publisher.call('SPUBLISH', sentinel, 'end');
  }
  for (const by of [0, 1]) {
    await eventually('all sentinels', async () => {
      await look(by, ['PING', 'again']);
      return messages[by]!.filter((frame) => /[*>]3\r\n.*\r\ns?message\r\n\$\d+\r\nsentinel/.test(frame)).length;
    }, (count) => count === 24); // prettier-ignore
    seen.messages.push([...messages[by]!].sort());
  }
  for (const client of [...clients, publisher]) client.destroy();
  return seen;
}

describe.each(Object.entries(fleets))('publish and subscribe over %s', (_name, fleetOf) => {
  it.each(['2', '3'])(
    'do what one redis-server does, in RESP%s',
    async (version) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30, size: 'max' }), async (steps) => {
          const [expected, actual] = await Promise.all([
            behaviour(plain.port, version, steps),
            behaviour(fleetOf().proxy.port, version, steps),
          ]);
          expect(actual).toEqual(expected);
        }),
        { numRuns: 25 },
      );
    },
    120_000,
  );
});

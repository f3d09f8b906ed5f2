/**
 * 1,000 subscribers of the client libraries that people use, which lose their connections and come back: every message
 * reaches each of them exactly once.
 */
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Fleet, startFleet } from '../support/fleet.js';

const CHANNELS = Array.from({ length: 10 }, (_, i) => `news:${i}`);
const MESSAGES = 20;
const DEADLINE_MS = 60_000;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({ workers: 2 });
});
afterAll(() => fleet.stop());

interface Subscriber {
  readonly channel: string;
  readonly got: string[];
  close(): void;
}

async function ioSubscriber(channel: string): Promise<Subscriber> {
  const client = new Redis(fleet.proxy.port, '127.0.0.1', { retryStrategy: () => 20 });
  const got: string[] = [];
  client.on('error', () => undefined);
  client.on('message', (_channel, text) => got.push(text));
  await client.subscribe(channel);
  return { channel, got, close: () => client.disconnect() };
}

/** Subscribers are copies of one client: node-redis takes its time to make each from nothing. */
function nodeSubscribers(RESP: 2 | 3): (channel: string) => Promise<Subscriber> {
  const url = `redis://127.0.0.1:${fleet.proxy.port}`;
  const model = createClient({ url, RESP, socket: { reconnectStrategy: 20 } });
  return async (channel) => {
    const client = model.duplicate();
    const got: string[] = [];
    client.on('error', () => undefined);
    await client.connect();
    await client.subscribe(channel, (text) => got.push(text));
    return { channel, got, close: () => client.destroy() };
  };
}

describe('1,000 subscribers', () => {
  it('get every message once, also after all of them have lost their connections', { timeout: 300_000 }, async () => {
    const subscribers: Subscriber[] = [];
    const [resp2Subscriber, resp3Subscriber] = [nodeSubscribers(2), nodeSubscribers(3)];
    for (let i = 0; i < 1000; i += 50) {
      const batch = Array.from({ length: 50 }, (_, j) => {
        const channel = CHANNELS[(i + j) % CHANNELS.length]!;
        if (j % 2 === 0) return ioSubscriber(channel);
        return j % 4 === 1 ? resp2Subscriber(channel) : resp3Subscriber(channel);
      });
      subscribers.push(...(await Promise.all(batch)));
    }
    const publisher = await fleet.connect();
    const publishAll = async (round: string): Promise<void> => {
      for (const channel of CHANNELS) {
        for (let i = 0; i < MESSAGES; i++) publisher.sendCommand('PUBLISH', channel, `${round} ${channel} ${i}`);
      }
      const replies = await publisher.readReplies(CHANNELS.length * MESSAGES);
      expect(replies.every((reply) => /^:[12]\r\n$/.test(reply.toString()))).toBe(true);
    };
    const expected = (round: string, channel: string): string[] =>
      Array.from({ length: MESSAGES }, (_, i) => `${round} ${channel} ${i}`);
    const check = async (round: string): Promise<void> => {
      const total = (): number => subscribers.reduce((sum, { got }) => sum + got.length, 0);
      await eventually('all messages', total, (count) => count >= 1000 * MESSAGES, DEADLINE_MS);
      for (const { channel, got } of subscribers) expect(got.splice(0)).toEqual(expected(round, channel));
    };
    const subscribed = async (): Promise<number> =>
      (await publisher.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).split(' sub=1 ').length - 1;

    await publishAll('first');
    await check('first');
    expect(await publisher.call('CLIENT', 'KILL', 'TYPE', 'pubsub')).toBe(':1000\r\n');
    await eventually('all to be back', subscribed, (count) => count === 1000, DEADLINE_MS);
    await publishAll('second');
    await check('second');
    expect(await publisher.call('PUBSUB', 'NUMSUB', ...CHANNELS)).toMatch(
      /^\*20\r\n(\$6\r\nnews:\d\r\n:[12]\r\n){10}$/,
    );
    for (const subscriber of subscribers) subscriber.close();
    await eventually(
      'nobody',
      () => publisher.call('PUBSUB', 'CHANNELS'),
      (reply) => reply === '*0\r\n',
    );
  });
});

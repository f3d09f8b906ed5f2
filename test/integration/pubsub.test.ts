/**
 * Publish and subscribe, as far as only a proxy can get it wrong: sharing of subscriptions, counts, key events, workers,
 * limits, large messages, clients that go on with other commands.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Fleet, startFleet } from '../support/fleet.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { type RawClient, connectRaw } from '../support/wire.js';

let plain: TestServer;
let three: Fleet;

beforeAll(async () => {
  [plain, three] = await Promise.all([
    startRedis(),
    startFleet({ nodes: 3, nodeArgs: ['--notify-keyspace-events', 'KEA'] }),
  ]);
});
afterAll(async () => {
  await Promise.all([three.stop(), plain.stop()]);
});

/** A client that has said HELLO 3. */
async function resp3(fleet: Fleet): Promise<RawClient> {
  const client = await fleet.connect();
  await client.call('HELLO', '3');
  return client;
}

const message = (channel: string, text: string, sign = '*'): string =>
  `${sign}3\r\n$7\r\nmessage\r\n$${channel.length}\r\n${channel}\r\n$${text.length}\r\n${text}\r\n`;
const confirmed = (word: string, channel: string, count: number, sign = '*'): string =>
  `${sign}3\r\n$${word.length}\r\n${word}\r\n$${channel.length}\r\n${channel}\r\n:${count}\r\n`;
const text = async (client: RawClient): Promise<string> => (await client.readReply()).toString('latin1');

/** What each node says about `words`, asked directly. */
const atNodes = (fleet: Fleet, ...words: string[]): Promise<string[]> =>
  Promise.all(
    fleet.nodes.map(async (_, node) => {
      const client = await fleet.connectNode(node);
      const reply = await client.call(...words);
      client.destroy();
      return reply;
    }),
  );

describe('a subscription', () => {
  it('is made once at the node of the channel for all clients, and ends there with the last', async () => {
    const channel = three.keysOf(1, 1, 'shared')[0]!;
    const clients = await Promise.all(Array.from({ length: 10 }, () => three.connect()));
    const publisher = await three.connect();
    for (const client of clients)
      expect(await client.call('SUBSCRIBE', channel)).toBe(confirmed('subscribe', channel, 1));
    const counts = (n: number): string => `*2\r\n$${channel.length}\r\n${channel}\r\n:${n}\r\n`;
    expect(await atNodes(three, 'PUBSUB', 'NUMSUB', channel)).toEqual([counts(0), counts(1), counts(0)]);
    expect(await publisher.call('PUBLISH', channel, 'all')).toBe(':1\r\n');
    for (const client of clients) expect(await text(client)).toBe(message(channel, 'all'));
    clients[0]!.destroy();
    for (const client of clients.slice(1, 9)) await client.call('UNSUBSCRIBE', channel);
    expect(await publisher.call('PUBLISH', channel, 'last')).toBe(':1\r\n');
    expect(await text(clients[9]!)).toBe(message(channel, 'last'));
    expect(await clients[9]!.call('UNSUBSCRIBE')).toBe(confirmed('unsubscribe', channel, 0));
    expect(await publisher.call('PUBLISH', channel, 'nobody')).toBe(':0\r\n');
    for (const client of clients.slice(1)) expect(await client.call('PING')).toBe('+PONG\r\n');
  });

  it('to a pattern is at every node, and gives each message once', async () => {
    const [client, publisher] = [await three.connect(), await three.connect()];
    await client.call('PSUBSCRIBE', 'every.*');
    expect(await atNodes(three, 'PUBSUB', 'NUMPAT')).toEqual([':1\r\n', ':1\r\n', ':1\r\n']);
    expect(await publisher.call('PUBSUB', 'NUMPAT')).toBe(':1\r\n');
    for (let i = 0; i < 30; i++) {
      expect(await publisher.call('PUBLISH', `every.${i}`, 'm')).toBe(':1\r\n');
      expect(await text(client)).toContain(`$${`every.${i}`.length}\r\nevery.${i}\r\n`);
    }
    expect(await client.call('PING')).toBe('*2\r\n$4\r\npong\r\n$0\r\n\r\n');
    client.destroy();
  });

  it.each(['SUBSCRIBE', 'PSUBSCRIBE'])('to key events by %s hears those of every node', async (command) => {
    const [client, writer] = [await three.connect(), await three.connect()];
    const keys = [0, 1, 2].map((node) => three.keysOf(node, 1, `events-${command}`)[0]!);
    await client.call(command, ...keys.map((key) => `__keyspace@0__:${key}`), '__keyevent@0__:expired');
    await client.readReplies(3);
    for (const key of keys) {
      await writer.call('SET', key, 'v');
      expect(await text(client)).toMatch(new RegExp(`__keyspace@0__:${key}\r\n\\$3\r\nset\r\n$`));
    }
    client.destroy();
    await eventually('the end of the subscriptions', () => writer.call('PUBSUB', 'CHANNELS'), (reply) => reply === '*0\r\n'); // prettier-ignore
  });

  it('of a pool that places keys at random hears what is published at any node', async () => {
    const fleet = await startFleet({ nodes: 3, pool: { partitioning: { algorithm: 'random' } } });
    const [client, publisher] = [await fleet.connect(), await fleet.connect()];
    await client.call('SUBSCRIBE', 'anywhere');
    for (let i = 0; i < 30; i++) {
      expect(await publisher.call('PUBLISH', 'anywhere', i)).toBe(':1\r\n');
      expect(await text(client)).toBe(message('anywhere', String(i)));
    }
    await fleet.stop();
  });

  it('shows in CLIENT LIST, and CLIENT KILL TYPE pubsub ends it', async () => {
    const [client, other] = [await three.connect(), await three.connect()];
    await client.call('SUBSCRIBE', 'list-a');
    await client.call('SSUBSCRIBE', 'list-s');
    client.sendCommand('PSUBSCRIBE', 'list-p*', 'list-q*');
    await client.readReplies(2);
    const address = `addr=127.0.0.1:${client.socket.localPort} `;
    const list = await other.call('CLIENT', 'LIST', 'TYPE', 'pubsub');
    expect(list.split('\n').filter((line) => line.includes('addr=')).length).toBe(1);
    expect(list).toContain(address);
    expect(list).toContain(' flags=P db=0 sub=1 psub=2 ssub=1 multi=-1 ');
    expect(await other.call('CLIENT', 'LIST', 'TYPE', 'normal')).not.toContain(address);
    expect(await three.info('pubsub_channels')).toBe('1');
    expect(await three.info('pubsub_patterns')).toBe('2');
    expect(await three.info('pubsubshard_channels')).toBe('1');
    expect(await other.call('CLIENT', 'KILL', 'TYPE', 'pubsub')).toBe(':1\r\n');
    await client.closed;
    expect(await three.info('pubsub_patterns')).toBe('0');
    await eventually('the nodes to know', () => other.call('PUBSUB', 'NUMPAT'), (reply) => reply === ':0\r\n'); // prettier-ignore
  });

  it('ends with RESET, which is answered alone', async () => {
    const [client, publisher] = [await three.connect(), await three.connect()];
    await client.call('SUBSCRIBE', 'reset');
    expect(await client.call('RESET')).toBe('+RESET\r\n');
    await eventually('nobody', () => publisher.call('PUBLISH', 'reset', 'm'), (reply) => reply === ':0\r\n'); // prettier-ignore
    expect(await client.call('GET', 'nokey')).toBe('$-1\r\n');
  });

  it('of a client over the limit is refused with the numbers, and nothing of the request is done', async () => {
    const small = await startFleet({ nodes: 1, limits: { subscriptions: 3 } });
    const client = await small.connect();
    await client.call('SUBSCRIBE', 'a');
    expect(await client.call('PSUBSCRIBE', 'b', 'c', 'd')).toBe(
      '-ERR ringward: the client would have 4 subscriptions, the limit is 3\r\n',
    );
    client.sendCommand('SSUBSCRIBE', 'b', 'b', 'c');
    expect((await client.readReplies(3)).map(String)).toEqual(
      ['b', 'b', 'c'].map((one, i) => confirmed('ssubscribe', one, Math.max(1, i))),
    );
    expect(await client.call('SUBSCRIBE', 'a')).toBe(confirmed('subscribe', 'a', 1));
    expect(await small.info('subscriptions_refused')).toBe('1');
    await small.stop();
  });

  it('that a node refuses gets its error, and others go on', async () => {
    const guarded = await startFleet({ nodes: 2 });
    for (const node of [0, 1]) {
      const direct = await guarded.connectNode(node);
      expect(await direct.call('ACL', 'SETUSER', 'default', 'resetchannels', '&ok*', '-ping')).toBe('+OK\r\n');
    }
    const [client, other] = [await guarded.connect(), await guarded.connect()];
    const [good, better] = guarded.keysOf(0, 2, 'ok');
    const bad = guarded.keysOf(0, 1, 'no')[0]!;
    await other.call('SUBSCRIBE', good!);
    client.sendCommand('SUBSCRIBE', better!, bad);
    expect(await text(client)).toMatch(/^-NOPERM /);
    expect(await client.call('PSUBSCRIBE', '*')).toMatch(/^-NOPERM /);
    expect(await client.call('PUBLISH', good!, 'm')).toBe(':1\r\n');
    expect(await text(other)).toBe(message(good!, 'm'));
    expect(await client.call('PUBLISH', better!, 'm')).toBe(':0\r\n');
    expect(await guarded.info('upstream_protocol_errors')).toBe('0');
    await guarded.stop();
  });
});

describe('a client in RESP3', () => {
  it('goes on with other commands while messages come as pushes', async () => {
    const [client, publisher] = [await resp3(three), await three.connect()];
    client.sendCommand('SET', 'mixed', 'v');
    client.sendCommand('SUBSCRIBE', 'mix');
    client.sendCommand('GET', 'mixed');
    client.sendCommand('MGET', 'mixed', 'mixed');
    expect((await client.readReplies(4)).map(String)).toEqual([
      '+OK\r\n',
      confirmed('subscribe', 'mix', 1, '>'),
      '$1\r\nv\r\n',
      '*2\r\n$1\r\nv\r\n$1\r\nv\r\n',
    ]);
    await publisher.call('PUBLISH', 'mix', 'hello');
    expect(await text(client)).toBe(message('mix', 'hello', '>'));
    expect(await client.call('HELLO', '2')).toContain('proto\r\n:2\r\n');
    await publisher.call('PUBLISH', 'mix', 'hello');
    expect(await text(client)).toBe(message('mix', 'hello'));
  });

  it('gets no message inside a reply that streams', async () => {
    const [client, publisher] = [await resp3(three), await three.connect()];
    const value = 'v'.repeat(20_000_000);
    await client.call('SUBSCRIBE', 'mid');
    await publisher.call('SET', 'large', value);
    client.sendCommand('GET', 'large');
    client.socket.pause();
    for (let i = 0; i < 50; i++) await publisher.call('PUBLISH', 'mid', `m${i}`);
    client.socket.resume();
    const frames = (await client.readReplies(51)).map((frame) => frame.toString('latin1'));
    expect(frames.filter((frame) => frame.startsWith('$'))).toEqual([`$20000000\r\n${value}\r\n`]);
    expect(frames.filter((frame) => frame.startsWith('>'))).toEqual(
      Array.from({ length: 50 }, (_, i) => message('mid', `m${i}`, '>')),
    );
    await publisher.call('DEL', 'large');
  });
});

describe('CLIENT REPLY OFF', () => {
  it.each(['2', '3'])('stops neither confirmations nor messages in RESP%s, as in redis-server', async (version) => {
    const sign = version === '3' ? '>' : '*';
    for (const port of [plain.port, three.proxy.port]) {
      const [client, publisher] = [await connectRaw(port), await connectRaw(port)];
      await client.call('HELLO', version);
      client.sendCommand('CLIENT', 'REPLY', 'OFF');
      client.sendCommand('SUBSCRIBE', 'quiet');
      client.sendCommand('PING');
      expect(await text(client)).toBe(confirmed('subscribe', 'quiet', 1, sign));
      expect(await publisher.call('PUBLISH', 'quiet', 'm')).toBe(':1\r\n');
      expect(await text(client)).toBe(message('quiet', 'm', sign));
      client.destroy();
      publisher.destroy();
    }
  });
});

describe('messages', () => {
  it.each([1, 20])('of %i MB reach clients of both versions whole', async (megabytes) => {
    const body = Buffer.alloc(megabytes * 1_000_000, Buffer.from('0123456789abcdef!'));
    const publisher = await three.connect();
    const clients = [await three.connect(), await three.connect(), await resp3(three), await resp3(three)];
    for (const client of clients) await client.call('SUBSCRIBE', 'big');
    // One after the other: two of 20 MB would be more than may wait for a client.
    for (const size of [body.length, 10, body.length - 1]) {
      expect(await publisher.call('PUBLISH', 'big', body.subarray(0, size))).toBe(':1\r\n');
      for (const [i, client] of clients.entries()) {
        const head = message('big', '', i < 2 ? '*' : '>').replace('$0\r\n\r\n', `$${size}\r\n`);
        const frame = await client.readReply();
        expect(frame.subarray(0, head.length).toString()).toBe(head);
        expect(frame.subarray(head.length, -2).equals(body.subarray(0, size))).toBe(true);
      }
    }
    for (const client of clients) client.destroy();
  });

  it('published in a pipeline come in order, each once, to all who were there', async () => {
    const publisher = await three.connect();
    const clients = await Promise.all([three.connect(), resp3(three), three.connect()]);
    for (const client of clients) await client.call('SUBSCRIBE', 'order');
    for (let i = 0; i < 10_000; i++) publisher.sendCommand('PUBLISH', 'order', i);
    const expected = Array.from({ length: 10_000 }, (_, i) => message('order', String(i)).slice(1));
    for (const client of clients) {
      expect((await client.readReplies(10_000)).map((frame) => frame.toString('latin1', 1))).toEqual(expected);
    }
    expect((await publisher.readReplies(10_000)).every((reply) => reply.toString() === ':1\r\n')).toBe(true);
    for (const client of clients) client.destroy();
  });

  it('go from a publisher at one worker to subscribers at the other', async () => {
    const fleet = await startFleet({ nodes: 2, workers: 2 });
    const clients = await Promise.all(Array.from({ length: 12 }, () => fleet.connect()));
    for (const client of clients) {
      await client.call('SUBSCRIBE', 'both');
      await client.call('PSUBSCRIBE', 'b*');
    }
    const publishers = await Promise.all(Array.from({ length: 6 }, () => fleet.connect()));
    for (const [i, publisher] of publishers.entries()) {
      // A worker is one subscriber of the channel and one of the pattern; connections are spread by the system.
      expect(await publisher.call('PUBLISH', 'both', i)).toMatch(/^:[24]\r\n$/);
      for (const client of clients) {
        const frames = (await client.readReplies(2)).map(String);
        expect(frames[0]).toBe(message('both', String(i)));
        expect(frames[1]).toMatch(/^\*4\r\n\$8\r\npmessage\r\n/);
      }
    }
    expect((await publishers[0]!.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).split('sub=1 psub=1').length).toBe(13);
    expect(await publishers[0]!.call('CLIENT', 'KILL', 'TYPE', 'pubsub')).toBe(':12\r\n');
    await fleet.stop();
  });
});

describe('a proxy that is stopped', () => {
  it('closes subscribed clients without waiting for its deadline', async () => {
    const fleet = await startFleet({ nodes: 1, timeouts: { drain: '60s' } });
    const clients = [await fleet.connect(), await resp3(fleet)];
    for (const client of clients) await client.call('SUBSCRIBE', 'bye');
    fleet.proxy.signal('SIGTERM');
    await Promise.all(clients.map((client) => client.closed));
    await fleet.proxy.exited;
    expect(fleet.proxy.exitCode()).toBe(0);
    await fleet.stop();
  });
});

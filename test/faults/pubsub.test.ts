/**
 * Subscriptions while nodes are down, killed, frozen or lie, and clients that read slowly or leave: who gets an error, what
 * is made again, and that memory stays bounded.
 */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/child-process.js';
import { eventually } from '../support/eventually.js';
import { answerHandshake, type FakeNode, type NodeScript, startFakeNode } from '../support/fake-node.js';
import { type Fleet, type FleetOptions, startFleet } from '../support/fleet.js';
import { type TestServer, startRedis } from '../support/servers.js';
import type { RawClient } from '../support/wire.js';

const MIB = 2 ** 20;
const fleets: Fleet[] = [];
const servers: TestServer[] = [];
const fakes: FakeNode[] = [];
afterEach(async () => {
  await Promise.all([
    ...fleets.splice(0).map((fleet) => fleet.stop()),
    ...servers.splice(0).map((one) => one.kill()),
    ...fakes.splice(0).map((one) => one.stop()),
  ]);
});

async function start(options: FleetOptions): Promise<Fleet> {
  const fleet = await startFleet(options);
  fleets.push(fleet);
  return fleet;
}

async function startNode(port: number): Promise<TestServer> {
  const server = await startRedis({ port });
  servers.push(server);
  return server;
}

async function startFake(script: NodeScript): Promise<FakeNode> {
  const node = await startFakeNode(script);
  fakes.push(node);
  return node;
}

const body = (frame: Buffer): string => frame.toString('latin1').split('\r\n').at(-2)!;

/** Publishes until somebody gets it, and has `client` read that. */
async function published(publisher: RawClient, client: RawClient, channel: string, text: string): Promise<void> {
  await eventually(
    `a subscriber of ${channel}`,
    () => publisher.call('PUBLISH', channel, text),
    (reply) => /^:[1-9]/.test(reply),
  );
  expect(body(await client.readReply())).toBe(text);
}

describe('a node that is killed', () => {
  it('has its subscriptions again when it is back on the same port; clients are told nothing', async () => {
    const fleet = await start({ nodes: 3 });
    const [client, third, publisher] = [await fleet.connect(), await fleet.connect(), await fleet.connect()];
    const [mine, others] = [fleet.keysOf(1, 3, 'lost'), fleet.keysOf(0, 1, 'kept')[0]!];
    client.sendCommand('SUBSCRIBE', ...mine, others);
    await client.readReplies(4);
    await third.call('PSUBSCRIBE', 'lost*');
    await third.call('SSUBSCRIBE', mine[0]!);
    const { port } = fleet.nodes[1]!;
    await fleet.nodes[1]!.kill();
    await fleet.proxy.waitForLog(/messages of the node are missed until it is back/);
    await published(publisher, client, others, 'meanwhile');
    expect(await publisher.call('PUBLISH', mine[0]!, 'x')).toMatch(/^-ERR ringward: node n1 /);
    fleet.nodes[1] = await startNode(port);
    for (const channel of mine) {
      await published(publisher, client, channel, `again ${channel}`);
      expect(body(await third.readReply())).toBe(`again ${channel}`);
    }
    expect(await publisher.call('SPUBLISH', mine[0]!, 'shard')).toBe(':1\r\n');
    expect(body(await third.readReply())).toBe('shard');
    expect(Number(await fleet.info('subscriptions_lost'))).toBe(1);
    await fleet.proxy.waitForLog(/"node":"n1","subscriptions":5[^\n]*made again/);
    expect((await client.call('PING')).startsWith('*2')).toBe(true);
  });

  it('that is down refuses channels by name, takes no pattern from the others, and has it when it comes', async () => {
    const port = await freePort();
    const one = await startRedis();
    servers.push(one);
    const fleet = await start({ ports: [one.port, port] });
    const [client, publisher] = [await fleet.connect(), await fleet.connect()];
    const [up, down] = [fleet.keysOf(0, 1, 'ch')[0]!, fleet.keysOf(1, 1, 'ch')[0]!];
    const error = `-ERR ringward: node n1 (127.0.0.1:${port}) refused the connection (ECONNREFUSED)\r\n`;
    expect(await client.call('SUBSCRIBE', up, down)).toBe(error);
    expect(await client.call('SSUBSCRIBE', down)).toBe(error);
    expect(await client.call('GET', up)).toBe('$-1\r\n');
    await eventually('nobody at the node that is up', () => publisher.call('PUBLISH', up, 'm'), (reply) => reply === ':0\r\n'); // prettier-ignore
    expect(await client.call('PSUBSCRIBE', 'ch*')).toContain(':1\r\n');
    await published(publisher, client, up, 'one');
    expect(await publisher.call('PUBSUB', 'NUMPAT')).toBe(error);
    expect(await publisher.call('PUBSUB', 'CHANNELS')).toBe(error);
    expect(await publisher.call('PUBSUB', 'NUMSUB', up, down)).toBe(error);
    await startNode(port);
    await published(publisher, client, down, 'two');
  });

  it('and no other leaves PSUBSCRIBE with an error', async () => {
    const fleet = await start({ ports: [await freePort(), await freePort()] });
    const client = await fleet.connect();
    client.sendCommand('CLIENT', 'REPLY', 'SKIP');
    client.sendCommand('PSUBSCRIBE', '*');
    expect(await client.call('PING')).toBe('+PONG\r\n');
    expect(await client.call('PSUBSCRIBE', '*')).toMatch(/^-ERR ringward: node n0 .* refused the connection/);
    expect(await client.call('PING')).toBe('+PONG\r\n');
  });

  it('while a client waits for its confirmation answers it with an error that names the node', async () => {
    const fleet = await start({ nodes: 2 });
    const client = await fleet.connect();
    const channels = fleet.keysOf(1, 2, 'wait');
    await client.call('SUBSCRIBE', channels[0]!);
    fleet.nodes[1]!.freeze();
    client.sendCommand('SUBSCRIBE', channels[1]!);
    client.sendCommand('PING', 'behind');
    await fleet.nodes[1]!.kill();
    expect((await client.readReply()).toString()).toMatch(
      /^-ERR ringward: node n1 .*(?:closed the connection|refused)/,
    );
    expect((await client.readReply()).toString()).toContain('behind');
  });
});

describe('a node that is frozen', () => {
  it('is noticed without a request, within the request timeout, and has its subscriptions again when it is thawed', async () => {
    const fleet = await start({ nodes: 2, pool: { timeouts: { request: '300ms', connect: '300ms' } } });
    const [client, publisher] = [await fleet.connect(), await fleet.connect()];
    const channel = fleet.keysOf(1, 1, 'ice')[0]!;
    await client.call('SUBSCRIBE', channel);
    fleet.nodes[1]!.freeze();
    await eventually('the loss', () => fleet.info('subscriptions_lost'), (count) => count === '1'); // prettier-ignore
    expect(Number(await fleet.info('upstream_timeouts'))).toBeGreaterThan(0);
    fleet.nodes[1]!.thaw();
    await published(publisher, client, channel, 'thawed');
  });

  it('fails SUBSCRIBE within the request timeout, and UNSUBSCRIBE is done', async () => {
    const fleet = await start({ nodes: 2, pool: { timeouts: { request: '300ms', connect: '300ms' } } });
    const client = await fleet.connect();
    const [kept, fresh] = fleet.keysOf(1, 2, 'ice');
    await client.call('SUBSCRIBE', kept!);
    fleet.nodes[1]!.freeze();
    expect(await client.call('SUBSCRIBE', fresh!)).toMatch(/^-ERR ringward: node n1 .* did not answer within 300 ms/);
    expect(await client.call('UNSUBSCRIBE')).toMatch(/unsubscribe\r\n.*\r\n.*\r\n:0\r\n$/);
    fleet.nodes[1]!.thaw();
  });
});

describe('a subscriber', () => {
  it('that does not read is closed at its limit and counted; the others get everything, and memory stays bounded', async () => {
    const fleet = await start({ nodes: 1, limits: { subscriber_output: '2MiB' } });
    const resident = (): number =>
      Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${fleet.proxy.pid}/status`, 'latin1'))![1]) * 1024;
    const [reader, publisher] = [await fleet.connect(), await fleet.connect()];
    const slow = await Promise.all(Array.from({ length: 10 }, () => fleet.connect()));
    for (const client of [reader, ...slow]) await client.call('SUBSCRIBE', 'flood');
    for (const client of slow) client.socket.pause();
    const before = resident();
    const text = Buffer.alloc(10_000, 'f');
    let most = before;
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 50; i++) publisher.sendCommand('PUBLISH', 'flood', text);
      const frames = await reader.readReplies(50);
      expect(frames.every((frame) => frame.length === 10_038)).toBe(true);
      await publisher.readReplies(50);
      most = Math.max(most, resident());
    }
    expect(await fleet.info('client_push_limit_disconnections')).toBe('10');
    for (const client of slow) client.socket.resume();
    await Promise.all(slow.map((client) => client.closed));
    // 20 MB went to each of 11 clients; 10 of them may have 2 MiB waiting.
    expect(most - before).toBeLessThan(80 * MIB);
    expect(Number(await fleet.info('pushes_sent'))).toBeGreaterThan(2000);
    expect(await fleet.info('messages_received')).toBe('2000');
  });

  it('that leaves in the middle of a message harms nobody', async () => {
    const fleet = await start({ nodes: 1 });
    const [reader, publisher] = [await fleet.connect(), await fleet.connect()];
    await reader.call('SUBSCRIBE', 'large');
    const text = Buffer.alloc(3_000_000, 'l');
    for (let i = 0; i < 10; i++) {
      const leaver = await fleet.connect();
      await leaver.call('SUBSCRIBE', 'large');
      publisher.sendCommand('PUBLISH', 'large', text);
      await leaver.readBytes(100_000);
      leaver.socket.resetAndDestroy();
      expect((await reader.readReply()).length).toBe(text.length + 40);
      expect((await publisher.readReply()).toString()).toBe(':1\r\n');
    }
    await eventually('one client', () => publisher.call('CLIENT', 'LIST', 'TYPE', 'pubsub'), (list) => list.split(' addr=').length === 2); // prettier-ignore
  });

  it('that leaves while it waits for its confirmation leaves nothing behind', async () => {
    const fleet = await start({ nodes: 1, pool: { timeouts: { request: '10s' } } });
    const [client, publisher] = [await fleet.connect(), await fleet.connect()];
    await client.call('SUBSCRIBE', 'first');
    fleet.nodes[0]!.freeze();
    const leavers = await Promise.all(Array.from({ length: 5 }, () => fleet.connect()));
    for (const leaver of leavers) leaver.sendCommand('SUBSCRIBE', 'first', 'second');
    const list = (): Promise<string> => publisher.call('CLIENT', 'LIST');
    await eventually('all of them to wait', list, (text) => text.split('cmd=subscribe').length === 7);
    for (const leaver of leavers) leaver.destroy();
    await eventually('all of them to be gone', list, (text) => text.split('cmd=subscribe').length === 2);
    fleet.nodes[0]!.thaw();
    expect(await publisher.call('PUBLISH', 'second', 'm')).toBe(':0\r\n');
    await published(publisher, client, 'first', 'm');
  });
});

describe('a message that is still on its way', () => {
  const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;

  /** A node that answers PUBLISH at once, and sends the message only when its connection is asked something else. */
  async function startLazyNode(): Promise<FakeNode> {
    let held = '';
    // Before its first subscription a connection is in its handshake, whose PING is not held up.
    const subscribed = new Set<Socket>();
    return startFake((words, socket) => {
      if (!subscribed.has(socket) && answerHandshake(words, socket)) return;
      if (words[0]!.toUpperCase() === 'SUBSCRIBE') subscribed.add(socket);
      const [command, channel, text] = words;
      if (command === 'PUBLISH') {
        held += `*3\r\n${bulk('message')}${bulk(channel!)}${bulk(text!)}`;
        socket.write(':1\r\n');
        return;
      }
      const isPing = command!.toUpperCase() === 'PING';
      socket.write(
        `${held}${isPing ? `*2\r\n${bulk('pong')}${bulk('')}` : `*3\r\n${bulk(command!)}${bulk(channel!)}:1\r\n`}`,
      );
      held = '';
    });
  }

  it('does not reach who subscribes after it was published, and reaches who unsubscribes after that', async () => {
    const node = await startLazyNode();
    const fleet = await start({ ports: [node.port] });
    const [first, second, publisher] = [await fleet.connect(), await fleet.connect(), await fleet.connect()];
    expect(body(Buffer.from(await first.call('SUBSCRIBE', 'c')))).toBe(':1');
    expect(await publisher.call('PUBLISH', 'c', 'before')).toBe(':1\r\n');
    expect(body(Buffer.from(await second.call('SUBSCRIBE', 'c')))).toBe(':1');
    expect(await publisher.call('PUBLISH', 'c', 'between')).toBe(':1\r\n');
    first.sendCommand('UNSUBSCRIBE', 'c');
    expect((await first.readReplies(3)).map(body)).toEqual(['before', 'between', ':0']);
    expect(body(await second.readReply())).toBe('between');
    expect(await publisher.call('PUBLISH', 'c', 'after')).toBe(':1\r\n');
    second.sendCommand('UNSUBSCRIBE');
    expect((await second.readReplies(2)).map(body)).toEqual(['after', ':0']);
    expect(await first.call('PING')).toBe('+PONG\r\n');
  });
});

describe('a node that lies', () => {
  const confirm = (channel: string): string => `*3\r\n$9\r\nsubscribe\r\n$${channel.length}\r\n${channel}\r\n:1\r\n`;
  const lies: [string, (channel: string, socket: Socket) => void][] = [
    ['confirms another channel', (channel, socket) => socket.write(confirm(`${channel}x`))],
    ['confirms twice', (channel, socket) => socket.write(confirm(channel).repeat(2))],
    ['answers a pong', (_channel, socket) => socket.write('*2\r\n$4\r\npong\r\n$0\r\n\r\n')],
    ['sends an array of something else', (_channel, socket) => socket.write('*2\r\n:1\r\n:2\r\n')],
    ['sends a simple string', (_channel, socket) => socket.write('+OK\r\n')],
    ['sends what is no reply', (_channel, socket) => socket.write('hello\r\n')],
  ];

  it.each(lies)('and %s has its connection closed, and may try again', async (_what, lie) => {
    let lied = 0;
    const node = await startFake((words, socket) => {
      if (answerHandshake(words, socket)) return;
      const [command, channel] = words;
      if (command !== 'SUBSCRIBE' && command !== 'subscribe') return;
      if (lied++ === 0) lie(channel!, socket);
      else {
        socket.write(confirm(channel!));
        if (channel === 'b') socket.write('*3\r\n$7\r\nmessage\r\n$1\r\nb\r\n$2\r\nhi\r\n');
      }
    });
    const fleet = await start({ ports: [node.port] });
    const client = await fleet.connect();
    client.sendCommand('SUBSCRIBE', 'a');
    await client.readReply();
    await eventually('the error', () => fleet.info('upstream_protocol_errors'), (count) => count === '1'); // prettier-ignore
    await eventually('a subscription', () => client.call('SUBSCRIBE', 'b'), (reply) => reply.includes('subscribe')); // prettier-ignore
    expect(body(await client.readReply())).toBe('hi');
  });
});

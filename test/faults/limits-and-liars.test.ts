/**
 * Where a client's limit and a node's fault meet: a client that goes over its limit while a split request is being failed
 * or a long reply is gathered, one that asks for far more than it reads, and nodes whose replies are well formed but
 * answer another question. The proxy goes on, nodes' connections stay in step, and other clients notice nothing.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/child-process.js';
import { eventually } from '../support/eventually.js';
import { answerHandshake, type NodeScript, startFakeNode } from '../support/fake-node.js';
import { type Fleet, type FleetOptions, startFleet } from '../support/fleet.js';
import { startRedis } from '../support/servers.js';
import { type RawClient, encodeCommand } from '../support/wire.js';

let cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(cleanUp.map((stop) => stop()));
  cleanUp = [];
});

async function start(options: FleetOptions): Promise<Fleet> {
  const fleet = await startFleet(options);
  cleanUp.push(() => fleet.stop());
  return fleet;
}

/** A frozen node holds its clients up for as long as the test wants. */
const NO_TIMEOUT = { pool: { timeouts: { request: '0' } } };
const SMALL_OUTPUT = { client_output: '64KiB', client_output_pause: '64KiB' };

describe('a client that goes over its output limit', () => {
  it('in the middle of a request whose nodes are all down: it is closed, and nobody else', async () => {
    const one = await startRedis();
    cleanUp.push(() => one.kill());
    const ports = [one.port, await freePort(), await freePort()];
    const fleet = await start({ ports, limits: SMALL_OUTPUT, ...NO_TIMEOUT });
    for (const node of [1, 2]) await fleet.proxy.waitForLog(`node n${node} (127.0.0.1:${ports[node]!}) refused`);
    const [slow, ...down] = [0, 1, 2].map((node) => fleet.keysOf(node, 1)[0]!);
    const bystander = await fleet.connect();
    expect(await bystander.call('GET', slow!)).toBe('$-1\r\n');
    one.freeze();
    // The replies to PING move the place where the limit is passed, so that it falls on each of the two parts.
    const rounds = 12;
    for (let round = 0; round < rounds; round++) {
      const client = await fleet.connect();
      const pings = Array.from({ length: round * 7 }, () => encodeCommand('PING'));
      const mgets = Array.from({ length: 2000 }, () => encodeCommand('MGET', ...down));
      client.send(Buffer.concat([encodeCommand('GET', slow!), ...pings, ...mgets]));
      expect((await client.readToEnd()).toString()).toBe('');
      expect(await bystander.call('PING')).toBe('+PONG\r\n');
    }
    expect(await fleet.info('client_output_limit_disconnections')).toBe(String(rounds));
    one.thaw();
    expect(await bystander.call('GET', slow!)).toBe('$-1\r\n');
  });

  it('with a reply that comes in pieces before its turn: the node’s connection serves the others', async () => {
    const fleet = await start({ nodes: 2, limits: SMALL_OUTPUT, ...NO_TIMEOUT });
    const [slow, [list, other]] = [fleet.keysOf(0, 1)[0]!, fleet.keysOf(1, 2)];
    const node = await fleet.connectNode(1);
    for (let i = 0; i < 40; i++) {
      await node.call('RPUSH', list!, ...Array.from({ length: 1000 }, (_, element) => `element${element}`));
    }
    const bystander = await fleet.connect();
    expect(await bystander.call('SET', other!, 'v')).toBe('+OK\r\n');
    expect(await bystander.call('GET', slow)).toBe('$-1\r\n');
    const connects = await fleet.info('upstream_connects');
    fleet.nodes[0]!.freeze();
    const rounds = 5;
    for (let round = 0; round < rounds; round++) {
      // Another length each time, so that the pieces are cut elsewhere.
      await node.call('LSET', list!, 0, 'p'.repeat(10 + 3 * round));
      const client = await fleet.connect();
      let isClosed = false;
      void client.closed.then(() => (isClosed = true));
      client.send(Buffer.concat([encodeCommand('GET', slow), encodeCommand('LRANGE', list!, 0, -1)]));
      await eventually('the client to be closed', async () => {
        expect(await bystander.call('GET', other!)).toBe('$1\r\nv\r\n');
        return isClosed;
      });
      expect(client.unread().length).toBe(0);
    }
    for (let i = 0; i < 20; i++) expect(await bystander.call('GET', other!)).toBe('$1\r\nv\r\n');
    expect(await fleet.info('client_output_limit_disconnections')).toBe(String(rounds));
    expect(await fleet.info('upstream_protocol_errors')).toBe('0');
    expect(await fleet.info('upstream_connects')).toBe(connects);
  });
});

describe('a client that asks for far more than it reads', () => {
  /** More than the kernel's buffers on both sides of a loopback connection take. */
  const KERNEL_BYTES_MAX = 24_000_000;
  /** Replies that wait for a client, past which it is served no more until it has read half of them. */
  const PAUSE_BYTES = 65_536;

  async function commandsServed(fleet: Fleet): Promise<number> {
    return Number(await fleet.info('total_commands_processed'));
  }

  /** Sends the command many times in one piece, and reads nothing; waits until the kernel takes no more replies. */
  async function flood(
    fleet: Fleet,
    bystander: RawClient,
    words: readonly string[],
    times: number,
  ): Promise<RawClient> {
    const client = await fleet.connect();
    client.socket.pause();
    client.send(Buffer.concat(Array.from({ length: times }, () => encodeCommand(...words))));
    await eventually(
      'replies to wait in the proxy',
      () => bystander.call('CLIENT', 'LIST'),
      (list) => [...list.matchAll(/ omem=(\d+)/g)].some(([, bytes]) => Number(bytes) > PAUSE_BYTES / 2),
    );
    return client;
  }

  it('with COMMAND: no more replies are made than its limit and the kernel hold', async () => {
    const limits = { client_output: '1MiB', client_output_pause: `${PAUSE_BYTES}B` };
    const fleet = await start({ nodes: 1, limits });
    const bystander = await fleet.connect();
    const replyBytes = (await bystander.call('COMMAND')).length;
    expect(replyBytes).toBeGreaterThan(10_000);
    const times = 3000;
    const before = await commandsServed(fleet);
    const client = await flood(fleet, bystander, ['COMMAND'], times);
    expect(await bystander.call('SET', 'k', 'v')).toBe('+OK\r\n');
    expect(replyBytes * times).toBeGreaterThan(2 * KERNEL_BYTES_MAX);
    expect((await commandsServed(fleet)) - before).toBeLessThan(KERNEL_BYTES_MAX / replyBytes);
    expect(await fleet.info('client_output_limit_disconnections')).toBe('0');
    // It has lost nothing: what it reads now is what it asked for.
    client.socket.resume();
    const replies = await client.readReplies(200);
    expect(replies.every((reply) => reply.length === replyBytes)).toBe(true);
  });

  it('with CLIENT LIST: it gets one at a time, and another client is served before the last', async () => {
    const fleet = await start({ nodes: 1, limits: { client_output_pause: `${PAUSE_BYTES}B` } });
    for (let i = 0; i < 60; i++) await fleet.connect();
    const bystander = await fleet.connect();
    const replyBytes = (await bystander.call('CLIENT', 'LIST')).length;
    const times = Math.ceil((2 * KERNEL_BYTES_MAX) / replyBytes);
    const client = await flood(fleet, bystander, ['CLIENT', 'LIST'], times);
    expect(await bystander.call('GET', 'k')).toBe('$-1\r\n');
    expect(await commandsServed(fleet)).toBeLessThan(times);
    // The same while it reads.
    let isOver = false;
    const replies = client.readReplies(times).finally(() => (isOver = true));
    client.socket.resume();
    expect(await bystander.call('GET', 'k')).toBe('$-1\r\n');
    expect(isOver).toBe(false);
    // Each question was asked when the one before had its answer: it was the only one of this client.
    const asker = ` addr=127.0.0.1:${client.socket.localPort!} `;
    const lines = (await replies).map((reply) =>
      reply
        .toString()
        .split('\n')
        .find((line) => line.includes(asker)),
    );
    expect(new Set(lines.map((line) => / in-flight=(\d+) /.exec(line!)![1]))).toEqual(new Set(['1']));
  });
});

describe('a client that kills itself', () => {
  it('is served nothing that it sent behind the CLIENT KILL', async () => {
    const fleet = await start({ nodes: 2 });
    const [client, other] = [await fleet.connect(), await fleet.connect()];
    const [key, gone] = [fleet.keysOf(0, 1)[0]!, fleet.keysOf(1, 1)[0]!];
    expect(await client.call('MSET', key, 'v', gone, 'v')).toBe('+OK\r\n');
    const id = /^:(\d+)\r\n$/.exec(await client.call('CLIENT', 'ID'))![1]!;
    client.send(
      Buffer.concat([
        encodeCommand('GET', key),
        encodeCommand('CLIENT', 'KILL', 'ID', id, 'SKIPME', 'no'),
        encodeCommand('SET', key, 'x'),
        encodeCommand('DEL', key, gone),
        encodeCommand('PING'),
      ]),
    );
    expect((await client.readToEnd()).toString()).toBe('$1\r\nv\r\n:1\r\n');
    expect(await other.call('MGET', key, gone)).toBe('*2\r\n$1\r\nv\r\n$1\r\nv\r\n');
  });
});

describe('a node that answers another question', () => {
  interface Scene {
    readonly fleet: Fleet;
    readonly client: RawClient;
    /** Keys of the node that misbehaves. */
    readonly bad: readonly string[];
    /** Keys of the other, real one, which have the value `v`. */
    readonly fine: readonly string[];
  }

  /** GET is answered with the key, so that a reply in the wrong place shows. */
  async function play(command: string, reply: string): Promise<Scene> {
    const script: NodeScript = (words, socket) => {
      if (!answerHandshake(words, socket)) socket.write(words[0] === command ? reply : `+${words[1]!}\r\n`);
    };
    const [good, fake] = [await startRedis(), await startFakeNode(script)];
    cleanUp.push(
      () => good.kill(),
      () => fake.stop(),
    );
    const fleet = await start({ ports: [good.port, fake.port] });
    const client = await fleet.connect();
    const [fine, bad] = [fleet.keysOf(0, 20), fleet.keysOf(1, 20)];
    for (const key of fine) expect(await client.call('SET', key, 'v')).toBe('+OK\r\n');
    return { fleet, client, bad, fine };
  }

  /** The request between two others to the same node: its reply, and theirs in their places, on the one connection. */
  async function ask({ fleet, client, bad }: Scene, words: readonly string[]): Promise<string> {
    const requests = [['GET', bad[0]!], words, ['GET', bad[1]!], ['PING']];
    client.send(Buffer.concat(requests.map((request) => encodeCommand(...request))));
    const [before, reply, after, pong] = (await client.readReplies(requests.length)).map(String);
    expect([before, after, pong]).toEqual([`+${bad[0]!}\r\n`, `+${bad[1]!}\r\n`, '+PONG\r\n']);
    expect(await fleet.info('upstream_connects')).toBe('2');
    expect(await fleet.info('upstream_protocol_errors')).toBe('0');
    return reply!;
  }

  it.each([
    ['an array in an array', '*1\r\n*1\r\n:1\r\n'],
    ['a verbatim string', '*1\r\n=5\r\ntxt:a\r\n'],
    ['a long error', '*1\r\n!5\r\nERR a\r\n'],
    ['an integer', '*1\r\n:1\r\n'],
    ['a map', '*1\r\n%1\r\n+a\r\n+b\r\n'],
    ['more elements than keys', '*2\r\n$1\r\na\r\n$1\r\nb\r\n'],
  ])('MGET with %s: an error in the place of its key', async (_name, bytes) => {
    const scene = await play('MGET', bytes);
    const { fine, bad } = scene;
    expect(await ask(scene, ['MGET', fine[0]!, bad[2]!, fine[1]!])).toMatch(
      /^\*3\r\n\$1\r\nv\r\n-ERR ringward: a node answered MGET [^\r]*\r\n\$1\r\nv\r\n$/,
    );
  });

  it('MGET with an integer, hundreds of times: an error for each of its keys, and the proxy stays', async () => {
    const scene = await play('MGET', ':1\r\n');
    const { client, fine, bad } = scene;
    const rounds = 300;
    const request = encodeCommand('MGET', fine[0]!, ...bad);
    client.send(Buffer.concat(Array.from({ length: rounds }, () => request)));
    const replies = (await client.readReplies(rounds)).map(String);
    const elements = replies[0]!.split('\r\n');
    expect(elements.slice(0, 3)).toEqual([`*${bad.length + 1}`, '$1', 'v']);
    const errors = elements.slice(3, -1);
    expect(errors).toHaveLength(bad.length);
    expect(errors.every((error) => error.startsWith('-ERR ringward: a node answered MGET '))).toBe(true);
    expect(replies.every((reply) => reply === replies[0])).toBe(true);
    await ask(scene, ['MGET', fine[0]!, bad[2]!]);
  });

  it.each([
    ['EXISTS', ':abc\r\n', /^-ERR ringward: a node answered something that is not a count\r\n$/],
    ['EXISTS', '+1\r\n', /^-ERR ringward: a node answered something that is not a count\r\n$/],
    ['DEL', ':-1\r\n', /^-ERR ringward: a node answered something that is not a count\r\n$/],
    ['MSET', ':12\r\n', /^-ERR ringward: a node answered MSET with something that is not OK\r\n$/],
    ['MSET', '$2\r\nOK\r\n', /^-ERR ringward: a node answered MSET with something that is not OK\r\n$/],
  ])('%s with %j: an error', async (command, bytes, text) => {
    const scene = await play(command, bytes);
    const keys = [scene.fine[0]!, scene.bad[2]!];
    expect(await ask(scene, [command, ...keys.flatMap((key) => (command === 'MSET' ? [key, 'w'] : [key]))])).toMatch(
      text,
    );
  });
});

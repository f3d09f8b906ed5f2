/**
 * Nodes that break the protocol: whatever they send, no client gets a reply that is not its own, the connection is not
 * used again, and the proxy goes on.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { answerHandshake, type FakeNode, type NodeScript, startFakeNode } from '../support/fake-node.js';
import { type Fleet, startFleet } from '../support/fleet.js';
import { startRedis } from '../support/servers.js';
import { type RawClient } from '../support/wire.js';

let cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(cleanUp.map((stop) => stop()));
  cleanUp = [];
});

interface Scene {
  readonly fleet: Fleet;
  readonly fake: FakeNode;
  /** Keys of the node that misbehaves. */
  readonly bad: readonly string[];
  /** A key of the other, real one. */
  readonly fine: string;
}

/** A real node n0 and a played one n1: `handshake` says whether it took the request, `script` gets the others. */
async function play(script: NodeScript, handshake = answerHandshake): Promise<Scene> {
  const good = await startRedis();
  const fake = await startFakeNode((words, socket) => {
    if (!handshake(words, socket)) script(words, socket);
  });
  const fleet = await startFleet({ ports: [good.port, fake.port] });
  cleanUp.push(
    () => fleet.stop(),
    () => good.kill(),
    () => fake.stop(),
  );
  return { fleet, fake, bad: fleet.keysOf(1, 4), fine: fleet.keysOf(0, 1)[0]! };
}

async function expectAlive({ fleet, fine }: Scene): Promise<void> {
  const client = await fleet.connect();
  expect(await client.call('SET', fine, 'v')).toBe('+OK\r\n');
  expect(await client.call('GET', fine)).toBe('$1\r\nv\r\n');
}

/** The node serves again, after errors that say what is wrong; any other reply would be somebody else's. */
async function served(client: RawClient, key: string): Promise<void> {
  await eventually('the node to serve', async () => {
    const reply = await client.call('GET', key);
    expect(reply).toMatch(/^\+k|^-ERR ringward: node n1 /);
    return reply === `+${key}\r\n`;
  });
}

/** Answers with the key that was asked for, so that a reply in the wrong place shows. */
const echoKey: NodeScript = (words, socket) => void socket.write(`+${words[1]!}\r\n`);

describe('a node that breaks the protocol', () => {
  it.each([
    ['garbage', 'HTTP/1.1 400 Bad Request\r\n\r\n', /sent what is no reply/],
    ['a length that is none', '$x\r\n', /sent what is no reply/],
    ['a body of another length', '$3\r\nabcdef\r\n', /sent what is no reply/],
    ['a push message', '>2\r\n+message\r\n+x\r\n', /sent a push message that nobody asked for/],
    ['arrays within arrays', '*1\r\n'.repeat(500), /sent what is no reply.*nested/],
  ])('with %s: what is in flight fails in order, and the next connection starts clean', async (_name, bytes, text) => {
    let isBad = true;
    const scene = await play((words, socket) => {
      if (isBad) socket.write(bytes);
      else echoKey(words, socket);
      isBad = false;
    });
    const client = await scene.fleet.connect();
    const [one, two] = scene.bad;
    client.send(
      `*2\r\n$3\r\nGET\r\n$${one!.length}\r\n${one!}\r\n*2\r\n$3\r\nGET\r\n$${scene.fine.length}\r\n${scene.fine}\r\n` +
        `*3\r\n$3\r\nSET\r\n$${two!.length}\r\n${two!}\r\n$1\r\nv\r\nPING\r\n`,
    );
    const replies = (await client.readReplies(4)).map(String);
    expect(replies[0]).toMatch(/^-ERR ringward: node n1 /);
    expect(replies[0]).toMatch(text);
    expect(replies[1]).toBe('$-1\r\n');
    expect(replies[2]).toMatch(/; the outcome of this write is unknown\r\n$/);
    expect(replies[3]).toBe('+PONG\r\n');
    await served(client, two!);
    expect(scene.fake.connections()).toBe(2);
    expect(await scene.fleet.info('upstream_protocol_errors')).toBe('1');
    await expectAlive(scene);
  });

  it('with a push that comes in two pieces: it is no reply either', async () => {
    let isBad = true;
    const scene = await play((words, socket) => {
      if (isBad) {
        socket.write('>2\r\n+mess');
        setTimeout(() => socket.write('age\r\n+x\r\n+late\r\n'), 20);
      } else echoKey(words, socket);
      isBad = false;
    });
    const client = await scene.fleet.connect();
    const [key] = scene.bad;
    expect(await client.call('GET', key!)).toMatch(/^-ERR ringward: node n1 .*push message that nobody asked for/);
    await served(client, key!);
  });

  it('with a reply that nobody asked for: it is not taken for the next one', async () => {
    const scene = await play(echoKey);
    const client = await scene.fleet.connect();
    const [one, two] = scene.bad;
    expect(await client.call('GET', one!)).toBe(`+${one!}\r\n`);
    for (const socket of scene.fake.sockets) socket.write('+stray\r\n');
    await scene.fleet.proxy.waitForLog('bytes that nobody asked for');
    await served(client, two!);
  });

  it('with bytes behind the handshake’s replies: they are nobody’s reply', async () => {
    let isBad = true;
    const scene = await play(echoKey, (words, socket) => {
      if (words[0] !== 'PING') return answerHandshake(words, socket);
      // The stray bytes come when a client's request is certainly waiting for this connection.
      if (isBad) setTimeout(() => socket.write('+PONG\r\n+stray\r\n'), 300);
      else socket.write('+PONG\r\n');
      isBad = false;
      return true;
    });
    const client = await scene.fleet.connect();
    const [key] = scene.bad;
    expect(await client.call('GET', key!)).toMatch(/^-ERR ringward: node n1 \S+ sent 8 bytes that nobody asked for/);
    await served(client, key!);
  });

  it.each([
    ['a line', '+hal'],
    ['a short value', '$10\r\nhalf'],
    ['an array', '*3\r\n:1\r\n:2\r\n'],
  ])('by closing in the middle of %s: its client gets an error', async (_name, bytes) => {
    const scene = await play((_words, socket) => void socket.write(bytes, () => socket.end()));
    const client = await scene.fleet.connect();
    client.sendCommand('GET', scene.bad[0]!);
    client.sendCommand('PING');
    const [reply, pong] = (await client.readReplies(2)).map(String);
    expect(reply).toMatch(/^-ERR ringward: node n1 \S+ closed the connection\r\n$/);
    expect(pong).toBe('+PONG\r\n');
    await expectAlive(scene);
  });

  it('by closing in the middle of a value of which the client has a part: the client is closed', async () => {
    const scene = await play((_words, socket) => {
      socket.write(`$5000000\r\n${'x'.repeat(1_000_000)}`, () => socket.end());
    });
    const client = await scene.fleet.connect();
    client.sendCommand('GET', scene.bad[0]!);
    client.sendCommand('PING');
    const received = await client.readToEnd();
    expect(received.length).toBeLessThanOrEqual(1_000_010);
    expect(received.toString()).not.toContain('PONG');
    await expectAlive(scene);
  });

  it('with an answer to MGET that is no array, or too short: an error in the place of its keys', async () => {
    for (const bytes of ['+OK\r\n', '*1\r\n$1\r\na\r\n', '-LOADING busy\r\n']) {
      const scene = await play((_words, socket) => void socket.write(bytes));
      const client = await scene.fleet.connect();
      const reply = await client.call('MGET', scene.bad[0]!, scene.fine, scene.bad[1]!);
      expect(reply).toMatch(
        /^\*3\r\n-(ERR ringward: |LOADING )[^\r]*\r\n\$-1\r\n-(ERR ringward: |LOADING )[^\r]*\r\n$/,
      );
      await expectAlive(scene);
    }
  });

  it.each([
    ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['too much', `$300000000\r\n${'x'.repeat(200_000)}`],
  ])('with %s for a handshake: it is down', async (_name, bytes) => {
    const scene = await play(
      () => undefined,
      (words, socket) => {
        if (words[0] === 'CLIENT') socket.write(bytes);
        return true;
      },
    );
    const client = await scene.fleet.connect();
    await eventually(
      'an error',
      () => client.call('GET', scene.bad[0]!),
      (reply) => /^-ERR ringward: node n1 \S+ (refused CLIENT SETNAME|sent \d+ bytes)/.test(reply),
    );
    await expectAlive(scene);
  });

  it('by not knowing RESP3: only the clients that ask for it fail', async () => {
    const scene = await play(echoKey, (words, socket) => {
      if (words[0] === 'HELLO') socket.write("-ERR unknown command 'HELLO'\r\n");
      else return answerHandshake(words, socket);
      return true;
    });
    const [two, three] = [await scene.fleet.connect(), await scene.fleet.connect()];
    const [key] = scene.bad;
    await three.call('HELLO', 3);
    await eventually(
      'an error',
      () => three.call('GET', key!),
      (reply) => /refused HELLO 3: ERR unknown command/.test(reply),
    );
    expect(await two.call('GET', key!)).toBe(`+${key!}\r\n`);
    expect(await three.call('GET', scene.fine)).toBe('_\r\n');
  });
});

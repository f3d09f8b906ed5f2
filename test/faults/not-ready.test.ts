/**
 * Nodes that accept connections and are not ready to serve: no client's request goes to one before it has said that it is.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { answerHandshake, startFakeNode } from '../support/fake-node.js';
import { startFleet } from '../support/fleet.js';
import { startMcFleet } from '../support/mc-fleet.js';
import { startMemcached, startRedis } from '../support/servers.js';

let cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(cleanUp.map((stop) => stop()));
  cleanUp = [];
});

describe('a Redis node that still loads its data', () => {
  it.each([
    ['LOADING Redis is loading the dataset in memory'],
    ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."],
  ])('or says %s: clients are told so, and it is asked nothing else until it is ready', async (answer) => {
    let isReady = false;
    const early: string[] = [];
    const fake = await startFakeNode((words, socket) => {
      const isQuestion = words[0] === 'PING' || words[0] === 'CLIENT';
      if (!isReady && !isQuestion) early.push(words.join(' '));
      if (!isReady && words[0] === 'PING') socket.write(`-${answer}\r\n`);
      else if (!answerHandshake(words, socket)) socket.write(isReady ? `+${words[1]!}\r\n` : `-${answer}\r\n`);
    });
    const good = await startRedis();
    const fleet = await startFleet({ ports: [good.port, fake.port], pool: { timeouts: { connect: '60s' } } });
    cleanUp.push(
      () => fleet.stop(),
      () => good.kill(),
      () => fake.stop(),
    );
    const client = await fleet.connect();
    const [fine, key] = [fleet.keysOf(0, 1)[0]!, fleet.keysOf(1, 1)[0]!];
    for (let i = 0; i < 20; i++) {
      expect(await client.call('GET', key)).toBe(
        `-ERR ringward: node n1 (127.0.0.1:${fake.port}) is not ready: ${answer}\r\n`,
      );
      expect(await client.call('GET', fine)).toBe('$-1\r\n');
    }
    // Tried again, with pauses.
    await eventually(
      'a second attempt',
      () => Promise.resolve(fake.connections()),
      (connections) => connections > 1,
    );
    expect(fleet.proxy.log().match(/is not ready/g)).toHaveLength(1);
    isReady = true;
    await eventually(
      'the node to serve',
      () => client.call('GET', key),
      (reply) => reply === `+${key}\r\n`,
    );
    expect(early).toEqual([]);
    await fleet.proxy.waitForLog(/"node":"n1"[^\n]*is back/);
  });

  it('is asked again by requests that came while the connection was being opened', async () => {
    // The answer to PING comes when a client's request is certainly waiting for this connection.
    let answerPing: (() => void) | undefined;
    const fake = await startFakeNode((words, socket) => {
      if (words[0] === 'PING') answerPing = () => socket.write('+PONG\r\n');
      else if (!answerHandshake(words, socket)) socket.write(`+${words[1]!}\r\n`);
    });
    const fleet = await startFleet({ ports: [fake.port], pool: { timeouts: { connect: '60s', request: '60s' } } });
    cleanUp.push(
      () => fleet.stop(),
      () => fake.stop(),
    );
    const client = await fleet.connect();
    client.sendCommand('GET', 'a');
    client.sendCommand('GET', 'b');
    await eventually(
      'both requests to wait',
      () => fleet.info('node0'),
      (text) => text.includes(',in_flight=2,'),
    );
    expect(fake.requests.map(([name]) => name)).not.toContain('GET');
    answerPing!();
    expect((await client.readReplies(2)).map(String)).toEqual(['+a\r\n', '+b\r\n']);
  });
});

describe('a memcached node', () => {
  /** A listener whose connections do what `onConnection` says, and all that came on them. */
  async function listen(onData: (text: string, socket: Socket) => void): Promise<{ port: number; heard: string[] }> {
    const heard: string[] = [];
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        heard.push(bytes.toString('latin1'));
        onData(bytes.toString('latin1'), socket);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUp.push(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
    return { port: (server.address() as AddressInfo).port, heard };
  }

  it('that accepts the connection and never tells its version is sent no request', async () => {
    const silent = await listen(() => undefined);
    const good = await startMemcached();
    const fleet = await startMcFleet({
      ports: [good.port, silent.port],
      pool: { timeouts: { connect: '300ms', request: '60s' } },
    });
    cleanUp.push(
      () => fleet.stop(),
      () => good.stop(),
    );
    const [fine, key] = [fleet.keysOf(0, 1)[0]!, fleet.keysOf(1, 1)[0]!];
    const client = await fleet.connect();
    for (let i = 0; i < 3; i++) {
      client.send(`get ${key}\r\nget ${fine}\r\n`);
      expect(await client.readLine()).toBe(
        `SERVER_ERROR ringward: node n1 (127.0.0.1:${silent.port}) did not answer version within 300 ms`,
      );
      expect(await client.readLine()).toBe('END');
    }
    expect(new Set(silent.heard)).toEqual(new Set(['version\r\n']));
  });

  it('that has too many connections is said to be so, and serves when it has room', async () => {
    let isFull = true;
    const node = await listen((text, socket) => {
      if (isFull) socket.end('ERROR Too many open connections\r\n');
      else socket.write(text === 'version\r\n' ? 'VERSION 1.6.18\r\n' : 'END\r\n');
    });
    const fleet = await startMcFleet({ ports: [node.port], pool: { timeouts: { connect: '60s' } } });
    cleanUp.push(() => fleet.stop());
    const client = await fleet.connect();
    client.send('get k\r\n');
    expect(await client.readLine()).toMatch(/^SERVER_ERROR ringward: node n0 \S+ is not ready: ERROR Too many open/);
    expect(node.heard.join('')).not.toContain('get');
    isFull = false;
    const ask = async (): Promise<string> => {
      client.send('get k\r\n');
      return client.readLine();
    };
    await eventually('the node to serve', ask, (line) => line === 'END');
  });
});

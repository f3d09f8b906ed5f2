/**
 * Large values, slow readers and slow writers: memory stays bounded and everybody else is served. Memory is the proxy's
 * resident set, so bounds are generous; what they would catch is buffering without end.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Fleet, startFleet } from '../support/fleet.js';
import { type RawClient } from '../support/wire.js';

const MIB = 2 ** 20;
let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet({ limits: { client_in_flight: 64 }, pool: { timeouts: { request: '20s' } } });
});
afterAll(() => fleet.stop());

function residentBytes(): number {
  const status = readFileSync(`/proc/${fleet.proxy.pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}

/** Bytes of replies that wait for `client`, as CLIENT LIST tells. */
async function waitingFor(client: RawClient, asker: RawClient): Promise<number> {
  const list = await asker.call('CLIENT', 'LIST');
  const line = list.split('\n').find((text) => text.includes(`addr=127.0.0.1:${client.socket.localPort} `));
  return Number(/ omem=(\d+)/.exec(line!)![1]);
}

describe('large values', () => {
  it.each([20, 100])('of %i MB pass both ways, and are streamed back', async (megabytes) => {
    const client = await fleet.connect();
    const value = Buffer.alloc(megabytes * 1_000_000, Buffer.from('0123456789abcdef!'));
    const before = Number(await fleet.info('replies_streamed'));
    expect(await client.call('SET', 'large', value)).toBe('+OK\r\n');
    client.sendCommand('STRLEN', 'large');
    client.sendCommand('GET', 'large');
    client.sendCommand('PING');
    expect((await client.readReply()).toString()).toBe(`:${value.length}\r\n`);
    expect((await client.readReply()).subarray(String(value.length).length + 3, -2).equals(value)).toBe(true);
    expect((await client.readReply()).toString()).toBe('+PONG\r\n');
    expect(Number(await fleet.info('replies_streamed'))).toBe(before + 1);
    await client.call('DEL', 'large');
  });

  it('of a client that leaves half-way are dropped, and its node goes on', async () => {
    const [client, other] = [await fleet.connect(), await fleet.connect()];
    await client.call('SET', 'large', Buffer.alloc(20_000_000, 'x'));
    for (let i = 0; i < 5; i++) {
      const leaver = await fleet.connect();
      leaver.sendCommand('GET', 'large');
      await leaver.readBytes(100_000);
      leaver.socket.resetAndDestroy();
      other.sendCommand('STRLEN', 'large');
    }
    expect((await other.readReplies(5)).map(String)).toEqual(Array<string>(5).fill(':20000000\r\n'));
    await client.call('DEL', 'large');
  });
});

describe('a client that does not read', () => {
  it('is not read itself once its replies pile up, and gets them all when it reads again', async () => {
    const [client, other] = [await fleet.connect(), await fleet.connect()];
    await other.call('SET', 'page', Buffer.alloc(20_000, 'p'));
    const pauses = Number(await fleet.info('client_pauses'));
    client.socket.pause();
    const rounds = 3000;
    for (let i = 0; i < rounds; i++) client.sendCommand('GET', 'page');
    await eventually('a pause', () => fleet.info('client_pauses'), (count) => Number(count) > pauses); // prettier-ignore
    for (let i = 0; i < 200; i++) {
      expect(await other.call('ECHO', i)).toBe(`$${String(i).length}\r\n${i}\r\n`);
      // The pause of 1 MiB, and what was in flight when it was reached.
      expect(await waitingFor(client, other)).toBeLessThan(MIB + 64 * 20_100 + 70_000);
    }
    client.socket.resume();
    const replies = await client.readReplies(rounds);
    expect(replies.every((reply) => reply.length === 20_010)).toBe(true);
  });
});

describe('a client that does not read what the proxy itself answers', () => {
  it('is not read itself once those replies pile up, and gets them all when it reads again', async () => {
    const [client, other] = [await fleet.connect(), await fleet.connect()];
    const pauses = Number(await fleet.info('client_pauses'));
    client.socket.pause();
    const rounds = 300;
    const argument = Buffer.alloc(100_000, 'e');
    for (let i = 0; i < rounds; i++) client.sendCommand('ECHO', argument);
    await eventually('a pause', () => fleet.info('client_pauses'), (count) => Number(count) > pauses); // prettier-ignore
    for (let i = 0; i < 100; i++) expect(await waitingFor(client, other)).toBeLessThan(2 * MIB);
    client.socket.resume();
    const replies = await client.readReplies(rounds);
    expect(replies.every((reply) => reply.length === 100_011)).toBe(true);
    client.destroy();
  });
});

describe('clients that send slowly', () => {
  it('keep nobody waiting, and are served when their request is whole', async () => {
    const [whole, slow] = [
      await fleet.connect(),
      await Promise.all(Array.from({ length: 100 }, () => fleet.connect())),
    ];
    const request = Buffer.from('*3\r\n$3\r\nSET\r\n$4\r\nslow\r\n$5\r\nvalue\r\n*2\r\n$3\r\nGET\r\n$4\r\nslow\r\nPI');
    for (const byte of request) {
      for (const client of slow) client.send(Buffer.from([byte]));
      expect(await whole.call('PING')).toBe('+PONG\r\n');
    }
    for (const client of slow) client.send('NG\r\n');
    for (const client of slow) {
      expect((await client.readReplies(3)).map(String)).toEqual(['+OK\r\n', '$5\r\nvalue\r\n', '+PONG\r\n']);
      client.destroy();
    }
  });

  it('cost what they send, not what they announce', async () => {
    const before = residentBytes();
    const liars = await Promise.all(Array.from({ length: 100 }, () => fleet.connect()));
    for (const client of liars) client.send('*1000000\r\n$3\r\nSET\r\n$1\r\nk\r\n$500000000\r\nx');
    await eventually('all to be read', async () => {
      const list = await (await fleet.connect()).call('CLIENT', 'LIST');
      return list.split('\n').filter((line) => / qbuf=[1-9]/.test(line)).length >= 100;
    });
    expect(residentBytes() - before).toBeLessThan(200 * MIB);
    for (const client of liars) client.destroy();
  });
});

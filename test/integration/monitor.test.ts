/** MONITOR: the requests of all clients of the proxy, as redis-server shows those of its own. */
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Fleet, startFleet } from '../support/fleet.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { connectRaw, encodeCommand, type RawClient } from '../support/wire.js';

let fleet: Fleet;
let plain: TestServer;
beforeAll(async () => {
  [fleet, plain] = await Promise.all([startFleet(), startRedis()]);
});
afterAll(() => Promise.all([fleet.stop(), plain.kill()]));

const LINE = /^\+(\d{10}\.\d{6}) \[(\d+) (\S+)\] (.*)$/;

/** Lines up to the one that shows `ECHO end`, without their times, with names for their clients. */
async function linesUntilEnd(monitor: RawClient): Promise<string[]> {
  const lines: string[] = [];
  for (;;) {
    const line = await monitor.readLine();
    const found = LINE.exec(line);
    lines.push(found === null ? line : `[${found[2]}] ${found[4]}`);
    if (line.endsWith('"ECHO" "end"')) return lines;
  }
}

/** Starts to monitor; resolves when +OK is there. */
async function monitorOf(client: RawClient, version = 2): Promise<RawClient> {
  if (version === 3) await client.call('HELLO', 3);
  expect(await client.call('MONITOR')).toBe('+OK\r\n');
  return client;
}

const PROGRAM: readonly (readonly (string | Buffer)[])[] = [
  ['GET', 'k'],
  ['set', Buffer.from('k\x00\xff\n\t"\\\x07\b', 'latin1'), 'v'],
  ['NOSUCH', 'x'],
  ['GET'],
  ['AUTH', 'me', 'secret'],
  ['AUTH', 'secret'],
  ['HELLO', '2', 'AUTH', 'default', 'secret', 'SETNAME', 'foo'],
  ['CLIENT', 'LIST'],
  ['CLIENT', 'ID'],
  ['CLIENT', 'KILL', 'ID', '1'],
  ['CONFIG', 'GET', 'port'],
  ['EVALSHA', 'abc', '1', 'k'],
  ['SELECT', '3'],
  ['PING'],
  ['LPUSH', 'list', 'a', 'b'],
  ['GET', 'list'],
  ['MSET', 'a', '1', 'b', '2', 'c', '3'],
  ['MGET', 'a', 'b', 'c'],
  ['RESET'],
  ['HELLO', '3'],
  ['HELLO', '4'],
  ['CLIENT', 'REPLY', 'OFF'],
  ['GET', 'silent'],
  ['CLIENT', 'REPLY', 'ON'],
  ['COMMAND', 'COUNT'],
  ['ECHO', 'end'],
];

describe('MONITOR', () => {
  it.each([2, 3])('shows in RESP%i what redis-server shows', async (version) => {
    const shown: string[][] = [];
    for (const port of [plain.port, fleet.proxy.port]) {
      const [monitor, client] = [await connectRaw(port), await connectRaw(port)];
      await monitorOf(monitor, version);
      client.send(Buffer.concat(PROGRAM.map((words) => encodeCommand(...words))));
      shown.push(await linesUntilEnd(monitor));
      monitor.destroy();
      client.destroy();
    }
    expect(shown[1]).toEqual(shown[0]);
    expect(shown[0]!.length).toBeGreaterThan(15);
  });

  it('shows who asked, and inline requests too', async () => {
    const [monitor, client] = [await monitorOf(await fleet.connect()), await fleet.connect()];
    client.send('set inline "a b"\r\n');
    const found = LINE.exec(await monitor.readLine())!;
    expect(found[3]).toBe(`127.0.0.1:${client.socket.localPort}`);
    expect(found[4]).toBe('"set" "inline" "a b"');
    expect(Math.abs(Number(found[1]) - Date.now() / 1000)).toBeLessThan(60);
    monitor.destroy();
  });

  it('leaves a client the commands that redis-server leaves it', async () => {
    const replies: string[][] = [];
    for (const port of [plain.port, fleet.proxy.port]) {
      const monitor = await monitorOf(await connectRaw(port));
      const got: string[] = [];
      monitor.sendCommand('MONITOR'); // which is not answered again
      for (const words of [
        ['PING'],
        ['GET', 'k'],
        ['SET', 'k', 'v'],
        ['SELECT', '2'],
        ['PUBLISH', 'a', 'b'],
        ['ECHO', 'end'],
      ]) {
        monitor.sendCommand(...words);
      }
      for (let i = 0; i < 9; i++) got.push((await monitor.readReply()).toString('latin1').replace(/^\+\d.*?\] /, ''));
      monitor.destroy();
      replies.push(got);
    }
    expect(replies[1]).toEqual(replies[0]);
    expect(replies[0]!.filter((reply) => reply.includes("can't interact"))).toHaveLength(3);
  });

  it('has the flag O, and ends with RESET, QUIT and CLIENT KILL', async () => {
    const [one, two, three, other] = await Promise.all([1, 2, 3, 4].map(() => fleet.connect()));
    const id = (await three!.call('CLIENT', 'ID')).slice(1);
    for (const client of [one!, two!, three!]) await monitorOf(client);
    expect(await other!.call('CLIENT', 'LIST')).toContain(' flags=O ');
    await eventually('three monitors', () => fleet.info('monitor_clients'), (count) => Number(count) >= 3); // prettier-ignore
    expect(await other!.call('CLIENT', 'KILL', 'ID', id.trim())).toBe(':1\r\n');
    await three!.closed;
    two!.sendCommand('QUIT');
    await two!.closed;
    one!.sendCommand('RESET');
    await one!.readUntil('+RESET\r\n');
    one!.sendCommand('SET', 'after', 'reset');
    expect(await one!.readUntil('+OK\r\n')).not.toContain('"SET"');
    await other!.call('ECHO', 'unseen');
    expect(await one!.call('PING')).toBe('+PONG\r\n');
  });

  it('lets nothing through that was asked after CLIENT REPLY OFF of the one who monitors', async () => {
    const [monitor, other] = [await monitorOf(await fleet.connect()), await fleet.connect()];
    monitor.sendCommand('CLIENT', 'REPLY', 'OFF');
    await eventually('the command to be served', () => other.call('CLIENT', 'LIST'), (list) => /flags=O .* cmd=client\|reply /.test(list)); // prettier-ignore
    await other.call('ECHO', 'unseen');
    monitor.sendCommand('RESET');
    expect(await monitor.readUntil('+RESET\r\n')).toBe('+RESET\r\n');
  });

  it('costs nobody the short way when the last one has left', async () => {
    const [monitor, client] = [await monitorOf(await fleet.connect()), await fleet.connect()];
    monitor.destroy();
    await eventually('no monitor', () => fleet.info('monitor_clients'), (count) => count === '0'); // prettier-ignore
    client.send(Buffer.concat(Array.from({ length: 500 }, (_, i) => encodeCommand('SET', `m${i % 7}`, i))));
    expect((await client.readReplies(500)).every((reply) => reply.toString() === '+OK\r\n')).toBe(true);
  });

  it('works with redis-cli', async () => {
    const child = spawn('redis-cli', ['-p', String(fleet.proxy.port), 'MONITOR'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (shown += piece));
    await eventually('redis-cli to be told OK', () => shown.startsWith('OK\n'));
    const client = await fleet.connect();
    await client.call('SET', 'from', 'cli test');
    await eventually('the line', () => /\d{10}\.\d{6} \[0 127\.0\.0\.1:\d+\] "SET" "from" "cli test"\n/.test(shown));
    const exited = new Promise((resolve) => child.once('close', resolve));
    child.kill();
    await exited;
  });
});

describe('the limits of MONITOR', () => {
  it('drops lines beyond monitor_rate and says how many, in a line like the others', async () => {
    const small = await startFleet({ nodes: 1, limits: { monitor_rate: 20 } });
    try {
      const [monitor, client] = [await monitorOf(await small.connect()), await small.connect()];
      client.send(Buffer.concat(Array.from({ length: 500 }, (_, i) => encodeCommand('GET', `k${i}`))));
      let [seen, dropped] = [0, 0];
      while (seen + dropped < 500) {
        const found = LINE.exec(await monitor.readLine())!;
        if (found[3] === 'ringward:0') dropped += Number(/^"ringward" "dropped" "(\d+)"$/.exec(found[4]!)![1]);
        else seen++;
      }
      expect(seen + dropped).toBe(500);
      expect(seen).toBeGreaterThanOrEqual(20);
      expect(dropped).toBeGreaterThan(100);
      expect(Number(await small.info('monitor_lines_dropped'))).toBeGreaterThanOrEqual(dropped);
    } finally {
      await small.stop();
    }
  });

  it('closes a client that does not read its lines', async () => {
    const small = await startFleet({ nodes: 1, limits: { subscriber_output: '64KiB' } });
    try {
      const [monitor, client] = [await monitorOf(await small.connect()), await small.connect()];
      monitor.socket.pause();
      const piece = Buffer.concat(Array.from({ length: 400 }, () => encodeCommand('ECHO', 'x'.repeat(250))));
      await eventually('the slow client to be closed', async () => {
        client.send(piece);
        await client.readReplies(400);
        return small.info('client_push_limit_disconnections');
      }, (count) => count === '1'); // prettier-ignore
      expect(await client.call('PING')).toBe('+PONG\r\n');
    } finally {
      await small.stop();
    }
  });
});

describe('MONITOR with two workers', () => {
  it('shows the clients of both', async () => {
    const pair = await startFleet({ workers: 2 });
    try {
      const clients = await Promise.all(Array.from({ length: 8 }, () => pair.connect()));
      const seats = await Promise.all(
        clients.map(async (one) => Number((await one.call('CLIENT', 'ID')).slice(1)) % 256),
      );
      expect(new Set(seats).size).toBe(2);
      const monitor = await monitorOf(clients[0]!);
      for (const [i, client] of clients.entries()) if (i > 0) await client.call('SET', `seat${i}`, seats[i]!);
      const seen = new Set<string>();
      while (seen.size < 7) {
        const line = await monitor.readLine();
        const key = /"SET" "(seat\d)"/.exec(line)?.[1];
        if (key !== undefined) seen.add(key);
      }
      expect([...seen].sort()).toEqual([1, 2, 3, 4, 5, 6, 7].map((i) => `seat${i}`));
      expect(await pair.info('monitor_clients')).toBe('1');
    } finally {
      await pair.stop();
    }
  });
});

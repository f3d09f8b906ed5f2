/**
 * The statistics beside nutcracker's own: the same configuration, servers and requests, then the same names, nesting and
 * order, and the same counts where both count the same.
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/child-process.js';
import { startRingward, type RingwardServer } from '../support/proxy.js';
import { startNutcracker, startRedis, type NutcrackerServer, type TestServer } from '../support/servers.js';
import { connectRaw, type RawClient } from '../support/wire.js';

let redis: TestServer[];
let nutcracker: NutcrackerServer;
let ringward: RingwardServer;
let statsPort: number;

const configOf = (ports: readonly number[]): string =>
  ['beta', 'zz', 'alpha']
    .map((pool) =>
      [
        `${pool}:`,
        '  listen: 127.0.0.1:0',
        '  redis: true',
        '  hash: one_at_a_time',
        '  distribution: modula',
        '  timeout: 400',
        '  preconnect: true',
        '  servers:',
        `    - 127.0.0.1:${ports[0]}:1 server-long-name`,
        `    - 127.0.0.1:${ports[1]}:1 s2`,
        `    - 127.0.0.1:${ports[1]}:1 s1`,
        '',
      ].join('\n'),
    )
    .join('');

beforeAll(async () => {
  redis = await Promise.all([startRedis(), startRedis()]);
  const text = configOf(redis.map(({ port }) => port));
  statsPort = await freePort();
  nutcracker = await startNutcracker({ config: text, args: ['-i', '1'] });
  const listens = await Promise.all([freePort(), freePort(), freePort()]);
  const ours = listens.reduce((config, port) => config.replace('127.0.0.1:0', `127.0.0.1:${port}`), text);
  ringward = await startRingward(ours, {
    args: ['-s', String(statsPort), '-a', '127.0.0.1', '-i', '1', '--workers', '2'],
  });
});
afterAll(() => Promise.all([...redis, nutcracker, ringward].map((server) => server.stop())));

/** Everything that the port says until it closes. */
function read(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    socket.once('error', reject).once('end', () => resolve(text));
  });
}

type Stats = Record<string, Record<string, Record<string, number>>>;

/** Reads until `holds`, since both proxies show what was a moment ago. */
async function readUntil(port: number, holds: (stats: Stats) => boolean): Promise<Stats> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const stats = JSON.parse(await read(port)) as Stats;
    if (holds(stats)) return stats;
  }
  throw new Error(`not in 300 readings: ${await read(port)}`);
}

const sum = (stats: Stats, pool: string, name: string): number =>
  Object.values(stats[pool]!).reduce((total, server) => total + (typeof server === 'object' ? server[name]! : 0), 0);

/** The text with every value that is not a name replaced: what is left is names, order, nesting and spacing. */
const shapeOf = (text: string): string => text.replace(/:(?:\d+|"[^"]*")/g, ':V');

async function talk(client: RawClient): Promise<void> {
  for (let i = 0; i < 10; i++) await client.call('SET', `key:${i * 7}`, 'value');
  for (let i = 0; i < 10; i++) await client.call('GET', `key:${i * 7}`);
}

describe('statistics', () => {
  it('have the names, the order and the spacing of those of nutcracker', async () => {
    const [ours, theirs] = [await read(statsPort), await read(nutcracker.statsPort)];
    expect(shapeOf(ours)).toBe(shapeOf(theirs));
    expect(ours.endsWith('}\n')).toBe(true);
  });

  it('count the same requests, bytes and connections', async () => {
    const ports = [
      [ringward.ports['alpha']!, statsPort],
      [nutcracker.ports['alpha']!, nutcracker.statsPort],
    ] as const;
    for (const [port, stats] of ports) {
      // nutcracker has seen the client that found it ready.
      const eofs = Number((await readUntil(stats, () => true))['alpha']!['client_eof']);
      const client = await connectRaw(port);
      await talk(client);
      const after = await readUntil(stats, (each) => sum(each, 'alpha', 'responses') === 20);
      expect(sum(after, 'alpha', 'requests')).toBe(20);
      expect(after['alpha']).toMatchObject({
        client_connections: 1,
        client_eof: eofs,
        client_err: 0,
        forward_error: 0,
      });
      expect(sum(after, 'alpha', 'in_queue') + sum(after, 'alpha', 'out_queue')).toBe(0);
      client.end();
      await client.closed;
      await readUntil(
        stats,
        (each) =>
          Number(each['alpha']!['client_eof']) === eofs + 1 && Number(each['alpha']!['client_connections']) === 0,
      );
    }
    const [ours, theirs] = await Promise.all(ports.map(async ([, stats]) => JSON.parse(await read(stats)) as Stats));
    for (const server of ['s1', 's2', 'server-long-name']) {
      for (const name of ['requests', 'request_bytes', 'responses', 'response_bytes', 'server_eof', 'server_err']) {
        expect(ours!['alpha']![server]![name], `${server}.${name}`).toBe(theirs!['alpha']![server]![name]);
      }
    }
  });

  it('count two requests for an MGET over two servers', async () => {
    for (const [port, stats] of [
      [ringward.ports['beta']!, statsPort],
      [nutcracker.ports['beta']!, nutcracker.statsPort],
    ] as const) {
      const client = await connectRaw(port);
      await client.call('MGET', 'key:0', 'key:1', 'key:2', 'key:3', 'key:4', 'key:5', 'key:6', 'key:7');
      const after = await readUntil(stats, (each) => sum(each, 'beta', 'responses') === 2);
      expect(sum(after, 'beta', 'requests')).toBe(2);
      client.destroy();
    }
  });

  it('count lost connections and the errors that clients got for them', async () => {
    const client = await connectRaw(ringward.ports['zz']!);
    await client.call('PING');
    await redis[0]!.kill();
    await readUntil(
      statsPort,
      (each) =>
        Number(each['zz']!['server-long-name']!['server_eof']) +
          Number(each['zz']!['server-long-name']!['server_err']) >
        0,
    );
    const replies = await Promise.all(Array.from({ length: 9 }, (_, i) => client.call('GET', `key:${i}`)));
    const errors = replies.filter((reply) => reply.startsWith('-')).length;
    expect(errors).toBeGreaterThan(0);
    await readUntil(statsPort, (each) => Number(each['zz']!['forward_error']) === errors);
  });
});

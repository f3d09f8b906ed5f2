import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { StatsServer } from '../../../src/twemproxy/stats-server.js';

const BIND = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
let server: StatsServer;
afterEach(() => server.close());

async function start(intervalMs: number, make: () => Promise<string>): Promise<number> {
  server = new StatsServer({ bind: BIND, intervalMs }, make);
  return Number((await server.listen()).split(':')[1]);
}

function read(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\n\r\n'));
    socket.on('data', (piece) => (text += String(piece)));
    socket.once('error', reject).once('end', () => resolve(text));
  });
}

describe('StatsServer', () => {
  it('makes one text for all who ask within the interval', async () => {
    let made = 0;
    const port = await start(3_600_000, () => Promise.resolve(`{"made":${++made}}\n`));
    const texts = await Promise.all(Array.from({ length: 20 }, () => read(port)));
    expect(new Set(texts)).toEqual(new Set(['{"made":1}\n']));
  });

  it('closes a connection without a text when there is none, and asks again next time', async () => {
    let calls = 0;
    const port = await start(0, () => (calls++ === 0 ? Promise.reject(new Error('busy')) : Promise.resolve('{}\n')));
    expect(await read(port)).toBe('');
    expect(await read(port)).toBe('{}\n');
  });

  it('says which address it cannot have, and what to do', async () => {
    const port = await start(1, () => Promise.resolve(''));
    const second = new StatsServer({ bind: { ...BIND, port }, intervalMs: 1 }, () => Promise.resolve(''));
    await expect(second.listen()).rejects.toThrow(
      `stats: cannot listen on 127.0.0.1:${port}: the address is already in use (stats.bind or --stats-port`,
    );
  });
});

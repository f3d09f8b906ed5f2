/** How the proxy starts, stops and holds its addresses, in one process and with workers. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { once } from 'node:events';
import { afterAll, afterEach, describe, expect, inject, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Fleet, startFleet } from '../support/fleet.js';
import { connectRaw } from '../support/wire.js';

const main = join(import.meta.dirname, '../../dist/main.js');
const folder = mkdtempSync(join(tmpdir(), 'ringward-life-'));
const fleets: Fleet[] = [];
afterEach(async () => {
  await Promise.all(fleets.splice(0).map((fleet) => fleet.stop()));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function start(options: Parameters<typeof startFleet>[0]): Promise<Fleet> {
  const fleet = await startFleet(options);
  fleets.push(fleet);
  return fleet;
}

/** Runs `serve` on an address and waits for its end. */
function serveOn(bind: string, workers: number): { status: number | null; stdout: string; stderr: string } {
  expect(inject('distTrouble')).toBe('');
  const file = join(folder, 'serve.json');
  const pools = { main: { nodes: [{ host: '127.0.0.1', port: 1 }] } };
  writeFileSync(file, JSON.stringify({ workers, listeners: [{ name: 'redis', bind, pool: 'main' }], pools }));
  return spawnSync(process.execPath, [main, 'serve', '--config', file], { encoding: 'utf8', timeout: 20_000 });
}

describe.each([0, 2])('with workers: %i', (workers) => {
  it('a port that is taken is one line on standard error, and exit code 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const { status, stderr } = serveOn(`127.0.0.1:${port}`, workers);
    taken.close();
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `ringward: listener redis: cannot listen on 127.0.0.1:${port}: the address is already in use\n`,
    });
  });

  it('a unix socket has its mode, serves, replaces one that was left behind, and goes with the proxy', async () => {
    const path = join(folder, `left-${workers}.sock`);
    // A process that dies without closing its socket leaves the file.
    const holder = spawn(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(path)},()=>console.log(1))`]); // prettier-ignore
    await once(holder.stdout, 'data');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(existsSync(path)).toBe(true);
    for (let i = 0; i < 3; i++) {
      const fleet = await start({ nodes: 1, workers, listener: { bind: path, unix_mode: '0600' } });
      expect(statSync(path).mode & 0o777).toBe(0o600);
      for (let j = 0; j < 4; j++) {
        const client = await connectRaw(path);
        expect(await client.call('SET', 'k', 'v')).toBe('+OK\r\n');
        client.destroy();
      }
      if (i === 0) await fleet.proxy.kill();
      else await fleet.proxy.stop();
      expect(existsSync(path)).toBe(i === 0);
    }
  });

  it('a unix socket that somebody answers on is refused, and left alone', async () => {
    const path = join(folder, `live-${workers}.sock`);
    const live = createServer((socket) => socket.on('error', () => undefined).end('mine')).listen(path);
    await once(live, 'listening');
    const { status, stderr } = serveOn(path, workers);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `ringward: listener redis: cannot listen on ${path}: the address is already in use\n`,
    });
    const client = await connectRaw(path);
    expect((await client.readToEnd()).toString()).toBe('mine');
    live.close();
  });

  it('SIGTERM lets what is in flight finish, takes nothing new, and ends with code 0', async () => {
    const fleet = await start({ nodes: 1, workers, pool: { timeouts: { request: '0' } } });
    const [client, idle] = [await fleet.connect(), await fleet.connect()];
    await client.call('SET', 'k', 'v');
    await idle.call('PING');
    fleet.nodes[0]!.freeze();
    client.send('*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n*2\r\n$3\r\nGET\r\n$1\r\nk');
    fleet.proxy.signal('SIGTERM');
    await idle.closed;
    // Each worker closes its share of the listener when the word reaches it.
    await eventually('new connections to be refused', () =>
      connectRaw(fleet.proxy.port).then(
        (late) => {
          late.destroy();
          return false;
        },
        (error: unknown) => String(error).includes('ECONNREFUSED'),
      ),
    );
    fleet.nodes[0]!.thaw();
    expect((await client.readToEnd()).toString()).toBe('$1\r\nv\r\n:1\r\n');
    await fleet.proxy.exited;
    expect(fleet.proxy.exitCode()).toBe(0);
    expect(fleet.proxy.log()).toContain('"msg":"stopped"');
    expect(fleet.proxy.stderr()).toBe('');
  });

  it('SIGTERM waits no longer than timeouts.drain', async () => {
    const fleet = await start({
      nodes: 1,
      workers,
      pool: { timeouts: { request: '0' } },
      timeouts: { drain: '200ms' },
    });
    const client = await fleet.connect();
    await client.call('GET', 'k');
    fleet.nodes[0]!.freeze();
    client.sendCommand('GET', 'k');
    fleet.proxy.signal('SIGTERM');
    await client.closed;
    await fleet.proxy.exited;
    expect(fleet.proxy.exitCode()).toBe(0);
  });

  it('a second SIGTERM ends it at once, with code 1', async () => {
    const fleet = await start({ nodes: 1, workers, pool: { timeouts: { request: '0' } }, timeouts: { drain: '10m' } });
    const client = await fleet.connect();
    await client.call('GET', 'k');
    fleet.nodes[0]!.freeze();
    client.sendCommand('GET', 'k');
    fleet.proxy.signal('SIGTERM');
    await fleet.proxy.waitForLog('"msg":"stopping"');
    fleet.proxy.signal('SIGTERM');
    await fleet.proxy.exited;
    expect(fleet.proxy.exitCode()).toBe(1);
    await client.closed;
  });
});

/** Two worker processes behind one address: clients see one server, and the loss of a worker costs only its own clients. */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Fleet, startFleet } from '../support/fleet.js';
import { type RawClient } from '../support/wire.js';

let fleet: Fleet;
let clients: RawClient[];
beforeAll(async () => {
  fleet = await startFleet({ workers: 2 });
  clients = await Promise.all(Array.from({ length: 20 }, () => fleet.connect()));
});
afterAll(() => fleet.stop());

function workerPids(): number[] {
  const { pid } = fleet.proxy;
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').map(Number);
}

async function idOf(client: RawClient): Promise<number> {
  return Number((await client.call('CLIENT', 'ID')).slice(1));
}

it('CLIENT LIST and INFO speak for both workers', async () => {
  const ids = await Promise.all(clients.map(idOf));
  expect(new Set(ids).size).toBe(20);
  expect(new Set(ids.map((id) => id % 256)).size).toBe(2);
  for (const client of clients.slice(0, 4)) {
    const listed = [...(await client.call('CLIENT', 'LIST')).matchAll(/^(?:\$\d+\r\n)?id=(\d+) /gm)].map(([, id]) =>
      Number(id),
    );
    expect(listed).toEqual([...ids].sort((a, b) => a - b));
    const info = await client.call('INFO');
    expect(info).toContain('\r\nworkers:2\r\n');
    expect(info).toContain('\r\nconnected_clients:20\r\n');
  }
  const before = Number(await fleet.info('total_commands_processed'));
  await Promise.all(clients.map((client) => client.call('SET', 'k', 'v')));
  expect(Number(await fleet.info('total_commands_processed')) - before).toBe(21);
});

it('CLIENT KILL reaches the clients of the other worker, and the caller last', async () => {
  const ids = await Promise.all(clients.map(idOf));
  const other = ids.findIndex((id) => id % 256 !== ids[0]! % 256);
  expect(await clients[0]!.call('CLIENT', 'KILL', 'ID', ids[other]!)).toBe(':1\r\n');
  await clients[other]!.closed;
  const port = clients[0]!.socket.localPort!;
  const neighbour = clients[other === 1 ? 2 : 1]!;
  expect(await neighbour.call('CLIENT', 'KILL', `127.0.0.1:${port}`)).toBe('+OK\r\n');
  await clients[0]!.closed;
});

it('a worker that is killed is replaced, and the other goes on serving', async () => {
  const living = await Promise.all(Array.from({ length: 12 }, () => fleet.connect()));
  const ids = await Promise.all(living.map(idOf));
  const pids = workerPids();
  expect(pids).toHaveLength(2);
  let closed = 0;
  for (const client of living) void client.closed.then(() => closed++);
  process.kill(pids[0]!, 'SIGKILL');
  const counts = [1, 2].map((worker) => ids.filter((id) => id % 256 === worker).length);
  await eventually('one worker’s clients to be closed', () => counts.includes(closed) && closed > 0);
  const survivors = living.filter((client) => !client.socket.destroyed && !client.socket.readableEnded);
  expect(survivors).toHaveLength(12 - closed);
  for (const client of survivors) expect(await client.call('SET', 'k', 'v')).toBe('+OK\r\n');
  const newcomer = await fleet.connect();
  expect(await newcomer.call('GET', 'k')).toBe('$1\r\nv\r\n');
  await eventually('another worker', () => fleet.info('workers'), (count) => count === '2'); // prettier-ignore
  expect(await fleet.info('worker_restarts')).toBe('1');
  const seats = new Set<number>();
  await eventually('both to serve', async () => seats.add((await idOf(await fleet.connect())) % 256).size === 2);
  expect(workerPids()).not.toContain(pids[0]);
});

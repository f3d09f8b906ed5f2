/**
 * Clients under load while nodes are frozen, killed and restarted and clients leave in the middle of replies: whatever a
 * reply says, it is about the key that was asked for.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Fleet, startFleet } from '../support/fleet.js';
import { startRedis } from '../support/servers.js';

const CLIENTS = 40;
const PIPELINE = 30;
const KEYS = 500;
let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet({ pool: { timeouts: { connect: '200ms', request: '200ms' } } });
});
afterAll(() => fleet.stop());

/** Every key's value names it, so any other value in its place is somebody else's reply. */
async function fill(): Promise<void> {
  const client = await fleet.connect();
  const pairs = Array.from({ length: KEYS }, (_, i) => [`key${i}`, `value of key${i}${'.'.repeat((i * 37) % 900)}`]);
  await eventually('the keys to be set', async () => (await client.call('MSET', ...pairs.flat())) === '+OK\r\n');
  client.destroy();
}

function isRight(key: string, reply: string): boolean {
  return reply === '$-1\r\n' || reply.includes(`\r\nvalue of ${key}.`) || reply.endsWith(`\r\nvalue of ${key}\r\n`) || /^-ERR ringward: node n\d /.test(reply); // prettier-ignore
}

it('no client ever sees a reply to somebody else’s request', async () => {
  await fill();
  let isOver = false;
  const seen = { values: 0, errors: 0, wrong: [] as string[] };
  const run = async (seed: number): Promise<void> => {
    let client = await fleet.connect();
    for (let round = 0; !isOver; round++) {
      const keys = Array.from({ length: PIPELINE }, (_, i) => `key${(seed * 7919 + round * 31 + i * i) % KEYS}`);
      for (const key of keys) client.sendCommand('GET', key);
      client.sendCommand('MGET', ...keys.slice(0, 3));
      if ((seed + round) % 17 === 0) {
        client.socket.resetAndDestroy();
        client = await fleet.connect();
        continue;
      }
      const replies = (await client.readReplies(PIPELINE + 1)).map(String);
      keys.forEach((key, i) => {
        if (!isRight(key, replies[i]!)) seen.wrong.push(`${key}: ${replies[i]!.slice(0, 100)}`);
        if (replies[i]!.startsWith('-')) seen.errors++;
        else seen.values++;
      });
      const parts = replies[PIPELINE]!.replace(/^\*3\r\n/, '').match(/-[^\r]*\r\n|\$-1\r\n|\$\d+\r\n[^\r]*\r\n/g) ?? [];
      keys.slice(0, 3).forEach((key, i) => {
        // Three keys of one node that fails are one error.
        const part = replies[PIPELINE]!.startsWith('-') ? replies[PIPELINE]! : (parts[i] ?? 'nothing');
        if (!isRight(key, part)) seen.wrong.push(`${key} of MGET: ${replies[PIPELINE]!.slice(0, 200)}`);
      });
    }
    client.destroy();
  };
  const runs = Array.from({ length: CLIENTS }, (_, seed) => run(seed));
  for (let round = 0; round < 3; round++) {
    const timeouts = Number(await fleet.info('upstream_timeouts'));
    fleet.nodes[0]!.freeze();
    await eventually('a timeout', async () => Number(await fleet.info('upstream_timeouts')) > timeouts);
    fleet.nodes[0]!.thaw();
    const { port } = fleet.nodes[1]!;
    await fleet.nodes[1]!.kill();
    fleet.nodes[1] = await startRedis({ port });
    await fill();
  }
  isOver = true;
  await Promise.all(runs);
  expect(seen.wrong).toEqual([]);
  expect(seen.errors).toBeGreaterThan(0);
  expect(seen.values).toBeGreaterThan(seen.errors);
  expect(await fleet.info('upstream_protocol_errors')).toBe('0');
});

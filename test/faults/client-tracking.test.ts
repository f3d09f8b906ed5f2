/** Clients that track keys when nodes are lost, limits are reached, and when they leave: nobody keeps an old value. */
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type FakeNode, startFakeNode } from '../support/fake-node.js';
import { type Fleet, type FleetOptions, startFleet } from '../support/fleet.js';
import { startRedis } from '../support/servers.js';
import { encodeCommand } from '../support/wire.js';
import { TrackingClient } from '../integration/tracking-client.js';

const fleets: Fleet[] = [];
const fakes: FakeNode[] = [];
afterEach(async () => {
  await Promise.all([...fleets.splice(0).map((fleet) => fleet.stop()), ...fakes.splice(0).map((fake) => fake.stop())]);
});

async function start(options: FleetOptions = {}): Promise<Fleet> {
  const fleet = await startFleet(options);
  fleets.push(fleet);
  return fleet;
}

/** Connections of the node that have tracking on. */
async function trackedAt(fleet: Fleet, node: number): Promise<number> {
  const client = await fleet.connectNode(node);
  const list = await client.call('CLIENT', 'LIST');
  client.destroy();
  return [...list.matchAll(/ flags=t/g)].length;
}

describe('a node that is lost', () => {
  it.each([[[]], [['BCAST']]])(
    'makes its trackers drop everything, and tracks again when it is back (%j)',
    async (options) => {
      const fleet = await start();
      const tracker = await TrackingClient.open(await fleet.connect(), ...options);
      const keys = [0, 1, 2].map((node) => fleet.keysOf(node, 1, 'lost')[0]!);
      await tracker.read(keys);
      const { port } = fleet.nodes[1]!;
      await fleet.nodes[1]!.kill();
      await tracker.nextPush();
      expect(tracker.takeInvalidated()).toEqual(['*']);
      expect(tracker.cache.size).toBe(0);
      await tracker.read([keys[0]!]);
      fleet.nodes[1] = await startRedis({ port });
      await eventually('the node to serve', () => tracker.call('GET', keys[1]!), (reply) => reply === '$-1\r\n' || reply === '_\r\n'); // prettier-ignore
      tracker.takeInvalidated();
      const writer = await fleet.connectNode(1);
      await writer.call('SET', keys[1]!, 'new');
      while (!tracker.takeInvalidated().includes(keys[1]!)) await tracker.nextPush();
      expect(await tracker.call('GET', keys[1]!)).toBe('$3\r\nnew\r\n');
    },
  );

  it('is noticed although it says nothing and nothing is asked of it', async () => {
    const fleet = await start({ nodes: 1, pool: { timeouts: { connect: '300ms', request: '300ms' } } });
    const tracker = await TrackingClient.open(await fleet.connect());
    await tracker.read(['k']);
    fleet.nodes[0]!.freeze();
    await tracker.nextPush();
    expect(tracker.takeInvalidated()).toEqual(['*']);
    fleet.nodes[0]!.thaw();
  });

  it('does not keep a client from tracking by BCAST, which hears of it when it is there', async () => {
    const fleet = await start({ nodes: 2 });
    const { port } = fleet.nodes[1]!;
    await fleet.nodes[1]!.kill();
    const tracker = await TrackingClient.open(await fleet.connect(), 'BCAST');
    fleet.nodes[1] = await startRedis({ port });
    await tracker.nextPush();
    expect(tracker.takeInvalidated()).toEqual(['*']);
    const writer = await fleet.connectNode(1);
    await writer.call('SET', 'any', '1');
    await tracker.nextPush();
    expect(tracker.takeInvalidated()).toEqual(['any']);
  });
});

describe('a node that pushes right behind its answer to CLIENT TRACKING', () => {
  it('is understood', async () => {
    const fake = await startFakeNode((words, socket) => {
      if (words[1] === 'TRACKING') socket.write('+OK\r\n>2\r\n$10\r\ninvalidate\r\n*1\r\n$5\r\nearly\r\n');
      else if (words[0] === 'HELLO') socket.write('%0\r\n');
      else if (words[0] === 'PING') socket.write('+PONG\r\n');
      else socket.write('+OK\r\n');
    });
    fakes.push(fake);
    const fleet = await start({ ports: [fake.port] });
    const tracker = await TrackingClient.open(await fleet.connect(), 'BCAST');
    expect(await tracker.call('GET', 'k')).toBe('+OK\r\n');
    if (tracker.takeInvalidated().length === 0) await tracker.nextPush();
    expect(fake.requests.filter((words) => words[1] === 'TRACKING')).toEqual([['CLIENT', 'TRACKING', 'ON', 'BCAST']]);
  });
});

describe('a client that tracks', () => {
  it('is refused beyond tracking_clients, until another one stops', async () => {
    const fleet = await start({ nodes: 1, pool: { limits: { tracking_clients: 2 } } });
    const [one, two] = await Promise.all([1, 2].map(async () => TrackingClient.open(await fleet.connect())));
    const third = await fleet.connect();
    expect(await third.call('CLIENT', 'TRACKING', 'ON')).toBe(
      '-ERR ringward: 2 clients track keys already, the limit is 2 (tracking_clients of pool main)\r\n',
    );
    expect(await fleet.info('tracking_refused')).toBe('1');
    expect(await one!.call('CLIENT', 'TRACKING', 'OFF')).toBe('+OK\r\n');
    expect(await third.call('CLIENT', 'TRACKING', 'ON')).toBe('+OK\r\n');
    two!.raw.destroy();
    await eventually('the place of who left', () => one!.call('CLIENT', 'TRACKING', 'ON'), (reply) => reply === '+OK\r\n'); // prettier-ignore
  });

  it('takes its connections with it when it leaves, says OFF or is killed', async () => {
    const fleet = await start({ nodes: 2 });
    const trackers = await Promise.all([1, 2, 3].map(async () => TrackingClient.open(await fleet.connect(), 'BCAST')));
    for (const node of [0, 1]) expect(await trackedAt(fleet, node)).toBe(3);
    const id = (await trackers[0]!.call('CLIENT', 'ID')).slice(1).trim();
    expect(await trackers[1]!.call('CLIENT', 'TRACKING', 'OFF')).toBe('+OK\r\n');
    trackers[2]!.raw.destroy();
    expect(await trackers[1]!.call('CLIENT', 'KILL', 'ID', id)).toBe(':1\r\n');
    for (const node of [0, 1]) await eventually('no tracking at the node', () => trackedAt(fleet, node), (count) => count === 0); // prettier-ignore
    expect(await fleet.info('tracking_clients')).toBe('0');
  });

  it('has what it wrote last done, although it left at once', async () => {
    const fleet = await start({ nodes: 2 });
    for (let round = 0; round < 10; round++) {
      const tracker = await TrackingClient.open(await fleet.connect());
      await tracker.call('GET', 'k');
      const writes = Array.from({ length: 50 }, (_, i) => encodeCommand('SET', `last${i}`, `${round}`));
      tracker.raw.send(Buffer.concat(writes));
      tracker.raw.end();
      await tracker.raw.closed;
      const reader = await fleet.connect();
      for (let i = 0; i < 50; i++) expect(await reader.call('GET', `last${i}`)).toBe(`$1\r\n${round}\r\n`);
    }
  });

  it('is closed when invalidations pile up that it does not read', async () => {
    const fleet = await start({ nodes: 1, limits: { subscriber_output: '64KiB' } });
    const tracker = await TrackingClient.open(await fleet.connect(), 'BCAST');
    tracker.raw.socket.pause();
    const writer = await fleet.connect();
    const piece = Buffer.concat(
      Array.from({ length: 400 }, (_, i) => encodeCommand('SET', `${'x'.repeat(250)}${i}`, 'v')),
    );
    await eventually('the slow client to be closed', async () => {
      writer.send(piece);
      await writer.readReplies(400);
      return fleet.info('client_push_limit_disconnections');
    }, (count) => count === '1'); // prettier-ignore
  });
});

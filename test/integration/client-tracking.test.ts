/** CLIENT TRACKING through the proxy: what is invalidated, compared with one redis-server, and what a cache then holds. */
import { BasicClientSideCache, createClient } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Fleet, startFleet } from '../support/fleet.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { connectRaw, encodeCommand, type RawClient } from '../support/wire.js';
import { TrackingClient } from './tracking-client.js';

let fleet: Fleet;
let plain: TestServer;
let barriers: string[];
beforeAll(async () => {
  [fleet, plain] = await Promise.all([startFleet(), startRedis()]);
  barriers = [0, 1, 2].map((node) => fleet.keysOf(node, 1, 'barrier')[0]!);
});
afterAll(() => Promise.all([fleet.stop(), plain.kill()]));

const opened: RawClient[] = [];
afterEach(() => {
  for (const client of opened.splice(0)) client.destroy();
});

async function connect(port: number): Promise<RawClient> {
  const client = await connectRaw(port);
  opened.push(client);
  return client;
}

/** A number from 0 to `below` - 1, the same ones for the same seed. */
function randomly(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

interface Step {
  readonly who: 'tracker' | 'writer';
  readonly words: readonly string[];
}

/** Reads and writes of two clients; `caching` comes now and then in front of what the tracker says. */
function program(seed: number, caching: string | null): Step[] {
  const next = randomly(seed);
  const key = (): string => `${['a:', 'b:', 'c:'][next(3)]!}${next(8)}`;
  const read = [
    () => ['GET', key()],
    () => ['MGET', key(), key(), key()],
    () => ['EXISTS', key(), key()],
    () => ['STRLEN', key()],
  ];
  const write = [
    () => ['SET', key(), String(next(100))],
    () => ['DEL', key(), key()],
    () => ['MSET', key(), '1', key(), '2'],
    () => ['APPEND', key(), 'x'],
  ];
  const steps: Step[] = [];
  for (let i = 0; i < 60; i++) {
    if (next(10) < 4) {
      steps.push({ who: 'writer', words: write[next(4)]!() });
      continue;
    }
    if (caching !== null && next(2) === 0) steps.push({ who: 'tracker', words: ['CLIENT', 'CACHING', caching] });
    steps.push({ who: 'tracker', words: next(4) === 0 ? write[next(4)]!() : read[next(4)]!() });
  }
  return steps;
}

/** Replies, and after each step what it invalidated. What a node pushes is there when it has answered its barrier. */
async function run(port: number, options: readonly string[], steps: readonly Step[]): Promise<unknown[]> {
  const [tracker, writer] = [await TrackingClient.open(await connect(port), ...options), await connect(port)];
  const trace: unknown[] = [];
  for (const { who, words } of steps) {
    const reply = who === 'tracker' ? await tracker.call(...words) : await writer.call(...words);
    if (words[0] === 'CLIENT') continue; // the barrier would use it up
    for (const barrier of barriers) await tracker.call('GET', barrier);
    trace.push([who, words.join(' '), reply, tracker.takeInvalidated()]);
  }
  await writer.call(
    'DEL',
    ...['a:', 'b:', 'c:'].flatMap((prefix) => [0, 1, 2, 3, 4, 5, 6, 7].map((i) => `${prefix}${i}`)),
  );
  return trace;
}

describe('CLIENT TRACKING invalidates what one redis-server would, with', () => {
  it.each([
    ['no options', [], null],
    ['NOLOOP', ['NOLOOP'], null],
    ['BCAST', ['BCAST'], null],
    ['BCAST and NOLOOP', ['BCAST', 'NOLOOP'], null],
    ['prefixes', ['BCAST', 'PREFIX', 'a:', 'PREFIX', 'b:3'], null],
    ['OPTIN', ['OPTIN'], 'YES'],
    ['OPTOUT', ['OPTOUT'], 'NO'],
    ['OPTOUT and NOLOOP', ['OPTOUT', 'NOLOOP'], 'NO'],
  ] as const)('%s', async (_name, options, caching) => {
    let invalidations = 0;
    for (const seed of [1, 2]) {
      const steps = program(seed, caching);
      const [one, proxied] = [await run(plain.port, options, steps), await run(fleet.proxy.port, options, steps)];
      expect(proxied).toEqual(one);
      invalidations += one.filter((step) => (step as string[][])[3]!.length > 0).length;
    }
    expect(invalidations).toBeGreaterThan(5);
  });
});

describe('a client that caches what it reads', () => {
  it.each([[[]], [['BCAST']]])('holds no old value when everything has come (%j)', async (options) => {
    const keys = Array.from({ length: 40 }, (_, i) => `cached${i}`);
    const next = randomly(options.length + 7);
    const tracker = await TrackingClient.open(await connect(fleet.proxy.port), ...options);
    const writers = await Promise.all([1, 2].map(() => connect(fleet.proxy.port)));
    for (let round = 0; round < 30; round++) {
      const writes = writers.map((writer, n) => {
        const sets = Array.from({ length: 30 }, (_, i) => encodeCommand('SET', keys[next(40)]!, `${round}.${n}.${i}`));
        writer.send(Buffer.concat(sets));
        return writer.readReplies(30);
      });
      await tracker.read(Array.from({ length: 60 }, () => keys[next(40)]!));
      await Promise.all(writes);
    }
    for (const barrier of barriers) await tracker.call('GET', barrier);
    const reader = await connect(fleet.proxy.port);
    for (const [key, value] of tracker.cache) expect([key, value]).toEqual([key, await reader.call('GET', key)]);
    expect(tracker.takeInvalidated().length).toBeGreaterThan(5);
  });

  it('is told to drop everything when a node is flushed', async () => {
    for (const options of [[], ['BCAST']]) {
      const tracker = await TrackingClient.open(await connect(fleet.proxy.port), ...options);
      await tracker.read([barriers[1]!]);
      const node = await fleet.connectNode(1);
      await node.call('FLUSHALL');
      await tracker.nextPush();
      expect(tracker.takeInvalidated()).toEqual(['*']);
      expect(tracker.cache.size).toBe(0);
    }
  });

  it('is told to drop everything when it changes the database, and is tracked there', async () => {
    const [tracker, writer] = [
      await TrackingClient.open(await connect(fleet.proxy.port)),
      await connect(fleet.proxy.port),
    ];
    await tracker.read(['db']);
    expect(await tracker.call('SELECT', '2')).toBe('+OK\r\n');
    await tracker.nextPush();
    expect(tracker.takeInvalidated()).toEqual(['*']);
    await tracker.read(['db']);
    await writer.call('SELECT', '2');
    await writer.call('SET', 'db', '1');
    await tracker.nextPush();
    expect(tracker.takeInvalidated()).toEqual(['db']);
    expect(await tracker.call('GET', 'db')).toBe('$1\r\n1\r\n');
  });

  it('sees its own writes across CLIENT TRACKING ON and OFF', async () => {
    const client = await connect(fleet.proxy.port);
    await client.call('HELLO', 3);
    const words: string[][] = [];
    for (let i = 0; i < 60; i++) {
      words.push(['SET', 'own', String(i)], ['CLIENT', 'TRACKING', i % 2 === 0 ? 'ON' : 'OFF'], ['GET', 'own']);
    }
    client.send(Buffer.concat(words.map((one) => encodeCommand(...one))));
    for (let i = 0; i < 60; i++) {
      const replies: string[] = [];
      while (replies.length < 3) {
        const reply = (await client.readReply()).toString();
        if (!reply.startsWith('>')) replies.push(reply);
      }
      expect(replies).toEqual(['+OK\r\n', '+OK\r\n', `$${String(i).length}\r\n${i}\r\n`]);
    }
  });
});

describe('CLIENT TRACKING, CACHING, TRACKINGINFO and GETREDIR', () => {
  const CASES = [
    ...['TRACKINGINFO', 'GETREDIR', 'CACHING YES', 'CACHING FOO', 'TRACKING ON', 'TRACKINGINFO', 'GETREDIR'],
    ...['TRACKING OFF', 'TRACKING OFF', 'TRACKING FOO', 'TRACKING ON BCAST OPTIN', 'TRACKING ON OPTIN OPTOUT'],
    ...['TRACKING ON PREFIX a', 'TRACKING OFF PREFIX a', 'TRACKING ON PREFIX', 'TRACKING ON BCAST PREFIX a PREFIX ab'],
    ...['TRACKING ON BCAST PREFIX ab PREFIX a', 'TRACKING ON BCAST PREFIX a PREFIX a', 'TRACKING FOO BAR'],
    ...['TRACKING OFF BAR', 'TRACKING OFF OPTIN OPTOUT', 'TRACKING ON REDIRECT', 'TRACKING ON REDIRECT x'],
    ...['TRACKING ON BCAST NOLOOP PREFIX b PREFIX a', 'TRACKINGINFO', 'TRACKING ON BCAST PREFIX ba'],
    ...['TRACKING ON BCAST PREFIX b', 'TRACKING ON BCAST PREFIX d', 'TRACKINGINFO', 'TRACKING ON', 'TRACKING ON BCAST'],
    ...['TRACKINGINFO', 'TRACKING ON BCAST PREFIX z', 'TRACKING OFF', 'TRACKINGINFO', 'TRACKING ON OPTIN'],
    ...['CACHING NO', 'CACHING FOO', 'CACHING YES', 'TRACKINGINFO', 'TRACKING ON OPTOUT', 'TRACKING ON OPTIN NOLOOP'],
    ...[
      'TRACKINGINFO',
      'TRACKING ON',
      'TRACKINGINFO',
      'CACHING YES',
      'TRACKING ON OPTOUT',
      'CACHING YES',
      'CACHING NO',
    ],
    ...['TRACKINGINFO', 'TRACKING ON BCAST', 'GETREDIR', 'TRACKING OFF'],
  ];

  it.each([2, 3])('answer in RESP%i as redis-server does', async (version) => {
    const [one, proxied] = [
      new TrackingClient(await connect(plain.port)),
      new TrackingClient(await connect(fleet.proxy.port)),
    ];
    for (const client of [one, proxied]) await client.call('HELLO', version);
    for (const words of CASES) {
      const args = ['CLIENT', ...words.split(' ')];
      expect([words, await proxied.call(...args)]).toEqual([words, await one.call(...args)]);
    }
  });

  it('refuse REDIRECT, and say what to do instead', async () => {
    const client = await fleet.connect();
    expect(await client.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', '5')).toMatch(
      /^-ERR ringward: CLIENT TRACKING with REDIRECT .*HELLO 3/,
    );
  });

  it('send a RESP2 client nothing until it says HELLO 3', async () => {
    const [client, writer] = [await connect(fleet.proxy.port), await connect(fleet.proxy.port)];
    expect(await client.call('CLIENT', 'TRACKING', 'ON')).toBe('+OK\r\n');
    expect(await client.call('GET', 'two')).toBe('$-1\r\n');
    await writer.call('SET', 'two', '1');
    expect(await client.call('GET', 'two')).toBe('$1\r\n1\r\n');
    const later = new TrackingClient(client);
    await later.call('HELLO', 3);
    await later.read(['two']);
    later.takeInvalidated();
    await writer.call('SET', 'two', '2');
    await later.nextPush();
    expect(later.takeInvalidated()).toEqual(['two']);
  });

  it('show in CLIENT LIST, and end with RESET', async () => {
    const [tracker, other] = [
      await TrackingClient.open(await connect(fleet.proxy.port), 'BCAST'),
      await connect(fleet.proxy.port),
    ];
    expect(await other.call('CLIENT', 'LIST')).toMatch(/ flags=tB .* redir=0 resp=3 /);
    expect(await fleet.info('tracking_clients')).toBe('1');
    expect(await tracker.call('RESET')).toBe('+RESET\r\n');
    await other.call('SET', 'a', '1');
    expect(await tracker.call('CLIENT', 'TRACKINGINFO')).toContain('$3\r\noff\r\n');
    expect(tracker.takeInvalidated()).toEqual([]);
    expect(await other.call('CLIENT', 'LIST')).not.toContain('redir=0');
  });
});

describe('node-redis with its client side cache', () => {
  it('answers from its cache until somebody else writes', async () => {
    const cache = new BasicClientSideCache({ ttl: 0, maxEntries: 0 });
    const client = createClient({ url: `redis://127.0.0.1:${fleet.proxy.port}`, RESP: 3, clientSideCache: cache });
    await client.connect();
    const writer = await connect(fleet.proxy.port);
    for (let i = 0; i < 20; i++) {
      await writer.call('SET', `nr${i % 5}`, i);
      await eventually('the new value', () => client.get(`nr${i % 5}`), (value) => value === String(i)); // prettier-ignore
    }
    const { hitCount } = cache.stats();
    for (let i = 0; i < 5; i++) expect(await client.get(`nr${i}`)).toBe(String(15 + i));
    expect(cache.stats().hitCount).toBe(hitCount + 5);
    await client.close();
  });
});

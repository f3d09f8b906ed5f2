/**
 * The password and the database of a listener, with a redis-server that asks for a password itself as the model: what a
 * client hears from the proxy is what it hears from Redis.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startRingward, type RingwardServer } from '../support/proxy.js';
import { startRedis, type TestServer } from '../support/servers.js';
import { connectRaw, encodeCommand, type RawClient } from '../support/wire.js';

const PASSWORD = 'se${cret';
let redis: TestServer;
let proxy: RingwardServer;

beforeAll(async () => {
  redis = await startRedis({ args: ['--requirepass', PASSWORD] });
  const node = { id: 'only', host: '127.0.0.1', port: redis.port };
  proxy = await startRingward(
    {
      workers: 0,
      listeners: [{ name: 'locked', bind: '127.0.0.1:0', pool: 'main', password: '${LOGIN}', database: 3 }],
      pools: { main: { nodes: [node], auth: { password: '${LOGIN}' } } },
      log: { format: 'json', level: 'trace' },
    },
    { env: { LOGIN: PASSWORD } },
  );
});
afterAll(async () => {
  expect(proxy.log()).not.toContain(PASSWORD);
  await Promise.all([proxy.stop(), redis.stop()]);
});

let ours: RawClient;
let theirs: RawClient;
beforeEach(async () => {
  ours = await connectRaw(proxy.port);
  theirs = await connectRaw(redis.port);
});

const CONVERSATIONS: readonly (readonly string[][])[] = [
  [['GET', 'k'], ['PING'], ['AUTH', 'wrong'], ['GET', 'k'], ['AUTH', PASSWORD], ['PING']],
  [['MGET', 'a', 'b'], ['NOSUCH', 'x'], ['GET'], ['SELECT', '1'], ['CLIENT', 'ID'], ['RESET'], ['PING']],
  [['AUTH', 'default', 'wrong'], ['AUTH', 'nobody', PASSWORD], ['AUTH', 'default', PASSWORD], ['PING']],
  [['AUTH', PASSWORD], ['AUTH', 'wrong'], ['PING'], ['RESET'], ['PING']],
  [['HELLO'], ['HELLO', '3'], ['HELLO', '3', 'AUTH', 'default', 'wrong'], ['PING'], ['AUTH', 'a', 'b', 'c']],
  [
    ['AUTH', ''],
    ['AUTH', `${PASSWORD}x`],
    ['AUTH', PASSWORD.slice(0, -1)],
    ['AUTH', PASSWORD],
    ['SET', 'k', '1'],
  ],
  [['QUIT']],
];

describe('a listener with a password', () => {
  it.each(CONVERSATIONS.map((talk) => [JSON.stringify(talk), talk] as const))(
    'answers as Redis: %s',
    async (_t, talk) => {
      for (const words of talk) expect(await ours.call(...words)).toBe(await theirs.call(...words));
    },
  );

  it('takes a pipeline that logs in half-way', async () => {
    const bytes = Buffer.concat(
      [
        ['GET', 'k'],
        ['AUTH', PASSWORD],
        ['SET', 'k', 'v'],
        ['GET', 'k'],
      ].map((w) => encodeCommand(...w)),
    );
    for (const client of [ours, theirs]) client.send(bytes);
    expect((await ours.readReplies(4)).map(String)).toEqual((await theirs.readReplies(4)).map(String));
  });

  it('logs in with HELLO', async () => {
    expect(await ours.call('HELLO', '3', 'AUTH', 'default', PASSWORD)).toMatch(/^%7/);
    expect(await ours.call('PING')).toBe('+PONG\r\n');
  });
});

describe('a listener with a database', () => {
  it('starts its sessions there, and RESET leads back', async () => {
    await theirs.call('AUTH', PASSWORD);
    await theirs.call('SELECT', '3');
    await theirs.call('SET', 'in-three', 'yes');
    await ours.call('AUTH', PASSWORD);
    expect(await ours.call('GET', 'in-three')).toBe('$3\r\nyes\r\n');
    await ours.call('SELECT', '4');
    expect(await ours.call('GET', 'in-three')).toBe('$-1\r\n');
    await ours.call('RESET');
    await ours.call('AUTH', PASSWORD);
    expect(await ours.call('GET', 'in-three')).toBe('$3\r\nyes\r\n');
  });
});

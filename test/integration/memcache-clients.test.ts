/**
 * memcached client libraries through the proxy over three nodes, each with a scenario of its common operations. The Python
 * one runs where python3-pymemcache is installed (scripts/install-test-servers.sh installs it with the servers).
 */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type McFleet, startMcFleet } from '../support/mc-fleet.js';

type Done = (error: Error | undefined, value: unknown) => void;

/** The part of the memcached package that this test uses; it has no types of its own. */
interface MemcachedClient {
  set(key: string, value: unknown, seconds: number, done: Done): void;
  add(key: string, value: unknown, seconds: number, done: Done): void;
  replace(key: string, value: unknown, seconds: number, done: Done): void;
  append(key: string, value: unknown, done: Done): void;
  prepend(key: string, value: unknown, done: Done): void;
  get(key: string, done: Done): void;
  getMulti(keys: readonly string[], done: Done): void;
  gets(key: string, done: Done): void;
  cas(key: string, value: unknown, cas: string, seconds: number, done: Done): void;
  incr(key: string, by: number, done: Done): void;
  decr(key: string, by: number, done: Done): void;
  touch(key: string, seconds: number, done: Done): void;
  del(key: string, done: Done): void;
  version(done: Done): void;
  stats(done: Done): void;
  flush(done: Done): void;
  end(): void;
}
const Memcached = createRequire(import.meta.url)('memcached') as new (server: string) => MemcachedClient;
const run = promisify(execFile);
/** Distribution packages belong to the distribution's interpreter, whatever else is in PATH. */
const python = '/usr/bin/python3';

let fleet: McFleet;

beforeAll(async () => {
  fleet = await startMcFleet();
});

afterAll(async () => {
  await fleet.stop();
});

/** The outcome of one call: its value, or the text of its error. */
function outcome(call: (done: Done) => void): Promise<unknown> {
  return new Promise((resolve) => {
    call((error, value) => resolve(error === undefined ? value : error.message));
  });
}

describe('the memcached package of npm', () => {
  it('stores, reads, counts, swaps, flushes and asks for figures', async () => {
    const client = new Memcached(`127.0.0.1:${fleet.proxy.port}`);
    const keys = Array.from({ length: 20 }, (_, i) => `npm${i}`);
    for (const key of keys) expect(await outcome((done) => client.set(key, `v-${key}`, 60, done))).toBe(true);
    expect(await outcome((done) => client.getMulti([...keys, 'none'], done))).toEqual(
      Object.fromEntries(keys.map((key) => [key, `v-${key}`])),
    );
    expect(await outcome((done) => client.get('none', done))).toBe(undefined);
    expect(await outcome((done) => client.set('object', { a: [1, 'x'] }, 0, done))).toBe(true);
    expect(await outcome((done) => client.get('object', done))).toEqual({ a: [1, 'x'] });
    expect(await outcome((done) => client.add('npm0', 'x', 0, done))).not.toBe(true);
    expect(await outcome((done) => client.replace('npm0', 'x', 0, done))).toBe(true);
    expect(await outcome((done) => client.append('npm0', 'y', done))).toBe(true);
    expect(await outcome((done) => client.prepend('npm0', 'w', done))).toBe(true);
    expect(await outcome((done) => client.get('npm0', done))).toBe('wxy');
    expect(await outcome((done) => client.set('count', 5, 0, done))).toBe(true);
    expect(await outcome((done) => client.incr('count', 10, done))).toBe(15);
    expect(await outcome((done) => client.decr('count', 1, done))).toBe(14);
    const read = (await outcome((done) => client.gets('npm1', done))) as { cas: string };
    expect(await outcome((done) => client.cas('npm1', 'swapped', read.cas, 0, done))).toBe(true);
    expect(await outcome((done) => client.cas('npm1', 'again', read.cas, 0, done))).toBe(false);
    expect(await outcome((done) => client.touch('npm1', 100, done))).toBe(true);
    expect(await outcome((done) => client.del('npm1', done))).toBe(true);
    expect(await outcome((done) => client.get('npm1', done))).toBe(undefined);
    const [version] = (await outcome((done) => client.version(done))) as { major: string; minor: string }[];
    expect([version!.major, version!.minor]).toEqual(['1', '6']);
    const [stats] = (await outcome((done) => client.stats(done))) as Record<string, unknown>[];
    expect(Number(stats!['cmd_set'])).toBeGreaterThanOrEqual(keys.length);
    expect(await outcome((done) => client.flush(done))).toEqual([true]);
    expect(await outcome((done) => client.getMulti(keys, done))).toEqual({});
    client.end();
  });
});

const SCENARIO = `
import sys
from pymemcache.client.base import Client
c = Client(('127.0.0.1', int(sys.argv[1])), timeout=5, connect_timeout=5)
keys = ['py%d' % i for i in range(40)]
assert c.set_many({k: b'v-' + k.encode() for k in keys}, noreply=False) == []
assert c.get_many(keys + ['none']) == {k: b'v-' + k.encode() for k in keys}
assert c.gets_many(keys[:3])['py0'][0] == b'v-py0'
assert c.get('none') is None
assert c.set('a', b'1') and c.get('a') == b'1'
assert c.add('a', b'2', noreply=False) is False
assert c.replace('a', b'7', noreply=False) is True
assert c.append('a', b'0', noreply=False) and c.prepend('a', b'1', noreply=False)
assert c.get('a') == b'170'
assert c.incr('a', 5) == 175 and c.decr('a', 75) == 100
c.incr('a', 1, noreply=True)
assert c.get('a') == b'101'
value, cas = c.gets('a')
assert c.cas('a', b'x', cas, noreply=False) is True
assert c.cas('a', b'y', cas, noreply=False) is False
assert c.cas('gone', b'y', cas, noreply=False) is None
assert c.touch('a', 100, noreply=False) is True and c.touch('gone', 1, noreply=False) is False
big = bytes(range(256)) * 3000
assert c.set('big', big, noreply=False) and c.get('big') == big
assert c.delete('a', noreply=False) is True and c.delete('a', noreply=False) is False
c.delete_many(keys[:5], noreply=True)
assert sorted(c.get_many(keys)) == sorted(keys[5:])
assert c.version().startswith(b'1.6.')
assert int(c.stats()[b'cmd_set']) > 0
assert b'n0:active_slabs' in c.stats('slabs')
assert c.flush_all(noreply=False) is True
assert c.get_many(keys) == {}
c.quit()
print('done')
`;

async function hasPymemcache(): Promise<boolean> {
  return run(python, ['-c', 'import pymemcache']).then(
    () => true,
    () => false,
  );
}

describe.runIf(await hasPymemcache())('pymemcache', () => {
  it('stores, reads, counts, swaps, deletes and asks for figures', async () => {
    const { stdout } = await run(python, ['-c', SCENARIO, String(fleet.proxy.port)]);
    expect(stdout.trim()).toBe('done');
  });
});

/**
 * The clients that people use, as they are: redis-cli, redis-benchmark, ioredis, node-redis in RESP2 and RESP3. All of it
 * twice, for the two ways of reading accepted sockets (src/io/reading.ts).
 */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, startFleet } from '../support/fleet.js';
import { encodeCommand } from '../support/wire.js';

const soak = join(import.meta.dirname, '../../bench/soak.mjs');

describe.each([
  ['the shared buffer', {}],
  ['data events', { RINGWARD_READS: 'data' }],
])('a proxy that reads with %s serves', (_name, env) => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ env });
  });
  afterAll(() => fleet.stop());

  function redisCli(args: readonly string[], input: string | Buffer): string {
    const done = spawnSync('redis-cli', ['-p', String(fleet.proxy.port), ...args], { input, timeout: 20_000 });
    expect({ status: done.status, stderr: done.stderr.toString() }).toEqual({ status: 0, stderr: '' });
    return done.stdout.toString();
  }

  it('redis-cli with commands from its standard input', () => {
    expect(redisCli([], 'SET greeting "hello world"\nGET greeting\nSELECT 3\nGET greeting\nDEL greeting nokey\n')).toBe(
      'OK\nhello world\nOK\n\n0\n',
    );
    expect(redisCli(['-3', '-n', '0', 'DEL', 'greeting'], '')).toBe('1\n');
  });

  it('redis-cli at a terminal, which asks for COMMAND DOCS first', async () => {
    // `script` gives it a terminal, without which it does not ask.
    const child = spawn('script', ['-qec', `redis-cli -p ${fleet.proxy.port}`, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, TERM: 'dumb' },
    });
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (shown += piece));
    const exited = new Promise((resolve) => child.once('close', resolve));
    child.stdin.write('SET tty yes\nGET tty\nGET\nHELP SET\nQUIT\n');
    await exited;
    expect(shown).toContain('"yes"');
    expect(shown).toContain("ERR wrong number of arguments for 'get' command");
    const client = await fleet.connect();
    expect(await client.call('GET', 'tty')).toBe('$3\r\nyes\r\n');
    expect((await client.call('COMMAND', 'DOCS')).length).toBeGreaterThan(10_000);
  });

  it('redis-cli --pipe with 20,000 commands', () => {
    const commands = Array.from({ length: 20_000 }, (_, i) => encodeCommand('SET', `pipe${i % 500}`, `value ${i}`));
    expect(redisCli(['--pipe'], Buffer.concat(commands))).toMatch(/errors: 0, replies: 20000\n$/);
  });

  it('redis-cli and ioredis with commands about all nodes', async () => {
    const script = ['FLUSHALL', ...Array.from({ length: 9 }, (_, i) => `SET admin:${i} v`), 'DBSIZE', 'KEYS admin:?'];
    const [flushed, ...rest] = redisCli([], `${script.join('\n')}\n`)
      .trimEnd()
      .split('\n');
    expect([flushed, rest[9]]).toEqual(['OK', '9']);
    expect(rest.slice(10).sort()).toEqual(Array.from({ length: 9 }, (_, i) => `admin:${i}`));
    expect(redisCli(['-3', 'CONFIG', 'GET', 'maxmemory-policy'], '')).toBe('maxmemory-policy noeviction\n');
    expect(redisCli(['MEMORY', 'DOCTOR'], '')).toMatch(/# Node n0 [^]*# Node n2 /);
    expect(redisCli(['CLUSTER', 'INFO'], '')).toBe('ERR This instance has cluster support disabled\n');
    const client = new Redis(fleet.proxy.port, '127.0.0.1');
    expect(await client.dbsize()).toBe(9);
    expect((await client.keys('admin:*')).sort()).toEqual(rest.slice(10).sort());
    expect(await client.randomkey()).toMatch(/^admin:\d$/);
    expect(await client.config('SET', 'timeout', '0')).toBe('OK');
    expect(await client.config('GET', 'timeout')).toEqual(['timeout', '0']);
    const sha = await client.script('LOAD', 'return ARGV[1]');
    expect(await client.script('EXISTS', sha as string, 'nosuch')).toEqual([1, 0]);
    expect(await client.evalsha(sha as string, 1, 'admin:1', 'x')).toBe('x');
    expect(await client.role()).toEqual(['master', 0, []]);
    expect(await client.slowlog('LEN')).toBeGreaterThanOrEqual(0);
    expect(await client.flushdb()).toBe('OK');
    expect(await client.dbsize()).toBe(0);
    await client.quit();
  });

  it('redis-benchmark, with and without pipelining', () => {
    for (const depth of ['1', '32']) {
      const args = ['-p', String(fleet.proxy.port), '-n', '5000', '-c', '20', '-P', depth, '-q', '-r', '1000', '-t'];
      const done = spawnSync('redis-benchmark', [...args, 'ping,set,get,incr,lpush,lpop,sadd,hset,mset'], {
        encoding: 'utf8',
        timeout: 30_000,
      });
      expect(done.status).toBe(0);
      expect(done.stdout).not.toMatch(/error/i);
      expect(done.stdout).toMatch(/MSET \(10 keys\): \d+/);
    }
  });

  it('ioredis, also with a pipeline of 10,000 commands', async () => {
    const client = new Redis(fleet.proxy.port, '127.0.0.1', { db: 2, connectionName: 'io' });
    expect(await client.client('GETNAME')).toBe('io');
    expect(await client.mset('io:a', '1', 'io:b', '2', 'io:c', '3')).toBe('OK');
    expect(await client.mget('io:a', 'io:b', 'io:c', 'io:d')).toEqual(['1', '2', '3', null]);
    expect(await client.set('io:bin', Buffer.from([0, 255, 13, 10]))).toBe('OK');
    expect(await client.getBuffer('io:bin')).toEqual(Buffer.from([0, 255, 13, 10]));
    const pipeline = client.pipeline();
    for (let i = 0; i < 5000; i++) pipeline.set(`io:${i % 777}`, i).get(`io:${i % 777}`);
    const results = await pipeline.exec();
    expect(results).toHaveLength(10_000);
    for (let i = 0; i < 5000; i++) expect(results![i * 2 + 1]).toEqual([null, String(i)]);
    await expect(client.rename('io:a', 'io:b')).rejects.toThrow(/^CROSSSLOT|^ERR no such key/);
    await expect(client.lpush('io:a', 'x')).rejects.toThrow(/^WRONGTYPE/);
    expect(await client.eval("return redis.call('get', KEYS[1])", 1, 'io:b')).toBe('2');
    await client.quit();
  });

  it.each([2, 3] as const)('node-redis in RESP%i', async (RESP) => {
    const client = createClient({ url: `redis://127.0.0.1:${fleet.proxy.port}/1`, RESP, name: 'nr' });
    await client.connect();
    expect(await client.clientGetName()).toBe('nr');
    await client.mSet([`nr:a`, '1', 'nr:b', '2', 'nr:c', '3']);
    expect(await client.mGet(['nr:a', 'nr:b', 'nr:c', 'nr:d'])).toEqual(['1', '2', '3', null]);
    await client.hSet('nr:h', { x: '1', y: '2' });
    expect({ ...(await client.hGetAll('nr:h')) }).toEqual({ x: '1', y: '2' });
    await client.zAdd('nr:z', { score: 1.5, value: 'm' });
    expect(await client.zScore('nr:z', 'm')).toBe(1.5);
    expect(await client.del(['nr:a', 'nr:b', 'nr:h', 'nr:z', 'nr:none'])).toBe(4);
    const values = await Promise.all(Array.from({ length: 2000 }, (_, i) => client.incr(`nr:n${RESP}:${i % 7}`)));
    expect(Math.max(...values)).toBe(Math.ceil(2000 / 7));
    await client.close();
  });

  it('200 clients that check every byte', () => {
    const args = [soak, '--requests', '50000', '--kills', '200'];
    const done = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, ...env },
    });
    // Memory is judged by order.test.ts: this run is too short for it.
    expect(done.stderr.replace(/^.*Error: memory grew[^]*/, '')).toBe('');
    expect(JSON.parse(done.stdout)).toMatchObject({ sent: 50_000 });
  });
});

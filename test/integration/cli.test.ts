/**
 * The command line as an operator meets it: dist/main.js in a child process, its output and its exit code.
 * What a running proxy does is tested elsewhere; here it only starts, listens and stops.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const main = join(root, 'dist/main.js');
const folder = mkdtempSync(join(tmpdir(), 'ringward-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => expect(inject('distTrouble')).toBe(''));

const GOOD = `
workers: 0
listeners: [{ name: redis, bind: "127.0.0.1:0", pool: main }]
pools: { main: { nodes: [{ id: a, host: 127.0.0.1, port: 1 }, { id: b, host: 127.0.0.1, port: 2 }] } }
log: { format: json }
`;

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function run(...words: string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, [main, ...words], { encoding: 'utf8', timeout: 20_000 });
}

describe('ringward', () => {
  it('can be executed as a file', () => {
    expect(statSync(main).mode & 0o111).toBe(0o111);
    expect(readFileSync(main, 'utf8').startsWith('#!/usr/bin/env node\n')).toBe(true);
  });

  it('prints help with the commands and examples', () => {
    const { status, stdout, stderr } = run('--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const text of ['serve', 'check', 'route', 'demo', '--config', 'Examples:']) expect(stdout).toContain(text);
  });

  it("prints the package's version", () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(run('--version')).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([
    ['an unknown option', ['--config', 'f', '--bogus'], 'Unknown argument: bogus'],
    ['an unknown command', ['chekc', '--config', 'f'], 'Unknown argument: chekc'],
    ['no configuration', [], 'Missing required argument: config'],
    ['a configuration without name', ['--config'], 'Not enough arguments following: config'],
    ['a demo without nodes', ['demo', '--nodes', '0'], 'demo: --nodes takes a whole number from 1 to 64, got 0'],
    [
      'a demo on no port',
      ['demo', '--redis-port', 'x'],
      'demo: --redis-port takes a whole number from 0 to 65535, got NaN',
    ],
    ['a demo without memory', ['demo', '--max-memory', '1KB'], 'demo: --max-memory takes a size of at least 1MiB'],
  ])('refuses %s in one line', (_name, words, message) => {
    const { status, stdout, stderr } = run(...words);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(`ringward: ${message}`);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('ringward check', () => {
  it('accepts a good file and summarises it', () => {
    const file = write('good.yaml', GOOD);
    expect(run('check', '--config', file)).toMatchObject({
      status: 0,
      stdout: [
        `${file}: ok`,
        '  cluster ringward: one process',
        '  listener redis: redis on 127.0.0.1:0, pool main',
        '  pool main: 2 redis nodes, consistent_hashing (murmur3_32)',
        '',
      ].join('\n'),
      stderr: '',
    });
  });

  it('refuses a bad file with one line a problem', () => {
    const file = write('bad.yaml', `${GOOD}listener: 1\nlimits: { clients: many }\n`);
    expect(run('check', '--config', file)).toMatchObject({
      status: 1,
      stdout: '',
      stderr: [
        `${file}:6:1: listener: unknown key; did you mean "listeners"?`,
        `${file}:7:20: limits.clients: expected a number, got "many"`,
        '',
      ].join('\n'),
    });
  });

  it('refuses a file that is not there', () => {
    const file = join(folder, 'gone.yaml');
    expect(run('check', '-c', file)).toMatchObject({ status: 1, stderr: `${file}: cannot be read: no such file\n` });
  });
});

describe('ringward route', () => {
  it('says where each key goes, and takes keys for text wherever they stand', () => {
    const { status, stdout } = run('route', '-c', write('route.yaml', GOOD), '007', '{t}x', '--', '--json', '1e3');
    expect(status).toBe(0);
    expect(stdout.split('\n').filter((line) => line.startsWith('"'))).toEqual(['"007"', '"{t}x"', '"--json"', '"1e3"']);
    expect(stdout).toMatch(/^ {2}node {2}[ab] \(127\.0\.0\.1:[12]\)$/m);
    expect(stdout).toMatch(/^ {2}hash {2}\d+ \(murmur3_32 of its tag "t"\)$/m);
  });

  it('prints JSON, the same for a key as text and in hexadecimal', () => {
    const file = write('route.yaml', GOOD);
    const [byText] = JSON.parse(run('route', '-c', file, '-p', 'main', '--json', 'user').stdout) as unknown[];
    const [byHex] = JSON.parse(run('route', '-c', file, '--json', '--hex', '75736572').stdout) as unknown[];
    expect(byText).toMatchObject({ key: 'user', keyHex: '75736572', pool: 'main', hashName: 'murmur3_32' });
    expect(byHex).toEqual(byText);
  });

  it.each([
    ['no key', [], 'route: give at least one key'],
    ['an unknown pool', ['-p', 'mian', 'k'], 'route: no pool is named "mian"; did you mean "main"?'],
    ['odd hexadecimal', ['--hex', 'abc'], 'route: "abc" is not pairs of hexadecimal digits'],
  ])('refuses %s', (_name, words, message) => {
    const { status, stderr } = run('route', '-c', write('route.yaml', GOOD), ...words);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
  });

  it('asks which pool when there are several', () => {
    const file = write('pools.yaml', GOOD.replace('pools: {', 'pools: { other: { nodes: [{ host: h }] },'));
    expect(run('route', '-c', file, 'k').stderr).toContain('say which pool with --pool: other, main');
  });
});

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** A started command. The test's own deadline bounds every wait. */
function start(...words: string[]) {
  const child = spawn(process.execPath, [main, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const lineMatching = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const { done, value } = (await lines.next()) as IteratorResult<string, undefined>;
      if (done === true) throw new Error(`the output ended without ${String(pattern)}`);
      if (pattern.test(value)) return value;
    }
  };
  return { child, exited, lineMatching };
}

describe('ringward serve', () => {
  it.each([
    ['SIGTERM', ['serve']],
    ['SIGINT', []],
  ] as const)('logs where it listens and leaves with 0 on %s', async (signal, command) => {
    const { child, exited, lineMatching } = start(...command, '--config', write('serve.yaml', GOOD));
    const line = JSON.parse(await lineMatching(/"listening"/)) as { listener: string; address: string };
    expect(line).toMatchObject({ listener: 'redis', protocol: 'redis' });
    const socket = connect(Number(line.address.split(':').at(-1)), '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    child.kill(signal);
    expect(await exited).toEqual([0, null]);
  });

  it('runs workers, and leaves when they have drained', async () => {
    const { child, exited, lineMatching } = start(
      '-c',
      write('workers.yaml', GOOD.replace('workers: 0', 'workers: 2')),
    );
    const { address } = JSON.parse(await lineMatching(/"listening"/)) as { address: string };
    const socket = connect(Number(address.split(':').at(-1)), '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });

  it('leaves at once with 1 on a second signal', async () => {
    const silentNode = createServer().listen(0, '127.0.0.1');
    await once(silentNode, 'listening');
    const text = GOOD.replace(
      /nodes: .*?\]/,
      `nodes: [{ host: 127.0.0.1, port: ${(silentNode.address() as AddressInfo).port} }]`,
    );
    const { child, exited, lineMatching } = start(
      '-c',
      write(
        'signals.yaml',
        `${text}timeouts: { drain: 10m }\n`.replace('} }\nlog', ', timeouts: { request: 0 } } }\nlog'),
      ),
    );
    const { address } = JSON.parse(await lineMatching(/"listening"/)) as { address: string };
    const client = connect(Number(address.split(':').at(-1)), '127.0.0.1');
    client.on('error', () => undefined);
    client.write('GET k\r\n');
    const [connection] = (await once(silentNode, 'connection')) as [Socket];
    connection.on('error', () => undefined);
    await once(connection, 'data');
    child.kill('SIGTERM');
    await lineMatching(/"stopping"/);
    child.kill('SIGTERM');
    expect(await exited).toEqual([1, null]);
    client.destroy();
    connection.destroy();
    silentNode.close();
  });

  it('starts nothing with a bad file', () => {
    const file = write('bad-serve.yaml', `${GOOD}bogus: 1\n`);
    expect(run('--config', file)).toMatchObject({ status: 1, stdout: '', stderr: `${file}:6:1: bogus: unknown key\n` });
  });

  it('says in one line that a port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const child = start('-c', write('taken.yaml', GOOD.replace('127.0.0.1:0', `127.0.0.1:${port}`)));
    let stderr = '';
    child.child.stderr.on('data', (chunk: Buffer) => (stderr += String(chunk)));
    expect(await child.exited).toEqual([1, null]);
    other.close();
    expect(stderr).toMatch(new RegExp(`^ringward: .*127\\.0\\.0\\.1:${port}.*\\n$`));
  });
});

describe('ringward demo', () => {
  it('says how to connect, serves keys of both protocols and stops', async () => {
    const { child, exited, lineMatching } = start('demo', '--redis-port', '0', '--memcached-port', '0', '--nodes', '2');
    const port = Number(/redis-cli -p (\d+)/.exec(await lineMatching(/redis-cli -p/))?.[1]);
    const memcachedPort = Number(/nc 127.0.0.1 (\d+)/.exec(await lineMatching(/ nc /))?.[1]);
    expect(await lineMatching(/redis-backup/)).toContain('does not fail over');
    expect(await ask(port, 'SET greeting hello\r\nGET greeting\r\nQUIT\r\n')).toBe('+OK\r\n$5\r\nhello\r\n+OK\r\n');
    expect(await ask(memcachedPort, 'set greeting 0 0 5\r\nhello\r\nget greeting nothing\r\nquit\r\n')).toBe(
      'STORED\r\nVALUE greeting 0 5\r\nhello\r\nEND\r\n',
    );
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });
});

/** Sends the bytes and resolves with everything that comes until the server closes. */
async function ask(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  let reply = '';
  for await (const chunk of socket) reply += String(chunk);
  return reply;
}

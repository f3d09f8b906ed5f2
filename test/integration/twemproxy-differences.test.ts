/**
 * Where Ringward does not do as twemproxy does, on purpose: each claim of docs/migrating-from-twemproxy.md, checked
 * against the real nutcracker on the same configuration. The title says what Ringward does.
 */
import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadFile } from '../../src/config/load.js';
import { partitionerOptions } from '../../src/config/partitioning.js';
import { Partitioner } from '../../src/routing/partitioner.js';
import { eventually } from '../support/eventually.js';
import { answerHandshake, startFakeNode } from '../support/fake-node.js';
import { freePort, makeScratchFolder, requireProgram } from '../support/child-process.js';
import { startRingward, type RingwardServer } from '../support/proxy.js';
import {
  startMemcached,
  startNutcracker,
  startRedis,
  type NutcrackerServer,
  type TestServer,
} from '../support/servers.js';
import { connectRaw, encodeCommand, type RawClient } from '../support/wire.js';

const PASSWORD = 'secret';
let redis: TestServer[];
let locked: TestServer;
let full: TestServer;
let memcached: TestServer;
let dead: number;
/** Nothing listens here until a test starts a node. */
let comeback: number;
let nutcracker: NutcrackerServer;
let ringward: RingwardServer;

function pool(name: string, lines: readonly string[], ports: readonly number[]): string {
  const servers = ports.map((port, index) => `    - 127.0.0.1:${port}:1 server${index}`);
  const all = ['listen: 127.0.0.1:0', 'hash: one_at_a_time', 'timeout: 2000', ...lines, 'servers:'];
  return `${name}:\n${all.map((line) => `  ${line}\n`).join('')}${servers.join('\n')}\n`;
}

beforeAll(async () => {
  redis = await Promise.all([startRedis(), startRedis()]);
  locked = await startRedis({ args: ['--requirepass', PASSWORD] });
  full = await startRedis({ args: ['--maxmemory', '1'] });
  memcached = await startMemcached();
  dead = await freePort();
  comeback = await freePort();
  const up = redis.map(({ port }) => port);
  const text = [
    pool('plain', ['redis: true', 'distribution: modula'], up),
    pool('half', ['redis: true', 'distribution: modula'], [up[0]!, dead]),
    pool(
      'eject',
      ['redis: true', 'auto_eject_hosts: true', 'server_failure_limit: 1', 'server_retry_timeout: 600000'],
      [up[0]!, dead],
    ),
    pool(
      'comeback',
      ['redis: true', 'auto_eject_hosts: true', 'server_failure_limit: 1', 'server_retry_timeout: 300'],
      [up[0]!, comeback],
    ),
    pool('login', ['redis: true', `redis_auth: ${PASSWORD}`, 'redis_db: 5'], [locked.port]),
    pool('full', ['redis: true'], [full.port]),
    pool('mc', [], [memcached.port]),
  ].join('');
  let ours = text;
  while (ours.includes('127.0.0.1:0')) ours = ours.replace('127.0.0.1:0', `127.0.0.1:${await freePort()}`);
  nutcracker = await startNutcracker({ config: text });
  ringward = await startRingward(ours, { args: ['--no-stats', '--workers', '0'] });
});
afterAll(() => Promise.all([...redis, locked, full, memcached, nutcracker, ringward].map((server) => server.stop())));

interface Heard {
  readonly text: string;
  readonly closed: boolean;
}

/** What comes back for `bytes`, up to the known answer of one more request, or to the end of the connection. */
async function say(port: number, bytes: string | Buffer, last: string, answer: string): Promise<Heard> {
  const client = await connectRaw(port);
  client.send(Buffer.concat([Buffer.from(bytes), Buffer.from(last)]));
  let text = '';
  return new Promise((resolve) => {
    client.socket.on('data', (piece) => {
      text += piece.toString('latin1');
      if (!text.endsWith(answer)) return;
      resolve({ text, closed: false });
      client.destroy();
    });
    void client.closed.then(() => resolve({ text, closed: true }));
  });
}

const PONG = '+PONG\r\n';

async function both(
  name: string,
  ...requests: readonly (readonly string[])[]
): Promise<{ ours: Heard; theirs: Heard }> {
  const bytes = Buffer.concat(requests.map((words) => encodeCommand(...words)));
  const ping = encodeCommand('PING').toString();
  return {
    ours: await say(ringward.ports[name]!, bytes, ping, PONG),
    theirs: await say(nutcracker.ports[name]!, bytes, ping, PONG),
  };
}

describe('unlike twemproxy, a Redis client of Ringward', () => {
  it.each([
    ['an unknown command', ['NOSUCH', 'a'], /^-ERR unknown command/],
    ['a missing argument', ['GET'], /^-ERR wrong number of arguments for 'get' command\r\n/],
    ['too many arguments', ['GET', 'a', 'b'], /^-ERR wrong number of arguments for 'get' command\r\n/],
    ['PING with a message', ['PING', 'hello'], /^\$5\r\nhello\r\n/],
    ['ECHO', ['ECHO', 'x'], /^\$1\r\nx\r\n/],
    ['SELECT', ['SELECT', '0'], /^\+OK\r\n/],
    ['HELLO', ['HELLO', '2'], /^\*14\r\n/],
    ['CLIENT SETNAME', ['CLIENT', 'SETNAME', 'app'], /^\+OK\r\n/],
    ['a key of 20,000 bytes', ['GET', 'k'.repeat(20_000)], /^\$-1\r\n/],
  ])('is answered and stays connected after %s', async (_title, words, expected) => {
    const { ours, theirs } = await both('plain', words);
    expect(ours.text).toMatch(expected);
    expect(ours.text.endsWith(PONG)).toBe(true);
    expect(theirs).toEqual({ text: '', closed: true });
  });

  it('keeps the replies of a pipeline with a bad command in it', async () => {
    const { ours, theirs } = await both('plain', ['SET', 'a', '1'], ['NOSUCH'], ['GET', 'a']);
    expect(ours.text).toMatch(/^\+OK\r\n-ERR unknown command [^\n]*\n\$1\r\n1\r\n/);
    expect(theirs).toEqual({ text: '', closed: true });
  });

  it('may type inline commands', async () => {
    const ours = await connectRaw(ringward.ports['plain']!);
    ours.send('PING\r\n');
    expect(await ours.readLine()).toBe('+PONG');
    ours.destroy();
    const theirs = await connectRaw(nutcracker.ports['plain']!);
    theirs.send('PING\r\n');
    expect((await theirs.readToEnd()).length).toBe(0);
  });

  it('gets +OK for QUIT', async () => {
    const { ours, theirs } = await both('plain', ['QUIT']);
    expect(ours).toEqual({ text: '+OK\r\n', closed: true });
    expect(theirs).toEqual({ text: '', closed: true });
  });

  it('gets the true count of EXISTS over several servers', async () => {
    const keys = ['e1', 'e2', 'e3', 'e4', 'e5', 'e6'];
    const sets = keys.map((key) => ['SET', key, 'x']);
    const { ours, theirs } = await both('plain', ...sets, ['EXISTS', ...keys]);
    const count = (text: string): number => Number(/:(\d+)/.exec(text)![1]);
    expect(count(ours.text)).toBe(6);
    expect(count(theirs.text)).toBeLessThan(6);
  });

  it('gets what is there from an MGET while a server is down', async () => {
    const { up, down } = keysByServer();
    const { ours, theirs } = await both('half', ['SET', up, 'v'], ['MGET', up, down]);
    expect(ours.text).toMatch(/^\+OK\r\n\*2\r\n\$1\r\nv\r\n-ERR ringward: node server1 /);
    expect(ours.closed).toBe(false);
    expect(theirs.text).toMatch(/^\+OK\r\n-ERR Connection refused\r\n/);
    const client = await connectRaw(nutcracker.ports['half']!);
    client.sendCommand('MGET', up, down);
    expect((await client.readToEnd()).toString()).toBe('-ERR Connection refused\r\n');
  });

  it('is told which server failed', async () => {
    const { down } = keysByServer();
    const { ours, theirs } = await both('half', ['GET', down]);
    expect(ours.text).toMatch(
      new RegExp(`^-ERR ringward: node server1 \\(127\\.0\\.0\\.1:${dead}\\) refused the connection`),
    );
    expect(theirs.text).toMatch(/^-ERR Connection refused\r\n/);
  });

  it("sees the servers' own OOM error", async () => {
    const { ours, theirs } = await both('full', ['SET', 'a', '1']);
    expect(ours.text).toMatch(/^-OOM command not allowed/);
    expect(theirs.text).toMatch(/^-ERR Invalid argument\r\n/);
  });

  it('is not moved to another server by auto_eject_hosts, and the log says so', async () => {
    const { down } = keysByServer('eject');
    const [ours, theirs] = await Promise.all([
      connectRaw(ringward.ports['eject']!),
      connectRaw(nutcracker.ports['eject']!),
    ]);
    expect(await theirs.call('GET', down)).toBe('-ERR Connection refused\r\n');
    expect(await theirs.call('GET', down)).toBe('$-1\r\n');
    for (let i = 0; i < 3; i++) expect(await ours.call('GET', down)).toMatch(/^-ERR ringward: node server1/);
    ours.destroy();
    theirs.destroy();
    expect(ringward.log()).toContain('servers are not ejected in this version');
  });

  it('is not sent to a server that came back before that has proved itself', async () => {
    const { down } = keysByServer('comeback');
    const [ours, theirs] = await Promise.all([
      connectRaw(ringward.ports['comeback']!),
      connectRaw(nutcracker.ports['comeback']!),
    ]);
    expect(await theirs.call('GET', down)).toBe('-ERR Connection refused\r\n');
    expect(await ours.call('GET', down)).toMatch(/^-ERR ringward: node server1 \S+ refused the connection/);
    let isLoading = true;
    // Only Ringward begins a connection with questions of its own.
    const probing = new Set<Socket>();
    const early: string[] = [];
    const back = await startFakeNode((words, socket) => {
      if (words[0] === 'CLIENT') probing.add(socket);
      else if (isLoading) early.push(`${probing.has(socket) ? 'ringward' : 'nutcracker'} ${words.join(' ')}`);
      if (isLoading && words[0] !== 'CLIENT') socket.write('-LOADING Redis is loading the dataset in memory\r\n');
      else if (!answerHandshake(words, socket)) socket.write('$1\r\nv\r\n');
    }, comeback);
    const ask = (client: RawClient, pattern: RegExp): Promise<string> =>
      eventually(
        `an answer like ${pattern}`,
        () => client.call('GET', down),
        (reply) => pattern.test(reply),
      );
    await ask(ours, /^-ERR ringward: node server1 \S+ is not ready: LOADING Redis is loading/);
    // twemproxy takes the server off the ring again, until the next client's request is due.
    await ask(theirs, /^-ERR Invalid argument\r\n/);
    expect(new Set(early)).toEqual(new Set(['ringward PING', `nutcracker GET ${down}`]));
    isLoading = false;
    await ask(ours, /^\$1\r\nv\r\n/);
    for (const client of [ours, theirs]) client.destroy();
    await back.stop();
  });
});

describe('unlike twemproxy, a change of the file', () => {
  it('is taken over on SIGHUP, and no client is closed', async () => {
    const [before, after] = [await startRedis(), await startRedis()];
    const listen = await freePort();
    const file = (port: number): string =>
      `alpha:\n  listen: 127.0.0.1:${listen}\n  redis: true\n  servers:\n    - 127.0.0.1:${port}:1 server1\n`;
    const proxy = await startRingward(file(before.port));
    const client = await connectRaw(proxy.port);
    expect(await client.call('SET', 'k', 'before')).toBe('+OK\r\n');
    proxy.writeConfig(file(after.port));
    proxy.signal('SIGHUP');
    await proxy.waitForLog('configuration reloaded');
    expect(await client.call('GET', 'k')).toBe('$-1\r\n');
    proxy.writeConfig('alpha:\n  listen: nowhere\n');
    proxy.signal('SIGHUP');
    await proxy.waitForLog('the old one stays');
    expect(await client.call('GET', 'k')).toBe('$-1\r\n');
    client.destroy();
    await Promise.all([proxy.kill(), before.kill(), after.kill()]);
  });
});

/** A key on the server that is up and one on the other, as nutcracker has them. */
function keysByServer(name = 'half'): { readonly up: string; readonly down: string } {
  const routed = loadFile(ringward.configPath).config.pools.find((each) => each.name === name)!;
  const partitioner = new Partitioner(partitionerOptions(routed.nodes, routed.partitioning, () => 0));
  const on = (index: number): string => {
    for (let i = 0; ; i++) {
      const key = Buffer.from(`${name}-${i}`);
      if (partitioner.nodeOf(key, 0, key.length) === index) return key.toString();
    }
  };
  return { up: on(0), down: on(1) };
}

describe('unlike twemproxy, with redis_auth and redis_db', () => {
  async function clients(): Promise<readonly [RawClient, RawClient]> {
    return [await connectRaw(ringward.ports['login']!), await connectRaw(nutcracker.ports['login']!)];
  }

  it('data lies in the database that the file names', async () => {
    const [ours, theirs] = await clients();
    for (const client of [ours, theirs]) expect(await client.call('AUTH', PASSWORD)).toBe('+OK\r\n');
    expect(await ours.call('SET', 'by-ringward', 'x')).toBe('+OK\r\n');
    expect(await theirs.call('SET', 'by-nutcracker', 'x')).toBe('+OK\r\n');
    const direct = await connectRaw(locked.port);
    await direct.call('AUTH', PASSWORD);
    expect(await direct.call('KEYS', '*')).toContain('by-nutcracker');
    await direct.call('SELECT', '5');
    expect(await direct.call('KEYS', '*')).toContain('by-ringward');
    for (const client of [ours, theirs, direct]) client.destroy();
  });

  it("the texts are Redis's, and a wrong password does not log a client out", async () => {
    const [ours, theirs] = await clients();
    expect(await ours.call('GET', 'k')).toBe('-NOAUTH Authentication required.\r\n');
    expect(await theirs.call('GET', 'k')).toBe('-NOAUTH Authentication required\r\n');
    expect(await ours.call('AUTH', 'wrong')).toMatch(/^-WRONGPASS /);
    expect(await theirs.call('AUTH', 'wrong')).toBe('-ERR invalid password\r\n');
    for (const client of [ours, theirs]) {
      await client.call('AUTH', PASSWORD);
      await client.call('AUTH', 'wrong');
    }
    expect(await ours.call('PING')).toBe('+PONG\r\n');
    expect(await theirs.call('PING')).toBe('-NOAUTH Authentication required\r\n');
    for (const client of [ours, theirs]) client.destroy();
  });
});

describe('unlike twemproxy, a memcached client of Ringward', () => {
  it.each([
    ['a negative expiry', 'set k 0 -1 1\r\nv\r\n', /^STORED\r\n/],
    ['delete with a time of 0', 'delete nokey 0\r\n', /^NOT_FOUND\r\n/],
    ['gat', 'gat 10 nokey\r\n', /^END\r\n/],
    ['a meta command', 'mg nokey v\r\n', /^EN\r\n/],
    ['an unknown command', 'nosuch\r\n', /^ERROR\r\n/],
  ])('is answered and stays connected after %s', async (_title, bytes, expected) => {
    const direct = await connectRaw(memcached.port);
    direct.send('set last 0 0 10\r\nLAST-VALUE\r\n');
    await direct.readLine();
    direct.destroy();
    const ours = await say(ringward.ports['mc']!, bytes, 'get last\r\n', 'LAST-VALUE\r\nEND\r\n');
    expect(ours.text).toMatch(expected);
    expect(ours.text).toContain('LAST-VALUE');
    expect(await say(nutcracker.ports['mc']!, bytes, 'get last\r\n', 'LAST-VALUE\r\nEND\r\n')).toEqual({
      text: '',
      closed: true,
    });
  });
});

describe('unlike twemproxy, a configuration file', () => {
  const path = join(makeScratchFolder('twemproxy-file'), 'nutcracker.yml');
  const file = (lines: readonly string[]): string =>
    `alpha:\n  listen: 127.0.0.1:22121\n${lines.map((line) => `  ${line}\n`).join('')}`;
  function nutcrackerAccepts(text: string): boolean {
    writeFileSync(path, text);
    return spawnSync(requireProgram('nutcracker'), ['-t', '-c', path]).status === 0;
  }

  it('may say reuseport, which only later versions of twemproxy know', () => {
    expect(nutcrackerAccepts(file(['reuseport: true', 'servers:', ' - h:1:1']))).toBe(false);
    expect(loadFile(path).kind).toBe('twemproxy');
  });

  it('may not give modula weights that make a table of millions of slots', () => {
    expect(nutcrackerAccepts(file(['distribution: modula', 'servers:', ' - h:1:2000000000']))).toBe(true);
    expect(() => loadFile(path)).toThrow(
      /nutcracker\.yml:1:1: alpha\.servers: modula: the weights add up to 2000000000/,
    );
  });

  it('may not break a quoted text at the margin', () => {
    expect(nutcrackerAccepts(file(['servers:', " - 'h:1:1", "name'"]).replace('  name', 'name'))).toBe(true);
    expect(() => loadFile(path)).toThrow(/not valid YAML/);
  });
});

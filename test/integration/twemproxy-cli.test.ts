/** nutcracker's command line on Ringward: the flags that service definitions and scripts use. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freePort, makeScratchFolder, startChild, type Child } from '../support/child-process.js';
import { eventually } from '../support/eventually.js';

const main = join(import.meta.dirname, '../../dist/main.js');
const folder = makeScratchFolder('twemproxy-cli');
const file = join(folder, 'nutcracker.yml');
const text = (port: number): string =>
  `alpha:\n  listen: 127.0.0.1:${port}\n  redis: true\n  servers:\n  - 127.0.0.1:1:1\n`;
beforeAll(async () => {
  expect(inject('distTrouble')).toBe('');
  writeFileSync(file, text(await freePort()));
});

function run(...words: string[]) {
  return spawnSync(process.execPath, [main, ...words], { encoding: 'utf8', timeout: 20_000 });
}

describe('flags of nutcracker', () => {
  it('-t checks the file', () => {
    expect(run('-t', '-c', file)).toMatchObject({ status: 0, stderr: '' });
    const bad = join(folder, 'bad.yml');
    writeFileSync(bad, text(1).replace('redis: true', 'redis: yes'));
    expect(run('--test-conf', '--conf-file', bad)).toMatchObject({ status: 1, stdout: '' });
  });

  it('-D explains every counter, without a file', () => {
    const { status, stdout } = run('-D');
    expect(status).toBe(0);
    for (const name of ['client_eof', 'forward_error', 'server_ejected_at', 'out_queue_bytes'])
      expect(stdout).toContain(name);
  });

  it.each([
    [['-d'], '--daemonize is not supported'],
    [['-v', '12'], '--verbose takes a whole number from 0 to 11, got 12'],
    [['-m', '5'], '--mbuf-size takes a whole number from 512 to 16777216, got 5'],
    [['-s', '0'], '--stats-port takes a whole number from 1 to 65535, got 0'],
    [['-a', '[x'], '--stats-addr takes a host or an address, got "[x"'],
    [['-i', 'x'], '--stats-interval takes a whole number from 1 to 3600000, got NaN'],
    [['--workers', 'x'], '--workers takes a whole number from 0 to 128, got NaN'],
    [['-p', '/no/such/folder/pid'], 'cannot write the pid file /no/such/folder/pid: ENOENT'],
    [['-o', '/no/such/folder/log'], 'cannot open the log file /no/such/folder/log: ENOENT'],
  ])('refuses %j with a reason', (words, message) => {
    const { status, stderr } = run('-c', file, ...words);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
  });
});

describe('a proxy with a pid file, a log file and statistics', () => {
  const pid = join(folder, 'ringward.pid');
  const log = join(folder, 'ringward.log');
  let child: Child;
  let statsPort: number;
  beforeAll(async () => {
    statsPort = await freePort();
    const words = [
      '-c',
      file,
      '-p',
      pid,
      '-o',
      log,
      '-s',
      String(statsPort),
      '-a',
      '127.0.0.1',
      '-m',
      '512',
      '-v',
      '7',
      '--workers',
      '2',
    ];
    child = startChild(process.execPath, [main, ...words]);
    await eventually('the log names the address of the statistics', () =>
      readFileSync(log, 'utf8').includes('"listener":"stats"'),
    );
  });
  afterAll(() => child.stop());

  it('writes its bare pid', () => {
    expect(readFileSync(pid, 'utf8')).toBe(String(child.pid));
  });

  it('serves statistics', async () => {
    const first = await new Promise<string>((resolve, reject) => {
      connect(statsPort, '127.0.0.1')
        .once('data', (piece) => resolve(String(piece)))
        .once('error', reject);
    });
    expect(first).toMatch(/^\{"service":"ringward", /);
  });

  it('writes its log to the file alone, and to a new one after SIGHUP', async () => {
    expect(child.stdout() + child.stderr()).toBe('');
    expect(readFileSync(log, 'utf8')).toContain('refused the connection');
    renameSync(log, `${log}.1`);
    child.signal('SIGHUP');
    await eventually('a new log file', () => existsSync(log));
  });

  it('removes the pid file when it stops, and says so in the new log', async () => {
    child.signal('SIGTERM');
    await child.exited;
    expect(existsSync(pid)).toBe(false);
    expect(readFileSync(log, 'utf8')).toContain('"msg":"stopped"');
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { importFile } from '../../../../src/cli/import.js';
import { loadFile, parseConfig } from '../../../../src/config/load.js';
import { ConfigError } from '../../../../src/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'ringward-twemproxy-load-'));
const path = join(folder, 'nutcracker.yml');
afterAll(() => rmSync(folder, { recursive: true }));

function written(text: string): string {
  writeFileSync(path, text);
  return path;
}

const FULL = `
zeta:
  listen: /tmp/zeta.sock 0660
  hash: crc32
  hash_tag: "$$"
  distribution: modula
  timeout: 400
  backlog: 1024
  client_connections: 5
  redis: true
  redis_auth: "se'cret \\" #"
  redis_db: 20
  preconnect: true
  tcpkeepalive: true
  auto_eject_hosts: true
  server_connections: 3
  server_retry_timeout: 2000
  server_failure_limit: 1
  servers:
    - 10.0.0.1:6379:1 one
    - /run/two.sock:2
    - ::1:6380:3
mc:
  listen: 0.0.0.0:22122
  servers:
    - cache:11211:1
`;

function messageOf(text: string): string {
  try {
    loadFile(written(text));
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replaceAll(path, 'f');
    throw error;
  }
  return 'accepted';
}

describe('a twemproxy file', () => {
  it('gives a Config with every option in its place', () => {
    const { config, kind } = loadFile(written(FULL));
    expect(kind).toBe('twemproxy');
    expect(config).toMatchObject({
      stats: { bind: { kind: 'tcp', host: '0.0.0.0', port: 22_222 }, intervalMs: 30_000 },
      listeners: [
        {
          name: 'mc',
          protocol: 'memcached',
          bind: { kind: 'tcp', host: '0.0.0.0', port: 22_122 },
          pool: 'mc',
          backlog: 512,
          password: null,
          database: 0,
        },
        {
          name: 'zeta',
          protocol: 'redis',
          bind: { kind: 'unix', path: '/tmp/zeta.sock', mode: 0o660 },
          pool: 'zeta',
          backlog: 1024,
          password: `se'cret " #`,
          database: 20,
        },
      ],
      pools: [
        {
          name: 'mc',
          protocol: 'memcached',
          partitioning: { algorithm: 'ketama', hash: 'fnv1a_64', replicas: null, hashTag: null },
          connectTimeoutMs: 0,
          requestTimeoutMs: 0,
          auth: null,
          connectionsPerNode: 1,
          nodes: [{ id: 'cache', ringName: 'cache', address: { kind: 'tcp', host: 'cache', port: 11_211 }, weight: 1 }],
        },
        {
          name: 'zeta',
          protocol: 'redis',
          partitioning: { algorithm: 'modula', hash: 'crc32_legacy', replicas: null, hashTag: '$$' },
          connectTimeoutMs: 400,
          requestTimeoutMs: 400,
          databases: 21,
          auth: { username: null, password: `se'cret " #` },
          connectionsPerNode: 3,
          nodes: [
            { id: 'one', ringName: 'one', address: { kind: 'tcp', host: '10.0.0.1', port: 6379 }, weight: 1 },
            {
              id: '/run/two.sock:',
              ringName: '/run/two.sock:',
              address: { kind: 'unix', path: '/run/two.sock' },
              weight: 2,
            },
            { id: '::1:6380', ringName: '::1:6380', address: { kind: 'tcp', host: '::1', port: 6380 }, weight: 3 },
          ],
        },
      ],
    });
  });

  it('warns of options that have no effect, with their place', () => {
    const { warnings } = loadFile(written(FULL));
    expect(warnings.map((line) => line.slice(path.length).split(': ').slice(0, 2))).toEqual([
      [':9:23', 'zeta.client_connections'],
      [':15:21', 'zeta.auto_eject_hosts'],
    ]);
  });

  it('is refused with every problem, and with what it was taken for', () => {
    const text = 'a:\n  listen: nowhere\n  hash: murmer\n  timout: 5\n  redis: yes\n  servers:\n  - h:1\n';
    expect(messageOf(text).split('\n')).toEqual([
      'f:2:11: a.listen: expected host:port or "/path permissions"',
      expect.stringMatching(/^f:3:9: a\.hash: expected one of .*, got "murmer"; did you mean "murmur"\?$/),
      'f:4:3: a.timout: unknown key; did you mean "timeout"?',
      'f:5:10: a.redis: expected true or false, got "yes"',
      'f:7:5: a.servers[0]: expected host:port:weight or "host:port:weight name"',
      'f: read as a twemproxy file, because "a" is a block with "listen"',
    ]);
  });

  it('never shows the password', () => {
    expect(messageOf('a:\n  listen: h\n  redis_auth: hush\n  redis_auth: hush\n  servers:\n  - h:1:1\n')).not.toContain(
      'hush',
    );
  });

  it('says when a file is neither kind', () => {
    expect(messageOf('a:\n  hash: md5\n')).toContain(
      'f: read as a Ringward file, because no block of it has "listen" or "servers"',
    );
  });
});

describe('import', () => {
  const names = ['a', 'true', 'x.y', '0'];
  it('prints a Ringward file that gives the same Config', () => {
    const texts = [
      FULL,
      ...names.map(
        (name) =>
          `${name}:\n  listen: localhost:1\n  distribution: random\n  hash: md5\n  servers:\n  - h:6379:1\n  - h:11211:2\n  - g:1:1 n\n`,
      ),
      'a:\n  listen: ::1:1\n  redis: true\n  timeout: 90000\n  hash: murmur\n  servers:\n  - ::1:6379:1\n  - "h:1:9 \'x#"\n',
    ];
    for (const text of texts) {
      const file = written(text);
      const printed = importFile(file);
      expect(printed).toMatch(/^# Made from the twemproxy file /);
      expect(parseConfig(printed, 'printed')).toEqual(loadFile(file).config);
    }
  });

  it('says what a Ringward file cannot say', () => {
    const file = written('my pool:\n  listen: 127.0.0.1:1\n  servers:\n  - h:1:20000\n');
    expect(() => importFile(file)).toThrow(
      /works as it is .* but a Ringward file cannot say all of it:[^]*pools\.my pool/,
    );
  });

  it('refuses a Ringward file', () => {
    expect(() =>
      importFile(written('listeners: [{ bind: "h:1", pool: p }]\npools: { p: { nodes: [{ host: h }] } }\n')),
    ).toThrow(/is a Ringward file already/);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfigFile, parseConfig } from '../../../src/config/load.js';
import { ConfigError } from '../../../src/errors.js';

const MINIMAL = 'listeners: [{ bind: "127.0.0.1:0", pool: main }]\npools: { main: { nodes: [{ host: h }] } }\n';
const folder = mkdtempSync(join(tmpdir(), 'ringward-load-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('parseConfig', () => {
  it('fills in every default', () => {
    expect(parseConfig(MINIMAL, 'f', {})).toEqual({
      clusterName: 'ringward',
      workers: Math.min(128, availableParallelism()),
      listeners: [
        {
          name: '127.0.0.1:0',
          protocol: 'redis',
          bind: { kind: 'tcp', host: '127.0.0.1', port: 0 },
          pool: 'main',
          backlog: 511,
          password: null,
          database: 0,
        },
      ],
      pools: [
        {
          name: 'main',
          protocol: 'redis',
          nodes: [{ id: 'h:6379', ringName: 'h:6379', address: { kind: 'tcp', host: 'h', port: 6379 }, weight: 1 }],
          partitioning: { algorithm: 'consistent_hashing', hash: 'murmur3_32', replicas: 2048, hashTag: '{}' },
          connectTimeoutMs: 1000,
          requestTimeoutMs: 1000,
          auth: null,
          databases: 16,
          connectionsPerNode: 1,
          inFlightPerNodeMax: 65_536,
          privateConnectionsMax: 1024,
          trackingClientsMax: 256,
          keylessNode: null,
          valueBytesMax: 2 ** 20,
          onPartialFailure: 'miss',
          crossNodeReads: false,
          adminCommands: 'allow',
        },
      ],
      limits: {
        clientsMax: 10_000,
        clientInFlightMax: 16_384,
        requestBytesMax: 2 ** 30,
        bulkBytesMax: 2 ** 29,
        argumentsMax: 2 ** 20,
        inlineBytesMax: 65_536,
        keyBytesMax: 2 ** 29,
        replyNestingMax: 128,
        clientOutputBytesMax: 2 ** 28,
        clientOutputPauseBytes: 2 ** 20,
        subscriberOutputBytesMax: 2 ** 25,
        monitorLinesPerSecond: 50_000,
        scriptCacheBytesMax: 2 ** 24,
        subscriptionsMax: 65_536,
        nodeOutputPauseBytes: 2 ** 22,
        crossNodeReadBytesMax: 2 ** 23,
        transactionCommandsMax: 65_536,
        transactionBytesMax: 64 * 2 ** 20,
        idleTimeoutMs: 0,
      },
      drainTimeoutMs: 10_000,
      log: { level: 'info', format: 'auto', file: null },
      stats: null,
    });
  });

  it('takes what the file says', () => {
    const text = `
cluster: { name: c-1 }
workers: 0
listeners:
  - { name: local, bind: /run/r.sock, unix_mode: "0640", pool: mc, backlog: 9 }
pools:
  mc:
    protocol: memcached
    nodes:
      - { host: "::1" }
      - { id: b, socket: /run/mc.sock, weight: 7, name: ring-b }
    partitioning: { algorithm: ketama, hash: fnv1a_64, hash_tag: "" }
    timeouts: { connect: 250ms, request: 0 }
    connections: 2
    limits: { in_flight_per_node: 10 }
limits: { clients: 5, idle_timeout: 5m }
timeouts: { drain: 1.5s }
log: { level: debug, format: json }
`;
    expect(parseConfig(text, 'f', {})).toMatchObject({
      clusterName: 'c-1',
      workers: 0,
      listeners: [
        {
          name: 'local',
          protocol: 'memcached',
          bind: { kind: 'unix', path: '/run/r.sock', mode: 0o640 },
          pool: 'mc',
          backlog: 9,
        },
      ],
      pools: [
        {
          name: 'mc',
          nodes: [
            {
              id: '[::1]:11211',
              ringName: '[::1]:11211',
              address: { kind: 'tcp', host: '::1', port: 11_211 },
              weight: 1,
            },
            { id: 'b', ringName: 'ring-b', address: { kind: 'unix', path: '/run/mc.sock' }, weight: 7 },
          ],
          partitioning: { algorithm: 'ketama', hash: 'fnv1a_64', replicas: null, hashTag: null },
          connectTimeoutMs: 250,
          requestTimeoutMs: 0,
          connectionsPerNode: 2,
          inFlightPerNodeMax: 10,
          privateConnectionsMax: 1024,
          trackingClientsMax: 256,
          keylessNode: null,
        },
      ],
      limits: { clientsMax: 5, idleTimeoutMs: 300_000 },
      drainTimeoutMs: 1500,
      log: { level: 'debug', format: 'json' },
    });
  });

  it('lets an outer limit cap the inner ones', () => {
    const { limits } = parseConfig(`${MINIMAL}limits: { request_size: 1MiB, client_output: 64KiB }`, 'f', {});
    expect(limits).toMatchObject({
      requestBytesMax: 1_048_576,
      bulkBytesMax: 1_048_576,
      keyBytesMax: 1_048_576,
      clientOutputBytesMax: 65_536,
      clientOutputPauseBytes: 65_536,
    });
  });

  it('gives redis_cluster its own hash', () => {
    const text = MINIMAL.replace('{ nodes', '{ partitioning: { algorithm: redis_cluster }, nodes');
    expect(parseConfig(text, 'f', {}).pools[0]!.partitioning).toEqual({
      algorithm: 'redis_cluster',
      hash: 'crc16',
      replicas: null,
      hashTag: '{}',
    });
  });

  it('freezes the result at every depth', () => {
    const config = parseConfig(MINIMAL, 'f', {});
    const isDeeplyFrozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen));
    expect(isDeeplyFrozen(config)).toBe(true);
  });

  it('gives data that survives the way to a worker process', () => {
    const config = parseConfig(MINIMAL, 'f', {});
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
  });

  it('allows port 0 on several listeners', () => {
    const text = MINIMAL.replace('[{', '[{ name: b, bind: "127.0.0.1:0", pool: main }, {');
    expect(parseConfig(text, 'f', {}).listeners).toHaveLength(2);
  });

  it('raises nothing but ConfigError for any text', () => {
    const pieces = [
      'listeners',
      'pools',
      'main',
      'nodes',
      'host',
      ': ',
      '\n',
      '  ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      ',',
      '&a ',
      '*a',
      '"',
      '1',
      '!x ',
      '? ',
      '#',
    ];
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), (content) => {
        try {
          parseConfig(content, 'f', {});
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('secrets', () => {
  const withAuth = (auth: string): string => MINIMAL.replace('{ nodes', `{ auth: ${auth}, nodes`);
  const authOf = (auth: string, env: Record<string, string> = {}) =>
    parseConfig(withAuth(auth), join(folder, 'f.yaml'), env).pools[0]!.auth;

  it('come from the file itself', () => {
    expect(authOf('{ username: u, password: p$w }')).toEqual({ username: 'u', password: 'p$w' });
  });

  it('come from the environment', () => {
    expect(authOf('{ username: "${U}", password: "${P_1}" }', { U: 'u', P_1: '${x}' })).toEqual({
      username: 'u',
      password: '${x}',
    });
  });

  it('come from a file beside the configuration, without its final newline', () => {
    write('secret', 's3cret \n');
    expect(authOf('{ password_file: secret }')).toEqual({ username: null, password: 's3cret ' });
  });

  it.each([
    ['empty', '\n', 'empty is empty'],
    ['large', 'x'.repeat(70_000), 'large holds 70000 bytes; at most 65536 are allowed'],
  ])('refuse a file that is %s', (name, content, message) => {
    write(name, content);
    expect(() => authOf(`{ password_file: ${name} }`)).toThrow(`pools.main.auth.password_file: ${message}`);
  });
});

describe('loadConfigFile', () => {
  it('reads a file', () => {
    expect(loadConfigFile(write('ok.yaml', MINIMAL), {}).pools).toHaveLength(1);
  });

  it('reads a file that begins with a byte order mark', () => {
    expect(loadConfigFile(write('bom.yaml', `\uFEFF${MINIMAL}`), {}).pools).toHaveLength(1);
  });

  it('names the file in every message', () => {
    const path = write('bad.yaml', `${MINIMAL}workers: x\n`);
    expect(() => loadConfigFile(path, {})).toThrow(`${path}:3:10: workers: `);
  });

  it.each([
    ['that is not there', 'gone.yaml', 'no such file'],
    ['that is a directory', '.', 'it is a directory'],
  ])('refuses a file %s', (_why, name, message) => {
    const path = join(folder, name);
    expect(() => loadConfigFile(path, {})).toThrow(new ConfigError(`${path}: cannot be read: ${message}`));
  });

  it('refuses a file too large to be a configuration', () => {
    const path = write('large.yaml', Buffer.alloc(16 * 1024 * 1024 + 1, '#'));
    expect(() => loadConfigFile(path, {})).toThrow('at most 16777216 are allowed');
  });
});

/**
 * `ringward demo`: the proxy over nodes that live in this same process, so that it can be tried with nothing installed.
 * The nodes are real servers on loopback ports: the proxy reaches them as it would reach any other. Their data is lost
 * when the demo ends. Everything runs in one process (`workers: 0`).
 */
import type { Argv, CommandModule } from 'yargs';
import { formatHostPort } from '../config/address.js';
import { parseConfig } from '../config/load.js';
import type { Config, Protocol } from '../config/schema.js';
import { formatSizeBytes, parseSizeBytes } from '../config/size.js';
import type { RunningProxy } from '../control/proxy.js';
import { startEmbeddedMemcached } from '../embedded/memcache/server.js';
import type { EmbeddedNode, EmbeddedNodeOptions } from '../embedded/node.js';
import { startEmbeddedRedis } from '../embedded/redis/server.js';
import { createLogger } from '../log.js';
import { UsageError } from './failure.js';
import { runUntilSignal } from './lifecycle.js';

const HOST = '127.0.0.1';
const NODES_MAX = 64;
const MEMORY_BYTES_MIN = 1024 * 1024;

interface DemoArguments {
  readonly 'redis-port': number;
  readonly 'memcached-port': number;
  readonly nodes: number;
  readonly 'max-memory': string;
}

/** A protocol that the demo offers: the proxy's port for it, and how one of its nodes is started. */
interface DemoKind {
  readonly protocol: Protocol;
  /** 0: any free port. */
  readonly port: number;
  readonly startNode: (options: EmbeddedNodeOptions) => Promise<EmbeddedNode>;
}

interface DemoNode {
  readonly name: string;
  readonly protocol: Protocol;
  readonly isBackup: boolean;
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

export const demoCommand: CommandModule<object, DemoArguments> = {
  command: 'demo',
  describe: 'Run the proxy over nodes in this process; needs no servers',
  builder: (command: Argv) =>
    command
      .option('redis-port', {
        type: 'number',
        default: 6380,
        requiresArg: true,
        describe: 'Redis port; 0: any free one',
      })
      .option('memcached-port', {
        type: 'number',
        default: 11311,
        requiresArg: true,
        describe: 'memcached port; 0: any free one',
      })
      .option('nodes', {
        type: 'number',
        default: 3,
        requiresArg: true,
        describe: `Nodes of each protocol, 1 to ${NODES_MAX}`,
      })
      .option('max-memory', {
        type: 'string',
        default: '64MiB',
        requiresArg: true,
        describe: 'Most memory that each node uses for its data',
      })
      .example('$0 demo --redis-port 0 --memcached-port 0', 'On free ports'),
  handler: async (options) => {
    const count = requireWhole('--nodes', options.nodes, 1, NODES_MAX);
    const maxMemoryBytes = requireMemory(options['max-memory']);
    const redisPort = requireWhole('--redis-port', options['redis-port'], 0, 65_535);
    const memcachedPort = requireWhole('--memcached-port', options['memcached-port'], 0, 65_535);
    const kinds: readonly DemoKind[] = [
      { protocol: 'redis', port: redisPort, startNode: startEmbeddedRedis },
      { protocol: 'memcached', port: memcachedPort, startNode: startEmbeddedMemcached },
    ];
    const nodes = (await Promise.all(kinds.map((kind) => startNodes(kind, count, maxMemoryBytes)))).flat();
    const config = demoConfig(kinds, nodes);
    await runUntilSignal(config, createLogger(config.log), {
      onListening: (proxy) => process.stdout.write(describeDemo(proxy, nodes, maxMemoryBytes)),
      onStopped: async () => {
        await Promise.all(nodes.map((node) => node.close()));
      },
    });
    process.exit(0);
  },
};

/** `count` nodes and one backup, each on a port of the system's choice. */
async function startNodes(kind: DemoKind, count: number, maxMemoryBytes: number): Promise<DemoNode[]> {
  const { protocol, startNode } = kind;
  const names = [...Array.from({ length: count }, (_, index) => `${protocol}-${index + 1}`), `${protocol}-backup`];
  return Promise.all(
    names.map(async (name, index) => {
      const server = await startNode({ host: HOST, port: 0, maxMemoryBytes, name });
      const { host, port } = server;
      return { name, protocol, isBackup: index === count, host, port, close: () => server.close() };
    }),
  );
}

/** The configuration that an operator would write for these nodes: one pool a protocol. The backups are in no pool. */
export function demoConfig(
  kinds: readonly Pick<DemoKind, 'protocol' | 'port'>[],
  nodes: readonly Pick<DemoNode, 'name' | 'protocol' | 'isBackup' | 'host' | 'port'>[],
): Config {
  const poolOf = (protocol: Protocol) => ({
    protocol,
    nodes: nodes
      .filter((node) => node.protocol === protocol && !node.isBackup)
      .map(({ name, host, port }) => ({ id: name, host, port })),
  });
  const file = {
    cluster: { name: 'demo' },
    workers: 0,
    listeners: kinds.map(({ protocol, port }) => ({
      name: protocol,
      bind: formatHostPort(HOST, port),
      pool: protocol,
    })),
    pools: Object.fromEntries(kinds.map(({ protocol }) => [protocol, poolOf(protocol)])),
    timeouts: { drain: '2s' },
    log: { level: 'warn' },
  };
  return parseConfig(JSON.stringify(file), 'demo');
}

function describeDemo(proxy: RunningProxy, nodes: readonly DemoNode[], maxMemoryBytes: number): string {
  const width = Math.max(...nodes.map((node) => node.name.length));
  return [
    'Ringward is running over nodes in this process.',
    '',
    ...proxy.addresses.flatMap(({ protocol, address }) => [
      `  ${protocol} clients connect to ${address}`,
      `    ${tryLine(protocol, address)}`,
    ]),
    '',
    `The nodes, with at most ${formatSizeBytes(maxMemoryBytes)} each, can be looked at directly too:`,
    ...nodes.map(({ name, host, port, isBackup }) => {
      const note = isBackup ? '  idle: this version does not fail over to it yet' : '';
      return `  ${name.padEnd(width)}  ${formatHostPort(host, port)}${note}`;
    }),
    '',
    'Ctrl-C stops everything; the data is gone then.',
    '',
  ].join('\n');
}

function tryLine(protocol: string, address: string): string {
  const port = address.slice(address.lastIndexOf(':') + 1);
  if (protocol === 'redis') return `redis-cli -p ${port} set greeting hello`;
  return `printf 'set greeting 0 0 5\\r\\nhello\\r\\nget greeting\\r\\nquit\\r\\n' | nc ${HOST} ${port}`;
}

function requireWhole(option: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new UsageError(`demo: ${option} takes a whole number from ${min} to ${max}, got ${value}`);
}

function requireMemory(text: string): number {
  const bytes = parseSizeBytes(text);
  if (bytes !== null && bytes >= MEMORY_BYTES_MIN) return bytes;
  throw new UsageError(
    `demo: --max-memory takes a size of at least ${formatSizeBytes(MEMORY_BYTES_MIN)} such as 64MiB, got ${text}`,
  );
}

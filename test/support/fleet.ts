/**
 * A proxy over several nodes, as most integration and fault tests want it: real redis-servers (or addresses that a test
 * plays itself), one listener named `redis`, one pool named `main`, nodes `n0`, `n1`, ... Keys are placed by the same
 * Partitioner as the proxy's, so a test can ask for keys of a given node.
 */
import { partitionerOptions } from '../../src/config/partitioning.js';
import { loadConfigFile } from '../../src/config/load.js';
import { Partitioner } from '../../src/routing/partitioner.js';
import { type RingwardServer, startRingward } from './proxy.js';
import { type TestServer, startRedis } from './servers.js';
import { type RawClient, connectRaw } from './wire.js';

export interface FleetOptions {
  /** How many redis-servers to start; default 3. Ignored when `ports` is given. */
  readonly nodes?: number;
  /** Appended to each node's command line. */
  readonly nodeArgs?: readonly string[];
  /** Addresses of nodes that the test runs itself. */
  readonly ports?: readonly number[];
  readonly workers?: number;
  /** Merged into the pool's section. */
  readonly pool?: object;
  readonly limits?: object;
  readonly timeouts?: object;
  readonly logLevel?: string;
  /** Added to the proxy's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Added to the listener's section; `bind` is a free loopback port unless given. */
  readonly listener?: object;
}

export interface Fleet {
  readonly proxy: RingwardServer;
  /** The nodes that were started here. A test that replaces one puts the new one in its place. */
  readonly nodes: TestServer[];
  /** A client of the proxy; closed with the fleet. */
  connect(): Promise<RawClient>;
  /** A client of one node. */
  connectNode(index: number): Promise<RawClient>;
  nodeOf(key: string | Buffer): number;
  /** `count` keys that the node owns; `prefix` keeps the keys of tests apart. */
  keysOf(node: number, count: number, prefix?: string): string[];
  /** A field of the proxy's INFO. */
  info(field: string): Promise<string>;
  stop(): Promise<void>;
}

/** One field of an INFO reply. */
export function infoField(reply: string, field: string): string {
  const found = new RegExp(`^${field}:(.*)\r$`, 'm').exec(reply)?.[1];
  if (found === undefined) throw new Error(`INFO has no ${field}`);
  return found;
}

export async function startFleet(options: FleetOptions = {}): Promise<Fleet> {
  const nodes: TestServer[] = [];
  if (options.ports === undefined) {
    const args = options.nodeArgs ?? [];
    for (let i = 0; i < (options.nodes ?? 3); i++) nodes.push(await startRedis({ args }));
  }
  const ports = options.ports ?? nodes.map((node) => node.port);
  const config = {
    workers: options.workers ?? 0,
    listeners: [{ name: 'redis', bind: '127.0.0.1:0', pool: 'main', ...options.listener }],
    pools: { main: { nodes: ports.map((port, i) => ({ id: `n${i}`, host: '127.0.0.1', port })), ...options.pool } },
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }),
    log: { format: 'json', level: options.logLevel ?? 'info' },
  };
  const proxy = await startRingward(config, { env: options.env ?? {} }).catch(async (error: unknown) => {
    await Promise.all(nodes.map((node) => node.kill()));
    throw error;
  });
  return asFleet(proxy, nodes);
}

function asFleet(proxy: RingwardServer, nodes: TestServer[]): Fleet {
  const pool = loadConfigFile(proxy.configPath).pools[0]!;
  const partitioner = new Partitioner(partitionerOptions(pool.nodes, pool.partitioning, Math.random));
  const clients: RawClient[] = [];
  const nodeOf = (key: string | Buffer): number => {
    const bytes = typeof key === 'string' ? Buffer.from(key, 'latin1') : key;
    return partitioner.nodeOf(bytes, 0, bytes.length);
  };
  const connect = async (): Promise<RawClient> => {
    const target = proxy.port === 0 || Number.isNaN(proxy.port) ? proxy.addresses['redis']! : proxy.port;
    const client = await connectRaw(target);
    clients.push(client);
    return client;
  };
  return {
    proxy,
    nodes,
    connect,
    connectNode: async (index) => {
      const client = await connectRaw(nodes[index]!.port);
      clients.push(client);
      return client;
    },
    nodeOf,
    keysOf: (node, count, prefix = 'k') => {
      const keys: string[] = [];
      for (let i = 0; keys.length < count; i++) if (nodeOf(`${prefix}${i}`) === node) keys.push(`${prefix}${i}`);
      return keys;
    },
    info: async (field) => {
      const client = await connect();
      const reply = await client.call('INFO');
      client.destroy();
      return infoField(reply, field);
    },
    stop: async () => {
      for (const client of clients) client.destroy();
      await Promise.all([proxy.kill(), ...nodes.map((node) => node.kill())]);
    },
  };
}

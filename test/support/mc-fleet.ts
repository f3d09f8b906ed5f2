/**
 * A proxy over several memcacheds, as the memcached tests want it: one listener, one pool named `mc`, nodes `n0`, `n1`, ...
 * Keys are placed by the same Partitioner as the proxy's, so a test can ask for keys of a given node.
 */
import { once } from 'node:events';
import net from 'node:net';
import { partitionerOptions } from '../../src/config/partitioning.js';
import { parseConfig } from '../../src/config/load.js';
import { Partitioner } from '../../src/routing/partitioner.js';
import { type RingwardServer, startRingward } from './proxy.js';
import { type TestServer, startMemcached } from './servers.js';
import { type RawClient, connectRaw } from './wire.js';

const EXCHANGE_DEADLINE_MS = 10_000;

export interface McFleetOptions {
  /** How many memcacheds to start; default 3. Ignored when `ports` is given. */
  readonly nodes?: number;
  /** Appended to each node's command line. */
  readonly nodeArgs?: readonly string[];
  /** Addresses of nodes that the test runs itself. */
  readonly ports?: readonly number[];
  readonly workers?: number;
  /** Merged into the pool's section. */
  readonly pool?: object;
  readonly limits?: object;
}

export interface McFleet {
  readonly proxy: RingwardServer;
  /** The nodes that were started here. A test that replaces one puts the new one in its place. */
  readonly nodes: TestServer[];
  connect(): Promise<RawClient>;
  nodeOf(key: string): number;
  /** `count` keys that the node owns; `prefix` keeps the keys of tests apart. */
  keysOf(node: number, count: number, prefix?: string): string[];
  stop(): Promise<void>;
}

export async function startMcFleet(options: McFleetOptions = {}): Promise<McFleet> {
  const nodes: TestServer[] = [];
  if (options.ports === undefined) {
    for (let i = 0; i < (options.nodes ?? 3); i++) nodes.push(await startMemcached({ args: options.nodeArgs ?? [] }));
  }
  const ports = options.ports ?? nodes.map((node) => node.port);
  const config = {
    workers: options.workers ?? 0,
    listeners: [{ name: 'mc', bind: '127.0.0.1:0', pool: 'mc' }],
    pools: {
      mc: {
        protocol: 'memcached',
        nodes: ports.map((port, i) => ({ id: `n${i}`, host: '127.0.0.1', port })),
        ...options.pool,
      },
    },
    limits: options.limits ?? {},
    log: { format: 'json' },
  };
  const proxy = await startRingward(config);
  const pool = parseConfig(JSON.stringify(config), 'fleet').pools[0]!;
  const partitioner = new Partitioner(partitionerOptions(pool.nodes, pool.partitioning, () => 0));
  const nodeOf = (key: string): number => {
    const bytes = Buffer.from(key, 'latin1');
    return partitioner.nodeOf(bytes, 0, bytes.length);
  };
  const clients: RawClient[] = [];
  return {
    proxy,
    nodes,
    connect: async () => {
      const client = await connectRaw(proxy.port);
      clients.push(client);
      return client;
    },
    nodeOf,
    keysOf: (node, count, prefix = 'k') => {
      const keys: string[] = [];
      for (let i = 0; keys.length < count; i++) if (nodeOf(`${prefix}${i}`) === node) keys.push(`${prefix}${i}`);
      return keys;
    },
    stop: async () => {
      for (const client of clients) client.destroy();
      await proxy.stop();
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

/** Sends the bytes on a connection of their own, then a half-close; resolves with all that comes until the server closes. */
export async function exchange(port: number, bytes: string | Buffer): Promise<string> {
  const socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  // A server that closes with bytes unread resets the connection; what it sent before has come by then.
  let isOver = false;
  socket.on('error', () => (isOver = true));
  socket.on('end', () => {
    isOver = true;
    socket.end();
  });
  const sent = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
  socket.end(sent);
  const timer = setTimeout(() => socket.destroy(), EXCHANGE_DEADLINE_MS);
  await once(socket, 'close');
  clearTimeout(timer);
  const received = Buffer.concat(pieces).toString('latin1');
  if (!(isOver as boolean)) {
    const shown = [sent.toString('latin1', 0, 400), received.slice(0, 400)].map((one) => JSON.stringify(one));
    throw new Error(
      `port ${port} did not close within ${EXCHANGE_DEADLINE_MS} ms after ${shown.join(' and answering ')}`,
    );
  }
  return received;
}

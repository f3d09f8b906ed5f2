/**
 * An in-memory node that speaks Redis's protocol, for `ringward demo` and for trying things out without any server installed.
 * It runs in the calling process and keeps nothing on disk. What it covers: docs/embedded-nodes.md.
 *
 *   socket ──► request-decoder ──► session ──► command-table ──► commands/*.ts ──► database ──► values
 *          ◄──────── reply-writer ◄────┘                                 store: memory bound, clock, eviction
 */
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { EnvironmentError } from '../../errors.js';
import type { ServerFacts } from './command.js';
import { Session } from './session.js';
import { Store } from './store.js';

export interface EmbeddedNodeOptions {
  /** Where to listen; a loopback address, since the node asks nobody for a password. Default 127.0.0.1. */
  readonly host?: string;
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Bound of the estimated memory of keys and values, in bytes. Default 64 MiB. */
  readonly maxMemoryBytes?: number;
  /** Shown by INFO. */
  readonly name?: string;
  /** Milliseconds since the epoch; tests inject theirs. */
  readonly now?: () => number;
  /** Numbers in [0, 1); tests inject theirs. */
  readonly random?: () => number;
}

export interface EmbeddedNode {
  readonly host: string;
  readonly port: number;
  /** Ends every connection and frees the port. The data is gone. */
  close(): Promise<void>;
}

const MEMORY_DEFAULT_BYTES = 64 * 1024 * 1024;
const CLIENTS_MAX = 10_000;
const EXPIRE_INTERVAL_MS = 100;

/** Throws EnvironmentError when the address cannot be bound. */
export async function startEmbeddedRedis(options: EmbeddedNodeOptions = {}): Promise<EmbeddedNode> {
  const store = new Store({
    maxMemoryBytes: options.maxMemoryBytes ?? MEMORY_DEFAULT_BYTES,
    now: options.now ?? Date.now,
    random: options.random ?? Math.random,
  });
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A connection that breaks is its client's business; 'close' follows and forgets it.
    socket.on('error', () => socket.destroy());
    if (sockets.size > CLIENTS_MAX) {
      socket.end('-ERR max number of clients reached\r\n');
      return;
    }
    store.counters.connections += 1;
    new Session(store.counters.connections, socket, store, facts);
  });
  const { address, port } = await listen(server, options.host ?? '127.0.0.1', options.port ?? 0);
  const facts: ServerFacts = {
    name: options.name ?? `embedded-${port}`,
    port,
    startedAtMs: store.nowMs,
    clients: () => sockets.size,
  };
  const timer = setInterval(() => {
    store.readClock();
    store.expireSome();
  }, EXPIRE_INTERVAL_MS);
  timer.unref();
  return { host: address, port, close: () => close(server, sockets, timer) };
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new EnvironmentError(`embedded node cannot listen on ${host}:${port}: ${cause.message}`, { cause }));
    });
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}

function close(server: Server, sockets: ReadonlySet<Socket>, timer: NodeJS.Timeout): Promise<void> {
  clearInterval(timer);
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

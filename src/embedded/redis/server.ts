/**
 * An in-memory node that speaks Redis's protocol, for `ringward demo` and for trying things out without any server installed.
 * It runs in the calling process and keeps nothing on disk. What it covers: docs/embedded-nodes.md.
 *
 *   socket ──► request-decoder ──► session ──► command-table ──► commands/*.ts ──► database ──► values
 *          ◄──────── reply-writer ◄────┘                                 store: memory bound, clock, eviction
 */
import { MEMORY_DEFAULT_BYTES, startNode } from '../node.js';
import type { EmbeddedNode, EmbeddedNodeOptions } from '../node.js';
import { Session } from './session.js';
import { Store } from './store.js';

export interface EmbeddedRedisOptions extends EmbeddedNodeOptions {
  /** Numbers in [0, 1), for random answers and eviction samples; tests inject theirs. */
  readonly random?: () => number;
}

/** Throws EnvironmentError when the address cannot be bound. */
export async function startEmbeddedRedis(options: EmbeddedRedisOptions = {}): Promise<EmbeddedNode> {
  const store = new Store({
    maxMemoryBytes: options.maxMemoryBytes ?? MEMORY_DEFAULT_BYTES,
    now: options.now ?? Date.now,
    random: options.random ?? Math.random,
  });
  const startedAtMs = store.nowMs;
  return startNode({
    host: options.host,
    port: options.port,
    refusal: '-ERR max number of clients reached\r\n',
    onConnection: (socket, { port, clients }) => {
      store.counters.connections += 1;
      const name = options.name ?? `embedded-${port}`;
      new Session(store.counters.connections, socket, store, { name, port, startedAtMs, clients });
    },
    onTick: () => {
      store.readClock();
      store.expireSome();
    },
  });
}

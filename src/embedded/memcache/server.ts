/**
 * An in-memory node that speaks memcached's text protocol, classic and meta, for `ringward demo` and for trying things out without any
 * server installed. It runs in the calling process and keeps nothing on disk. What it covers: docs/embedded-nodes.md.
 *
 *   socket ──► session (lines, data blocks) ──► classic-commands, meta-commands ──► item-changes ──► item-store (LRU, CAS, expiry)
 */
import { MEMORY_DEFAULT_BYTES, startNode } from '../node.js';
import type { EmbeddedNode, EmbeddedNodeOptions } from '../node.js';
import { ItemStore } from './item-store.js';
import { Session } from './session.js';

export interface EmbeddedMemcachedOptions extends EmbeddedNodeOptions {
  /** The largest item with its key and header, in bytes. Default 1 MiB, as in memcached. */
  readonly itemMaxBytes?: number;
}

const ITEM_MAX_DEFAULT_BYTES = 1024 * 1024;

/** Throws EnvironmentError when the address cannot be bound. */
export async function startEmbeddedMemcached(options: EmbeddedMemcachedOptions = {}): Promise<EmbeddedNode> {
  const store = new ItemStore({
    maxMemoryBytes: options.maxMemoryBytes ?? MEMORY_DEFAULT_BYTES,
    itemMaxBytes: options.itemMaxBytes ?? ITEM_MAX_DEFAULT_BYTES,
    now: options.now ?? Date.now,
  });
  return startNode({
    host: options.host,
    port: options.port,
    refusal: 'ERROR Too many open connections\r\n',
    onConnection: (socket, { port, clients }) => {
      store.counters.connections += 1;
      new Session(socket, store, { name: options.name ?? `embedded-${port}`, port, clients });
    },
    onTick: () => store.readClock(),
  });
}

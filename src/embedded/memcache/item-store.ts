/**
 * The items of an embedded memcached node: an exact LRU bounded by estimated bytes (lru-cache), CAS numbers and expiry.
 * Times are memcached's own: whole seconds on a clock that started a little before the node did, so that 1 is always past.
 * Expired items go when they are asked for or when the LRU reaches them. Every operation is O(1).
 */
import { LRUCache } from 'lru-cache';

export interface Item {
  value: string;
  readonly flags: number;
  /** Seconds on the node's clock; 0 for never. */
  expiresAt: number;
  cas: bigint;
  lastAccess: number;
  fetched: boolean;
  /** Marked by `md I`: readers learn that the value is old, and one of them that it should fetch a new one. */
  stale: boolean;
  /** That one reader was told. */
  tokenSent: boolean;
  /** The key was given in base64 and is shown so. */
  readonly keyIsBinary: boolean;
}

export interface ItemStoreOptions {
  readonly maxMemoryBytes: number;
  readonly itemMaxBytes: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface ItemCounters {
  gets: number;
  hits: number;
  sets: number;
  touches: number;
  flushes: number;
  stored: number;
  evicted: number;
  connections: number;
}

/** memcached keeps its start this far back, so that small times are always in the past. */
const CLOCK_LEAD_S = 62;
const RELATIVE_MAX_S = 60 * 60 * 24 * 30;
/** What an item costs here besides key and value, rounded up (docs/embedded-nodes.md). */
const OVERHEAD_BYTES = 264;
/** What it costs in memcached, which is what the item size limit is about. */
const HEADER_BYTES = 48 + 8;
const FLAGS_BYTES = 4;

/** The bytes memcached would count for this item. */
export function memcachedBytes(key: string, flags: number, valueBytes: number): number {
  return HEADER_BYTES + key.length + 1 + (flags === 0 ? 0 : FLAGS_BYTES) + valueBytes + 2;
}

export class ItemStore {
  readonly maxMemoryBytes: number;
  readonly counters: ItemCounters = {
    ...{ gets: 0, hits: 0, sets: 0, touches: 0, flushes: 0, stored: 0, evicted: 0, connections: 0 },
  };
  readonly #startedAtMs: number;
  readonly #options: ItemStoreOptions;
  readonly #items: LRUCache<string, Item>;
  #lastCas = 0n;
  #flushAt = Infinity;
  /** Seconds on the node's clock. */
  nowS = CLOCK_LEAD_S;

  constructor(options: ItemStoreOptions) {
    this.#options = options;
    this.maxMemoryBytes = options.maxMemoryBytes;
    this.#startedAtMs = options.now();
    this.#items = new LRUCache<string, Item>({
      maxSize: options.maxMemoryBytes,
      sizeCalculation: ({ value }, key) => OVERHEAD_BYTES + key.length + value.length,
      dispose: (_item, _key, reason) => {
        if (reason === 'evict') this.counters.evicted += 1;
      },
    });
  }

  get size(): number {
    return this.#items.size;
  }

  get usedBytes(): number {
    return this.#items.calculatedSize;
  }

  get itemMaxBytes(): number {
    return this.#options.itemMaxBytes;
  }

  get uptimeS(): number {
    return this.nowS - CLOCK_LEAD_S;
  }

  get epochS(): number {
    return this.#startS() + this.nowS;
  }

  /** Once per turn: every command of it sees the same second. */
  readClock(): void {
    this.nowS = Math.floor(this.#options.now() / 1000) - this.#startS();
    if (this.nowS >= this.#flushAt) this.#clear();
  }

  /** A time as commands give it (relative to 30 days, absolute beyond, negative for past) on the node's clock. */
  timeOf(seconds: number): number {
    if (seconds === 0) return 0;
    if (seconds >= 0 && seconds <= RELATIVE_MAX_S) return this.nowS + seconds;
    return Math.max(1, seconds - this.#startS());
  }

  get(key: string): Item | undefined {
    const item = this.#items.get(key);
    if (!item || item.expiresAt === 0 || item.expiresAt > this.nowS) return item;
    this.#items.delete(key);
    return undefined;
  }

  fits(key: string, flags: number, valueBytes: number): boolean {
    return (
      memcachedBytes(key, flags, valueBytes) <= this.#options.itemMaxBytes &&
      OVERHEAD_BYTES + key.length + valueBytes <= this.maxMemoryBytes
    );
  }

  /** Stores a new item over any other; the item gets its CAS number. */
  put(key: string, fields: Partial<Item> & Pick<Item, 'value'>): Item {
    // One literal, field by field: objects put together by spreading take twice the memory.
    const item: Item = {
      value: fields.value,
      flags: fields.flags ?? 0,
      expiresAt: fields.expiresAt ?? 0,
      cas: this.nextCas(),
      lastAccess: this.nowS,
      fetched: false,
      stale: fields.stale ?? false,
      tokenSent: fields.tokenSent ?? false,
      keyIsBinary: fields.keyIsBinary ?? false,
    };
    this.#items.set(key, item);
    this.counters.stored += 1;
    return item;
  }

  /** Remembers that a client saw the item, and when. */
  used(item: Item): void {
    item.fetched = true;
    item.lastAccess = this.nowS;
  }

  delete(key: string): void {
    this.#items.delete(key);
  }

  nextCas(): bigint {
    this.#lastCas += 1n;
    return this.#lastCas;
  }

  /** Flushes at once, or when the clock reaches the second before `delayS` has passed, as memcached does. */
  flush(delayS: number): void {
    this.counters.flushes += 1;
    this.#flushAt = delayS > 0 ? this.timeOf(delayS) - 1 : this.nowS;
    if (this.#flushAt > this.nowS) return;
    this.#clear();
    this.nextCas();
  }

  #clear(): void {
    this.#items.clear();
    this.#flushAt = Infinity;
  }

  #startS(): number {
    return Math.floor(this.#startedAtMs / 1000) - CLOCK_LEAD_S;
  }
}

/**
 * The data of one embedded Redis node: sixteen databases under one memory bound, one clock reading and one set of counters.
 * Evicts the least recently used of ten sampled keys until the estimate fits, as Redis does with allkeys-lru. Expiry is lazy
 * (database.ts) plus `expireSome`, a sampling pass that the server runs on a timer. Single-threaded, no I/O.
 */
import { Database } from './database.js';

export const DATABASES = 16;
const EVICTION_SAMPLES = 10;
const EXPIRE_SAMPLES = 20;
/** Passes of one `expireSome`: bounds the pause when a million keys expire together. */
const EXPIRE_PASSES_MAX = 50;

export interface StoreOptions {
  readonly maxMemoryBytes: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
}

export interface StoreCounters {
  hits: number;
  misses: number;
  expired: number;
  evicted: number;
  commands: number;
  connections: number;
}

export class Store {
  readonly maxMemoryBytes: number;
  readonly random: () => number;
  readonly databases: readonly Database[];
  readonly counters: StoreCounters = { hits: 0, misses: 0, expired: 0, evicted: 0, commands: 0, connections: 0 };
  /** The time that every command of this turn sees, in milliseconds since the epoch. */
  nowMs: number;
  usedBytes = 0;
  readonly #now: () => number;
  #uses = 0;

  constructor(options: StoreOptions) {
    this.maxMemoryBytes = options.maxMemoryBytes;
    this.random = options.random;
    this.#now = options.now;
    this.nowMs = options.now();
    this.databases = Array.from({ length: DATABASES }, () => new Database(this));
  }

  readClock(): void {
    this.nowMs = this.#now();
  }

  /** A number larger than every one before: the order of use. */
  nextUse(): number {
    this.#uses += 1;
    return this.#uses;
  }

  clear(): void {
    for (const database of this.databases) database.clear();
  }

  evictToFit(): void {
    while (this.usedBytes > this.maxMemoryBytes && this.#evictOne()) this.counters.evicted += 1;
  }

  expireSome(): void {
    for (const database of this.databases) {
      for (let pass = 0; pass < EXPIRE_PASSES_MAX; pass += 1) {
        const expired = database.expireSample(EXPIRE_SAMPLES);
        if (expired * 4 < EXPIRE_SAMPLES) break;
      }
    }
  }

  #evictOne(): boolean {
    let oldest: { readonly database: Database; readonly key: string; readonly lastUse: number } | undefined;
    for (const database of this.databases) {
      for (let sample = 0; sample < EVICTION_SAMPLES && database.entries.size > 0; sample += 1) {
        const place = Math.floor(this.random() * database.entries.size);
        const { lastUse } = database.entries.valueAt(place);
        if (!oldest || lastUse < oldest.lastUse) oldest = { database, key: database.entries.keyAt(place), lastUse };
      }
    }
    return oldest !== undefined && oldest.database.remove(oldest.key);
  }
}

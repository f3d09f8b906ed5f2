/**
 * One of the sixteen databases of an embedded Redis node: keys to values with expiry, use order and byte estimates.
 * Every command goes through these methods, so that a key past its time is never seen and the store's total stays right.
 * A collection that a command emptied must not survive it: handlers end with `changed(key)`, which removes it.
 */
import { CommandError, WRONG_TYPE } from './command-error.js';
import { IndexedMap } from './indexed-map.js';
import type { Store } from './store.js';
import type { Value, ValueType } from './values.js';

const ENTRY_BYTES = 192;

export interface Entry {
  value: Value;
  /** Milliseconds since the epoch, undefined for never. Change it through `Database.expireAt` only. */
  expiresAtMs: number | undefined;
  bytes: number;
  lastUse: number;
  lastUseMs: number;
}

export type ValueOf<T extends ValueType> = Extract<Value, { readonly type: T }>;

export class Database {
  readonly entries = new IndexedMap<Entry>();
  /** The keys that have an expiry, for the sampling pass. */
  readonly #expiring = new IndexedMap<Entry>();
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get size(): number {
    return this.entries.size;
  }

  get expiringSize(): number {
    return this.#expiring.size;
  }

  /** Looks without counting as a use (TTL, TYPE, OBJECT). */
  peek(key: string): Entry | undefined {
    const entry = this.entries.get(key);
    if (entry?.expiresAtMs === undefined || entry.expiresAtMs > this.#store.nowMs) return entry;
    this.remove(key);
    this.#store.counters.expired += 1;
    return undefined;
  }

  find(key: string): Entry | undefined {
    const entry = this.peek(key);
    if (!entry) {
      this.#store.counters.misses += 1;
      return undefined;
    }
    this.#store.counters.hits += 1;
    this.#use(entry);
    return entry;
  }

  /** The value when it is there; throws WRONGTYPE when it is of another type. */
  value<T extends ValueType>(key: string, type: T): ValueOf<T> | undefined {
    const value = this.find(key)?.value;
    if (value && value.type !== type) throw new CommandError(WRONG_TYPE);
    return value as ValueOf<T> | undefined;
  }

  /** The value, or a new one of that type that is stored now. Call after the arguments were checked. */
  valueOrNew<T extends ValueType>(key: string, type: T, create: () => ValueOf<T>): ValueOf<T> {
    const present = this.value(key, type);
    if (present) return present;
    const created = create();
    this.put(key, created);
    return created;
  }

  /** Stores a value, over any other. The expiry goes unless `keepExpiry`. */
  put(key: string, value: Value, keepExpiry = false): void {
    const entry = this.peek(key);
    const bytes = ENTRY_BYTES + key.length + value.bytes;
    if (entry) {
      this.#store.usedBytes += bytes - entry.bytes;
      entry.value = value;
      entry.bytes = bytes;
      if (!keepExpiry) this.expireAt(key, undefined);
      this.#use(entry);
      return;
    }
    const created: Entry = { value, expiresAtMs: undefined, bytes, lastUse: 0, lastUseMs: 0 };
    this.#use(created);
    this.entries.set(key, created);
    this.#store.usedBytes += bytes;
  }

  /** After a value changed in place: counts its bytes anew, and removes a collection that became empty. */
  changed(key: string): void {
    const entry = this.entries.get(key);
    if (!entry) return;
    if (entry.value.type !== 'string' && entry.value.size === 0) {
      this.remove(key);
      return;
    }
    const bytes = ENTRY_BYTES + key.length + entry.value.bytes;
    this.#store.usedBytes += bytes - entry.bytes;
    entry.bytes = bytes;
  }

  /** Removes the key when it is there and not expired. True when it was. */
  delete(key: string): boolean {
    return this.peek(key) !== undefined && this.remove(key);
  }

  remove(key: string): boolean {
    const entry = this.entries.get(key);
    if (!entry) return false;
    this.entries.delete(key);
    this.#expiring.delete(key);
    this.#store.usedBytes -= entry.bytes;
    return true;
  }

  /** The key must exist. */
  expireAt(key: string, expiresAtMs: number | undefined): void {
    const entry = this.entries.get(key);
    if (!entry) return;
    entry.expiresAtMs = expiresAtMs;
    if (expiresAtMs === undefined) this.#expiring.delete(key);
    else this.#expiring.set(key, entry);
  }

  clear(): void {
    for (const entry of this.entries.values()) this.#store.usedBytes -= entry.bytes;
    this.entries.clear();
    this.#expiring.clear();
  }

  /** Looks at up to `samples` keys with an expiry and removes those whose time is past; returns how many. */
  expireSample(samples: number): number {
    let expired = 0;
    for (let sample = 0; sample < samples && this.#expiring.size > 0; sample += 1) {
      const key = this.#expiring.randomKey(this.#store.random)!;
      if (this.peek(key) === undefined) expired += 1;
    }
    return expired;
  }

  #use(entry: Entry): void {
    entry.lastUse = this.#store.nextUse();
    entry.lastUseMs = this.#store.nowMs;
  }
}

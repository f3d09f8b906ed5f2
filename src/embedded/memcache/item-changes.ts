/**
 * The two changes that classic and meta commands share: storing under a mode and a CAS condition, and arithmetic.
 * Follows do_store_item and do_add_delta of memcached 1.6.
 */
import type { Item, ItemStore } from './item-store.js';
import { parseUint64 } from './numbers.js';

export type StoreMode = 'set' | 'add' | 'replace' | 'append' | 'prepend' | 'cas';
export type StoreOutcome = 'stored' | 'not-stored' | 'exists' | 'not-found';

export interface StoreRequest {
  readonly key: string;
  readonly value: string;
  readonly flags: number;
  readonly expiresAt: number;
  readonly mode: StoreMode;
  /** 0 for no condition. */
  readonly cas: bigint;
  /** A value with an older CAS is stored too, and marked stale (`ms I`). */
  readonly acceptsStale: boolean;
  readonly keyIsBinary: boolean;
}

export interface StoreResult {
  readonly outcome: StoreOutcome;
  readonly item?: Item;
}

type CasCheck = 'none' | 'match' | 'older' | 'mismatch';

export function storeItem(store: ItemStore, request: StoreRequest): StoreResult {
  const { mode, key } = request;
  const before = store.get(key);
  if (!before) {
    if (mode === 'add' || mode === 'set') return stored(store, request, {});
    return { outcome: mode === 'cas' ? 'not-found' : 'not-stored' };
  }
  const check = casCheck(request, before);
  if (mode === 'add') return { outcome: 'not-stored' };
  if (mode === 'append' || mode === 'prepend') {
    return check === 'none' || check === 'match' ? joined(store, request, before) : { outcome: 'exists' };
  }
  if (mode !== 'cas' || check === 'match') return stored(store, request, {});
  if (check !== 'older') return { outcome: 'exists' };
  return stored(store, request, { expiresAt: before.expiresAt, stale: true, tokenSent: before.tokenSent });
}

function casCheck({ cas, acceptsStale }: StoreRequest, before: Item): CasCheck {
  if (cas === 0n) return 'none';
  if (cas === before.cas) return 'match';
  return acceptsStale && cas < before.cas ? 'older' : 'mismatch';
}

function stored(store: ItemStore, request: StoreRequest, over: Partial<Item>): StoreResult {
  const { key, value, flags, expiresAt, keyIsBinary } = request;
  return { outcome: 'stored', item: store.put(key, { value, flags, expiresAt, keyIsBinary, ...over }) };
}

function joined(store: ItemStore, { mode, key, value }: StoreRequest, before: Item): StoreResult {
  const text = mode === 'append' ? before.value + value : value + before.value;
  if (!store.fits(key, before.flags, text.length)) return { outcome: 'not-stored' };
  const { flags, expiresAt } = before;
  return { outcome: 'stored', item: store.put(key, { value: text, flags, expiresAt }) };
}

export interface DeltaRequest {
  readonly increment: boolean;
  readonly delta: bigint;
  /** 0 for no condition. */
  readonly cas: bigint;
}

export type DeltaResult =
  | { readonly outcome: 'done'; readonly text: string; readonly item: Item }
  | { readonly outcome: 'not-found' | 'exists' | 'non-numeric' };

export function addDelta(store: ItemStore, key: string, request: DeltaRequest): DeltaResult {
  const item = store.get(key);
  if (!item) return { outcome: 'not-found' };
  if (item.value === '') return { outcome: 'non-numeric' };
  if (request.cas !== 0n && request.cas !== item.cas) return { outcome: 'exists' };
  const value = parseUint64(item.value);
  if (value === undefined) return { outcome: 'non-numeric' };
  const { delta } = request;
  const changed = request.increment ? BigInt.asUintN(64, value + delta) : value > delta ? value - delta : 0n;
  const text = changed.toString();
  if (text.length > item.value.length) {
    const { flags, expiresAt } = item;
    return { outcome: 'done', text, item: store.put(key, { value: text, flags, expiresAt }) };
  }
  // A number that did not get longer is written in place, and blanks fill what it left.
  item.value = text.padEnd(item.value.length, ' ');
  item.cas = store.nextCas();
  return { outcome: 'done', text, item };
}

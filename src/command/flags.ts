/**
 * Bit masks of command flags, ACL categories and key flags, with the words that Redis uses for them.
 * The order of the bits is the order in which redis-server lists the words in its COMMAND reply, so walking a mask from
 * its lowest bit gives that reply. Reference: Redis documentation of COMMAND, and server.c (addReplyFlagsForCommand).
 */

export const Flag = {
  write: 1 << 0,
  readonly: 1 << 1,
  denyoom: 1 << 2,
  admin: 1 << 3,
  pubsub: 1 << 4,
  noscript: 1 << 5,
  blocking: 1 << 6,
  loading: 1 << 7,
  stale: 1 << 8,
  skip_monitor: 1 << 9,
  skip_slowlog: 1 << 10,
  asking: 1 << 11,
  fast: 1 << 12,
  no_auth: 1 << 13,
  may_replicate: 1 << 14,
  no_mandatory_keys: 1 << 15,
  no_async_loading: 1 << 16,
  no_multi: 1 << 17,
  movablekeys: 1 << 18,
  allow_busy: 1 << 19,
  touches_arbitrary_keys: 1 << 20,
  sentinel: 1 << 21,
  only_sentinel: 1 << 22,
  protected: 1 << 23,
  experimental: 1 << 24,
} as const;

/** Flags that redis-server keeps out of its COMMAND reply. */
export const hiddenFlags = Flag.sentinel | Flag.only_sentinel | Flag.protected | Flag.experimental | Flag.may_replicate;

export const Category = {
  keyspace: 1 << 0,
  read: 1 << 1,
  write: 1 << 2,
  set: 1 << 3,
  sortedset: 1 << 4,
  list: 1 << 5,
  hash: 1 << 6,
  string: 1 << 7,
  bitmap: 1 << 8,
  hyperloglog: 1 << 9,
  geo: 1 << 10,
  stream: 1 << 11,
  pubsub: 1 << 12,
  admin: 1 << 13,
  fast: 1 << 14,
  slow: 1 << 15,
  blocking: 1 << 16,
  dangerous: 1 << 17,
  connection: 1 << 18,
  transaction: 1 << 19,
  scripting: 1 << 20,
} as const;

/** What a command does with a key. */
export const KeyFlag = {
  rw: 1 << 0,
  ro: 1 << 1,
  ow: 1 << 2,
  rm: 1 << 3,
  access: 1 << 4,
  update: 1 << 5,
  insert: 1 << 6,
  delete: 1 << 7,
  /** Routed like a key, but not one: a shard channel. */
  not_key: 1 << 8,
  incomplete: 1 << 9,
  variable_flags: 1 << 10,
} as const;

type Bits = Readonly<Record<string, number>>;

/** The mask of `words`. @throws RangeError on a word that `bits` does not have: the generated table is wrong then. */
export function maskOf(words: readonly string[], bits: Bits): number {
  let mask = 0;
  for (const word of words) {
    const bit = Object.hasOwn(bits, word) ? bits[word] : undefined;
    if (bit === undefined) throw new RangeError(`unknown word "${word}" in the command table`);
    mask |= bit;
  }
  return mask;
}

/** The words of `mask`, lowest bit first. */
export function wordsOf(mask: number, bits: Bits): string[] {
  return Object.keys(bits).filter((word) => (mask & bits[word]!) !== 0);
}

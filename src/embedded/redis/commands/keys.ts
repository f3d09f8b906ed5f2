/**
 * Commands on whole keys of the embedded Redis node: existence, type, rename, copy, listing, OBJECT. Expiry is in expiry.ts,
 * SCAN in scan.ts. KEYS and FLUSHALL are O(keys), as in Redis.
 */
import { integerArgument, isWord } from '../arguments.js';
import { ALL_KEYS, NO_KEYS, ONE_KEY, READ, STORE, TWO_KEYS, WRITE, row } from '../command.js';
import type { Client, CommandRow } from '../command.js';
import { CommandError, DB_OUT_OF_RANGE, NO_SUCH_KEY, SYNTAX } from '../command-error.js';
import type { Entry } from '../database.js';
import { globMatches } from '../glob.js';
import { parseInt64 } from '../numbers.js';
import type { Value } from '../values.js';

const SAME_OBJECT = 'ERR source and destination objects are the same';
/** How long RANDOMKEY looks for a key that has not expired, as in Redis. */
const RANDOM_TRIES_MAX = 100;

function del({ db, reply }: Client, args: readonly string[]): void {
  let deleted = 0;
  for (let at = 1; at < args.length; at += 1) if (db.delete(args[at]!)) deleted += 1;
  reply.integer(deleted);
}

function exists({ db, reply }: Client, args: readonly string[]): void {
  let found = 0;
  for (let at = 1; at < args.length; at += 1) if (db.find(args[at]!)) found += 1;
  reply.integer(found);
}

function type({ db, reply }: Client, args: readonly string[]): void {
  reply.simple(db.peek(args[1]!)?.value.type ?? 'none');
}

function moveKey({ db }: Client, from: string, to: string, entry: Entry): void {
  db.remove(from);
  db.put(to, entry.value);
  if (entry.expiresAtMs !== undefined) db.expireAt(to, entry.expiresAtMs);
}

function rename(client: Client, args: readonly string[]): void {
  const entry = client.db.find(args[1]!);
  if (!entry) throw new CommandError(NO_SUCH_KEY);
  if (args[1] !== args[2]) moveKey(client, args[1]!, args[2]!, entry);
  client.reply.ok();
}

function renamenx(client: Client, args: readonly string[]): void {
  const entry = client.db.find(args[1]!);
  if (!entry) throw new CommandError(NO_SUCH_KEY);
  if (args[1] === args[2] || client.db.find(args[2]!)) {
    client.reply.integer(0);
    return;
  }
  moveKey(client, args[1]!, args[2]!, entry);
  client.reply.integer(1);
}

function copy(client: Client, args: readonly string[]): void {
  let target = client.db;
  let replace = false;
  for (let at = 3; at < args.length; at += 1) {
    if (isWord(args[at], 'replace')) replace = true;
    else if (isWord(args[at], 'db') && at + 1 < args.length) {
      at += 1;
      const named = client.store.databases[integerArgument(args[at]!)];
      if (!named) throw new CommandError(DB_OUT_OF_RANGE);
      target = named;
    } else throw new CommandError(SYNTAX);
  }
  const to = args[2]!;
  if (target === client.db && args[1] === to) throw new CommandError(SAME_OBJECT);
  const entry = client.db.find(args[1]!);
  if (!entry || (target.peek(to) && !replace)) {
    client.reply.integer(0);
    return;
  }
  target.put(to, entry.value.copy());
  if (entry.expiresAtMs !== undefined) target.expireAt(to, entry.expiresAtMs);
  client.reply.integer(1);
}

function move(client: Client, args: readonly string[]): void {
  const target = client.store.databases[integerArgument(args[2]!)];
  if (!target) throw new CommandError(DB_OUT_OF_RANGE);
  if (target === client.db) throw new CommandError(SAME_OBJECT);
  const entry = client.db.find(args[1]!);
  if (!entry || target.peek(args[1]!)) {
    client.reply.integer(0);
    return;
  }
  client.db.remove(args[1]!);
  target.put(args[1]!, entry.value);
  if (entry.expiresAtMs !== undefined) target.expireAt(args[1]!, entry.expiresAtMs);
  client.reply.integer(1);
}

function keys({ db, reply }: Client, args: readonly string[]): void {
  const pattern = args[1]!;
  const names = db.entries.keys().filter((key) => pattern === '*' || globMatches(pattern, key));
  reply.bulks(names.filter((key) => db.peek(key)));
}

function randomkey({ db, store, reply }: Client): void {
  for (let tries = 0; tries < RANDOM_TRIES_MAX; tries += 1) {
    const key = db.entries.randomKey(store.random);
    if (key === undefined) break;
    if (!db.peek(key)) continue;
    reply.bulk(key);
    return;
  }
  reply.nil();
}

function checkFlushMode(args: readonly string[]): void {
  const plain = args.length === 1;
  if (!plain && !(args.length === 2 && (isWord(args[1], 'async') || isWord(args[1], 'sync')))) {
    throw new CommandError(SYNTAX);
  }
}

function flushdb({ db, reply }: Client, args: readonly string[]): void {
  checkFlushMode(args);
  db.clear();
  reply.ok();
}

function flushall({ store, reply }: Client, args: readonly string[]): void {
  checkFlushMode(args);
  store.clear();
  reply.ok();
}

/** What Redis 7.0 would use for a value of this content with its default limits. This node itself has one form a type. */
function encodingOf(value: Value): string {
  switch (value.type) {
    case 'string':
      if (value.text.length < 21 && parseInt64(value.text) !== undefined) return 'int';
      return value.text.length <= 44 ? 'embstr' : 'raw';
    case 'list':
      return 'quicklist';
    case 'hash':
      return value.size <= 128 && isShort(value.fields.keys()) && isShort(value.values()) ? 'listpack' : 'hashtable';
    case 'set':
      return value.size <= 512 && value.members.keys().every((member) => parseInt64(member) !== undefined)
        ? 'intset'
        : 'hashtable';
    case 'zset':
      return value.size <= 128 && isShort(value.members.keys()) ? 'listpack' : 'skiplist';
  }
}

function isShort(texts: readonly string[]): boolean {
  return texts.every((text) => text.length <= 64);
}

const NO_LFU =
  'ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between ' +
  'policies at runtime LRU and LFU data will take some time to adjust.';

function objectCommand(answer: (client: Client, entry: Entry) => void): CommandRow['run'] {
  return (client, args) => {
    const entry = client.db.peek(args[2]!);
    if (entry) answer(client, entry);
    else client.reply.nil();
  };
}

export const KEY_COMMANDS: readonly CommandRow[] = [
  row('del', -2, WRITE, ALL_KEYS, del),
  row('unlink', -2, WRITE, ALL_KEYS, del),
  row('exists', -2, READ, ALL_KEYS, exists),
  row('touch', -2, READ, ALL_KEYS, exists),
  row('type', 2, READ, ONE_KEY, type),
  row('rename', 3, WRITE, TWO_KEYS, rename),
  row('renamenx', 3, WRITE, TWO_KEYS, renamenx),
  row('copy', -3, STORE, TWO_KEYS, copy),
  row('move', 3, WRITE, ONE_KEY, move),
  row('keys', 2, READ, NO_KEYS, keys),
  row('randomkey', 1, READ, NO_KEYS, randomkey),
  row('dbsize', 1, READ, NO_KEYS, ({ db, reply }) => reply.integer(db.size)),
  row('flushdb', -1, WRITE, NO_KEYS, flushdb),
  row('flushall', -1, WRITE, NO_KEYS, flushall),
  row(
    'object|encoding',
    3,
    READ,
    [2, 2, 1],
    objectCommand(({ reply }, { value }) => reply.bulk(encodingOf(value))),
  ),
  row(
    'object|refcount',
    3,
    READ,
    [2, 2, 1],
    objectCommand(({ reply }) => reply.integer(1)),
  ),
  row(
    'object|idletime',
    3,
    READ,
    [2, 2, 1],
    objectCommand(({ reply, store }, { lastUseMs }) => reply.integer(Math.floor((store.nowMs - lastUseMs) / 1000))),
  ),
  row(
    'object|freq',
    3,
    READ,
    [2, 2, 1],
    objectCommand(() => {
      throw new CommandError(NO_LFU);
    }),
  ),
];

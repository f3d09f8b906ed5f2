/**
 * String commands of the embedded Redis node, apart from counters (counters.ts) and bits (bits.ts).
 * Replies, errors and the order of checks follow t_string.c of Redis 7.0; test/integration/embedded-redis.test.ts compares bytes.
 */
import { indexRange, integerArgument, isWord } from '../arguments.js';
import { ALL_KEYS, GROW, ONE_KEY, READ, STORE, WRITE, row } from '../command.js';
import type { Client, CommandRow } from '../command.js';
import { CommandError, OUT_OF_MEMORY, STRING_TOO_LONG, SYNTAX, wrongArity } from '../command-error.js';
import { StringValue } from '../values.js';
import { TIME_OPTIONS, positiveExpiryMs } from './expire-time.js';
import type { TimeForm } from './expire-time.js';

const STRING_MAX_BYTES = 512 * 1024 * 1024;

interface SetOptions {
  readonly condition: 'nx' | 'xx' | undefined;
  readonly get: boolean;
  readonly keepExpiry: boolean;
  readonly expiry: { readonly form: TimeForm; readonly text: string } | undefined;
}

/** A string that a command wants to build must fit both Redis's own limit and this node's memory. */
export function checkStringLength(client: Client, bytes: number): void {
  if (bytes > STRING_MAX_BYTES) throw new CommandError(STRING_TOO_LONG);
  if (bytes > client.store.maxMemoryBytes) throw new CommandError(OUT_OF_MEMORY);
}

function parseSetOptions(args: readonly string[]): SetOptions {
  let condition: SetOptions['condition'];
  let get = false;
  let keepExpiry = false;
  let expiry: SetOptions['expiry'];
  for (let at = 3; at < args.length; at += 1) {
    const option = args[at]!.toLowerCase();
    const form = TIME_OPTIONS.get(option);
    if ((option === 'nx' || option === 'xx') && (condition === undefined || condition === option)) condition = option;
    else if (option === 'get') get = true;
    else if (option === 'keepttl' && !expiry) keepExpiry = true;
    else if (form && !keepExpiry && (!expiry || expiry.form === form) && at + 1 < args.length) {
      at += 1;
      expiry = { form, text: args[at]! };
    } else throw new CommandError(SYNTAX);
  }
  return { condition, get, keepExpiry, expiry };
}

function set(client: Client, args: readonly string[]): void {
  const { db, store, reply } = client;
  const options = parseSetOptions(args);
  const key = args[1]!;
  const { expiry } = options;
  const expiresAtMs = expiry && positiveExpiryMs(expiry.text, expiry.form, store.nowMs, 'set');
  // Without GET the old value's type does not matter.
  const before = options.get ? db.value(key, 'string')?.text : undefined;
  const present = options.condition !== undefined && db.find(key) !== undefined;
  if ((options.condition === 'nx' && present) || (options.condition === 'xx' && !present)) {
    reply.bulkOrNull(before);
    return;
  }
  db.put(key, new StringValue(args[2]!), options.keepExpiry);
  if (expiresAtMs !== undefined) db.expireAt(key, expiresAtMs);
  if (options.get) reply.bulkOrNull(before);
  else reply.ok();
}

function setWithExpiry(unit: TimeForm['unit']): CommandRow['run'] {
  const form: TimeForm = { unit, relative: true };
  return ({ db, store, reply }, args) => {
    const expiresAtMs = positiveExpiryMs(args[2]!, form, store.nowMs, args[0]!.toLowerCase());
    db.put(args[1]!, new StringValue(args[3]!));
    db.expireAt(args[1]!, expiresAtMs);
    reply.ok();
  };
}

function setnx({ db, reply }: Client, args: readonly string[]): void {
  if (db.find(args[1]!)) {
    reply.integer(0);
    return;
  }
  db.put(args[1]!, new StringValue(args[2]!));
  reply.integer(1);
}

function get({ db, reply }: Client, args: readonly string[]): void {
  reply.bulkOrNull(db.value(args[1]!, 'string')?.text);
}

function getset({ db, reply }: Client, args: readonly string[]): void {
  const before = db.value(args[1]!, 'string')?.text;
  db.put(args[1]!, new StringValue(args[2]!));
  reply.bulkOrNull(before);
}

function getdel({ db, reply }: Client, args: readonly string[]): void {
  const before = db.value(args[1]!, 'string')?.text;
  db.delete(args[1]!);
  reply.bulkOrNull(before);
}

function getex({ db, store, reply }: Client, args: readonly string[]): void {
  let persist = false;
  let expiry: { readonly form: TimeForm; readonly text: string } | undefined;
  for (let at = 2; at < args.length; at += 1) {
    const form = TIME_OPTIONS.get(args[at]!.toLowerCase());
    if (isWord(args[at], 'persist') && !expiry) persist = true;
    else if (form && !persist && (!expiry || expiry.form === form) && at + 1 < args.length) {
      at += 1;
      expiry = { form, text: args[at]! };
    } else throw new CommandError(SYNTAX);
  }
  const key = args[1]!;
  const value = db.value(key, 'string');
  if (!value) {
    reply.nil();
    return;
  }
  if (expiry) {
    const expiresAtMs = positiveExpiryMs(expiry.text, expiry.form, store.nowMs, 'getex');
    if (expiresAtMs <= store.nowMs) db.delete(key);
    else db.expireAt(key, expiresAtMs);
  } else if (persist) db.expireAt(key, undefined);
  reply.bulk(value.text);
}

function mget({ db, reply }: Client, args: readonly string[]): void {
  reply.array(args.length - 1);
  for (let at = 1; at < args.length; at += 1) {
    const value = db.find(args[at]!)?.value;
    reply.bulkOrNull(value?.type === 'string' ? value.text : undefined);
  }
}

function putPairs({ db }: Client, args: readonly string[]): void {
  for (let at = 1; at < args.length; at += 2) db.put(args[at]!, new StringValue(args[at + 1]!));
}

function mset(client: Client, args: readonly string[]): void {
  if (args.length % 2 === 0) throw new CommandError(wrongArity('mset'));
  putPairs(client, args);
  client.reply.ok();
}

function msetnx(client: Client, args: readonly string[]): void {
  if (args.length % 2 === 0) throw new CommandError(wrongArity('msetnx'));
  for (let at = 1; at < args.length; at += 2) {
    if (client.db.find(args[at]!)) {
      client.reply.integer(0);
      return;
    }
  }
  putPairs(client, args);
  client.reply.integer(1);
}

function append(client: Client, args: readonly string[]): void {
  const { db, reply } = client;
  const value = db.value(args[1]!, 'string');
  if (!value) {
    db.put(args[1]!, new StringValue(args[2]!));
    reply.integer(args[2]!.length);
    return;
  }
  checkStringLength(client, value.text.length + args[2]!.length);
  reply.integer(value.append(args[2]!));
  db.changed(args[1]!);
}

function strlen({ db, reply }: Client, args: readonly string[]): void {
  reply.integer(db.value(args[1]!, 'string')?.text.length ?? 0);
}

function getrange({ db, reply }: Client, args: readonly string[]): void {
  const first = integerArgument(args[2]!);
  const last = integerArgument(args[3]!);
  const text = db.value(args[1]!, 'string')?.text ?? '';
  if (first < 0 && last < 0 && first > last) {
    reply.bulk('');
    return;
  }
  // Unlike list ranges, an end before the first byte means the first byte.
  const { start, end } = indexRange(first, Math.max(last, -text.length), text.length);
  reply.bulk(start < end ? text.slice(start, end) : '');
}

function setrange(client: Client, args: readonly string[]): void {
  const { db, reply } = client;
  const offset = integerArgument(args[2]!);
  if (offset < 0) throw new CommandError('ERR offset is out of range');
  const key = args[1]!;
  const patch = args[3]!;
  const text = db.value(key, 'string')?.text ?? '';
  if (patch === '') {
    reply.integer(text.length);
    return;
  }
  checkStringLength(client, offset + patch.length);
  const start = text.slice(0, offset).padEnd(offset, '\0');
  const changed = start + patch + text.slice(offset + patch.length);
  db.put(key, new StringValue(changed), true);
  reply.integer(changed.length);
}

export const STRING_COMMANDS: readonly CommandRow[] = [
  row('get', 2, READ, ONE_KEY, get),
  row('set', -3, STORE, ONE_KEY, set),
  row('setnx', 3, STORE, ONE_KEY, setnx),
  row('setex', 4, STORE, ONE_KEY, setWithExpiry('seconds')),
  row('psetex', 4, STORE, ONE_KEY, setWithExpiry('milliseconds')),
  row('getset', 3, STORE, ONE_KEY, getset),
  row('getdel', 2, WRITE, ONE_KEY, getdel),
  row('getex', -2, WRITE, ONE_KEY, getex),
  row('mget', -2, READ, ALL_KEYS, mget),
  row('mset', -3, STORE, [1, -1, 2], mset),
  row('msetnx', -3, STORE, [1, -1, 2], msetnx),
  row('append', 3, GROW, ONE_KEY, append),
  row('strlen', 2, READ, ONE_KEY, strlen),
  row('getrange', 4, READ, ONE_KEY, getrange),
  row('substr', 4, READ, ONE_KEY, getrange),
  row('setrange', 4, STORE, ONE_KEY, setrange),
];

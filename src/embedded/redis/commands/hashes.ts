/**
 * Hash commands of the embedded Redis node. Follows t_hash.c of Redis 7.0.
 */
import { bigintArgument, isWord, signedCountArgument } from '../arguments.js';
import { GROW, ONE_KEY, READ, WRITE, row } from '../command.js';
import type { Client, CommandRow } from '../command.js';
import { CommandError, NOT_FLOAT, SYNTAX, wrongArity } from '../command-error.js';
import { addLongDouble, formatLongDouble, parseLongDouble } from '../long-double.js';
import { parseInt64 } from '../numbers.js';
import { randomPlaces, randomPlacesCount } from '../random-members.js';
import { HashValue } from '../values.js';
import { addInt64 } from './counters.js';

const newHash = (): HashValue => new HashValue();

function setFields({ db }: Client, args: readonly string[]): number {
  if (args.length % 2 !== 0) throw new CommandError(wrongArity(args[0]!.toLowerCase()));
  const hash = db.valueOrNew(args[1]!, 'hash', newHash);
  let added = 0;
  for (let at = 2; at < args.length; at += 2) if (hash.set(args[at]!, args[at + 1]!)) added += 1;
  db.changed(args[1]!);
  return added;
}

function hset(client: Client, args: readonly string[]): void {
  client.reply.integer(setFields(client, args));
}

function hmset(client: Client, args: readonly string[]): void {
  setFields(client, args);
  client.reply.ok();
}

function hsetnx({ db, reply }: Client, args: readonly string[]): void {
  const hash = db.valueOrNew(args[1]!, 'hash', newHash);
  const isNew = !hash.fields.has(args[2]!);
  if (isNew) hash.set(args[2]!, args[3]!);
  db.changed(args[1]!);
  reply.integer(isNew ? 1 : 0);
}

function hget({ db, reply }: Client, args: readonly string[]): void {
  reply.bulkOrNull(db.value(args[1]!, 'hash')?.fields.get(args[2]!));
}

function hmget({ db, reply }: Client, args: readonly string[]): void {
  const hash = db.value(args[1]!, 'hash');
  reply.array(args.length - 2);
  for (const field of args.slice(2)) reply.bulkOrNull(hash?.fields.get(field));
}

function hgetall({ db, reply }: Client, args: readonly string[]): void {
  const hash = db.value(args[1]!, 'hash');
  reply.map(hash?.size ?? 0);
  for (const field of hash?.fields.keys() ?? []) {
    reply.bulk(field);
    reply.bulk(hash!.fields.get(field)!);
  }
}

function hdel({ db, reply }: Client, args: readonly string[]): void {
  const hash = db.value(args[1]!, 'hash');
  let deleted = 0;
  for (const field of args.slice(2)) if (hash?.delete(field)) deleted += 1;
  db.changed(args[1]!);
  reply.integer(deleted);
}

function hincrby({ db, reply }: Client, args: readonly string[]): void {
  const by = bigintArgument(args[3]!);
  const before = db.value(args[1]!, 'hash')?.fields.get(args[2]!);
  const value = before === undefined ? 0n : parseInt64(before);
  if (value === undefined) throw new CommandError('ERR hash value is not an integer');
  const sum = addInt64(value, by);
  db.valueOrNew(args[1]!, 'hash', newHash).set(args[2]!, sum.toString());
  db.changed(args[1]!);
  reply.integer(sum);
}

function hincrbyfloat({ db, reply }: Client, args: readonly string[]): void {
  const by = parseLongDouble(args[3]!);
  if (by === undefined) throw new CommandError(NOT_FLOAT);
  if (by === 'infinite') throw new CommandError('ERR value is NaN or Infinity');
  const before = parseLongDouble(db.value(args[1]!, 'hash')?.fields.get(args[2]!) ?? '0');
  if (before === undefined) throw new CommandError('ERR hash value is not a float');
  if (before === 'infinite') throw new CommandError('ERR increment would produce NaN or Infinity');
  const text = formatLongDouble(addLongDouble(before, by));
  db.valueOrNew(args[1]!, 'hash', newHash).set(args[2]!, text);
  db.changed(args[1]!);
  reply.bulk(text);
}

function hrandfield(client: Client, args: readonly string[]): void {
  const { db, store, reply } = client;
  if (args.length === 2) {
    reply.bulkOrNull(db.value(args[1]!, 'hash')?.fields.randomKey(store.random));
    return;
  }
  const withValues = isWord(args[3], 'withvalues');
  const count = signedCountArgument(args[2]!, false);
  if (args.length > 4 || (args.length === 4 && !withValues)) throw new CommandError(SYNTAX);
  if (withValues) signedCountArgument(args[2]!, true);
  const fields = db.value(args[1]!, 'hash')?.fields;
  const size = fields?.size ?? 0;
  const picks = size === 0 ? 0 : randomPlacesCount(size, count);
  const nested = withValues && reply.resp === 3;
  reply.array(withValues && !nested ? picks * 2 : picks);
  if (picks === 0) return;
  for (const place of randomPlaces(size, count, store.random)) {
    if (nested) reply.array(2);
    reply.bulk(fields!.keyAt(place));
    if (withValues) reply.bulk(fields!.valueAt(place));
  }
}

export const HASH_COMMANDS: readonly CommandRow[] = [
  row('hset', -4, GROW, ONE_KEY, hset),
  row('hmset', -4, GROW, ONE_KEY, hmset),
  row('hsetnx', 4, GROW, ONE_KEY, hsetnx),
  row('hget', 3, READ, ONE_KEY, hget),
  row('hmget', -3, READ, ONE_KEY, hmget),
  row('hgetall', 2, READ, ONE_KEY, hgetall),
  row('hdel', -3, WRITE, ONE_KEY, hdel),
  row('hlen', 2, READ, ONE_KEY, ({ db, reply }, args) => reply.integer(db.value(args[1]!, 'hash')?.size ?? 0)),
  row('hexists', 3, READ, ONE_KEY, ({ db, reply }, args) =>
    reply.integer(db.value(args[1]!, 'hash')?.fields.has(args[2]!) ? 1 : 0),
  ),
  row('hkeys', 2, READ, ONE_KEY, ({ db, reply }, args) => reply.bulks(db.value(args[1]!, 'hash')?.fields.keys() ?? [])),
  row('hvals', 2, READ, ONE_KEY, ({ db, reply }, args) => reply.bulks(db.value(args[1]!, 'hash')?.values() ?? [])),
  row('hstrlen', 3, READ, ONE_KEY, ({ db, reply }, args) =>
    reply.integer(db.value(args[1]!, 'hash')?.fields.get(args[2]!)?.length ?? 0),
  ),
  row('hincrby', 4, GROW, ONE_KEY, hincrby),
  row('hincrbyfloat', 4, GROW, ONE_KEY, hincrbyfloat),
  row('hrandfield', -2, READ, ONE_KEY, hrandfield),
];

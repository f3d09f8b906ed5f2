/**
 * Set commands of the embedded Redis node. Follows t_set.c of Redis 7.0.
 */
import { integerArgument, isWord, positiveArgument, signedCountArgument } from '../arguments.js';
import { ALL_KEYS, GROW, NO_KEYS, ONE_KEY, READ, STORE, TWO_KEYS, WRITE, row } from '../command.js';
import type { Client, CommandRow } from '../command.js';
import { CommandError, SYNTAX } from '../command-error.js';
import { randomPlaces, randomPlacesCount } from '../random-members.js';
import { SetValue } from '../values.js';

const newSet = (): SetValue => new SetValue();

function sadd({ db, reply }: Client, args: readonly string[]): void {
  const set = db.valueOrNew(args[1]!, 'set', newSet);
  let added = 0;
  for (let at = 2; at < args.length; at += 1) if (set.add(args[at]!)) added += 1;
  db.changed(args[1]!);
  reply.integer(added);
}

function srem({ db, reply }: Client, args: readonly string[]): void {
  const set = db.value(args[1]!, 'set');
  let removed = 0;
  for (const member of args.slice(2)) if (set?.delete(member)) removed += 1;
  db.changed(args[1]!);
  reply.integer(removed);
}

function replySet({ reply }: Client, members: readonly string[]): void {
  reply.set(members.length);
  for (const member of members) reply.bulk(member);
}

function smismember({ db, reply }: Client, args: readonly string[]): void {
  const set = db.value(args[1]!, 'set');
  reply.array(args.length - 2);
  for (const member of args.slice(2)) reply.integer(set?.has(member) ? 1 : 0);
}

function smove({ db, reply }: Client, args: readonly string[]): void {
  const [, from, to, member] = args as [string, string, string, string];
  const source = db.find(from)?.value;
  if (!source) {
    reply.integer(0);
    return;
  }
  const set = db.value(from, 'set')!;
  const target = db.value(to, 'set');
  if (set === target || !set.has(member)) {
    reply.integer(set.has(member) ? 1 : 0);
    return;
  }
  set.delete(member);
  db.changed(from);
  (target ?? db.valueOrNew(to, 'set', newSet)).add(member);
  db.changed(to);
  reply.integer(1);
}

function spop(client: Client, args: readonly string[]): void {
  const { db, store, reply } = client;
  if (args.length > 3) throw new CommandError(SYNTAX);
  const key = args[1]!;
  if (args.length === 2) {
    const set = db.value(key, 'set');
    const member = set?.members.randomKey(store.random);
    if (member !== undefined) set!.delete(member);
    db.changed(key);
    reply.bulkOrNull(member);
    return;
  }
  const count = positiveArgument(args[2]!);
  const set = db.value(key, 'set');
  const popped: string[] = [];
  while (set && popped.length < count && set.size > 0) {
    const member = set.members.randomKey(store.random)!;
    set.delete(member);
    popped.push(member);
  }
  db.changed(key);
  replySet(client, popped);
}

function srandmember({ db, store, reply }: Client, args: readonly string[]): void {
  if (args.length > 3) throw new CommandError(SYNTAX);
  if (args.length === 2) {
    reply.bulkOrNull(db.value(args[1]!, 'set')?.members.randomKey(store.random));
    return;
  }
  const count = signedCountArgument(args[2]!, false);
  const members = db.value(args[1]!, 'set')?.members;
  const size = members?.size ?? 0;
  const picks = size === 0 ? 0 : randomPlacesCount(size, count);
  reply.array(picks);
  if (picks === 0) return;
  for (const place of randomPlaces(size, count, store.random)) reply.bulk(members!.keyAt(place));
}

/** The sets of these keys, a missing one as empty; any of another type is an error. */
function setsOf({ db }: Client, keys: readonly string[]): SetValue[] {
  return keys.map((key) => db.value(key, 'set') ?? newSet());
}

function intersection(sets: readonly SetValue[]): string[] {
  const smallest = sets.reduce((least, set) => (set.size < least.size ? set : least));
  return smallest.members.keys().filter((member) => sets.every((set) => set.has(member)));
}

function union(sets: readonly SetValue[]): string[] {
  return [...new Set(sets.flatMap((set) => set.members.keys()))];
}

function difference([first, ...others]: readonly SetValue[]): string[] {
  return first!.members.keys().filter((member) => !others.some((set) => set.has(member)));
}

type Combine = (sets: readonly SetValue[]) => string[];

function combined(combine: Combine): CommandRow['run'] {
  return (client, args) => replySet(client, combine(setsOf(client, args.slice(1))));
}

function combinedStore(combine: Combine): CommandRow['run'] {
  return (client, args) => {
    const { db, reply } = client;
    const members = combine(setsOf(client, args.slice(2)));
    if (members.length === 0) {
      db.delete(args[1]!);
    } else {
      const set = new SetValue();
      for (const member of members) set.add(member);
      db.put(args[1]!, set);
    }
    reply.integer(members.length);
  };
}

/** `numkeys key ...` at `at`; returns the keys. */
function countedKeys(args: readonly string[], at: number): string[] {
  const bad = 'ERR numkeys should be greater than 0';
  const count = integerArgument(args[at]!, bad);
  if (count <= 0) throw new CommandError(bad);
  if (count > args.length - at - 1) throw new CommandError("ERR Number of keys can't be greater than number of args");
  return args.slice(at + 1, at + 1 + count);
}

/** `[LIMIT n]` from `from` to the end; 0 for none. */
export function limitOption(args: readonly string[], from: number): number {
  let limit = 0;
  for (let at = from; at < args.length; at += 2) {
    const value = args[at + 1];
    if (!isWord(args[at], 'limit') || value === undefined) throw new CommandError(SYNTAX);
    limit = integerArgument(value, "ERR LIMIT can't be negative");
    if (limit < 0) throw new CommandError("ERR LIMIT can't be negative");
  }
  return limit;
}

function sintercard(client: Client, args: readonly string[]): void {
  const keys = countedKeys(args, 1);
  const limit = limitOption(args, 2 + keys.length);
  const { length } = intersection(setsOf(client, keys));
  client.reply.integer(limit > 0 ? Math.min(limit, length) : length);
}

export const SET_COMMANDS: readonly CommandRow[] = [
  row('sadd', -3, GROW, ONE_KEY, sadd),
  row('srem', -3, WRITE, ONE_KEY, srem),
  row('smembers', 2, READ, ONE_KEY, (client, args) =>
    replySet(client, client.db.value(args[1]!, 'set')?.members.keys() ?? []),
  ),
  row('sismember', 3, READ, ONE_KEY, ({ db, reply }, args) =>
    reply.integer(db.value(args[1]!, 'set')?.has(args[2]!) ? 1 : 0),
  ),
  row('smismember', -3, READ, ONE_KEY, smismember),
  row('scard', 2, READ, ONE_KEY, ({ db, reply }, args) => reply.integer(db.value(args[1]!, 'set')?.size ?? 0)),
  row('spop', -2, WRITE, ONE_KEY, spop),
  row('srandmember', -2, READ, ONE_KEY, srandmember),
  row('smove', 4, WRITE, TWO_KEYS, smove),
  row('sinter', -2, READ, ALL_KEYS, combined(intersection)),
  row('sunion', -2, READ, ALL_KEYS, combined(union)),
  row('sdiff', -2, READ, ALL_KEYS, combined(difference)),
  row('sinterstore', -3, STORE, ALL_KEYS, combinedStore(intersection)),
  row('sunionstore', -3, STORE, ALL_KEYS, combinedStore(union)),
  row('sdiffstore', -3, STORE, ALL_KEYS, combinedStore(difference)),
  row('sintercard', -3, READ, NO_KEYS, sintercard),
];

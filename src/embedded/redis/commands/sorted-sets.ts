/**
 * Sorted set commands on members: adding, scores, ranks, popping, random picks. Ranges are in sorted-set-ranges.ts, unions and
 * intersections in sorted-set-algebra.ts. Follows t_zset.c of Redis 7.0, and of 7.2 for WITHSCORE.
 */
import { doubleArgument, isWord, positiveArgument, signedCountArgument } from '../arguments.js';
import { GROW, ONE_KEY, READ, WRITE, row } from '../command.js';
import type { Client, CommandRow } from '../command.js';
import { CommandError, SYNTAX } from '../command-error.js';
import { randomPlaces, randomPlacesCount } from '../random-members.js';
import { SortedSet } from '../sorted-set.js';
import type { ScoredMember } from '../sorted-set.js';

interface AddOptions {
  nx: boolean;
  xx: boolean;
  gt: boolean;
  lt: boolean;
  ch: boolean;
  incr: boolean;
}

const NAN_SCORE = 'ERR resulting score is not a number (NaN)';

function parseAddOptions(args: readonly string[]): { readonly options: Readonly<AddOptions>; readonly from: number } {
  const options: AddOptions = { nx: false, xx: false, gt: false, lt: false, ch: false, incr: false };
  let from = 2;
  for (; from < args.length; from += 1) {
    const name = args[from]!.toLowerCase();
    if (!Object.hasOwn(options, name)) break;
    options[name as keyof AddOptions] = true;
  }
  const { nx, xx, gt, lt, incr } = options;
  const left = args.length - from;
  if (left === 0 || left % 2 !== 0) throw new CommandError(SYNTAX);
  if (nx && xx) throw new CommandError('ERR XX and NX options at the same time are not compatible');
  if ((gt && lt) || (nx && (gt || lt))) {
    throw new CommandError('ERR GT, LT, and/or NX options at the same time are not compatible');
  }
  if (incr && left > 2) throw new CommandError('ERR INCR option supports a single increment-element pair');
  return { options, from };
}

/** The score to set, or undefined when the options forbid the change. */
function nextScore(options: Readonly<AddOptions>, before: number | undefined, given: number): number | undefined {
  if (before === undefined) return options.xx ? undefined : given;
  if (options.nx) return undefined;
  const score = options.incr ? before + given : given;
  if (Number.isNaN(score)) throw new CommandError(NAN_SCORE);
  if ((options.lt && score >= before) || (options.gt && score <= before)) return undefined;
  return score;
}

function addMembers(client: Client, args: readonly string[], options: Readonly<AddOptions>, from: number): void {
  const { db, reply } = client;
  const scores: number[] = [];
  for (let at = from; at < args.length; at += 2) scores.push(doubleArgument(args[at]!));
  const key = args[1]!;
  const present = db.value(key, 'zset');
  if (!present && options.xx) {
    if (options.incr) reply.nil();
    else reply.integer(0);
    return;
  }
  const set = present ?? db.valueOrNew(key, 'zset', () => new SortedSet());
  let added = 0;
  let updated = 0;
  let result: number | undefined;
  for (let pair = 0; pair < scores.length; pair += 1) {
    const member = args[from + pair * 2 + 1]!;
    const before = set.scoreOf(member);
    const score = nextScore(options, before, scores[pair]!);
    result = score;
    if (score === undefined) continue;
    if (set.set(member, score)) added += 1;
    else if (score !== before) updated += 1;
  }
  db.changed(key);
  if (!options.incr) reply.integer(options.ch ? added + updated : added);
  else if (result === undefined) reply.nil();
  else reply.double(result);
}

function zadd(client: Client, args: readonly string[]): void {
  const { options, from } = parseAddOptions(args);
  addMembers(client, args, options, from);
}

function zincrby(client: Client, args: readonly string[]): void {
  addMembers(client, args, { nx: false, xx: false, gt: false, lt: false, ch: false, incr: true }, 2);
}

function zrem({ db, reply }: Client, args: readonly string[]): void {
  const set = db.value(args[1]!, 'zset');
  let removed = 0;
  for (const member of args.slice(2)) if (set?.delete(member)) removed += 1;
  db.changed(args[1]!);
  reply.integer(removed);
}

function replyScore({ reply }: Client, score: number | undefined): void {
  if (score === undefined) reply.nil();
  else reply.double(score);
}

function zmscore(client: Client, args: readonly string[]): void {
  const set = client.db.value(args[1]!, 'zset');
  client.reply.array(args.length - 2);
  for (const member of args.slice(2)) replyScore(client, set?.scoreOf(member));
}

function rank(reverse: boolean): CommandRow['run'] {
  return (client, args) => {
    const { db, reply } = client;
    const withScore = args.length === 4 && isWord(args[3], 'withscore');
    if (args.length > 3 && !withScore) throw new CommandError(SYNTAX);
    const set = db.value(args[1]!, 'zset');
    const place = set?.rankOf(args[2]!);
    if (place === undefined) {
      if (withScore) reply.nilArray();
      else reply.nil();
      return;
    }
    if (withScore) reply.array(2);
    reply.integer(reverse ? set!.size - 1 - place : place);
    if (withScore) replyScore(client, set!.scoreOf(args[2]!));
  };
}

/** Members with their scores: nested pairs in RESP3, a flat list in RESP2. */
export function replyMembers({ reply }: Client, members: readonly ScoredMember[], withScores: boolean): void {
  const nested = withScores && reply.resp === 3;
  reply.array(withScores && !nested ? members.length * 2 : members.length);
  for (const { member, score } of members) {
    if (nested) reply.array(2);
    reply.bulk(member);
    if (withScores) reply.double(score);
  }
}

function popEnd(highest: boolean): CommandRow['run'] {
  return (client, args) => {
    const { db, reply } = client;
    if (args.length > 3) throw new CommandError(SYNTAX);
    const count = args.length === 3 ? positiveArgument(args[2]!) : undefined;
    const set = db.value(args[1]!, 'zset');
    const taken = Math.min(count ?? 1, set?.size ?? 0);
    const range = highest && set ? { start: set.size - taken, end: set.size } : { start: 0, end: taken };
    const popped = set?.removeRange(range) ?? [];
    if (highest) popped.reverse();
    db.changed(args[1]!);
    if (count !== undefined) {
      replyMembers(client, popped, true);
      return;
    }
    reply.array(popped.length * 2);
    for (const { member, score } of popped) {
      reply.bulk(member);
      reply.double(score);
    }
  };
}

function zrandmember({ db, store, reply }: Client, args: readonly string[]): void {
  if (args.length === 2) {
    reply.bulkOrNull(db.value(args[1]!, 'zset')?.members.randomKey(store.random));
    return;
  }
  const withScores = isWord(args[3], 'withscores');
  const count = signedCountArgument(args[2]!, false);
  if (args.length > 4 || (args.length === 4 && !withScores)) throw new CommandError(SYNTAX);
  if (withScores) signedCountArgument(args[2]!, true);
  const members = db.value(args[1]!, 'zset')?.members;
  const size = members?.size ?? 0;
  const picks = size === 0 ? 0 : randomPlacesCount(size, count);
  const nested = withScores && reply.resp === 3;
  reply.array(withScores && !nested ? picks * 2 : picks);
  if (picks === 0) return;
  for (const place of randomPlaces(size, count, store.random)) {
    if (nested) reply.array(2);
    reply.bulk(members!.keyAt(place));
    if (withScores) reply.double(members!.valueAt(place).score);
  }
}

export const SORTED_SET_COMMANDS: readonly CommandRow[] = [
  row('zadd', -4, GROW, ONE_KEY, zadd),
  row('zincrby', 4, GROW, ONE_KEY, zincrby),
  row('zrem', -3, WRITE, ONE_KEY, zrem),
  row('zcard', 2, READ, ONE_KEY, ({ db, reply }, args) => reply.integer(db.value(args[1]!, 'zset')?.size ?? 0)),
  row('zscore', 3, READ, ONE_KEY, (client, args) =>
    replyScore(client, client.db.value(args[1]!, 'zset')?.scoreOf(args[2]!)),
  ),
  row('zmscore', -3, READ, ONE_KEY, zmscore),
  row('zrank', -3, READ, ONE_KEY, rank(false)),
  row('zrevrank', -3, READ, ONE_KEY, rank(true)),
  row('zpopmin', -2, WRITE, ONE_KEY, popEnd(false)),
  row('zpopmax', -2, WRITE, ONE_KEY, popEnd(true)),
  row('zrandmember', -2, READ, ONE_KEY, zrandmember),
];

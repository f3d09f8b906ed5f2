/**
 * List commands of the embedded Redis node, without the blocking ones. Follows t_list.c of Redis 7.0.
 */
import { indexRange, integerArgument, isWord, positiveArgument } from '../arguments.js';
import { GROW, ONE_KEY, READ, TWO_KEYS, WRITE, row } from '../command.js';
import type { Client, CommandRow } from '../command.js';
import { CommandError, NO_SUCH_KEY, SYNTAX, wrongArity } from '../command-error.js';
import { ListValue } from '../list-value.js';
import type { ListEnd } from '../list-value.js';

const RANK_ZERO =
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the " +
  'end of the list';

function push(end: ListEnd, onlyIfPresent: boolean): CommandRow['run'] {
  return ({ db, reply }, args) => {
    const key = args[1]!;
    const list = onlyIfPresent ? db.value(key, 'list') : db.valueOrNew(key, 'list', () => new ListValue());
    if (!list) {
      reply.integer(0);
      return;
    }
    for (let at = 2; at < args.length; at += 1) list.push(end, args[at]!);
    reply.integer(list.size);
    db.changed(key);
  };
}

function pop(end: ListEnd): CommandRow['run'] {
  return ({ db, reply }, args) => {
    if (args.length > 3) throw new CommandError(wrongArity(args[0]!.toLowerCase()));
    const count = args.length === 3 ? positiveArgument(args[2]!) : undefined;
    const list = db.value(args[1]!, 'list');
    if (!list) {
      if (count === undefined) reply.nil();
      else reply.nilArray();
      return;
    }
    if (count === undefined) reply.bulkOrNull(list.pop(end));
    else {
      const popped = Math.min(count, list.size);
      reply.array(popped);
      for (let taken = 0; taken < popped; taken += 1) reply.bulk(list.pop(end)!);
    }
    db.changed(args[1]!);
  };
}

/** The place of a possibly negative index, or undefined outside the list. */
function placeOf(list: ListValue, index: number): number | undefined {
  const place = index < 0 ? index + list.size : index;
  return place >= 0 && place < list.size ? place : undefined;
}

function lindex({ db, reply }: Client, args: readonly string[]): void {
  const list = db.value(args[1]!, 'list');
  const place = list && placeOf(list, integerArgument(args[2]!));
  reply.bulkOrNull(place === undefined ? undefined : list!.at(place));
}

function lset({ db, reply }: Client, args: readonly string[]): void {
  const list = db.value(args[1]!, 'list');
  if (!list) throw new CommandError(NO_SUCH_KEY);
  const place = placeOf(list, integerArgument(args[2]!));
  if (place === undefined) throw new CommandError('ERR index out of range');
  list.replace(place, args[3]!);
  db.changed(args[1]!);
  reply.ok();
}

function lrange({ db, reply }: Client, args: readonly string[]): void {
  const first = integerArgument(args[2]!);
  const last = integerArgument(args[3]!);
  const list = db.value(args[1]!, 'list');
  const { start, end } = indexRange(first, last, list?.size ?? 0);
  reply.array(Math.max(0, end - start));
  for (let place = start; place < end; place += 1) reply.bulk(list!.at(place)!);
}

function ltrim({ db, reply }: Client, args: readonly string[]): void {
  const first = integerArgument(args[2]!);
  const last = integerArgument(args[3]!);
  const list = db.value(args[1]!, 'list');
  if (list) {
    const { start, end } = indexRange(first, last, list.size);
    list.assign(start < end ? list.toArray().slice(start, end) : []);
    db.changed(args[1]!);
  }
  reply.ok();
}

function linsert({ db, reply }: Client, args: readonly string[]): void {
  const after = isWord(args[2], 'after');
  if (!after && !isWord(args[2], 'before')) throw new CommandError(SYNTAX);
  const list = db.value(args[1]!, 'list');
  if (!list) {
    reply.integer(0);
    return;
  }
  const elements = list.toArray();
  const pivot = elements.indexOf(args[3]!);
  if (pivot < 0) {
    reply.integer(-1);
    return;
  }
  elements.splice(after ? pivot + 1 : pivot, 0, args[4]!);
  list.assign(elements);
  db.changed(args[1]!);
  reply.integer(list.size);
}

function lrem({ db, reply }: Client, args: readonly string[]): void {
  const count = integerArgument(args[2]!);
  const list = db.value(args[1]!, 'list');
  let left = count === 0 ? Infinity : Math.abs(count);
  let removed = 0;
  const keep = (element: string): boolean => {
    if (left === 0 || element !== args[3]) return true;
    left -= 1;
    removed += 1;
    return false;
  };
  const elements = list?.toArray() ?? [];
  const kept = count < 0 ? elements.reverse().filter(keep).reverse() : elements.filter(keep);
  if (list && removed > 0) {
    list.assign(kept);
    db.changed(args[1]!);
  }
  reply.integer(removed);
}

interface PositionOptions {
  readonly rank: number;
  readonly count: number | undefined;
  /** Elements to look at; 0 for all. */
  readonly lengthMax: number;
}

function parsePositionOptions(args: readonly string[]): PositionOptions {
  let rank = 1;
  let count: number | undefined;
  let lengthMax = 0;
  for (let at = 3; at < args.length; at += 2) {
    const value = args[at + 1];
    if (value === undefined) throw new CommandError(SYNTAX);
    if (isWord(args[at], 'rank')) {
      rank = integerArgument(value);
      if (rank === 0) throw new CommandError(RANK_ZERO);
    } else if (isWord(args[at], 'count')) {
      count = integerArgument(value, "ERR COUNT can't be negative");
      if (count < 0) throw new CommandError("ERR COUNT can't be negative");
    } else if (isWord(args[at], 'maxlen')) {
      lengthMax = integerArgument(value, "ERR MAXLEN can't be negative");
      if (lengthMax < 0) throw new CommandError("ERR MAXLEN can't be negative");
    } else throw new CommandError(SYNTAX);
  }
  return { rank, count, lengthMax };
}

function lpos({ db, reply }: Client, args: readonly string[]): void {
  const { rank, count, lengthMax } = parsePositionOptions(args);
  const list = db.value(args[1]!, 'list');
  if (!list) {
    if (count === undefined) reply.nil();
    else reply.array(0);
    return;
  }
  const wanted = count === undefined ? 1 : count || Infinity;
  const steps = Math.min(list.size, lengthMax || Infinity);
  const places: number[] = [];
  let toSkip = Math.abs(rank) - 1;
  for (let step = 0; step < steps && places.length < wanted; step += 1) {
    const place = rank > 0 ? step : list.size - 1 - step;
    if (list.at(place) !== args[2]) continue;
    if (toSkip > 0) toSkip -= 1;
    else places.push(place);
  }
  if (count !== undefined) {
    reply.array(places.length);
    for (const place of places) reply.integer(place);
  } else if (places[0] === undefined) reply.nil();
  else reply.integer(places[0]);
}

function endArgument(text: string): ListEnd {
  if (isWord(text, 'left')) return 'left';
  if (isWord(text, 'right')) return 'right';
  throw new CommandError(SYNTAX);
}

function moveElement({ db, reply }: Client, from: string, to: string, popAt: ListEnd, pushAt: ListEnd): void {
  const source = db.value(from, 'list');
  if (!source) {
    reply.nil();
    return;
  }
  db.value(to, 'list');
  const element = source.pop(popAt)!;
  // The source may be the target: it must not be removed while it is empty between the two steps.
  const target = db.valueOrNew(to, 'list', () => new ListValue());
  target.push(pushAt, element);
  db.changed(from);
  db.changed(to);
  reply.bulk(element);
}

export const LIST_COMMANDS: readonly CommandRow[] = [
  row('lpush', -3, GROW, ONE_KEY, push('left', false)),
  row('rpush', -3, GROW, ONE_KEY, push('right', false)),
  row('lpushx', -3, GROW, ONE_KEY, push('left', true)),
  row('rpushx', -3, GROW, ONE_KEY, push('right', true)),
  row('lpop', -2, WRITE, ONE_KEY, pop('left')),
  row('rpop', -2, WRITE, ONE_KEY, pop('right')),
  row('llen', 2, READ, ONE_KEY, ({ db, reply }, args) => reply.integer(db.value(args[1]!, 'list')?.size ?? 0)),
  row('lindex', 3, READ, ONE_KEY, lindex),
  row('lset', 4, GROW, ONE_KEY, lset),
  row('lrange', 4, READ, ONE_KEY, lrange),
  row('ltrim', 4, WRITE, ONE_KEY, ltrim),
  row('linsert', 5, GROW, ONE_KEY, linsert),
  row('lrem', 4, WRITE, ONE_KEY, lrem),
  row('lpos', -3, READ, ONE_KEY, lpos),
  row('lmove', 5, GROW, TWO_KEYS, (client, args) =>
    moveElement(client, args[1]!, args[2]!, endArgument(args[3]!), endArgument(args[4]!)),
  ),
  row('rpoplpush', 3, GROW, TWO_KEYS, (client, args) => moveElement(client, args[1]!, args[2]!, 'right', 'left')),
];

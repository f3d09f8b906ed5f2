/**
 * ZUNION, ZINTER, ZDIFF with their STORE forms, and ZINTERCARD. Plain sets take part with a score of 1. Inputs are combined
 * smallest first, as in Redis, so that floating-point sums come out the same.
 */
import { doubleArgument, integerArgument, isWord } from '../arguments.js';
import { NO_KEYS, ONE_KEY, READ, STORE, row } from '../command.js';
import type { Client, CommandRow } from '../command.js';
import { CommandError, SYNTAX, WRONG_TYPE } from '../command-error.js';
import { SortedSet } from '../sorted-set.js';
import type { ScoredMember } from '../sorted-set.js';
import { limitOption } from './sets.js';
import { replyMembers } from './sorted-sets.js';

type Operation = 'union' | 'inter' | 'diff';
type Aggregate = (a: number, b: number) => number;

interface Input {
  readonly scores: ReadonlyMap<string, number>;
  readonly weight: number;
}

const AGGREGATES: ReadonlyMap<string, Aggregate> = new Map([
  // The sum of opposite infinities is 0 and not NaN.
  ['sum', (a: number, b: number) => zeroIfNaN(a + b)],
  // Not Math.min and Math.max: a NaN must leave the first score as it is.
  ['min', (a: number, b: number) => (b < a ? b : a)],
  ['max', (a: number, b: number) => (b > a ? b : a)],
]);

interface AlgebraQuery {
  readonly inputs: readonly Input[];
  readonly aggregate: Aggregate;
  readonly withScores: boolean;
}

function scoresOf({ db }: Client, key: string): ReadonlyMap<string, number> {
  const value = db.find(key)?.value;
  if (!value) return new Map();
  if (value.type === 'set') return new Map(value.members.keys().map((member) => [member, 1]));
  if (value.type === 'zset') return new Map(value.members.values().map(({ member, score }) => [member, score]));
  throw new CommandError(WRONG_TYPE);
}

/** `numkeys key ...` at `at`. */
function inputKeys(args: readonly string[], at: number): readonly string[] {
  const count = integerArgument(args[at]!);
  if (count < 1) {
    throw new CommandError(`ERR at least 1 input key is needed for '${args[0]!.toLowerCase()}' command`);
  }
  if (count > args.length - at - 1) throw new CommandError(SYNTAX);
  return args.slice(at + 1, at + 1 + count);
}

function parseQuery(
  client: Client,
  args: readonly string[],
  at: number,
  operation: Operation,
  stores: boolean,
): AlgebraQuery {
  const keys = inputKeys(args, at);
  const count = keys.length;
  const scores = keys.map((key) => scoresOf(client, key));
  const weights = new Array<number>(count).fill(1);
  let aggregate: Aggregate = AGGREGATES.get('sum')!;
  let withScores = false;
  for (let option = at + 1 + count; option < args.length; option += 1) {
    const left = args.length - option - 1;
    if (operation !== 'diff' && isWord(args[option], 'weights') && left >= count) {
      for (let input = 0; input < count; input += 1) {
        option += 1;
        weights[input] = doubleArgument(args[option]!, 'ERR weight value is not a float');
      }
    } else if (operation !== 'diff' && isWord(args[option], 'aggregate') && left >= 1) {
      option += 1;
      const named = AGGREGATES.get(args[option]!.toLowerCase());
      if (!named) throw new CommandError(SYNTAX);
      aggregate = named;
    } else if (!stores && isWord(args[option], 'withscores')) withScores = true;
    else throw new CommandError(SYNTAX);
  }
  return { inputs: scores.map((each, index) => ({ scores: each, weight: weights[index]! })), aggregate, withScores };
}

/** NaN for infinity times zero. */
function weighted({ scores, weight }: Input, member: string): number {
  return scores.get(member)! * weight;
}

function zeroIfNaN(score: number): number {
  return Number.isNaN(score) ? 0 : score;
}

function combine(operation: Operation, { inputs, aggregate }: AlgebraQuery): SortedSet {
  const result = new Map<string, number>();
  if (operation === 'diff') {
    const [first, ...others] = inputs as [Input, ...Input[]];
    for (const [member, score] of first.scores) {
      if (!others.some(({ scores }) => scores.has(member))) result.set(member, score);
    }
    return sortedSetOf(result);
  }
  const bySize = [...inputs].sort((a, b) => a.scores.size - b.scores.size);
  if (operation === 'inter') {
    for (const member of bySize[0]!.scores.keys()) {
      if (!bySize.every(({ scores }) => scores.has(member))) continue;
      const [first, ...others] = bySize.map((input) => weighted(input, member)) as [number, ...number[]];
      result.set(member, others.reduce(aggregate, zeroIfNaN(first)));
    }
    return sortedSetOf(result);
  }
  for (const input of bySize) {
    for (const member of input.scores.keys()) {
      const before = result.get(member);
      const score = zeroIfNaN(weighted(input, member));
      result.set(member, before === undefined ? score : aggregate(before, score));
    }
  }
  return sortedSetOf(result);
}

function sortedSetOf(scores: ReadonlyMap<string, number>): SortedSet {
  const members: ScoredMember[] = [];
  for (const [member, score] of scores) members.push({ member, score });
  return SortedSet.of(members);
}

function answer(operation: Operation): CommandRow['run'] {
  return (client, args) => {
    const query = parseQuery(client, args, 1, operation, false);
    const set = combine(operation, query);
    replyMembers(client, set.slice({ start: 0, end: set.size }), query.withScores);
  };
}

function answerStore(operation: Operation): CommandRow['run'] {
  return (client, args) => {
    const set = combine(operation, parseQuery(client, args, 2, operation, true));
    if (set.size === 0) client.db.delete(args[1]!);
    else client.db.put(args[1]!, set);
    client.reply.integer(set.size);
  };
}

function zintercard(client: Client, args: readonly string[]): void {
  const keys = inputKeys(args, 1);
  const inputs = keys.map((key) => ({ scores: scoresOf(client, key), weight: 1 }));
  const limit = limitOption(args, 2 + keys.length);
  const sum = AGGREGATES.get('sum')!;
  const { size } = combine('inter', { inputs, aggregate: sum, withScores: false });
  client.reply.integer(limit > 0 ? Math.min(limit, size) : size);
}

export const SORTED_SET_ALGEBRA_COMMANDS: readonly CommandRow[] = [
  row('zunion', -3, READ, NO_KEYS, answer('union')),
  row('zinter', -3, READ, NO_KEYS, answer('inter')),
  row('zdiff', -3, READ, NO_KEYS, answer('diff')),
  row('zunionstore', -4, STORE, ONE_KEY, answerStore('union')),
  row('zinterstore', -4, STORE, ONE_KEY, answerStore('inter')),
  row('zdiffstore', -4, STORE, ONE_KEY, answerStore('diff')),
  row('zintercard', -3, READ, NO_KEYS, zintercard),
];

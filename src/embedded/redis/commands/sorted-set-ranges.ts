/**
 * Sorted set ranges by rank, score and member: ZRANGE in its full syntax with its older spellings, ZRANGESTORE, ZCOUNT,
 * ZLEXCOUNT and ZREMRANGEBY*. A range becomes a pair of ranks by two binary searches. Follows t_zset.c of Redis 7.0.
 */
import { indexRange, integerArgument, isWord } from '../arguments.js';
import { ONE_KEY, READ, STORE, TWO_KEYS, WRITE, row } from '../command.js';
import type { CommandRow } from '../command.js';
import { CommandError, SYNTAX } from '../command-error.js';
import { parseScoreBound } from '../../../protocol/resp/double.js';
import { SortedSet } from '../sorted-set.js';
import type { RankRange, ScoredMember } from '../sorted-set.js';
import { replyMembers } from './sorted-sets.js';

type RangeKind = 'rank' | 'score' | 'lex';

/** A range whose texts were checked; it gives ranks once the set is known. */
type RangeOf = (set: SortedSet) => RankRange;

function scoreBound(text: string): { readonly score: number; readonly exclusive: boolean } {
  const exclusive = text.startsWith('(');
  const score = parseScoreBound(exclusive ? text.slice(1) : text);
  if (score === undefined) throw new CommandError('ERR min or max is not a float');
  return { score, exclusive };
}

function scoreRange(minText: string, maxText: string): RangeOf {
  const min = scoreBound(minText);
  const max = scoreBound(maxText);
  return (set) => ({
    start: set.firstRank(({ score }) => (min.exclusive ? score > min.score : score >= min.score)),
    end: set.firstRank(({ score }) => (max.exclusive ? score >= max.score : score > max.score)),
  });
}

type LexBound = 'lowest' | 'highest' | { readonly member: string; readonly exclusive: boolean };

function lexBound(text: string): LexBound {
  if (text === '-') return 'lowest';
  if (text === '+') return 'highest';
  if (text.startsWith('(') || text.startsWith('[')) return { member: text.slice(1), exclusive: text.startsWith('(') };
  throw new CommandError('ERR min or max not valid string range item');
}

/** The first rank at the bound when `inside`, past the bound otherwise. */
function lexRank(set: SortedSet, bound: LexBound, isStart: boolean): number {
  if (bound === 'lowest') return 0;
  if (bound === 'highest') return set.size;
  const skipsEqual = bound.exclusive === isStart;
  return set.firstRank(({ member }) => (skipsEqual ? member > bound.member : member >= bound.member));
}

function lexRange(minText: string, maxText: string): RangeOf {
  const min = lexBound(minText);
  const max = lexBound(maxText);
  return (set) => ({ start: lexRank(set, min, true), end: lexRank(set, max, false) });
}

function rankRange(firstText: string, lastText: string): RangeOf {
  const first = integerArgument(firstText);
  const last = integerArgument(lastText);
  return (set) => indexRange(first, last, set.size);
}

function mirrored(range: RankRange, size: number): RankRange {
  return { start: size - range.end, end: size - range.start };
}

interface RangeSyntax {
  /** Undefined: the command says BYSCORE or BYLEX itself. */
  readonly kind: RangeKind | undefined;
  /** Undefined: the command may say REV. */
  readonly reverse: boolean | undefined;
  readonly withScores: boolean;
}

interface RangeQuery {
  readonly rangeOf: RangeOf;
  readonly kind: RangeKind;
  readonly reverse: boolean;
  readonly withScores: boolean;
  readonly limit: { readonly offset: number; readonly count: number } | undefined;
}

/** `from` is the place of the first bound; the options follow the second. */
function parseRange(args: readonly string[], from: number, syntax: RangeSyntax): RangeQuery {
  let kind = syntax.kind;
  let { reverse } = syntax;
  let withScores = false;
  let limit: RangeQuery['limit'];
  for (let at = from + 2; at < args.length; at += 1) {
    if (syntax.withScores && isWord(args[at], 'withscores')) withScores = true;
    else if (isWord(args[at], 'limit') && at + 2 < args.length) {
      limit = { offset: integerArgument(args[at + 1]!), count: integerArgument(args[at + 2]!) };
      at += 2;
    } else if (reverse === undefined && isWord(args[at], 'rev')) reverse = true;
    else if (kind === undefined && isWord(args[at], 'byscore')) kind = 'score';
    else if (kind === undefined && isWord(args[at], 'bylex')) kind = 'lex';
    else throw new CommandError(SYNTAX);
  }
  kind ??= 'rank';
  reverse ??= false;
  if (limit && kind === 'rank') {
    throw new CommandError('ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX');
  }
  if (withScores && kind === 'lex') {
    throw new CommandError('ERR syntax error, WITHSCORES not supported in combination with BYLEX');
  }
  // Reversed ranges by value name the higher bound first.
  const swapped = reverse && kind !== 'rank';
  const min = args[swapped ? from + 1 : from]!;
  const max = args[swapped ? from : from + 1]!;
  const rangeOf = { rank: rankRange, score: scoreRange, lex: lexRange }[kind](min, max);
  return { rangeOf, kind, reverse, withScores, limit };
}

function select(set: SortedSet | undefined, query: RangeQuery): ScoredMember[] {
  if (!set) return [];
  const { reverse, limit } = query;
  let range = query.rangeOf(set);
  if (reverse && query.kind === 'rank') range = mirrored(range, set.size);
  if (limit) {
    if (limit.offset < 0) return [];
    const count = limit.count < 0 ? Infinity : limit.count;
    range = reverse
      ? { start: Math.max(range.start, range.end - limit.offset - count), end: range.end - limit.offset }
      : { start: range.start + limit.offset, end: Math.min(range.end, range.start + limit.offset + count) };
  }
  const members = set.slice(range);
  return reverse ? members.reverse() : members;
}

function rangeCommand(syntax: RangeSyntax): CommandRow['run'] {
  return (client, args) => {
    const query = parseRange(args, 2, syntax);
    replyMembers(client, select(client.db.value(args[1]!, 'zset'), query), query.withScores);
  };
}

const zrangestore: CommandRow['run'] = ({ db, reply }, args) => {
  const query = parseRange(args, 3, { kind: undefined, reverse: undefined, withScores: false });
  const members = select(db.value(args[2]!, 'zset'), query);
  if (members.length === 0) db.delete(args[1]!);
  else db.put(args[1]!, SortedSet.of(members));
  reply.integer(members.length);
};

type ParseBounds = (min: string, max: string) => RangeOf;

function countCommand(parse: ParseBounds): CommandRow['run'] {
  return ({ db, reply }, args) => {
    const rangeOf = parse(args[2]!, args[3]!);
    const set = db.value(args[1]!, 'zset');
    const range = set ? rangeOf(set) : { start: 0, end: 0 };
    reply.integer(Math.max(0, range.end - range.start));
  };
}

function removeCommand(parse: ParseBounds): CommandRow['run'] {
  return ({ db, reply }, args) => {
    const rangeOf = parse(args[2]!, args[3]!);
    const set = db.value(args[1]!, 'zset');
    const removed = set?.removeRange(rangeOf(set)) ?? [];
    db.changed(args[1]!);
    reply.integer(removed.length);
  };
}

export const SORTED_SET_RANGE_COMMANDS: readonly CommandRow[] = [
  row('zrange', -4, READ, ONE_KEY, rangeCommand({ kind: undefined, reverse: undefined, withScores: true })),
  row('zrevrange', -4, READ, ONE_KEY, rangeCommand({ kind: 'rank', reverse: true, withScores: true })),
  row('zrangebyscore', -4, READ, ONE_KEY, rangeCommand({ kind: 'score', reverse: false, withScores: true })),
  row('zrevrangebyscore', -4, READ, ONE_KEY, rangeCommand({ kind: 'score', reverse: true, withScores: true })),
  row('zrangebylex', -4, READ, ONE_KEY, rangeCommand({ kind: 'lex', reverse: false, withScores: true })),
  row('zrevrangebylex', -4, READ, ONE_KEY, rangeCommand({ kind: 'lex', reverse: true, withScores: true })),
  row('zrangestore', -5, STORE, TWO_KEYS, zrangestore),
  row('zcount', 4, READ, ONE_KEY, countCommand(scoreRange)),
  row('zlexcount', 4, READ, ONE_KEY, countCommand(lexRange)),
  row('zremrangebyrank', 4, WRITE, ONE_KEY, removeCommand(rankRange)),
  row('zremrangebyscore', 4, WRITE, ONE_KEY, removeCommand(scoreRange)),
  row('zremrangebylex', 4, WRITE, ONE_KEY, removeCommand(lexRange)),
];

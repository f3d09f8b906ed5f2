/**
 * From what a node says of a command (an entry of its COMMAND INFO reply) to a `Command`, for names that the table lacks:
 * those of modules and of newer servers. learnt-commands.ts asks the nodes; policy.ts asks here what to do with one.
 *
 * A node may say anything, so words that this program does not know are left out, and a key spec that makes no sense
 * counts as unknown: the command is then refused, because its keys cannot be told. Pure.
 * Reference: Redis documentation of COMMAND; addReplyCommandInfo in redis-server's server.c.
 */
import type { Decoded } from '../protocol/resp/plain-reply.js';
import { type Command, createCommand, KeyShape } from './command.js';
import { Category, Flag, KeyFlag } from './flags.js';
import { handled, refused, type Handling } from './handling.js';
import type { BeginSearch, CommandRow, FindKeys, KeySpecRow } from './row.js';

/** The group of every command that was learnt; the table has no such group. */
export const LEARNT_GROUP = 'module';

/** More than any argument list has; keeps positions in small integers. */
const POSITION_MAX = 1 << 24;
/** Words, subcommands and key specs of one command that are looked at. */
const ITEMS_MAX = 1024;

const KNOWN_TIPS = [
  ...['request_policy:all_nodes', 'request_policy:all_shards', 'request_policy:multi_shard', 'request_policy:special'],
  ...['response_policy:all_succeeded', 'response_policy:one_succeeded', 'response_policy:agg_sum'],
  ...['response_policy:agg_min', 'response_policy:agg_logical_and', 'response_policy:special'],
];

/** A command as a node describes it, with its subcommands. */
export interface LearntRow {
  readonly row: CommandRow;
  readonly subcommands: readonly CommandRow[];
}

/**
 * Reads one entry: name, arity, flags, first key, last key, step, and (since Redis 6 and 7) categories, tips, key specs,
 * subcommands. Undefined when it is none.
 */
export function readEntry(entry: Decoded | undefined): LearntRow | undefined {
  const row = rowOf(entry, '');
  if (row === undefined) return undefined;
  const subcommands: CommandRow[] = [];
  const words = new Set<string>();
  for (const item of listOf((entry as readonly Decoded[])[9])) {
    const sub = rowOf(item, row.name);
    if (sub === undefined || words.has(sub.name)) continue;
    words.add(sub.name);
    subcommands.push(sub);
  }
  return { row, subcommands };
}

/** The command and its subcommands. `takeIndex` gives each of them its number. */
export function createLearnt({ row, subcommands }: LearntRow, takeIndex: () => number): Command {
  const children: Command[] = [];
  const command = createCommand(row, takeIndex(), undefined, children, subcommands.length > 0);
  for (const sub of subcommands) children.push(createCommand(sub, takeIndex(), command, Object.freeze([]), false));
  Object.freeze(children);
  return command;
}

/** What to do with a learnt command that is no container: what its keys say, and without keys only what any node may do. */
export function learntHandling(command: Command): Handling {
  const { flags, keySpecs } = command;
  if ((flags & Flag.blocking) !== 0) return refused('it may block, and the proxy does not know how');
  if ((flags & Flag.pubsub) !== 0 || keySpecs.some(({ mask }) => (mask & KeyFlag.not_key) !== 0)) {
    return refused('it publishes or subscribes in a way that the proxy does not know');
  }
  const isVague = keySpecs.some(
    ({ begin, find, mask }) => begin.type === 'unknown' || find.type === 'unknown' || (mask & KeyFlag.incomplete) !== 0,
  );
  if (isVague || (keySpecs.length === 0 && (flags & Flag.movablekeys) !== 0)) {
    return refused('the node does not say which of its arguments are keys');
  }
  if (keySpecs.length > 0) return handled(command.keyShape === KeyShape.single ? 'single' : 'same_node');
  if (command.requestPolicy !== '') return refused('it concerns all nodes, not one key');
  if ((flags & Flag.admin) !== 0) return refused('administration is done at the nodes');
  if ((flags & (Flag.noscript | Flag.no_multi)) !== 0) {
    return refused('it may change the state of a connection that clients share');
  }
  return handled('any_node');
}

function rowOf(entry: Decoded | undefined, container: string): CommandRow | undefined {
  if (!Array.isArray(entry)) return undefined;
  const fields = entry as readonly Decoded[];
  const [name, arity] = fields;
  if (typeof name !== 'string' || name === '' || !isInteger(arity) || arity === 0) return undefined;
  const lower = name.toLowerCase();
  const flags = wordsIn(fields[2], Flag);
  return {
    name: container === '' || lower.startsWith(`${container}|`) ? lower : `${container}|${lower}`,
    arity,
    group: LEARNT_GROUP,
    since: '',
    deprecatedSince: '',
    origins: [],
    flags,
    categories: wordsIn(fields[6], Category, '@'),
    tips: tipsIn(fields[7]),
    keys: fields[8] === undefined ? oldKeys(fields, flags) : listOf(fields[8]).map(specOf),
  };
}

/** A policy that this program does not know counts as "special", which it does not follow either. */
function tipsIn(value: Decoded | undefined): string[] {
  const tips = listOf(value).filter((tip) => typeof tip === 'string');
  return tips.map((tip) => {
    const kind = /^(request|response)_policy:/.exec(tip)?.[0];
    return kind === undefined || KNOWN_TIPS.includes(tip) ? tip : `${kind}special`;
  });
}

/** Servers before Redis 7 give only first key, last key and step. */
function oldKeys(fields: readonly Decoded[], flags: readonly string[]): KeySpecRow[] {
  const [first, last, step] = [fields[3], fields[4], fields[5]];
  if (first === 0 || first === undefined || flags.includes('movablekeys')) return [];
  const find: FindKeys =
    isPosition(first) && isInteger(last) && isStep(step)
      ? { type: 'range', lastKey: last < 0 ? last : last - first, step, limit: 0 }
      : { type: 'unknown' };
  return [{ flags: [], begin: isPosition(first) ? { type: 'index', position: first } : { type: 'unknown' }, find }];
}

function specOf(spec: Decoded): KeySpecRow {
  const fields = mapOf(spec);
  return {
    flags: wordsIn(fields.get('flags'), KeyFlag),
    begin: beginOf(mapOf(fields.get('begin_search'))),
    find: findOf(mapOf(fields.get('find_keys'))),
  };
}

function beginOf(search: ReadonlyMap<string, Decoded>): BeginSearch {
  const spec = mapOf(search.get('spec'));
  const [index, keyword, startFrom] = [spec.get('index'), spec.get('keyword'), spec.get('startfrom')];
  if (search.get('type') === 'index' && isPosition(index)) return { type: 'index', position: index };
  if (search.get('type') === 'keyword' && typeof keyword === 'string' && keyword !== '' && isInteger(startFrom)) {
    if (startFrom !== 0) return { type: 'keyword', keyword, startFrom };
  }
  return { type: 'unknown' };
}

function findOf(search: ReadonlyMap<string, Decoded>): FindKeys {
  const spec = mapOf(search.get('spec'));
  const step = spec.get('keystep');
  if (!isStep(step)) return { type: 'unknown' };
  if (search.get('type') === 'range') {
    const [lastKey, limit] = [spec.get('lastkey'), spec.get('limit')];
    if (isInteger(lastKey) && isInteger(limit) && limit >= 0) return { type: 'range', lastKey, step, limit };
  }
  if (search.get('type') === 'keynum') {
    const [keyNumIndex, firstKey] = [spec.get('keynumidx'), spec.get('firstkey')];
    if (isCount(keyNumIndex) && isCount(firstKey)) return { type: 'keynum', keyNumIndex, firstKey, step };
  }
  return { type: 'unknown' };
}

function isInteger(value: Decoded | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < POSITION_MAX;
}

function isCount(value: Decoded | undefined): value is number {
  return isInteger(value) && value >= 0;
}

/** Argument 0 is the name. */
function isPosition(value: Decoded | undefined): value is number {
  return isInteger(value) && value > 0;
}

/** A step of 0 would never come to an end. */
function isStep(value: Decoded | undefined): value is number {
  return isInteger(value) && value > 0;
}

function listOf(value: Decoded | undefined): readonly Decoded[] {
  return Array.isArray(value) ? (value as readonly Decoded[]).slice(0, ITEMS_MAX) : [];
}

/** A map, which decodes to its keys and values in turn. */
function mapOf(value: Decoded | undefined): ReadonlyMap<string, Decoded> {
  const items = listOf(value);
  const map = new Map<string, Decoded>();
  for (let i = 0; i + 1 < items.length; i += 2) {
    const key = items[i];
    if (typeof key === 'string') map.set(key, items[i + 1]!);
  }
  return map;
}

/** The words of `value` that `known` has, in lower case and without `prefix`. */
function wordsIn(value: Decoded | undefined, known: Readonly<Record<string, number>>, prefix = ''): string[] {
  const words = new Set<string>();
  for (const item of listOf(value)) {
    if (typeof item !== 'string' || !item.startsWith(prefix)) continue;
    const word = item.slice(prefix.length).toLowerCase();
    if (Object.hasOwn(known, word)) words.add(word);
  }
  return [...words];
}

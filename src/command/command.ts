/**
 * `Command`: one command or subcommand as the program uses it, built once from a row of the table and never changed.
 * Session, router, ACL, metrics, admin API and docs all read these objects. All of them come from one literal, so they
 * share one hidden class, and what the hot path asks (arity, where the keys are) is precomputed as small integers.
 * First, last and step of the keys follow redis-server's populateCommandLegacyRangeSpec, and so does `movablekeys`.
 */
import { Category, Flag, KeyFlag, maskOf } from './flags.js';
import type { CommandRow, KeySpecRow } from './row.js';

/** How the keys of a command are found. */
export const KeyShape = {
  none: 0,
  /** One key, at `firstKey`. */
  single: 1,
  /** Keys from `firstKey` to `lastKey` in steps of `keyStep`. */
  range: 2,
  /** Arguments decide: only `extractKeys` knows. */
  specs: 3,
} as const;
export type KeyShape = (typeof KeyShape)[keyof typeof KeyShape];

export type RequestPolicy = '' | 'all_nodes' | 'all_shards' | 'multi_shard' | 'special';
export type ResponsePolicy =
  '' | 'all_succeeded' | 'one_succeeded' | 'agg_sum' | 'agg_min' | 'agg_logical_and' | 'special';

export interface KeySpec extends KeySpecRow {
  /** `KeyFlag` bits. */
  readonly mask: number;
  /** Lower case; empty unless the search begins at a keyword. */
  readonly keyword: Uint8Array;
}

export interface Command {
  /** Dense and stable while the process runs: an index for arrays of counters. */
  readonly index: number;
  /** Lower case; a subcommand is `container|word`. */
  readonly name: string;
  /** The word by which it is looked up: the part after `|` of a subcommand. Lower case. */
  readonly word: string;
  /** The command that this is a subcommand of. */
  readonly container: Command | undefined;
  /** Empty unless this is a container. */
  readonly subcommands: readonly Command[];
  readonly hasSubcommands: boolean;
  /** As Redis gives it: negative means at least. `minArgs` and `maxArgs` say the same; all three count the name. */
  readonly arity: number;
  readonly minArgs: number;
  readonly maxArgs: number;
  /** `Flag` bits. */
  readonly flags: number;
  /** `Category` bits. */
  readonly categories: number;
  readonly group: string;
  readonly since: string;
  readonly deprecatedSince: string;
  readonly origins: readonly string[];
  readonly tips: readonly string[];
  readonly requestPolicy: RequestPolicy;
  readonly responsePolicy: ResponsePolicy;
  readonly keySpecs: readonly KeySpec[];
  readonly keyShape: KeyShape;
  /** As in the COMMAND reply; 0 when there is none. A negative `lastKey` counts from the end of the request. */
  readonly firstKey: number;
  readonly lastKey: number;
  readonly keyStep: number;
}

/** Stands for "no upper bound" and stays a small integer for V8. */
export const UNBOUNDED_ARGS = 0x3fffffff;

const requestPolicies: readonly string[] = ['all_nodes', 'all_shards', 'multi_shard', 'special'];
const responsePolicies: readonly string[] = [
  'all_succeeded',
  'one_succeeded',
  'agg_sum',
  'agg_min',
  'agg_logical_and',
  'special',
];

function policyIn(tips: readonly string[], prefix: string, known: readonly string[]): string {
  const tip = tips.find((text) => text.startsWith(prefix));
  const policy = tip?.slice(prefix.length) ?? '';
  if (policy !== '' && !known.includes(policy)) throw new RangeError(`unknown tip "${prefix}${policy}"`);
  return policy;
}

function compileSpec(row: KeySpecRow): KeySpec {
  const keyword = row.begin.type === 'keyword' ? row.begin.keyword.toLowerCase() : '';
  return Object.freeze({ ...row, mask: maskOf(row.flags, KeyFlag), keyword: new TextEncoder().encode(keyword) });
}

interface KeyRange {
  readonly first: number;
  readonly last: number;
  readonly step: number;
  /** True when the range does not tell all the keys. */
  readonly movable: boolean;
}

/** One range over all specs that form a plain one; see populateCommandLegacyRangeSpec in redis-server. */
function legacyRange(specs: readonly KeySpec[]): KeyRange {
  let movable = false;
  let first = 0;
  let last = 0;
  let step = 0;
  for (const spec of specs) {
    if ((spec.mask & KeyFlag.incomplete) !== 0) movable = true;
    const plain = spec.begin.type === 'index' && spec.find.type === 'range';
    if (!plain || (specs.length > 1 && spec.find.step !== 1) || (last !== 0 && last !== spec.begin.position - 1)) {
      movable = true;
      continue;
    }
    const specLast = spec.find.lastKey < 0 ? spec.find.lastKey : spec.begin.position + spec.find.lastKey;
    // Compared as unsigned, as redis-server does: a last key counted from the end is beyond any other.
    last = specLast >>> 0 > last >>> 0 ? specLast : last;
    first = first === 0 ? spec.begin.position : Math.min(first, spec.begin.position);
    step = spec.find.step;
  }
  return { first, last, step, movable };
}

function shapeOf(specs: readonly KeySpec[], range: KeyRange): KeyShape {
  if (specs.every((spec) => (spec.mask & KeyFlag.not_key) !== 0)) return KeyShape.none;
  if (range.movable) return KeyShape.specs;
  return range.first === range.last ? KeyShape.single : KeyShape.range;
}

/**
 * Builds a command from its row. `subcommands` is kept by reference, so that a container can be built before them; the
 * caller fills it and freezes it.
 * @throws RangeError when the row has a word that the program does not know.
 */
export function createCommand(
  row: CommandRow,
  index: number,
  container: Command | undefined,
  subcommands: readonly Command[],
  hasSubcommands: boolean,
): Command {
  const keySpecs = Object.freeze(row.keys.map(compileSpec));
  const range = legacyRange(keySpecs);
  return Object.freeze({
    index,
    name: row.name,
    word: row.name.slice(row.name.indexOf('|') + 1),
    container,
    subcommands,
    hasSubcommands,
    arity: row.arity,
    minArgs: Math.abs(row.arity),
    maxArgs: row.arity < 0 ? UNBOUNDED_ARGS : row.arity,
    flags: maskOf(row.flags, Flag) | (range.movable ? Flag.movablekeys : 0),
    categories: maskOf(row.categories, Category),
    group: row.group,
    since: row.since,
    deprecatedSince: row.deprecatedSince,
    origins: row.origins,
    tips: row.tips,
    requestPolicy: policyIn(row.tips, 'request_policy:', requestPolicies) as RequestPolicy,
    responsePolicy: policyIn(row.tips, 'response_policy:', responsePolicies) as ResponsePolicy,
    keySpecs,
    keyShape: shapeOf(keySpecs, range),
    firstKey: range.first,
    lastKey: range.last,
    keyStep: range.step,
  });
}

/** True when `argc` arguments, the name included, are a legal number for `command`. */
export function acceptsArgc(command: Command, argc: number): boolean {
  return argc >= command.minArgs && argc <= command.maxArgs;
}

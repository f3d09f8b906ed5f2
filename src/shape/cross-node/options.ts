/**
 * What follows the keys of a command that the proxy computes: LIMIT, WEIGHTS, AGGREGATE, WITHSCORES, with the texts of
 * redis-server 7.0 for what is wrong with them. Words are compared as C strings are: in any letter case, up to a NUL.
 * Pure.
 */
import { parseDouble } from '../../protocol/resp/double.js';
import type { Aggregate } from './sorted-set-algebra.js';

export interface SortedSetOptions {
  /** One for each key. */
  readonly weights: readonly number[];
  readonly aggregate: Aggregate;
  readonly withScores: boolean;
}

/** What is wrong, as the client is told. */
export interface OptionError {
  readonly error: string;
}

const SYNTAX: OptionError = { error: 'ERR syntax error' };
const BAD_LIMIT: OptionError = { error: "ERR LIMIT can't be negative" };
const BAD_WEIGHT: OptionError = { error: 'ERR weight value is not a float' };
const AGGREGATES: readonly Aggregate[] = ['sum', 'min', 'max'];
const NATURAL = /^(?:0|[1-9][0-9]{0,18})$/;
const INT64_MAX = 2n ** 63n - 1n;

/** LIMIT of SINTERCARD and ZINTERCARD; 0 means none. Given twice, the last counts. */
export function readLimit(words: readonly string[]): { readonly limit: number } | OptionError {
  let limit = 0;
  for (let i = 0; i < words.length; i += 2) {
    const value = words[i + 1];
    if (wordOf(words[i]!) !== 'limit' || value === undefined) return SYNTAX;
    if (!NATURAL.test(value) || BigInt(value) > INT64_MAX) return BAD_LIMIT;
    limit = Number(value);
  }
  return { limit };
}

/** Options of ZUNION and ZINTER over `keyCount` keys. */
export function readSortedSetOptions(words: readonly string[], keyCount: number): SortedSetOptions | OptionError {
  let weights = new Array<number>(keyCount).fill(1);
  let aggregate: Aggregate = 'sum';
  let withScores = false;
  let i = 0;
  while (i < words.length) {
    const word = wordOf(words[i++]!);
    const left = words.length - i;
    if (word === 'weights' && left >= keyCount) {
      const given = words.slice(i, i + keyCount).map(parseDouble);
      if (given.includes(undefined)) return BAD_WEIGHT;
      weights = given as number[];
      i += keyCount;
    } else if (word === 'aggregate' && left >= 1) {
      const named = AGGREGATES.find((each) => each === wordOf(words[i]!));
      if (named === undefined) return SYNTAX;
      aggregate = named;
      i += 1;
    } else if (word === 'withscores') {
      withScores = true;
    } else {
      return SYNTAX;
    }
  }
  return { weights, aggregate, withScores };
}

/** ZDIFF has WITHSCORES only. */
export function readWithScores(words: readonly string[]): { readonly withScores: boolean } | OptionError {
  return words.every((word) => wordOf(word) === 'withscores') ? { withScores: words.length > 0 } : SYNTAX;
}

function wordOf(text: string): string {
  const end = text.indexOf('\0');
  return (end < 0 ? text : text.slice(0, end)).toLowerCase();
}

/**
 * Reading of command arguments, each with the error Redis gives when it does not fit. Used by every file of commands/.
 */
import { parseDouble } from '../../protocol/resp/double.js';
import { CommandError, NOT_FLOAT, NOT_INTEGER, NOT_POSITIVE, OUT_OF_RANGE } from './command-error.js';
import { parseInt64, parseLong } from './numbers.js';

export function integerArgument(text: string, error = NOT_INTEGER): number {
  const value = parseLong(text);
  if (value === undefined) throw new CommandError(error);
  return value;
}

export function bigintArgument(text: string, error = NOT_INTEGER): bigint {
  const value = parseInt64(text);
  if (value === undefined) throw new CommandError(error);
  return value;
}

export function positiveArgument(text: string): number {
  const value = integerArgument(text, NOT_POSITIVE);
  if (value < 0) throw new CommandError(NOT_POSITIVE);
  return value;
}

export function doubleArgument(text: string, error = NOT_FLOAT): number {
  const value = parseDouble(text);
  if (value === undefined) throw new CommandError(error);
  return value;
}

/** A count whose sign chooses between distinct and repeated answers (HRANDFIELD, SRANDMEMBER, ZRANDMEMBER). */
export function signedCountArgument(text: string, withValues: boolean): number {
  const value = bigintArgument(text);
  const max = 2n ** 63n - 1n;
  if (value < -max) throw new CommandError(OUT_OF_RANGE);
  if (withValues && (value < -max / 2n || value > max / 2n)) throw new CommandError(OUT_OF_RANGE);
  return Number(value);
}

/** Option words compare without case. Binary strings hold no character that folds into ASCII from outside it. */
export function isWord(argument: string | undefined, word: string): boolean {
  return argument?.length === word.length && argument.toLowerCase() === word;
}

/** A half-open range of indexes from Redis's inclusive one with negative indexes; empty when start >= end. */
export function indexRange(
  first: number,
  last: number,
  size: number,
): { readonly start: number; readonly end: number } {
  const start = Math.max(0, first < 0 ? first + size : first);
  const end = Math.min(size, (last < 0 ? last + size : last) + 1);
  return { start, end };
}

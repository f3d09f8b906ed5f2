/**
 * INCR and its family. Integers are 64-bit with overflow checks; INCRBYFLOAT computes in Redis's long double (long-double.ts).
 * A counter keeps its expiry.
 */
import { bigintArgument } from '../arguments.js';
import { ONE_KEY, STORE, row } from '../command.js';
import type { Client, CommandRow } from '../command.js';
import { CommandError, NOT_FLOAT, NOT_INTEGER } from '../command-error.js';
import { addLongDouble, formatLongDouble, parseLongDouble } from '../long-double.js';
import { INT64_MAX, INT64_MIN, parseInt64 } from '../numbers.js';
import { StringValue } from '../values.js';

/** The sum as a 64-bit integer, for HINCRBY too. */
export function addInt64(value: bigint, increment: bigint): bigint {
  const sum = value + increment;
  if (sum > INT64_MAX || sum < INT64_MIN) throw new CommandError('ERR increment or decrement would overflow');
  return sum;
}

function increment({ db, reply }: Client, key: string, by: bigint): void {
  const before = db.value(key, 'string');
  const value = before ? parseInt64(before.text) : 0n;
  if (value === undefined) throw new CommandError(NOT_INTEGER);
  const sum = addInt64(value, by);
  db.put(key, new StringValue(sum.toString()), true);
  reply.integer(sum);
}

function decrby(client: Client, args: readonly string[]): void {
  const by = bigintArgument(args[2]!);
  if (by === INT64_MIN) throw new CommandError('ERR decrement would overflow');
  increment(client, args[1]!, -by);
}

function incrbyfloat({ db, reply }: Client, args: readonly string[]): void {
  const before = parseLongDouble(db.value(args[1]!, 'string')?.text ?? '0');
  const by = parseLongDouble(args[2]!);
  if (before === undefined || by === undefined) throw new CommandError(NOT_FLOAT);
  if (before === 'infinite' || by === 'infinite') {
    throw new CommandError('ERR increment would produce NaN or Infinity');
  }
  const text = formatLongDouble(addLongDouble(before, by));
  db.put(args[1]!, new StringValue(text), true);
  reply.bulk(text);
}

export const COUNTER_COMMANDS: readonly CommandRow[] = [
  row('incr', 2, STORE, ONE_KEY, (client, args) => increment(client, args[1]!, 1n)),
  row('decr', 2, STORE, ONE_KEY, (client, args) => increment(client, args[1]!, -1n)),
  row('incrby', 3, STORE, ONE_KEY, (client, args) => increment(client, args[1]!, bigintArgument(args[2]!))),
  row('decrby', 3, STORE, ONE_KEY, decrby),
  row('incrbyfloat', 3, STORE, ONE_KEY, incrbyfloat),
];

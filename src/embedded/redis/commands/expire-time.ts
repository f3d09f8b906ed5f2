/**
 * Expiry times as commands give them: seconds or milliseconds, from now or since the epoch, in one place for SET, GETEX and EXPIRE.
 * Times are kept as doubles: exact to the year 287396. Overflow is judged on 64-bit integers, as in Redis.
 */
import { bigintArgument } from '../arguments.js';
import { CommandError } from '../command-error.js';
import { INT64_MAX, INT64_MIN } from '../numbers.js';

export type TimeUnit = 'seconds' | 'milliseconds';

export interface TimeForm {
  readonly unit: TimeUnit;
  readonly relative: boolean;
}

/** The option words of SET and GETEX. */
export const TIME_OPTIONS: ReadonlyMap<string, TimeForm> = new Map([
  ['ex', { unit: 'seconds', relative: true }],
  ['px', { unit: 'milliseconds', relative: true }],
  ['exat', { unit: 'seconds', relative: false }],
  ['pxat', { unit: 'milliseconds', relative: false }],
]);

function invalid(command: string): CommandError {
  return new CommandError(`ERR invalid expire time in '${command}' command`);
}

/** Milliseconds since the epoch. `command` is for the error text. */
export function expiryMs(text: string, form: TimeForm, nowMs: number, command: string): number {
  let time = bigintArgument(text);
  if (form.unit === 'seconds') {
    if (time > INT64_MAX / 1000n || time < INT64_MIN / 1000n) throw invalid(command);
    time *= 1000n;
  }
  if (form.relative) {
    if (time > INT64_MAX - BigInt(nowMs)) throw invalid(command);
    time += BigInt(nowMs);
  }
  return Number(time);
}

/** The same for commands that refuse zero and negative times. */
export function positiveExpiryMs(text: string, form: TimeForm, nowMs: number, command: string): number {
  if (bigintArgument(text) <= 0n) throw invalid(command);
  return expiryMs(text, form, nowMs, command);
}

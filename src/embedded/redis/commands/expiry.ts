/**
 * EXPIRE, TTL and their families. A time in the past deletes the key at once. Follows expire.c of Redis 7.0.
 */
import { ONE_KEY, READ, WRITE, row } from '../command.js';
import type { Client, CommandRow } from '../command.js';
import { CommandError } from '../command-error.js';
import { expiryMs } from './expire-time.js';
import type { TimeForm } from './expire-time.js';

interface Conditions {
  readonly nx: boolean;
  readonly xx: boolean;
  readonly gt: boolean;
  readonly lt: boolean;
}

function parseConditions(args: readonly string[]): Conditions {
  const conditions = { nx: false, xx: false, gt: false, lt: false };
  for (const option of args.slice(3)) {
    const name = option.toLowerCase();
    if (name !== 'nx' && name !== 'xx' && name !== 'gt' && name !== 'lt') {
      throw new CommandError(`ERR Unsupported option ${option}`);
    }
    conditions[name] = true;
  }
  const { nx, xx, gt, lt } = conditions;
  if (nx && (xx || gt || lt)) {
    throw new CommandError('ERR NX and XX, GT or LT options at the same time are not compatible');
  }
  if (gt && lt) throw new CommandError('ERR GT and LT options at the same time are not compatible');
  return conditions;
}

/** A key without expiry counts as living for ever: GT never applies to it and LT always does. */
function allows({ nx, xx, gt, lt }: Conditions, currentMs: number | undefined, nextMs: number): boolean {
  if (nx && currentMs !== undefined) return false;
  if (xx && currentMs === undefined) return false;
  if (gt && (currentMs === undefined || nextMs <= currentMs)) return false;
  return !(lt && currentMs !== undefined && nextMs >= currentMs);
}

function expire(form: TimeForm): CommandRow['run'] {
  return ({ db, store, reply }, args) => {
    const conditions = parseConditions(args);
    const expiresAtMs = expiryMs(args[2]!, form, store.nowMs, args[0]!.toLowerCase());
    const key = args[1]!;
    const entry = db.find(key);
    if (!entry || !allows(conditions, entry.expiresAtMs, expiresAtMs)) {
      reply.integer(0);
      return;
    }
    if (expiresAtMs <= store.nowMs) db.delete(key);
    else db.expireAt(key, expiresAtMs);
    reply.integer(1);
  };
}

function remaining(form: TimeForm): CommandRow['run'] {
  return ({ db, store, reply }, args) => {
    const entry = db.peek(args[1]!);
    if (entry?.expiresAtMs === undefined) {
      reply.integer(entry ? -1 : -2);
      return;
    }
    const timeMs = entry.expiresAtMs - (form.relative ? store.nowMs : 0);
    reply.integer(form.unit === 'seconds' ? Math.floor((timeMs + 500) / 1000) : timeMs);
  };
}

function persist({ db, reply }: Client, args: readonly string[]): void {
  const entry = db.find(args[1]!);
  const had = entry?.expiresAtMs !== undefined;
  if (had) db.expireAt(args[1]!, undefined);
  reply.integer(had ? 1 : 0);
}

export const EXPIRY_COMMANDS: readonly CommandRow[] = [
  row('expire', -3, WRITE, ONE_KEY, expire({ unit: 'seconds', relative: true })),
  row('pexpire', -3, WRITE, ONE_KEY, expire({ unit: 'milliseconds', relative: true })),
  row('expireat', -3, WRITE, ONE_KEY, expire({ unit: 'seconds', relative: false })),
  row('pexpireat', -3, WRITE, ONE_KEY, expire({ unit: 'milliseconds', relative: false })),
  row('ttl', 2, READ, ONE_KEY, remaining({ unit: 'seconds', relative: true })),
  row('pttl', 2, READ, ONE_KEY, remaining({ unit: 'milliseconds', relative: true })),
  row('expiretime', 2, READ, ONE_KEY, remaining({ unit: 'seconds', relative: false })),
  row('pexpiretime', 2, READ, ONE_KEY, remaining({ unit: 'milliseconds', relative: false })),
  row('persist', 2, WRITE, ONE_KEY, persist),
];

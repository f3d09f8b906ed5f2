/**
 * SCAN, HSCAN, SSCAN and ZSCAN: one walk (IndexedMap.scan) with the shared options MATCH, COUNT and, for keys, TYPE.
 * Members present during a whole scan are returned at least once. Unlike Redis, small collections are paged too.
 */
import { integerArgument, isWord } from '../arguments.js';
import { NO_KEYS, ONE_KEY, READ, row } from '../command.js';
import type { Client, CommandRow } from '../command.js';
import { CommandError, SYNTAX } from '../command-error.js';
import { globMatches } from '../glob.js';
import type { IndexedMap } from '../indexed-map.js';
import { formatDouble } from '../../../protocol/resp/double.js';

const COUNT_DEFAULT = 10;

interface ScanOptions {
  readonly count: number;
  readonly pattern: string | undefined;
  readonly type: string | undefined;
}

function cursorArgument(text: string): number {
  // Read as strtoul does: an empty text is 0.
  if (text === '') return 0;
  if (!/^[+-]?[0-9]+$/.test(text) || BigInt(text) >= 2n ** 64n) throw new CommandError('ERR invalid cursor');
  return Math.max(0, Number(text));
}

function parseOptions(args: readonly string[], from: number, ofKeys: boolean): ScanOptions {
  let count = COUNT_DEFAULT;
  let pattern: string | undefined;
  let type: string | undefined;
  for (let at = from; at < args.length; at += 2) {
    const value = args[at + 1];
    if (value === undefined) throw new CommandError(SYNTAX);
    if (isWord(args[at], 'count')) {
      count = integerArgument(value);
      if (count < 1) throw new CommandError(SYNTAX);
    } else if (isWord(args[at], 'match')) pattern = value;
    else if (isWord(args[at], 'type') && ofKeys) type = value.toLowerCase();
    else throw new CommandError(SYNTAX);
  }
  return { count, pattern: pattern === '*' ? undefined : pattern, type };
}

function scan({ db, reply }: Client, args: readonly string[]): void {
  const cursor = cursorArgument(args[1]!);
  const options = parseOptions(args, 2, true);
  const found: string[] = [];
  const next = db.entries.scan(cursor, options.count, (key) => {
    if (options.pattern === undefined || globMatches(options.pattern, key)) found.push(key);
  });
  // Expired keys are dropped after the walk: removing them moves entries under it.
  const live = found.filter((key) => {
    const entry = db.peek(key);
    return entry && (options.type === undefined || entry.value.type === options.type);
  });
  reply.array(2);
  reply.bulk(String(next));
  reply.bulks(live);
}

/** Collection scans differ in the type and in what follows a member: nothing, its value, or its score. */
function scanInside<V>(
  mapOf: (client: Client, key: string) => IndexedMap<V> | undefined,
  after: ((value: V) => string) | undefined,
): CommandRow['run'] {
  return (client, args) => {
    const { reply } = client;
    const cursor = cursorArgument(args[2]!);
    const map = mapOf(client, args[1]!);
    const found: string[] = [];
    let next = 0;
    if (map) {
      const options = parseOptions(args, 3, false);
      next = map.scan(cursor, options.count, (member, value) => {
        if (options.pattern !== undefined && !globMatches(options.pattern, member)) return;
        found.push(member);
        if (after) found.push(after(value));
      });
    }
    reply.array(2);
    reply.bulk(String(next));
    reply.bulks(found);
  };
}

export const SCAN_COMMANDS: readonly CommandRow[] = [
  row('scan', -2, READ, NO_KEYS, scan),
  row(
    'hscan',
    -3,
    READ,
    ONE_KEY,
    scanInside(
      ({ db }, key) => db.value(key, 'hash')?.fields,
      (value) => value,
    ),
  ),
  row(
    'sscan',
    -3,
    READ,
    ONE_KEY,
    scanInside(({ db }, key) => db.value(key, 'set')?.members, undefined),
  ),
  row(
    'zscan',
    -3,
    READ,
    ONE_KEY,
    scanInside(
      ({ db }, key) => db.value(key, 'zset')?.members,
      ({ score }) => formatDouble(score),
    ),
  ),
];

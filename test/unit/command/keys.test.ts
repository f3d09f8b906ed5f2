import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyFlag, wordsOf } from '../../../src/command/flags.js';
import {
  INVALID_KEYS,
  KeyList,
  extractChannels,
  extractKeys,
  extractKeysWithAccess,
} from '../../../src/command/keys.js';
import { redisTable } from '../../../src/command/redis-table.js';
import { request } from './arguments.js';

type Extract = typeof extractKeys;

function run(extract: Extract, args: readonly string[]): { count: number; keys: string[]; list: KeyList } {
  const { bytes, offsets, argc } = request(...args);
  const command = redisTable.resolve(bytes, offsets, argc)!;
  const list = new KeyList();
  list.push(99, 99); // left from an earlier request
  const count = extract(command, bytes, offsets, argc, list);
  const keys = Array.from({ length: Math.max(0, count) }, (_, i) => args[list.positions[i]!]!);
  return { count, keys, list };
}

const keysOf = (line: string): string[] => run(extractKeys, line.split(' ')).keys;
const countOf = (line: string): number => run(extractKeys, line.split(' ')).count;

describe('extractKeys', () => {
  it.each([
    ['PING', ''],
    ['GET k1', 'k1'],
    ['OBJECT FREQ k1', 'k1'],
    ['MGET k1 k2 k3', 'k1 k2 k3'],
    ['MSET k1 v k2 v', 'k1 k2'],
    ['MSET k1 v k2', 'k1 k2'],
    ['RENAME k1 k2', 'k1 k2'],
    ['BITOP AND k1 k2 k3', 'k1 k2 k3'],
    ['BLPOP k1 k2 0', 'k1 k2'],
    ['LCS k1 k2 LEN', 'k1 k2'],
    ['EVAL s 2 k1 k2 a', 'k1 k2'],
    ['EVAL s 0 a b', ''],
    ['ZUNIONSTORE k1 2 k2 k3 WEIGHTS 1 2', 'k1 k2 k3'],
    ['LMPOP 2 k1 k2 LEFT', 'k1 k2'],
    ['BLMPOP 0 2 k1 k2 LEFT', 'k1 k2'],
    ['XREAD COUNT 1 STREAMS k1 k2 0 0', 'k1 k2'],
    ['XREAD STREAMS streams 0', 'streams'],
    ['XREADGROUP GROUP streams streams STREAMS k1 >', 'k1'],
    ['XREAD STREAMS k1 k2 0', 'k1'],
    ['XREAD COUNT 1 BLOCK 0', ''],
    ['GEORADIUS k1 1 1 1 m', 'k1'],
    ['GEORADIUS k1 1 1 1 m store k2 STOREDIST k3', 'k1 k2 k3'],
    ['GEORADIUSBYMEMBER k1 x 1 m STORE k2', 'k1 k2'],
    ['GEORADIUS k1 1 1 1 m STORE', 'k1'],
    ['SORT k1 BY w_* LIMIT 0 1 GET o_* GET # STORE k2', 'k1 k2'],
    ['SORT k1 BY STORE GET STORE', 'k1'],
    ['SORT k1 STORE k2 STORE k3', 'k1 k3'],
    ['SORT_RO k1 BY w_* GET #', 'k1'],
    ['MIGRATE h 1 k1 0 10', 'k1'],
    ['SPUBLISH ch m', ''],
    ['PFMERGE k1', 'k1'],
    ['SUNIONSTORE k1 k2 k3', 'k1 k2 k3'],
  ])('finds the keys of %s', (line, keys) => {
    expect(keysOf(line)).toEqual(keys === '' ? [] : keys.split(' '));
  });

  it('finds the keys of MIGRATE behind KEYS only when its key is empty', () => {
    const migrate = (...rest: string[]): string[] => run(extractKeys, ['migrate', 'h', '1', ...rest]).keys;
    expect(migrate('', '0', '10', 'COPY', 'KEYS', 'a', 'b')).toEqual(['a', 'b']);
    expect(migrate('', '0', '10', 'AUTH', 'keys', 'KEYS', 'a')).toEqual(['a']);
    expect(migrate('', '0', '10', 'AUTH2', 'keys', 'keys', 'KEYS', 'a')).toEqual(['a']);
    expect(migrate('k1', '0', '10', 'COPY')).toEqual(['k1']);
    expect(run(extractKeys, ['migrate', 'h', '1', 'k1', '0', '10', 'KEYS', 'a']).count).toBe(INVALID_KEYS);
    expect(migrate('k1', '0', '10', 'KEYS')).toEqual(['k1']);
  });

  it.each([
    'EVAL s x k1',
    'EVAL s -1 k1',
    'EVAL s 2 k1',
    'EVAL s 99999999999 k1',
    'EVAL s 01 k1',
    'ZUNIONSTORE k1 0 k2',
    'ZUNIONSTORE k1 3 k2 k3',
    'LMPOP 2 k1',
    'XREAD STREAMS 0',
  ])('says that %s is malformed, or has no keys', (line) => {
    expect(countOf(line)).toBeLessThanOrEqual(0);
  });

  it.each(['EVAL s x k1', 'ZUNIONSTORE k1 0 k2', 'LMPOP 2 k1'])('tells %s from a script without keys', (line) => {
    expect(countOf(line)).toBe(INVALID_KEYS);
    expect(countOf('EVAL s 0')).toBe(0);
  });

  it('grows the list as needed and keeps it', () => {
    const names = Array.from({ length: 1000 }, (_, i) => `k${i}`);
    expect(run(extractKeys, ['mget', ...names]).keys).toEqual(names);
    expect(run(extractKeysWithAccess, ['eval', 's', '1000', ...names]).keys).toEqual(names);
  });

  it('never points outside the request, whatever the arguments', () => {
    const word = fc.oneof(
      fc.constantFrom('0', '1', '2', '-1', '9', 'store', 'streams', 'keys', 'by', 'get', 'limit', 'auth', ''),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...redisTable.commands.filter((command) => command.keySpecs.length > 0)),
        fc.array(word, { maxLength: 12 }),
        (command, rest) => {
          const args = [...command.name.split('|'), ...rest];
          while (args.length < command.minArgs) args.push('x');
          for (const extract of [extractKeys, extractKeysWithAccess, extractChannels]) {
            const { count, list } = run(extract, args);
            expect(count).toBeGreaterThanOrEqual(INVALID_KEYS);
            const found = [...list.positions.subarray(0, Math.max(0, count))];
            expect(found.every((at) => at > 0 && at < args.length)).toBe(true);
            expect(new Set(found).size).toBe(found.length);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('finds the same keys the fast way and by the specs', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...redisTable.commands.filter((command) => command.keySpecs.length > 0)),
        fc.array(fc.constantFrom('1', '2', 'a', 'store', 'streams'), { maxLength: 8 }),
        (command, rest) => {
          const args = [...command.name.split('|'), ...rest];
          while (args.length < command.minArgs) args.push('x');
          const sorted = (keys: readonly string[]): string[] => [...keys].sort();
          expect(sorted(run(extractKeys, args).keys)).toEqual(sorted(run(extractKeysWithAccess, args).keys));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('extractKeysWithAccess', () => {
  it.each([
    ['GET k', ['ro access']],
    ['SET k v', ['ow update']],
    ['SET k v EX 1 GET', ['rw access update']],
    ['BITFIELD k GET u8 0 OVERFLOW SAT GET u8 1', ['ro access']],
    ['BITFIELD k GET u8 0 INCRBY u8 0 1', ['rw access update']],
    ['SORT k STORE d', ['ro access', 'ow update']],
    ['RENAME a b', ['rw access delete', 'ow update']],
    ['PFMERGE d', ['rw access insert']],
  ])('says what %s does with its keys', (line, access) => {
    const { count, list } = run(extractKeysWithAccess, line.split(' '));
    expect(Array.from({ length: count }, (_, i) => wordsOf(list.access[i]!, KeyFlag).join(' '))).toEqual(access);
  });
});

describe('extractChannels', () => {
  it('finds shard channels, which are routed like keys', () => {
    expect(run(extractChannels, ['SSUBSCRIBE', 'a', 'b']).keys).toEqual(['a', 'b']);
    expect(run(extractChannels, ['SPUBLISH', 'a', 'm']).keys).toEqual(['a']);
    expect(run(extractChannels, ['GET', 'a']).keys).toEqual([]);
  });
});

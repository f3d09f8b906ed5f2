import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/command/command.js';
import { infoOf } from '../../../src/command/introspection.js';
import { extractKeys, KeyList } from '../../../src/command/keys.js';
import { createLearnt, readEntry } from '../../../src/command/learnt.js';
import { handlingOf } from '../../../src/command/policy.js';
import { redisTable } from '../../../src/command/redis-table.js';
import { type Decoded, decodePlain } from '../../../src/protocol/resp/plain-reply.js';
import { encodeReply } from '../../../src/protocol/resp/encoder.js';
import { request } from './arguments.js';

function learn(entry: Decoded): Command {
  let next = 1000;
  return createLearnt(readEntry(entry)!, () => next++);
}

function keysOf(command: Command, line: string): string[] {
  const { bytes, offsets, argc } = request(...line.split(' '));
  const keys = new KeyList();
  const count = extractKeys(command, bytes, offsets, argc, keys);
  return Array.from({ length: Math.max(0, count) }, (_, i) => line.split(' ')[keys.positions[i]!]!);
}

const spec = (begin: Decoded, find: Decoded): Decoded => ['flags', ['RW'], 'begin_search', begin, 'find_keys', find];
const index = (position: number): Decoded => ['type', 'index', 'spec', ['index', position]];
const range = (last: number, step = 1, limit = 0): Decoded => [
  'type',
  'range',
  'spec',
  ['lastkey', last, 'keystep', step, 'limit', limit],
];
const keynum: Decoded = ['type', 'keynum', 'spec', ['keynumidx', 0, 'firstkey', 1, 'keystep', 1]];

describe('a learnt command', () => {
  it.each([2, 3] as const)('is what COMMAND INFO says of it, for every command of the table, in RESP%i', (version) => {
    for (const command of redisTable.topLevel) {
      const bytes = encodeReply(infoOf(command), version);
      const learnt = learn(decodePlain(bytes, 0, bytes.length)!);
      const facts = ({ name, arity, firstKey, lastKey, keyStep, keyShape, tips, requestPolicy }: Command): object => {
        return { name, arity, firstKey, lastKey, keyStep, keyShape, tips, requestPolicy };
      };
      expect(facts(learnt)).toEqual(facts(command));
      const specs = ({ keySpecs }: Command): object => keySpecs.map(({ mask, begin, find }) => [mask, begin, find]);
      expect(specs(learnt)).toEqual(specs(command));
      expect(learnt.categories).toBe(command.categories);
    }
  });

  it('of a server before Redis 7 has its keys from first, last and step', () => {
    expect(keysOf(learn(['m.get', 2, ['readonly'], 1, 1, 1]), 'M.GET a')).toEqual(['a']);
    expect(keysOf(learn(['m.all', -2, ['write'], 1, -1, 2]), 'M.ALL a 1 b 2')).toEqual(['a', 'b']);
    expect(handlingOf(learn(['m.odd', -2, ['write', 'movablekeys'], 0, 0, 0])).kind).toBe('unsupported');
  });

  it('finds keys by a number of keys, and by a keyword', () => {
    const command = learn(['m.sum', -3, [], 0, 0, 0, [], [], [spec(index(2), keynum)], []]);
    expect(keysOf(command, 'M.SUM x 2 a b 7')).toEqual(['a', 'b']);
    const keyword: Decoded = ['type', 'keyword', 'spec', ['keyword', 'KEYS', 'startfrom', 1]];
    expect(keysOf(learn(['m.kw', -2, [], 0, 0, 0, [], [], [spec(keyword, range(-1))], []]), 'M.KW x keys a b')).toEqual(
      ['a', 'b'],
    );
  });

  it.each<[string, string, Decoded]>([
    ['single', 'one key', ['m', 2, ['write'], 1, 1, 1, [], [], [spec(index(1), range(0))], []]],
    ['same_node', 'several keys', ['m', -2, ['write'], 1, -1, 1, [], [], [spec(index(1), range(-1))], []]],
    ['any_node', 'no key', ['m', 1, ['readonly', 'fast'], 0, 0, 0, ['@fast'], [], [], []]],
    ['unsupported', 'no key and administrative', ['m', 1, ['admin'], 0, 0, 0, [], [], [], []]],
    ['unsupported', 'no key and not for scripts', ['m', 1, ['noscript'], 0, 0, 0, [], [], [], []]],
    ['unsupported', 'all shards', ['m', 1, [], 0, 0, 0, [], ['request_policy:all_shards'], [], []]],
    ['unsupported', 'a policy of the future', ['m', 1, [], 0, 0, 0, [], ['request_policy:half_shards'], [], []]],
    ['unsupported', 'a key and blocking', ['m', 2, ['blocking'], 1, 1, 1, [], [], [spec(index(1), range(0))], []]],
    ['unsupported', 'publishing', ['m', 2, ['pubsub'], 0, 0, 0, [], [], [], []]],
    [
      'unsupported',
      'unknown keys',
      ['m', -2, ['movablekeys'], 0, 0, 0, [], [], [spec(['type', 'unknown'], keynum)], []],
    ],
    ['unsupported', 'a step of 0', ['m', -2, [], 1, -1, 0, [], [], [spec(index(1), range(-1, 0))], []]],
    ['unsupported', 'movable keys without specs', ['m', -2, ['movablekeys'], 0, 0, 0, [], [], [], []]],
  ])('is %s with %s', (kind, _what, entry) => {
    expect(handlingOf(learn(entry)).kind).toBe(kind);
  });

  it('that is a container has subcommands with their own keys', () => {
    const sub = (name: string, flags: Decoded): Decoded => [
      name,
      -3,
      flags,
      2,
      2,
      1,
      [],
      [],
      [spec(index(2), range(0))],
      [],
    ];
    const command = learn([
      'm',
      -2,
      [],
      0,
      0,
      0,
      [],
      [],
      [],
      [sub('m|get', []), sub('M|Wait', ['blocking']), sub('m|get', [])],
    ]);
    expect(command.subcommands.map(({ name, word, index: number }) => [name, word, number])).toEqual([
      ['m|get', 'get', 1001],
      ['m|wait', 'wait', 1002],
    ]);
    expect(command.subcommands.map((one) => handlingOf(one).kind)).toEqual(['single', 'unsupported']);
    expect(command.subcommands[0]!.container).toBe(command);
  });

  it('is made of any entry without an error and in bounded time, or is none', () => {
    const word = fc.constantFrom(
      'get',
      'RW',
      'index',
      'spec',
      'type',
      'range',
      'keynum',
      'keystep',
      'lastkey',
      'limit',
    );
    const decoded = fc.letrec<{ any: Decoded }>((tie) => ({
      any: fc.oneof(
        { maxDepth: 5 },
        fc.constant(null),
        fc.integer({ min: -5, max: 5 }),
        fc.integer(),
        word,
        fc.string({ maxLength: 5 }),
        fc.array(tie('any'), { maxLength: 10 }),
      ),
    })).any;
    const entry = fc
      .tuple(fc.constant('x'), fc.integer({ min: -4, max: 4 }), fc.array(decoded, { minLength: 8, maxLength: 8 }))
      .map(([name, arity, rest]): Decoded => [name, arity, ...rest]);
    fc.assert(
      fc.property(fc.oneof(decoded, entry), (one) => {
        const row = readEntry(one);
        if (row === undefined) return;
        const command = createLearnt(row, () => 1);
        handlingOf(command);
        keysOf(command, 'x a b c');
      }),
      { numRuns: 2000 },
    );
  });
});

import { describe, expect, it } from 'vitest';
import { type Command, KeyShape, UNBOUNDED_ARGS, acceptsArgc, createCommand } from '../../../src/command/command.js';
import { Flag } from '../../../src/command/flags.js';
import { redisTable } from '../../../src/command/redis-table.js';
import type { CommandRow } from '../../../src/command/row.js';

const named = (name: string): Command => redisTable.findByName(name)!;
const row = (changes: Partial<CommandRow>): CommandRow => ({
  ...{ name: 'x', arity: 1, group: 'generic', since: '1.0.0', deprecatedSince: '', origins: [] },
  ...{ flags: [], categories: [], tips: [], keys: [] },
  ...changes,
});

describe('createCommand', () => {
  it('turns arity into bounds that count the name', () => {
    expect(named('get')).toMatchObject({ arity: 2, minArgs: 2, maxArgs: 2 });
    expect(named('mget')).toMatchObject({ arity: -2, minArgs: 2, maxArgs: UNBOUNDED_ARGS });
    expect([1, 2, 3].map((argc) => acceptsArgc(named('get'), argc))).toEqual([false, true, false]);
    expect([1, 2, 900].map((argc) => acceptsArgc(named('mget'), argc))).toEqual([false, true, true]);
  });

  it.each([
    ['ping', KeyShape.none, [0, 0, 0]],
    ['get', KeyShape.single, [1, 1, 1]],
    ['object|encoding', KeyShape.single, [2, 2, 1]],
    ['mget', KeyShape.range, [1, -1, 1]],
    ['mset', KeyShape.range, [1, -1, 2]],
    ['rename', KeyShape.range, [1, 2, 1]],
    ['bitop', KeyShape.range, [2, -1, 1]],
    ['blpop', KeyShape.range, [1, -2, 1]],
    ['lcs', KeyShape.range, [1, 2, 1]],
    ['eval', KeyShape.specs, [0, 0, 0]],
    ['zunionstore', KeyShape.specs, [1, 1, 1]],
    ['xread', KeyShape.specs, [0, 0, 0]],
    ['sort', KeyShape.specs, [1, 1, 1]],
    ['migrate', KeyShape.specs, [3, 3, 1]],
    ['spublish', KeyShape.none, [1, 1, 1]],
  ])('knows how to find the keys of %s', (name, shape, range) => {
    const command = named(name);
    expect(command.keyShape).toBe(shape);
    expect([command.firstKey, command.lastKey, command.keyStep]).toEqual(range);
    expect((command.flags & Flag.movablekeys) !== 0).toBe(shape === KeyShape.specs);
  });

  it('reads the policies that Redis publishes', () => {
    expect(named('dbsize')).toMatchObject({ requestPolicy: 'all_shards', responsePolicy: 'agg_sum' });
    expect(named('get')).toMatchObject({ requestPolicy: '', responsePolicy: '' });
  });

  it('gives all commands the same shape', () => {
    const shapes = new Set(redisTable.commands.map((command) => Object.keys(command).join()));
    expect(shapes.size).toBe(1);
    expect(redisTable.commands.every((command) => Object.isFrozen(command))).toBe(true);
  });

  it.each<[string, Partial<CommandRow>]>([
    ['flag', { flags: ['wirte'] }],
    ['category', { categories: ['constructor'] }],
    ['policy', { tips: ['request_policy:some_shards'] }],
  ])('refuses a row with an unknown %s', (_what, changes) => {
    expect(() => createCommand(row(changes), 0, undefined, [], false)).toThrow(RangeError);
  });
});

import { describe, expect, it } from 'vitest';
import { createCommand, KeyShape } from '../../../src/command/command.js';
import { Flag } from '../../../src/command/flags.js';
import { handlingOf, blockPosition, isServed, listedNames } from '../../../src/command/policy.js';
import type { HandlingKind } from '../../../src/command/handling.js';
import { redisTable } from '../../../src/command/redis-table.js';
import type { CommandRow } from '../../../src/command/row.js';
import { request } from './arguments.js';

const kindOf = (name: string): HandlingKind => handlingOf(redisTable.findByName(name)!).kind;

describe('handlingOf', () => {
  it('lists only commands that exist', () => {
    expect(listedNames.filter((name) => redisTable.findByName(name) === undefined)).toEqual([]);
  });

  it.each<[HandlingKind, string]>([
    ['single', 'get set hset hscan object|encoding memory|usage xinfo|stream xgroup|create zadd expire dump'],
    ['same_node', 'rename sinterstore zunionstore msetnx sort georadius pfcount copy'],
    ['pubsub', 'subscribe psubscribe sunsubscribe publish spublish pubsub|channels pubsub|numsub'],
    ['split', 'mget mset del unlink exists touch'],
    ['script', 'eval eval_ro evalsha evalsha_ro fcall fcall_ro'],
    ['scan', 'scan'],
    [
      'broadcast',
      'dbsize flushall flushdb keys randomkey swapdb script|load script|kill function|list config|get config|set save',
    ],
    ['broadcast', 'slowlog|get latency|latest memory|stats memory|doctor lastsave bgsave'],
    ['any_node', 'lolwut function|dump'],
    [
      'local',
      'ping echo quit reset hello select auth command command|docs client|id client|unblock client|reply info time object|help',
    ],
    ['local', 'role module|list asking readonly readwrite cluster|info cluster|help'],
    ['transaction', 'multi exec discard watch unwatch'],
    ['blocking', 'blpop brpop blmove brpoplpush blmpop bzpopmin bzpopmax bzmpop xread xreadgroup wait waitaof'],
    ['unsupported', 'client|pause migrate shutdown debug acl|list sync sentinel|help'],
  ])('is %s for %s', (kind, names) => {
    expect(names.split(' ').map((name) => `${name} ${kindOf(name)}`)).toEqual(
      names.split(' ').map((name) => `${name} ${kind}`),
    );
  });

  it('knows how to merge what it splits', () => {
    const merges = ['mget', 'mset', 'del', 'unlink', 'exists', 'touch'].map(
      (name) => handlingOf(redisTable.findByName(name)!).merge,
    );
    expect(merges).toEqual(['mget', 'mset', 'sum', 'sum', 'sum', 'sum']);
  });

  it('sends what Redis says is for all nodes there, unless it waits or is about a connection', () => {
    const row = {
      ...{ name: 'new', arity: 1, group: 'generic', since: '9.0.0', deprecatedSince: '', origins: ['redis'] },
      ...{ categories: [], keys: [], flags: [], tips: ['request_policy:all_shards', 'response_policy:agg_min'] },
    };
    const kind = (change: Partial<CommandRow>): HandlingKind =>
      handlingOf(createCommand({ ...row, ...change }, 0, undefined, [], false)).kind;
    expect(kind({})).toBe('broadcast');
    expect(kind({ flags: ['blocking'] })).toBe('unsupported');
    expect(kind({ group: 'connection' })).toBe('unsupported');
    expect(kind({ tips: ['request_policy:all_shards', 'response_policy:special'] })).toBe('unsupported');
    expect(kind({ tips: ['request_policy:all_shards'] })).toBe('unsupported');
  });

  it('gives a reason for everything that it refuses', () => {
    for (const command of redisTable.commands) {
      const { kind, reason } = handlingOf(command);
      if (kind === 'unsupported') expect(reason, command.name).not.toBe('');
    }
  });

  it('lets nothing pass that changes a connection, blocks it, or has no key', () => {
    const stateful = Flag.blocking | Flag.pubsub | Flag.no_multi | Flag.asking;
    for (const command of redisTable.commands) {
      const { kind } = handlingOf(command);
      if (!['single', 'same_node', 'split'].includes(kind)) continue;
      expect(command.keyShape, command.name).not.toBe(KeyShape.none);
      expect(command.group, command.name).not.toMatch(/^(connection|transactions|pubsub|cluster|sentinel)$/);
      expect(command.flags & stateful, command.name).toBe(0);
    }
  });

  it('has a channel decide the node of what is published, and of nothing else', () => {
    const routed = redisTable.commands.filter((command) => handlingOf(command).routedBy > 0);
    expect(routed.map(({ name }) => [name, handlingOf(redisTable.findByName(name)!).routedBy]).sort()).toEqual([
      ['publish', 1],
      ['spublish', 1],
    ]);
  });

  it('takes one key at a fixed place for single', () => {
    const singles = redisTable.commands.filter((command) => handlingOf(command).kind === 'single');
    expect(singles.length).toBeGreaterThan(100);
    expect(singles.every((command) => command.keyShape === KeyShape.single)).toBe(true);
  });
});

describe('isServed', () => {
  it('announces a container when one of its subcommands is served', () => {
    const served = ['client', 'object', 'command', 'get', 'config', 'acl', 'sentinel', 'multi', 'scan'].filter((name) =>
      isServed(redisTable.findByName(name)!),
    );
    expect(served).toEqual(['client', 'object', 'command', 'get', 'config', 'multi', 'scan']);
  });
});

describe('blockPosition', () => {
  const position = (line: string): number => {
    const { bytes, offsets, argc } = request(...line.split(' '));
    return blockPosition(bytes, offsets, argc);
  };

  it.each([
    [2, 'XREAD BLOCK 0 STREAMS a 0'],
    [4, 'XREAD COUNT 2 block 5 STREAMS a 0'],
    [5, 'XREADGROUP GROUP g c BLOCK 0 STREAMS a >'],
    [6, 'XREADGROUP GROUP g c NOACK BLOCK 0 STREAMS a >'],
  ])('is %i for %s', (expected, line) => expect(position(line)).toBe(expected));

  it.each([
    'XREAD STREAMS a 0',
    'XREAD COUNT 2 STREAMS block 0',
    'XREADGROUP GROUP block block STREAMS a >',
    'XREADGROUP GROUP g block COUNT 1 NOACK STREAMS block >',
  ])('is 0 for %s', (line) => expect(position(line)).toBe(0));
});

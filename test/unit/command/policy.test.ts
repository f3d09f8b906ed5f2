import { describe, expect, it } from 'vitest';
import { KeyShape } from '../../../src/command/command.js';
import { Flag } from '../../../src/command/flags.js';
import { handlingOf, isBlockingRequest, isServed, listedNames } from '../../../src/command/policy.js';
import type { HandlingKind } from '../../../src/command/handling.js';
import { redisTable } from '../../../src/command/redis-table.js';
import { request } from './arguments.js';

const kindOf = (name: string): HandlingKind => handlingOf(redisTable.findByName(name)!).kind;

describe('handlingOf', () => {
  it('lists only commands that exist', () => {
    expect(listedNames.filter((name) => redisTable.findByName(name) === undefined)).toEqual([]);
  });

  it.each<[HandlingKind, string]>([
    ['single', 'get set hset hscan object|encoding memory|usage xinfo|stream xgroup|create zadd expire dump'],
    ['same_node', 'rename sinterstore zunionstore msetnx sort eval fcall_ro xread xreadgroup georadius pfcount copy'],
    ['pubsub', 'subscribe psubscribe sunsubscribe publish spublish pubsub|channels pubsub|numsub'],
    ['split', 'mget mset del unlink exists touch'],
    [
      'local',
      'ping echo quit reset hello select auth command command|docs client|id client|reply info time object|help',
    ],
    ['unsupported', 'multi exec watch scan keys dbsize flushall blpop bzmpop monitor wait'],
    [
      'unsupported',
      'client|tracking client|caching asking readonly migrate config|set script|load debug sentinel|help',
    ],
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

  it('gives a reason for everything that it refuses', () => {
    for (const command of redisTable.commands) {
      const { kind, reason } = handlingOf(command);
      if (kind === 'unsupported') expect(reason, command.name).not.toBe('');
    }
  });

  it('lets nothing pass that changes a connection, blocks it, or has no key', () => {
    const stateful = Flag.blocking | Flag.pubsub | Flag.no_multi | Flag.asking;
    for (const command of redisTable.commands) {
      const { kind, mayBlock } = handlingOf(command);
      if (!['single', 'same_node', 'split'].includes(kind)) continue;
      expect(command.keyShape, command.name).not.toBe(KeyShape.none);
      expect(command.group, command.name).not.toMatch(/^(connection|transactions|pubsub|cluster|sentinel)$/);
      if (!mayBlock) expect(command.flags & stateful, command.name).toBe(0);
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
    const served = ['client', 'object', 'command', 'get', 'config', 'cluster', 'sentinel', 'multi', 'scan'].filter(
      (name) => isServed(redisTable.findByName(name)!),
    );
    expect(served).toEqual(['client', 'object', 'command', 'get']);
  });
});

describe('isBlockingRequest', () => {
  const blocks = (line: string): boolean => {
    const { bytes, offsets, argc } = request(...line.split(' '));
    return isBlockingRequest(bytes, offsets, argc);
  };

  it.each([
    'XREAD BLOCK 0 STREAMS a 0',
    'XREAD COUNT 2 block 5 STREAMS a 0',
    'XREADGROUP GROUP g c BLOCK 0 STREAMS a >',
    'XREADGROUP GROUP g c NOACK BLOCK 0 STREAMS a >',
  ])('is true for %s', (line) => expect(blocks(line)).toBe(true));

  it.each([
    'XREAD STREAMS a 0',
    'XREAD COUNT 2 STREAMS block 0',
    'XREADGROUP GROUP block block STREAMS a >',
    'XREADGROUP GROUP g block COUNT 1 NOACK STREAMS block >',
  ])('is false for %s', (line) => expect(blocks(line)).toBe(false));
});

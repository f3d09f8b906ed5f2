import { describe, expect, it } from 'vitest';
import { commandReply, helpReply } from '../../../src/command/introspection.js';
import { handlingOf } from '../../../src/command/policy.js';
import { redisTable } from '../../../src/command/redis-table.js';
import type { ReplyValue } from '../../../src/protocol/resp/value.js';
import { type Argument, request } from './arguments.js';

function ask(...args: readonly Argument[]): ReplyValue {
  const wire = request(...args);
  return commandReply(redisTable, redisTable.resolve(wire.bytes, wire.offsets, wire.argc)!, wire);
}

function plain(value: ReplyValue): unknown {
  switch (value.type) {
    case 'array':
    case 'set':
      return value.items.map(plain);
    case 'map':
      return Object.fromEntries(value.entries.map(([key, item]) => [plain(key), plain(item)]));
    case 'bulk':
      return typeof value.value === 'string' ? value.value : Buffer.from(value.value).toString('latin1');
    case 'simple':
    case 'error':
      return value.text;
    case 'integer':
      return value.value;
    default:
      return null;
  }
}

const answer = (line: string): unknown => plain(ask(...line.split(' ')));
const list = (line: string): string[] => answer(line) as string[];

describe('commandReply', () => {
  it('gives every served command to COMMAND, and counts them the same', () => {
    const all = answer('COMMAND') as unknown[][];
    expect(all.length).toBe(answer('COMMAND COUNT'));
    const names = all.map((info) => info[0]);
    expect(names).toEqual(expect.arrayContaining(['get', 'client', 'mget', 'eval']));
    expect(names).not.toEqual(expect.arrayContaining(['psync']));
  });

  it('gives the facts of the commands that COMMAND INFO names, and null for others', () => {
    expect(answer('COMMAND INFO GET nosuch psync')).toEqual([
      [
        ...['get', 2, ['readonly', 'fast'], 1, 1, 1, ['@read', '@string', '@fast'], []],
        [
          {
            flags: ['RO', 'access'],
            begin_search: { type: 'index', spec: { index: 1 } },
            find_keys: { type: 'range', spec: { lastkey: 0, keystep: 1, limit: 0 } },
          },
        ],
        [],
      ],
      null,
      null,
    ]);
  });

  it('announces no subcommand that it refuses', () => {
    const [client] = answer('COMMAND INFO client') as [unknown[]];
    const subs = (client[9] as unknown[][]).map((sub) => sub[0]);
    expect(subs).toContain('client|id');
    expect(subs).not.toContain('client|pause');
    expect(answer('COMMAND INFO client|pause')).toEqual([null]);
  });

  it('documents commands by name and leaves out those it does not know', () => {
    expect(answer('COMMAND DOCS hmset nosuch')).toEqual({
      hmset: {
        summary: 'Passes to the node of its key',
        since: '2.0.0',
        group: 'hash',
        doc_flags: ['deprecated'],
        deprecated_since: '4.0.0',
      },
    });
    expect(answer('COMMAND DOCS object')).toMatchObject({
      object: { subcommands: { 'object|freq': { since: '4.0.0' } } },
    });
    expect(answer('COMMAND DOCS zadd')).toMatchObject({ zadd: { group: 'sorted-set' } });
  });

  it('lists names, all or filtered', () => {
    expect(list('COMMAND LIST')).toEqual(
      redisTable.commands
        .filter((command) => list('COMMAND LIST').includes(command.name))
        .map((command) => command.name),
    );
    expect(list('COMMAND LIST')).toEqual(expect.arrayContaining(['get', 'client|id', 'xinfo|stream']));
    expect(list('COMMAND LIST FILTERBY ACLCAT hyperloglog').sort()).toEqual(['pfadd', 'pfcount', 'pfmerge']);
    expect(list('command list filterby pattern XINF*').sort()).toEqual([
      ...['xinfo', 'xinfo|consumers', 'xinfo|groups', 'xinfo|help', 'xinfo|stream'],
    ]);
    expect(answer('COMMAND LIST FILTERBY MODULE json')).toEqual([]);
    expect(answer('COMMAND LIST FILTERBY ACLCAT constructor')).toEqual([]);
  });

  it.each([
    'COMMAND LIST x',
    'COMMAND LIST FILTERBY',
    'COMMAND LIST FILTERBY x y',
    'COMMAND LIST FILTERBY PATTERN a b',
  ])('calls %s a syntax error', (line) => expect(answer(line)).toBe('ERR syntax error'));

  it('gives the keys of a request, binary ones included, also of refused commands', () => {
    expect(plain(ask('COMMAND', 'GETKEYS', 'MGET', '\xff\0', 'b'))).toEqual(['\xff\0', 'b']);
    expect(answer('COMMAND GETKEYS BLPOP a b 0')).toEqual(['a', 'b']);
    expect(answer('COMMAND GETKEYS XINFO STREAM a')).toEqual(['a']);
    expect(answer('COMMAND GETKEYS EVAL s 0')).toEqual([]);
    expect(answer('COMMAND GETKEYSANDFLAGS SET k v')).toEqual([['k', ['OW', 'update']]]);
  });

  it.each([
    ['COMMAND GETKEYS nosuch a', 'ERR Invalid command specified'],
    ['COMMAND GETKEYS client nosuch', 'ERR Invalid command specified'],
    ['COMMAND GETKEYS PING a', 'ERR The command has no key arguments'],
    ['COMMAND GETKEYS SPUBLISH ch m', 'ERR The command has no key arguments'],
    ['COMMAND GETKEYS GET a b', 'ERR Invalid number of arguments specified for command'],
    ['COMMAND GETKEYS ZUNIONSTORE d 3 a', 'ERR Invalid arguments specified for command'],
  ])('refuses %s', (line, text) => expect(answer(line)).toBe(text));

  it('is not asked about other commands', () => {
    expect(() => ask('GET', 'a')).toThrow(RangeError);
  });
});

describe('helpReply', () => {
  it('lists the served subcommands of a container, and HELP', () => {
    const lines = plain(helpReply(redisTable.findByName('client')!)) as string[];
    expect(lines[0]).toBe('CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:');
    expect(lines).toEqual(expect.arrayContaining(['ID', 'SETNAME']));
    expect(lines).not.toContain('PAUSE');
    expect(lines.slice(-2)).toEqual(['HELP', '    Prints this help.']);
  });

  it('exists for every HELP that the policy answers here', () => {
    const helps = redisTable.commands.filter((command) => command.word === 'help' && command.container !== undefined);
    for (const help of helps.filter((command) => handlingOf(command).kind === 'local')) {
      expect(helpReply(help.container!).type).toBe('array');
    }
    expect(plain(ask('COMMAND', 'HELP'))).toContain('GETKEYS');
  });
});

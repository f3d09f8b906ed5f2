import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommandTable, WordIndex } from '../../../src/command/lookup.js';
import { redisTable } from '../../../src/command/redis-table.js';
import { commandRows } from '../../../src/command/table.generated.js';
import { request } from './arguments.js';

function resolve(...args: readonly string[]): string | undefined {
  const { bytes, offsets, argc } = request(...args);
  return redisTable.resolve(bytes, offsets, argc)?.name;
}

const mixedCase = (word: string): fc.Arbitrary<string> =>
  fc
    .array(fc.boolean(), { minLength: word.length, maxLength: word.length })
    .map((upper) => Array.from(word, (c, i) => (upper[i] === true ? c.toUpperCase() : c)).join(''));

describe('CommandTable', () => {
  it('finds every command in any letter case', () => {
    fc.assert(
      fc.property(
        fc
          .constantFrom(...redisTable.commands)
          .chain((command) => fc.tuple(fc.constant(command), mixedCase(command.name))),
        ([command, name]) => {
          expect(resolve(...name.split('|'))).toBe(command.name);
          expect(redisTable.findByName(name)).toBe(command);
        },
      ),
    );
  });

  it('finds nothing under any other bytes', () => {
    const names = new Set(redisTable.topLevel.map((command) => command.name));
    const nearNames = fc
      .tuple(fc.constantFrom(...names), fc.nat(40), fc.integer({ min: 0, max: 255 }))
      .map(([name, at, byte]) => {
        const bytes = Buffer.from(name, 'latin1');
        bytes[at % bytes.length] = byte;
        return bytes.toString('latin1');
      });
    const anyBytes = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
    fc.assert(
      fc.property(fc.oneof(nearNames, anyBytes), (word) => {
        const folded = word.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
        expect(resolve(word)).toBe(names.has(folded) ? folded : undefined);
      }),
      { numRuns: 1000 },
    );
  });

  it('does not take a subcommand for a command', () => {
    expect(resolve('client|id')).toBeUndefined();
    expect(resolve('id')).toBeUndefined();
  });

  it('gives a container alone itself, and nothing for an unknown word after it', () => {
    expect(resolve('CLIENT')).toBe('client');
    expect(resolve('client', 'ID')).toBe('client|id');
    expect(resolve('client', 'idx')).toBeUndefined();
    expect(resolve('client', 'get')).toBeUndefined();
    expect(resolve('client', '')).toBeUndefined();
  });

  it('looks at no second word of a command that is no container', () => {
    expect(resolve('get', 'list')).toBe('get');
  });

  it('numbers the commands densely', () => {
    expect(redisTable.commands.map((command) => command.index)).toEqual(commandRows.map((_row, i) => i));
  });

  it('ties subcommands to their container', () => {
    const client = redisTable.findByName('client')!;
    expect(client.subcommands.every((sub) => sub.container === client && sub.name === `client|${sub.word}`)).toBe(true);
    expect(client.subcommands.length).toBe(commandRows.filter((row) => row.name.startsWith('client|')).length);
  });

  it('refuses a subcommand without its container, and a name given twice', () => {
    const sub = commandRows.find((row) => row.name === 'client|id')!;
    const get = commandRows.find((row) => row.name === 'get')!;
    expect(() => new CommandTable([sub])).toThrow('has no container');
    expect(() => new CommandTable([get, get])).toThrow('twice');
  });

  it('takes the rows in any order', () => {
    const table = new CommandTable(commandRows.toReversed());
    expect(table.findByName('client|id')!.container).toBe(table.findByName('client'));
  });
});

describe('WordIndex', () => {
  it('tells apart words whose bytes differ only in the bit that folding sets', () => {
    const index = new WordIndex(['a@', 'a`', 'a[', 'a{']);
    const find = (word: string): number => index.find(Buffer.from(word), 0, word.length);
    expect(['a@', 'A`', 'a[', 'A{', 'a'].map(find)).toEqual([0, 1, 2, 3, -1]);
  });

  it('may be empty', () => {
    expect(new WordIndex([]).find(Buffer.from('a'), 0, 1)).toBe(-1);
  });
});

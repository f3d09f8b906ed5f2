/** Unknown commands, unknown subcommands and wrong arity: the same bytes as redis-server, for generated requests. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acceptsArgc } from '../../src/command/command.js';
import { unknownCommand, unknownSubcommand, wrongArity } from '../../src/command/errors.js';
import { redisTable } from '../../src/command/redis-table.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { type RawClient, connectRaw } from '../support/wire.js';
import { request } from '../unit/command/arguments.js';

let server: TestServer;
let client: RawClient;

beforeAll(async () => {
  server = await startRedis();
  client = await connectRaw(server.port);
});

afterAll(async () => {
  client.destroy();
  await server.stop();
});

/** The error of a request that the table refuses, as a reply line; undefined when it accepts it. */
function refusal(args: readonly string[]): string | undefined {
  const { bytes, offsets, argc } = request(...args);
  const found = redisTable.find(bytes, offsets[0]!, offsets[1]!);
  if (found === undefined) return `-${unknownCommand(args)}\r\n`;
  const command = redisTable.resolve(bytes, offsets, argc);
  if (command === undefined) return `-${unknownSubcommand(found, args[1]!)}\r\n`;
  return acceptsArgc(command, argc) ? undefined : `-${wrongArity(command)}\r\n`;
}

async function theirs(args: readonly string[]): Promise<string> {
  client.sendCommand(...args.map((arg) => Buffer.from(arg, 'latin1')));
  return (await client.readReply()).toString('latin1');
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const anyText = fc.oneof(
  fc.uint8Array({ maxLength: 12 }).map(latin1),
  fc.uint8Array({ minLength: 100, maxLength: 150, size: 'max' }).map(latin1),
  fc.constantFrom(
    '',
    '\r\n',
    'a\r\nb\n',
    '\0',
    'a\0b',
    "it's",
    '\xff',
    'a'.repeat(127),
    'a'.repeat(128),
    'a'.repeat(129),
  ),
);

describe('errors about commands', () => {
  it('are those of redis-server for names that are no command', async () => {
    const unknown = fc
      .array(anyText, { minLength: 1, maxLength: 60, size: 'max' })
      .filter(([name]) => redisTable.findByName(name!) === undefined || name!.includes('|'));
    await fc.assert(
      fc.asyncProperty(unknown, async (args) => {
        expect(refusal(args)).toBe(await theirs(args));
      }),
      { numRuns: 300, examples: [[['foo', 'a', 'b']], [['client|id']], [[''.padEnd(300, 'x'), '']]] },
    );
  });

  it('are those of redis-server for unknown subcommands', async () => {
    const containers = redisTable.topLevel.filter((command) => command.hasSubcommands && command.group !== 'sentinel');
    const args = fc
      .tuple(fc.constantFrom(...containers), anyText, fc.array(anyText, { maxLength: 3 }))
      .filter(([container, word]) => redisTable.findByName(`${container.name}|${word}`) === undefined)
      .map(([container, word, rest]) => [container.name, word, ...rest]);
    await fc.assert(
      fc.asyncProperty(args, async (words) => {
        expect(refusal(words)).toBe(await theirs(words));
      }),
      { numRuns: 300, examples: [[['CoNfIg', 'FoO']], [['client', '']]] },
    );
  });

  it('are those of redis-server for a wrong number of arguments', async () => {
    const names = redisTable.commands
      .filter((command) => !changedArity.includes(command.name) && command.minArgs > 0)
      .map((command) => command.name);
    const info = await theirs(['COMMAND', 'INFO', ...names]);
    const known = names.filter((name) => info.includes(`$${name.length}\r\n${name}\r\n`));
    expect(known.length).toBeGreaterThan(300);
    for (const name of known) {
      const command = redisTable.findByName(name)!;
      const words = name.split('|');
      const surplus = Math.min(command.maxArgs, 40) - words.length + 1;
      const tooMany = [...words, ...Array.from({ length: surplus }, () => 'x')];
      for (const args of [words, [...words, 'x'], tooMany]) {
        const refused = refusal(args);
        if (refused !== undefined) expect(await theirs(args), args.join(' ')).toBe(refused);
      }
    }
  });
});

/** Redis 7.0 takes another number of arguments; see command-info.test.ts. */
const changedArity = ['command|getkeys', 'command|getkeysandflags', 'zrank', 'zrevrank'];

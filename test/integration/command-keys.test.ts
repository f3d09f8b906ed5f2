/** COMMAND GETKEYS and GETKEYSANDFLAGS against redis-server, for generated requests of every command with keys. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from '../../src/command/command.js';
import { commandReply } from '../../src/command/introspection.js';
import { redisTable } from '../../src/command/redis-table.js';
import { encodeReply } from '../../src/protocol/resp/encoder.js';
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

/** Redis has the command, and no newer release changed how many arguments it takes. */
async function sharedCommands(): Promise<readonly Command[]> {
  const shared: Command[] = [];
  for (const command of redisTable.commands) {
    if (command.hasSubcommands) continue;
    const info = await client.call('COMMAND', 'INFO', command.name);
    if (info.includes(`:${command.arity}\r\n`)) shared.push(command);
  }
  return shared;
}

/** Options that some command's keys hang on, and words that only look like them. */
const optionWords = fc.constantFrom(
  ...['STORE', 'store', 'StoreDist', 'STREAMS', 'KEYS', 'BY', 'GET', 'LIMIT', 'COPY', 'COUNT', 'BLOCK'],
  ...['SET', 'INCRBY', 'OVERFLOW', 'GROUP', 'stores', 'key', 'STORE\0x'],
);
const anyWord = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c', '') },
  { weight: 3, arbitrary: fc.constantFrom('0', '1', '2', '3') },
  { weight: 2, arbitrary: optionWords },
  { weight: 1, arbitrary: fc.constantFrom('-1', '99', '999999999') },
  { weight: 1, arbitrary: fc.string({ maxLength: 3 }).filter((word) => !isLooseNumber(word)) },
);

/**
 * What atoi reads as a number and the commands themselves refuse, such as `01`. After its key specs fail, Redis 7.0 falls
 * back on atoi to guess the keys of a request that cannot run; here such a request is malformed (see keys.test.ts).
 */
function isLooseNumber(word: string): boolean {
  return /^\s*[+-]?\d/.test(word) && !/^(0|[1-9]\d*)$/.test(word);
}

function requestOf(command: Command): fc.Arbitrary<readonly string[]> {
  const words = command.name.split('|');
  const least = Math.max(0, command.minArgs - words.length - 1);
  const most = Math.min(command.maxArgs, command.minArgs + 8) - words.length + 1;
  return fc.array(anyWord, { minLength: least, maxLength: most }).map((rest) => [...words, ...rest]);
}

function ours(args: readonly string[]): string {
  const wire = request(...args);
  const command = redisTable.resolve(wire.bytes, wire.offsets, wire.argc)!;
  return encodeReply(commandReply(redisTable, command, wire), 2).toString('latin1');
}

describe('COMMAND GETKEYS', () => {
  it('agrees with redis-server for every command that both know', async () => {
    const commands = await sharedCommands();
    expect(commands.filter((command) => command.keySpecs.length > 0).length).toBeGreaterThan(180);
    const form = fc.constantFrom('GETKEYS', 'GETKEYSANDFLAGS');
    const anyRequest = fc
      .tuple(form, fc.constantFrom(...commands).chain(requestOf))
      .map(([word, args]) => ['COMMAND', word, ...args])
      // Redis 7.0 counts one argument more; later releases do as we do.
      .filter((args) => args.length > 3)
      // When KEYS comes last, what Redis answers hangs on whether an earlier argument, even the host, is KEYS too.
      .filter((args) => args[2] !== 'migrate' || args.at(-1) !== 'KEYS')
      // PFMERGE runs with a destination alone, but Redis finds no key in it; routing and access rules need that key.
      .filter((args) => args[2] !== 'pfmerge' || args.length > 4)
      // Redis 7.0 has it as RW; later releases do as we do.
      .filter((args) => args[1] !== 'GETKEYSANDFLAGS' || args[2] !== 'sinterstore');
    await fc.assert(
      fc.asyncProperty(fc.array(anyRequest, { maxLength: 300, size: 'max' }), async (requests) => {
        for (const args of requests) client.sendCommand(...args.map((arg) => Buffer.from(arg, 'latin1')));
        const replies = await client.readReplies(requests.length);
        const theirs = replies.map((reply, i) => ({ args: requests[i], reply: reply.toString('latin1') }));
        expect(requests.map((args) => ({ args, reply: ours(args) }))).toEqual(theirs);
      }),
      { numRuns: 150 },
    );
  });
});

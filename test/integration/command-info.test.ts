/** COMMAND INFO of this table against redis-server 7.0, for all commands that both have. */
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { infoOf } from '../../src/command/introspection.js';
import { redisTable } from '../../src/command/redis-table.js';
import { encodeReply } from '../../src/protocol/resp/encoder.js';
import { type TestServer, startRedis } from '../support/servers.js';
import { connectRaw } from '../support/wire.js';

interface ParserOptions {
  readonly returnReply: (reply: unknown) => void;
  readonly returnError: (error: Error) => void;
}
/** The package has no type declarations. */
const RedisParser = createRequire(import.meta.url)('redis-parser') as new (options: ParserOptions) => {
  execute(bytes: Buffer): void;
};

type Info = readonly [string, number, string[], number, number, number, string[], string[], unknown[][], Info[]];

function parse(bytes: Buffer): unknown {
  const replies: unknown[] = [];
  const keep = (reply: unknown): unknown => replies.push(reply);
  new RedisParser({ returnReply: keep, returnError: keep }).execute(bytes);
  return replies[0];
}

/** Specs without the notes that some have for people. Order within flags is not compared. */
function withoutNotes(specs: readonly unknown[][]): unknown[] {
  return specs.map((spec) => {
    const fields = spec[0] === 'notes' ? spec.slice(2) : spec;
    return fields.map((field, i) => (i === 1 ? [...(field as string[])].sort() : field));
  });
}

/**
 * What may be compared, by name of the field. The table is newer than Redis 7.0, and these commands changed since:
 * each is a change that Redis or Valkey made on purpose, so the table is right for the servers to come.
 */
function comparable(info: Info): Record<string, unknown> {
  const [name, arity, flags, first, last, step, categories, tips, specs] = info;
  const facts: Record<string, unknown> = {
    arity,
    flags: flags,
    range: [first, last, step],
    categories: categories,
    tips: [...tips].sort(),
    specs: withoutNotes(specs),
  };
  for (const [field, names] of Object.entries(changedSince70)) if (names.includes(name)) facts[field] = 'changed';
  return facts;
}

const changedSince70: Readonly<Record<string, readonly string[]>> = {
  // ZRANK took WITHSCORE; GETKEYS takes commands without arguments.
  arity: ['command|getkeys', 'command|getkeysandflags', 'zrank', 'zrevrank'],
  // Blocking commands are allowed in scripts; some cluster commands while loading; MULTI is refused inside MULTI by flag.
  flags: [
    ...['blmove', 'blpop', 'brpop', 'brpoplpush', 'bzpopmax', 'bzpopmin', 'wait', 'multi', 'watch'],
    ...['cluster|info', 'cluster|myid', 'cluster|nodes', 'cluster|shards', 'cluster|slots', 'randomkey', 'scan'],
  ],
  categories: ['wait'],
  // Redis 7.0 listed the policies of fewer commands, and those of MSETNX wrongly: it cannot be split.
  tips: [
    ...['acl|deluser', 'acl|save', 'acl|setuser', 'client|setname', 'config|resetstat', 'config|rewrite'],
    ...['latency|reset', 'msetnx', 'randomkey', 'scan'],
  ],
  // The destination is overwritten, not read.
  specs: ['sinterstore'],
};

let server: TestServer;
const theirs = new Map<string, Info>();

beforeAll(async () => {
  server = await startRedis();
  const client = await connectRaw(server.port);
  client.sendCommand('COMMAND');
  const add = (info: Info): void => {
    theirs.set(info[0], info);
    info[9].forEach(add);
  };
  (parse(await client.readReply()) as Info[]).forEach(add);
  client.destroy();
});

afterAll(() => server.stop());

describe('the command table', () => {
  it('knows every command of redis-server', () => {
    expect(theirs.size).toBeGreaterThan(300);
    expect([...theirs.keys()].filter((name) => redisTable.findByName(name) === undefined)).toEqual([]);
  });

  it('agrees with redis-server on arity, flags, keys, categories and tips', () => {
    const shared = redisTable.commands.filter((command) => theirs.has(command.name));
    const ours = shared.map((command) => parse(encodeReply(infoOf(command), 2)) as Info);
    const facts = (infos: readonly Info[]): unknown =>
      Object.fromEntries(infos.map((info) => [info[0], comparable(info)]));
    expect(facts(ours)).toEqual(facts(shared.map((command) => theirs.get(command.name)!)));
  });

  it('allows no difference that is gone', () => {
    const stale: string[] = [];
    for (const [field, names] of Object.entries(changedSince70)) {
      for (const name of names) {
        const ours = parse(encodeReply(infoOf(redisTable.findByName(name)!), 2)) as Info;
        const index = { arity: 1, flags: 2, categories: 6, tips: 7, specs: 8 }[field]!;
        if (JSON.stringify(ours[index]) === JSON.stringify(theirs.get(name)![index])) stale.push(`${field} of ${name}`);
      }
    }
    expect(stale).toEqual([]);
  });
});

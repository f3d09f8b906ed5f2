/**
 * Every command that the proxy serves, as random requests to one plain redis-server and to the proxy over one node and over
 * three: the replies must be the same bytes, in RESP2 and RESP3, and so must the data at the end of each sequence. A command
 * takes part as soon as src/command/policy.ts serves it; what cannot be compared is in left-out.ts and in
 * src/command/differences.ts, each with its reason.
 * Set DIFFERENTIAL_SEED to repeat a run (a failure prints its seed), DIFFERENTIAL_SCALE for one that is so many times longer.
 */
import process from 'node:process';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from '../../src/command/command.js';
import { differingCommands } from '../../src/command/differences.js';
import { handlingOf } from '../../src/command/policy.js';
import { redisTable } from '../../src/command/redis-table.js';
import { LEFT_OUT } from './left-out.js';
import { ALL_KEYS, FILL } from './keyspace.js';
import { listedReplies } from './replies.js';
import { type Case, canSpread } from './placement.js';
import { casesOf, isLeftOut, strangeCases } from './requests.js';
import { type Outcome, type Sequence, encodeWords, runSequence } from './run.js';
import { type Subjects, prepare, startSubjects } from './subjects.js';

const SEED = Number(process.env['DIFFERENTIAL_SEED'] ?? Date.now() % 2 ** 31);
const SCALE = Number(process.env['DIFFERENTIAL_SCALE'] ?? 1);
const CASES_PER_SEQUENCE = 240;
/** One in so many of the cases whose keys may be anywhere is run without a tag. */
const SPREAD_SHARE = 3;
const DIFFERENCES_SHOWN_MAX = 4;

let subjects: Subjects;
/** Values for RESTORE: those of all keys, and damaged ones. */
const payloads: string[] = [];
/** What redis-server says of the commands that it has. */
const arities = new Map<string, number>();
const succeeded = new Set<string>();
let cases = 0;
let compared = 0;

async function ask(...requests: readonly (readonly string[])[]): Promise<string[]> {
  const server = subjects.plain.servers[0]!;
  server.send(encodeWords(requests));
  return (await server.readReplies(requests.length)).map((reply) => reply.toString('latin1'));
}

beforeAll(async () => {
  subjects = await startSubjects();
  const names = redisTable.commands.map((command) => command.name);
  const infos = await ask(...names.map((name) => ['command', 'info', name]));
  names.forEach((name, i) => {
    const arity = /^\*1\r\n\*\d+\r\n\$\d+\r\n.+\r\n:(-?\d+)/.exec(infos[i]!)?.[1];
    if (arity !== undefined) arities.set(name, Number(arity));
  });
  await prepare(subjects.plain);
  await ask(...FILL);
  for (const reply of await ask(...ALL_KEYS.map((key) => ['dump', key]))) {
    const payload = reply.slice(reply.indexOf('\n') + 1, -2);
    if (payload !== '') payloads.push(payload);
  }
  payloads.push('', 'notadump', `${payloads[0]!}x`, payloads[1]!.replace(/.$/s, 'x'));
});
afterAll(() => subjects.stop());

const arityOf = (command: Command): number | undefined => arities.get(command.name);
const isKnown = (command: Command): boolean => arities.has(command.name);

function allCases(seed: number): Case[] {
  return redisTable.commands.flatMap((command) => casesOf(command, { seed, scale: SCALE, payloads, arityOf }));
}

function shuffled(cases: Case[], seed: number): Case[] {
  const all = { minLength: cases.length, maxLength: cases.length };
  return fc.sample(fc.shuffledSubarray(cases, all), { seed, numRuns: 1 })[0]!;
}

/** Cuts the cases into sequences, whose tags make each node the owner in turn. */
function sequencesOf(cases: readonly Case[], version: 2 | 3): Sequence[] {
  const spread = cases.filter((each, i) => i % SPREAD_SHARE === 0 && canSpread(each));
  const taken = new Set(spread);
  const sequences: Sequence[] = [];
  const add = (list: readonly Case[], tags: readonly string[]): void => {
    for (let at = 0; at < list.length; at += CASES_PER_SEQUENCE) {
      const tag = tags[(at / CASES_PER_SEQUENCE) % tags.length]!;
      sequences.push({ cases: list.slice(at, at + CASES_PER_SEQUENCE), version, tag });
    }
  };
  add(spread, ['']);
  add(
    cases.filter((each) => !taken.has(each)),
    subjects.tags,
  );
  return sequences;
}

describe('every command that the proxy serves', () => {
  for (const version of [2, 3] as const) {
    it(
      `is answered as one redis-server does, over one node and over three, in RESP${version} (seed ${SEED})`,
      async () => {
        const seed = SEED + version;
        const all = shuffled([...allCases(seed), ...strangeCases()], seed);
        const outcomes: Outcome[] = [];
        for (const sequence of sequencesOf(all, version)) outcomes.push(await runSequence(subjects, sequence));
        for (const outcome of outcomes) for (const name of outcome.succeeded) succeeded.add(name);
        cases += all.length;
        compared += outcomes.reduce((sum, outcome) => sum + outcome.compared, 0);
        const differences = outcomes.flatMap(({ difference }) => difference ?? []);
        const title = `${differences.length} of ${outcomes.length} sequences differ; DIFFERENTIAL_SEED=${SEED}`;
        if (differences.length > 0) {
          expect.fail([title, ...differences.slice(0, DIFFERENCES_SHOWN_MAX)].join('\n\n'));
        }
      },
      180_000 * Math.max(1, SCALE),
    );
  }

  it('is asked in several thousand cases, some of which succeed for each command', () => {
    const never = redisTable.commands
      .filter((command) => isKnown(command) && handlingOf(command).kind !== 'unsupported' && !isLeftOut(command))
      .filter(({ name, hasSubcommands }) => !hasSubcommands && !succeeded.has(name))
      .filter(({ name }) => !ALWAYS_ERRORS.includes(name) && !name.startsWith('cluster|'));
    expect(never.map(({ name }) => name)).toEqual([]);
    expect(cases).toBeGreaterThan(5000);
    // Each case is compared with both proxies.
    expect(compared).toBeGreaterThan(2 * cases);
  });

  it('has cases, or a reason why it has none', () => {
    const without = redisTable.commands.filter((command) => {
      if (handlingOf(command).kind === 'unsupported' || isLeftOut(command)) return false;
      if (handlingOf(command).kind === 'local' && (!isKnown(command) || command.hasSubcommands)) return false;
      return casesOf(command, { seed: 1, scale: 0.2, payloads, arityOf }).length === 0;
    });
    expect(without.map(({ name }) => name)).toEqual([]);
  });
});

/** Asked for what these servers are not set up for, what must be running, or a form that only another mode allows. */
const ALWAYS_ERRORS = [
  ...['object|freq', 'asking', 'readonly', 'readwrite', 'client|caching', 'client|tracking'],
  ...['function|kill', 'script|kill'],
  // No form here makes them succeed as the command that is asked for; transactions.test.ts and broadcast.test.ts do.
  ...['exec', 'discard', 'config|set', 'function|load', 'function|restore'],
  // They succeed with some seeds only; blocking.test.ts has forms that always do.
  ...['blmpop', 'bzmpop'],
];

describe('the lists of what is not compared', () => {
  it('name commands of the table', () => {
    const listed = [...Object.keys(LEFT_OUT), ...differingCommands, ...listedReplies(), ...ALWAYS_ERRORS];
    expect(listed.filter((name) => redisTable.findByName(name) === undefined)).toEqual([]);
  });

  it('name no command twice', () => {
    expect(Object.keys(LEFT_OUT).filter((name) => differingCommands.has(name))).toEqual([]);
  });
});

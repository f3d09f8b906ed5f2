/**
 * Random requests for every command of the table. Each command gets three kinds: wrong numbers of arguments, arguments made
 * from its arity and key specs, and lines of the forms that forms.ts and the embedded grammar have for it.
 * A case is one request, or a few that belong together. Cases come from fast-check's samples: same seed, same cases.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { type Command, KeyShape, acceptsArgc } from '../../src/command/command.js';
import { differingCommands } from '../../src/command/differences.js';
import { Flag } from '../../src/command/flags.js';
import { handlingOf } from '../../src/command/policy.js';
import { redisTable } from '../../src/command/redis-table.js';
import { type Pools, type Words, lineOf } from '../integration/embedded-grammar.js';
import { FORMS, POOLS } from '../integration/embedded-redis-grammar.js';
import { request } from '../unit/command/arguments.js';
import { LATER_FORMS, MORE_FORMS, MORE_POOLS } from './forms.js';
import { ALL_KEYS, KEYS, LEXICAL_KEY } from './keyspace.js';
import { LEFT_OUT } from './left-out.js';
import { type Case, commandOf, isServed } from './placement.js';

/** Arguments for any place that is no key. No small number above 0: EXPIRE would take it, and the key would be gone soon. */
const TIMELESS_NUMBERS = ['0', '-1', '100000', '9223372036854775807', '-9223372036854775808', '1.5', 'x', ''];
const NUMBERS = [...TIMELESS_NUMBERS, '1', '2', '3', '-2', '1000', '0x10', ' 1', '1e3', 'inf', 'nan'];
const WORDS = ['a', 'b', 'c', 'field', '', '\xff\0\r\n', 'x'.repeat(70), 'left', 'RIGHT', 'get', 'nx', 'XX'];
const OPTIONS = ['count', 'match', 'limit', 'withscores', 'replace', 'asc', '-', '[a', '(1', '#0', 'u8', 'km', 'bytes'];

/** Commands that take a number as a time to live. */
const LIFETIMES = new Set(['expire', 'pexpire', 'setex', 'psetex', 'restore']);
/** What arguments made from the table would make random, or make wait. Only whole forms are sent. */
const FORMS_ONLY = new Set(['spop']);
/** Lines that one argument less would make random. */
const NEVER_CUT = new Set(['spop', 'scan', 'xadd']);

/** HELP is made from the table, and the texts are the proxy's own. */
export function isLeftOut(command: Command): boolean {
  return command.word === 'help' || differingCommands.has(command.name) || Object.hasOwn(LEFT_OUT, command.name);
}

function prefixOf(command: Command): string[] {
  return command.name.split('|');
}

/** The keys of commands of one group; none for groups of commands that take any type. */
function keysOfGroup(group: string): readonly string[] | undefined {
  return Object.hasOwn(KEYS, group) ? KEYS[group as keyof typeof KEYS] : undefined;
}

/** Two in three keys suit the command; the others are of any type, or missing. */
function keysFor(command: Command): fc.Arbitrary<string> {
  const own = keysOfGroup(command.group);
  const any = fc.constantFrom(...ALL_KEYS);
  if (own === undefined) return any;
  return fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...own) }, { weight: 1, arbitrary: any });
}

function poolsFor(command: Command, payloads: readonly string[]): Pools {
  const own = keysOfGroup(command.group) ?? [];
  const scripts = MORE_POOLS['script']!;
  const shas = scripts.map((text) => createHash('sha1').update(text, 'latin1').digest('hex'));
  return {
    ...POOLS,
    ...MORE_POOLS,
    // Scripts are told by the texts they were loaded as; a sha in capitals is the same sha.
    sha: [...shas, shas[0]!.toUpperCase(), '0'.repeat(40), 'x'],
    onescript: [scripts[0]!],
    onesha: [shas[0]!],
    payload: payloads,
    K: [
      ...ALL_KEYS,
      ...ALL_KEYS.flatMap((_, i) => (own.length === 0 ? [] : [own[i % own.length]!, own[(i + 1) % own.length]!])),
    ],
    Z: [LEXICAL_KEY],
  };
}

/** Which arguments of a request with `argc` of them are keys, and where their number stands. */
function placesOf(
  command: Command,
  argc: number,
): { readonly keys: Set<number>; readonly counts: Map<number, number> } {
  const keys = new Set<number>();
  const counts = new Map<number, number>();
  for (const { begin, find } of command.keySpecs) {
    if (begin.type !== 'index') continue;
    const at = begin.position;
    if (find.type === 'keynum') {
      const first = at + find.firstKey;
      const count = Math.max(1, Math.min(2, argc - first));
      counts.set(at + find.keyNumIndex, count);
      for (let i = 0; i < count; i++) keys.add(first + i * find.step);
    } else if (find.type === 'range') {
      const last = find.lastKey < 0 ? argc + find.lastKey : at + find.lastKey;
      for (let i = at; i <= last; i += Math.max(1, find.step)) keys.add(i);
    }
  }
  return { keys, counts };
}

/** Right in number, and with keys where keys belong; the rest is anything. */
function fromSpecs(command: Command): fc.Arbitrary<Words> {
  const prefix = prefixOf(command);
  const numbers = fc.constantFrom(...(LIFETIMES.has(command.name) ? TIMELESS_NUMBERS : NUMBERS));
  const word = fc.oneof(numbers, fc.constantFrom(...WORDS), fc.constantFrom(...OPTIONS));
  const key = keysFor(command);
  const argcMax = Math.min(command.maxArgs, command.minArgs + 3);
  return fc.integer({ min: Math.max(prefix.length, command.minArgs), max: argcMax }).chain((argc) => {
    const { keys, counts } = placesOf(command, argc);
    const parts = Array.from({ length: argc - prefix.length }, (_, i): fc.Arbitrary<string> => {
      const at = prefix.length + i;
      const count = counts.get(at);
      if (count !== undefined) return fc.oneof({ weight: 4, arbitrary: fc.constant(String(count)) }, word);
      return keys.has(at) ? key : word;
    });
    return fc.tuple(...parts).map((words) => [...prefix, ...words]);
  });
}

/** Too few or too many arguments; undefined when any number is right. */
function wrongInNumber(command: Command): fc.Arbitrary<Words> | undefined {
  const prefix = prefixOf(command);
  const argc: fc.Arbitrary<number>[] = [];
  if (command.minArgs > prefix.length) argc.push(fc.integer({ min: prefix.length, max: command.minArgs - 1 }));
  if (command.arity > 0) argc.push(fc.integer({ min: command.maxArgs + 1, max: command.maxArgs + 2 }));
  if (argc.length === 0) return undefined;
  return fc.oneof(...argc).chain((count) => {
    const words = Array.from({ length: count - prefix.length }, () => fc.constantFrom('a', '1', '', ...ALL_KEYS));
    return fc.tuple(...words).map((rest) => [...prefix, ...rest]);
  });
}

/** The requests of one form, which `;` separates. */
function parseForm(form: string, pools: Pools): fc.Arbitrary<Words[]> {
  return fc.tuple(...form.split(' ; ').map((part) => lineOf(part, pools)));
}

/** Forms by the name of the command that they begin with. */
const formsByCommand: ReadonlyMap<string, readonly string[]> = (() => {
  const forms = new Map<string, string[]>();
  for (const form of [FORMS, MORE_FORMS, LATER_FORMS].flatMap((text) => text.trim().split('\n'))) {
    const [first = '', second = ''] = form.split(' ');
    const command = redisTable.findByName(first);
    const sub = command?.hasSubcommands === true ? redisTable.findByName(`${first}|${second}`) : undefined;
    const name = sub?.name ?? command?.name ?? '';
    forms.set(name, [...(forms.get(name) ?? []), form]);
  }
  return forms;
})();

/** One line in twelve loses its last argument or gets one too many. */
function sometimesCut(requests: readonly Words[], chance: number): readonly Words[] {
  const last = requests.at(-1)!;
  const command = commandOf(last);
  const isFixed = command === undefined || NEVER_CUT.has(command.name) || (command.flags & Flag.blocking) !== 0;
  if (chance > 1 || isFixed || requests.length > 1) return requests;
  return chance === 0 && last.length > 1 ? [last.slice(0, -1)] : [[...last, 'more']];
}

function fromForms(command: Command, payloads: readonly string[]): fc.Arbitrary<readonly Words[]> | undefined {
  const forms = formsByCommand.get(command.name) ?? [];
  if (command.name === 'command|getkeys' || command.name === 'command|getkeysandflags')
    return getKeys(command, payloads);
  if (forms.length === 0) return undefined;
  const pools = poolsFor(command, payloads);
  return fc
    .tuple(fc.oneof(...forms.map((form) => parseForm(form, pools))), fc.nat({ max: 23 }))
    .map(([requests, chance]) => sometimesCut(requests, chance));
}

/** False for PFMERGE of one key, in which Redis 7.0 finds none, and when the number of keys is a text that atoi() takes. */
function hasPlainKeys(words: Words): boolean {
  const command = commandOf(words);
  if (command?.name === 'pfmerge') return words.length > 2;
  const counts = command === undefined ? [] : [...placesOf(command, words.length).counts.keys()];
  return counts.every((at) => /^-?\d{1,9}$/.test(words[at]!));
}

/** COMMAND GETKEYS of a line of any other command. */
function getKeys(command: Command, payloads: readonly string[]): fc.Arbitrary<readonly Words[]> {
  const others = redisTable.commands.filter((each) => each.keyShape !== KeyShape.none && formsByCommand.has(each.name));
  const lines = others.flatMap((other) => {
    const pools = poolsFor(other, payloads);
    return formsByCommand.get(other.name)!.map((form) => parseForm(form, pools).map((requests) => requests[0]!));
  });
  return fc
    .oneof(...lines)
    .filter(hasPlainKeys)
    .map((words) => [[...prefixOf(command), ...words]]);
}

/** Clients write names as they like. */
function inAnyCase(requests: readonly Words[], chance: number): readonly Words[] {
  if (chance > 1) return requests;
  return requests.map(([name = '', ...rest]) => [
    chance === 0 ? name.toUpperCase() : name.charAt(0).toUpperCase() + name.slice(1),
    ...rest,
  ]);
}

export interface CaseOptions {
  readonly seed: number;
  /** How many of each kind for each command, in units of the normal run. */
  readonly scale: number;
  /** Values for RESTORE. */
  readonly payloads: readonly string[];
  /** What redis-server gives as the arity of the command; undefined when it does not have it. */
  readonly arityOf: (command: Command) => number | undefined;
}

const ARITY_CASES = 4;
const SPEC_CASES = 12;
const FORM_CASES = 36;
/** Those that may wait do so one after another. */
const WAITING_FORM_CASES = 12;

function accepts(arity: number, argc: number): boolean {
  return arity < 0 ? argc >= -arity : argc === arity;
}

/**
 * False when redis-server and the table do not agree that the number of arguments is right, or wrong, and the proxy
 * decides by the table. It leaves the decision to the node when the table says right and the command has a key.
 */
function isJudgedAlike(words: Words, { arityOf }: Pick<CaseOptions, 'arityOf'>, isForwarded = true): boolean {
  const { bytes, offsets, argc } = request(...words);
  const command = redisTable.resolve(bytes, offsets, argc);
  if (command === undefined) return true;
  const isGetKeys = command.name === 'command|getkeys' && argc > 2;
  if (isGetKeys && !isJudgedAlike(words.slice(2), { arityOf }, false)) return false;
  const arity = arityOf(command) ?? 0;
  const isRight = acceptsArgc(command, argc);
  return accepts(arity, argc) === isRight || (isForwarded && isRight && handlingOf(command).kind !== 'local');
}

function alone(line: fc.Arbitrary<Words> | undefined): fc.Arbitrary<readonly Words[]> | undefined {
  return line?.map((words) => [words]);
}

/** False when a request is refused, is judged by other rules than at redis-server, or names a command that is left out. */
function isComparable(requests: readonly Words[], options: CaseOptions): boolean {
  return requests.every((words) => {
    const command = commandOf(words);
    return isServed(words) && isJudgedAlike(words, options) && (command === undefined || !isLeftOut(command));
  });
}

/** The cases of one command; none when it is refused. */
export function casesOf(command: Command, options: CaseOptions): Case[] {
  const { seed, scale, payloads, arityOf } = options;
  const { kind } = handlingOf(command);
  const isKnown = arityOf(command) !== undefined;
  if (kind === 'unsupported' || (kind === 'local' && !isKnown)) return [];
  const cases: Case[] = [];
  const add = (count: number, arbitrary: fc.Arbitrary<readonly Words[]> | undefined): void => {
    if (arbitrary === undefined) return;
    const mixed = fc.tuple(arbitrary, fc.nat({ max: 7 })).map(([requests, chance]) => inAnyCase(requests, chance));
    // The index keeps the samples of commands apart.
    for (const requests of fc.sample(mixed, { seed: seed + command.index, numRuns: Math.ceil(count * scale) })) {
      if (isComparable(requests, options)) cases.push({ command, requests });
    }
  };
  if (isKnown) add(ARITY_CASES, alone(wrongInNumber(command)));
  if (isLeftOut(command)) return cases;
  const mayWait = (command.flags & Flag.blocking) !== 0 && !handlingOf(command).mayBlock;
  if (!mayWait && !FORMS_ONLY.has(command.name)) add(SPEC_CASES, alone(fromSpecs(command)));
  if (isKnown) add(mayWait ? WAITING_FORM_CASES : FORM_CASES, fromForms(command, payloads));
  return cases;
}

/**
 * What belongs to no served command: containers without a word or with an unknown one, and unknown names. None has a NUL:
 * redis-server compares up to it, so whether it takes one for a name that it knows depends on its random hash.
 */
export function strangeCases(): Case[] {
  const containers = redisTable.topLevel.filter((each) => each.hasSubcommands && handlingOf(each).kind === 'local');
  const ping = redisTable.findByName('ping')!;
  const unknown = [['nosuch'], ['NoSuch', 'a', ''], ['', 'a'], ['nosuch', ...ALL_KEYS, 'x'.repeat(200)]];
  return containers
    .flatMap((command) =>
      [
        ...(command.minArgs > 1 ? [[command.name]] : []),
        [command.name, 'nosuch'],
        [command.name.toUpperCase(), 'NoSuch', 'a'],
        [command.name, ''],
        [command.name, '\r\n', 'b'],
      ].map((words): Case => ({ command, requests: [words] })),
    )
    .concat(unknown.map((words): Case => ({ command: ping, requests: [words] })));
}

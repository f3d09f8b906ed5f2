/**
 * What COMMAND and its subcommands answer, from the table: which commands are served here, their facts, and which
 * arguments of a request are keys. Also HELP of any container. Used by the session for commands that the proxy answers.
 * Commands that this release refuses are not announced, so a client that asks first learns the truth; GETKEYS knows them
 * all the same. Replies have the layout of redis-server 7.0, down to sets that RESP2 shows as arrays.
 * Not on the hot path: the whole COMMAND reply is built anew each time. Reference: Redis documentation of COMMAND.
 */
import { globMatches } from '../embedded/redis/glob.js';
import {
  type ReplyValue,
  arrayReply,
  bulkReply,
  errorReply,
  integerReply,
  mapReply,
  nullReply,
  setReply,
  simpleReply,
} from '../protocol/resp/value.js';
import { type Command, type KeySpec, acceptsArgc } from './command.js';
import { Category, Flag, KeyFlag, hiddenFlags, wordsOf } from './flags.js';
import { KeyList, extractKeysWithAccess } from './keys.js';
import { isServed, summaryOf } from './policy.js';

/** A request whose arguments are byte ranges: `offsets` holds start and end of each of `argc` arguments in `bytes`. */
export interface RequestBytes {
  readonly bytes: Uint8Array;
  readonly offsets: Int32Array;
  readonly argc: number;
}

/** The commands to tell of: a CommandTable, or one and what was learnt beside it. */
export interface KnownCommands {
  readonly commands: readonly Command[];
  readonly topLevel: readonly Command[];
  findByName(name: string): Command | undefined;
  resolve(bytes: Uint8Array, offsets: Int32Array, argc: number): Command | undefined;
}

function argument(request: RequestBytes, i: number): string {
  return Buffer.from(argumentBytes(request, i)).toString('latin1');
}

function argumentBytes(request: RequestBytes, i: number): Uint8Array {
  return request.bytes.subarray(request.offsets[2 * i], request.offsets[2 * i + 1]);
}

/** The arguments from `from` on, as text. */
function argumentsFrom(request: RequestBytes, from: number): string[] {
  return Array.from({ length: Math.max(0, request.argc - from) }, (_, i) => argument(request, from + i));
}

/**
 * The reply to COMMAND or one of its subcommands. `command` is what the request names, its number of arguments is right.
 * The reply may refer to the request's bytes: encode it before they are reused.
 * @throws RangeError when `command` is none of them.
 */
export function commandReply(table: KnownCommands, command: Command, request: RequestBytes): ReplyValue {
  switch (command.name) {
    case 'command':
      return arrayReply(served(table.topLevel).map(infoOf));
    case 'command|count':
      return integerReply(served(table.topLevel).length);
    case 'command|list':
      return listReply(table, request);
    case 'command|info':
      return infoReply(table, request);
    case 'command|docs':
      return docsReply(table, request);
    case 'command|getkeys':
    case 'command|getkeysandflags':
      return keysReply(table, request, command.word === 'getkeysandflags');
    case 'command|help':
      return helpReply(command.container!);
    default:
      throw new RangeError(`${command.name} is not a form of COMMAND`);
  }
}

/** The reply to `container HELP`: its subcommands that are served here. */
export function helpReply(container: Command): ReplyValue {
  const lines = [`${container.name.toUpperCase()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`];
  for (const sub of served(container.subcommands)) {
    if (sub.word !== 'help') lines.push(sub.word.toUpperCase(), `    ${summaryOf(sub)}.`);
  }
  lines.push('HELP', '    Prints this help.');
  return arrayReply(lines.map(simpleReply));
}

function served(commands: readonly Command[]): Command[] {
  return commands.filter(isServed);
}

function infoReply(table: KnownCommands, request: RequestBytes): ReplyValue {
  if (request.argc === 2) return arrayReply(served(table.topLevel).map(infoOf));
  const commands = argumentsFrom(request, 2).map((name) => table.findByName(name));
  return arrayReply(commands.map((command) => (command && isServed(command) ? infoOf(command) : nullReply)));
}

/** One command as COMMAND INFO gives it. Exported for the comparison with a real server. */
export function infoOf(command: Command): ReplyValue {
  return arrayReply([
    bulkReply(command.name),
    integerReply(command.arity),
    setReply(wordsOf(command.flags & ~hiddenFlags, Flag).map(simpleReply)),
    integerReply(command.firstKey),
    integerReply(command.lastKey),
    integerReply(command.keyStep),
    setReply(wordsOf(command.categories, Category).map((word) => simpleReply(`@${word}`))),
    setReply(command.tips.map(bulkReply)),
    setReply(command.keySpecs.map(specReply)),
    arrayReply(served(command.subcommands).map(infoOf)),
  ]);
}

/** `RW`, `RO`, `OW` and `RM` are written in capitals. */
function keyFlagWords(mask: number): ReplyValue {
  return setReply(wordsOf(mask, KeyFlag).map((word) => simpleReply(word.length === 2 ? word.toUpperCase() : word)));
}

function specReply(spec: KeySpec): ReplyValue {
  return mapReply([
    ['flags', keyFlagWords(spec.mask)],
    ['begin_search', typedReply(spec.begin.type, beginFields(spec))],
    ['find_keys', typedReply(spec.find.type, findFields(spec))],
  ]);
}

type Fields = readonly (readonly [string, ReplyValue])[];

function typedReply(type: string, fields: Fields): ReplyValue {
  return mapReply([
    ['type', bulkReply(type)],
    ['spec', mapReply(fields)],
  ]);
}

function beginFields({ begin }: KeySpec): Fields {
  switch (begin.type) {
    case 'index':
      return [['index', integerReply(begin.position)]];
    case 'keyword':
      return [
        ['keyword', bulkReply(begin.keyword)],
        ['startfrom', integerReply(begin.startFrom)],
      ];
    case 'unknown':
      return [];
    default:
      return begin satisfies never;
  }
}

function findFields({ find }: KeySpec): Fields {
  switch (find.type) {
    case 'range':
      return [
        ['lastkey', integerReply(find.lastKey)],
        ['keystep', integerReply(find.step)],
        ['limit', integerReply(find.limit)],
      ];
    case 'keynum':
      return [
        ['keynumidx', integerReply(find.keyNumIndex)],
        ['firstkey', integerReply(find.firstKey)],
        ['keystep', integerReply(find.step)],
      ];
    case 'unknown':
      return [];
    default:
      return find satisfies never;
  }
}

function docsReply(table: KnownCommands, request: RequestBytes): ReplyValue {
  const named = request.argc === 2 ? table.topLevel : argumentsFrom(request, 2).map((name) => table.findByName(name));
  const known = named.filter((command) => command !== undefined && isServed(command)) as Command[];
  return mapReply(known.map((command) => [command.name, docsOf(command)] as const));
}

/** Summary, version and group. The table has neither complexity nor argument trees, and Redis leaves both out at times. */
function docsOf(command: Command): ReplyValue {
  const entries: [string, ReplyValue][] = [
    ['summary', bulkReply(summaryOf(command))],
    ['since', bulkReply(command.since)],
    ['group', bulkReply(command.group.replace('_', '-'))],
  ];
  if (command.deprecatedSince !== '') {
    entries.push(['doc_flags', setReply([simpleReply('deprecated')])]);
    entries.push(['deprecated_since', bulkReply(command.deprecatedSince)]);
  }
  const subcommands = served(command.subcommands);
  if (subcommands.length > 0) {
    entries.push(['subcommands', mapReply(subcommands.map((sub) => [sub.name, docsOf(sub)] as const))]);
  }
  return mapReply(entries);
}

/** COMMAND LIST [FILTERBY MODULE name | ACLCAT category | PATTERN glob]. There are no modules, so that list is empty. */
function listReply(table: KnownCommands, request: RequestBytes): ReplyValue {
  const all = served(table.commands);
  if (request.argc === 2) return namesReply(all);
  if (request.argc !== 5 || argument(request, 2).toLowerCase() !== 'filterby') return errorReply('ERR syntax error');
  const value = argument(request, 4).toLowerCase();
  switch (argument(request, 3).toLowerCase()) {
    case 'module':
      return namesReply([]);
    case 'aclcat': {
      const bit = Object.hasOwn(Category, value) ? Category[value as keyof typeof Category] : 0;
      return namesReply(all.filter((command) => (command.categories & bit) !== 0));
    }
    case 'pattern':
      return namesReply(all.filter((command) => globMatches(value, command.name)));
    default:
      return errorReply('ERR syntax error');
  }
}

function namesReply(commands: readonly Command[]): ReplyValue {
  return arrayReply(commands.map((command) => bulkReply(command.name)));
}

/** COMMAND GETKEYS and GETKEYSANDFLAGS: the request in question begins at argument 2. */
function keysReply(table: KnownCommands, request: RequestBytes, withFlags: boolean): ReplyValue {
  const inner: RequestBytes = { bytes: request.bytes, offsets: request.offsets.subarray(4), argc: request.argc - 2 };
  const command = table.resolve(inner.bytes, inner.offsets, inner.argc);
  if (command === undefined) return errorReply('ERR Invalid command specified');
  if (command.keySpecs.every((spec) => (spec.mask & KeyFlag.not_key) !== 0)) {
    return errorReply('ERR The command has no key arguments');
  }
  if (!acceptsArgc(command, inner.argc)) return errorReply('ERR Invalid number of arguments specified for command');
  const keys = new KeyList();
  const count = extractKeysWithAccess(command, inner.bytes, inner.offsets, inner.argc, keys);
  if (count <= 0) {
    const mayBeEmpty = (command.flags & Flag.no_mandatory_keys) !== 0;
    return mayBeEmpty ? arrayReply([]) : errorReply('ERR Invalid arguments specified for command');
  }
  return arrayReply(
    Array.from({ length: count }, (_, i) => {
      const key = bulkReply(argumentBytes(inner, keys.positions[i]!));
      return withFlags ? arrayReply([key, keyFlagWords(keys.access[i]! & ~KeyFlag.variable_flags)]) : key;
    }),
  );
}

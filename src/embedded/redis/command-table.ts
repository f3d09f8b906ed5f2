/**
 * Every command of the embedded Redis node in one table, with COMMAND and HELP, which are answered from it.
 * `findCommand` gives the row or throws Redis's own error for an unknown name; arity is checked here too.
 */
import { NO_KEYS, READ, row } from './command.js';
import type { Client, CommandRow } from './command.js';
import { CommandError, wrongArity } from './command-error.js';
import { BIT_COMMANDS } from './commands/bits.js';
import { CONNECTION_COMMANDS } from './commands/connection.js';
import { COUNTER_COMMANDS } from './commands/counters.js';
import { EXPIRY_COMMANDS } from './commands/expiry.js';
import { HASH_COMMANDS } from './commands/hashes.js';
import { KEY_COMMANDS } from './commands/keys.js';
import { LIST_COMMANDS } from './commands/lists.js';
import { SCAN_COMMANDS } from './commands/scan.js';
import { SERVER_COMMANDS } from './commands/server-facts.js';
import { SET_COMMANDS } from './commands/sets.js';
import { SORTED_SET_ALGEBRA_COMMANDS } from './commands/sorted-set-algebra.js';
import { SORTED_SET_RANGE_COMMANDS } from './commands/sorted-set-ranges.js';
import { SORTED_SET_COMMANDS } from './commands/sorted-sets.js';
import { STRING_COMMANDS } from './commands/strings.js';

/** How much of an unknown command its error repeats, as in Redis. */
const ECHO_MAX = 128;

const COMMAND_COMMANDS: readonly CommandRow[] = [
  row('command', -1, READ, NO_KEYS, (client) => describe(client, topLevel())),
  row('command|count', 2, READ, NO_KEYS, ({ reply }) => reply.integer(topLevel().length)),
  row('command|list', 2, READ, NO_KEYS, ({ reply }) => reply.bulks(topLevel().map(({ name }) => name))),
  // redis-cli asks for the documentation at start and does without.
  row('command|docs', -2, READ, NO_KEYS, ({ reply }) => reply.map(0)),
  row('command|info', -2, READ, NO_KEYS, (client, args) =>
    describe(client, args.length === 2 ? topLevel() : args.slice(2).map((name) => ROWS.get(name.toLowerCase()))),
  ),
];

const ROWS: ReadonlyMap<string, CommandRow> = tableOf([
  ...STRING_COMMANDS,
  ...COUNTER_COMMANDS,
  ...BIT_COMMANDS,
  ...KEY_COMMANDS,
  ...EXPIRY_COMMANDS,
  ...SCAN_COMMANDS,
  ...HASH_COMMANDS,
  ...LIST_COMMANDS,
  ...SET_COMMANDS,
  ...SORTED_SET_COMMANDS,
  ...SORTED_SET_RANGE_COMMANDS,
  ...SORTED_SET_ALGEBRA_COMMANDS,
  ...CONNECTION_COMMANDS,
  ...SERVER_COMMANDS,
  ...COMMAND_COMMANDS,
]);

const CONTAINERS: ReadonlySet<string> = new Set(
  [...ROWS.keys()].flatMap((name) => (name.includes('|') ? [name.slice(0, name.indexOf('|'))] : [])),
);

/** Adds to each container its HELP, and a row of its own that says a subcommand is missing. */
function tableOf(rows: readonly CommandRow[]): ReadonlyMap<string, CommandRow> {
  const table = new Map(rows.map((each) => [each.name, each]));
  for (const { name } of rows) {
    const [container, sub] = name.split('|');
    if (sub === undefined) continue;
    const helpName = `${container!}|help`;
    if (!table.has(helpName)) table.set(helpName, row(helpName, 2, READ, NO_KEYS, help));
    if (!table.has(container!)) table.set(container!, row(container!, -2, READ, NO_KEYS, noSubcommand));
  }
  return table;
}

function noSubcommand(_client: Client, args: readonly string[]): void {
  throw new CommandError(wrongArity(args[0]!.toLowerCase()));
}

function topLevel(): CommandRow[] {
  return [...ROWS.values()].filter(({ name }) => !name.includes('|'));
}

function help({ reply }: Client, args: readonly string[]): void {
  const container = args[0]!.toLowerCase();
  const subs = [...ROWS.keys()].filter((name) => name.startsWith(`${container}|`));
  reply.array(subs.length + 1);
  reply.simple(`${container.toUpperCase()} <subcommand> [<arg> ...]. Subcommands are:`);
  for (const name of subs) reply.simple(name.slice(container.length + 1).toUpperCase());
}

/** COMMAND's reply up to the ACL categories; tips, key specs and subcommands are given as empty. */
function describe({ reply }: Client, rows: readonly (CommandRow | undefined)[]): void {
  reply.array(rows.length);
  for (const each of rows) {
    if (!each) {
      reply.nilArray();
      continue;
    }
    const flags = each.flags.filter((flag) => flag !== 'grow');
    reply.array(10);
    reply.bulk(each.name);
    reply.integer(each.arity);
    reply.set(flags.length);
    for (const flag of flags) reply.simple(flag);
    for (const key of each.keys) reply.integer(key);
    for (let empty = 0; empty < 2; empty += 1) reply.set(0);
    for (let empty = 0; empty < 2; empty += 1) reply.array(0);
  }
}

/** The row for this request, whose arity fits. Throws CommandError. */
export function findCommand(args: readonly string[]): CommandRow {
  const name = args[0]!.toLowerCase();
  const isContainer = CONTAINERS.has(name) && args.length > 1;
  const found = ROWS.get(isContainer ? `${name}|${args[1]!.toLowerCase()}` : name);
  if (!found || (name.includes('|') && !isContainer)) {
    if (isContainer) {
      const sub = cText(args[1]!).slice(0, ECHO_MAX);
      throw new CommandError(`ERR unknown subcommand '${sub}'. Try ${name.toUpperCase()} HELP.`);
    }
    throw new CommandError(unknownCommand(args));
  }
  const fits = found.arity > 0 ? args.length === found.arity : args.length >= -found.arity;
  if (!fits) throw new CommandError(wrongArity(found.name));
  return found;
}

function unknownCommand(args: readonly string[]): string {
  let echoed = '';
  for (let at = 1; at < args.length && echoed.length < ECHO_MAX; at += 1) {
    echoed += `'${cText(args[at]!).slice(0, ECHO_MAX - echoed.length)}' `;
  }
  return `ERR unknown command '${cText(args[0]!).slice(0, ECHO_MAX)}', with args beginning with: ${echoed}`;
}

/** Redis prints these through C strings, which end at the first zero byte. */
function cText(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

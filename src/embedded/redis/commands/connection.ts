/**
 * Commands about the connection: PING, SELECT, HELLO, AUTH, CLIENT, QUIT, RESET. No password is ever set on an embedded node,
 * so AUTH answers as a Redis without one does.
 */
import { integerArgument, isWord } from '../arguments.js';
import { NO_KEYS, READ, row } from '../command.js';
import type { Client, CommandRow } from '../command.js';
import { CommandError, DB_OUT_OF_RANGE, SYNTAX, wrongArity } from '../command-error.js';

const NO_PASSWORD =
  'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is ' +
  'correct?';
const BAD_NAME = 'ERR Client names cannot contain spaces, newlines or special characters.';
const WRONG_PASSWORD = 'WRONGPASS invalid username-password pair or user is disabled.';
const PROTOCOL_NOT_INTEGER = 'ERR Protocol version is not an integer or out of range';

export const EMBEDDED_REDIS_VERSION = '7.0.15';

function ping({ reply }: Client, args: readonly string[]): void {
  if (args.length > 2) throw new CommandError(wrongArity('ping'));
  if (args.length === 2) reply.bulk(args[1]!);
  else reply.simple('PONG');
}

export function selectDatabase(client: Client, index: number): void {
  const db = client.store.databases[index];
  if (!db) throw new CommandError(DB_OUT_OF_RANGE);
  client.dbIndex = index;
  client.db = db;
}

function select(client: Client, args: readonly string[]): void {
  selectDatabase(client, integerArgument(args[1]!));
  client.reply.ok();
}

function checkUser(user: string): void {
  if (user !== 'default') throw new CommandError(WRONG_PASSWORD);
}

function auth({ reply }: Client, args: readonly string[]): void {
  if (args.length > 3) throw new CommandError(SYNTAX);
  if (args.length === 2) throw new CommandError(NO_PASSWORD);
  checkUser(args[1]!);
  reply.ok();
}

function checkName(name: string): string {
  if (!/^[!-~]*$/.test(name)) throw new CommandError(BAD_NAME);
  return name;
}

function hello(client: Client, args: readonly string[]): void {
  const { reply } = client;
  const version = args.length > 1 ? integerArgument(args[1]!, PROTOCOL_NOT_INTEGER) : reply.resp;
  if (version !== 2 && version !== 3) throw new CommandError('NOPROTO unsupported protocol version');
  let name: string | undefined;
  for (let at = 2; at < args.length; at += 1) {
    const left = args.length - at - 1;
    if (isWord(args[at], 'auth') && left >= 2) {
      checkUser(args[at + 1]!);
      at += 2;
    } else if (isWord(args[at], 'setname') && left >= 1) {
      name = checkName(args[at + 1]!);
      at += 1;
    } else throw new CommandError(`ERR Syntax error in HELLO option '${args[at]!}'`);
  }
  if (name !== undefined) client.name = name;
  reply.resp = version;
  reply.map(7);
  for (const [field, value] of [
    ['server', 'redis'],
    ['version', EMBEDDED_REDIS_VERSION],
  ] as const) {
    reply.bulk(field);
    reply.bulk(value);
  }
  reply.bulk('proto');
  reply.integer(version);
  reply.bulk('id');
  reply.integer(client.id);
  for (const [field, value] of [
    ['mode', 'standalone'],
    ['role', 'master'],
  ] as const) {
    reply.bulk(field);
    reply.bulk(value);
  }
  reply.bulk('modules');
  reply.array(0);
}

function reset(client: Client): void {
  selectDatabase(client, 0);
  client.name = '';
  client.reply.resp = 2;
  client.reply.simple('RESET');
}

function quit(client: Client): void {
  client.closing = true;
  client.reply.ok();
}

function clientSetname(client: Client, args: readonly string[]): void {
  client.name = checkName(args[2]!);
  client.reply.ok();
}

/** What a client library says of itself is checked and then forgotten: nothing here shows it. */
function clientSetinfo({ reply }: Client, args: readonly string[]): void {
  const [, , field, value] = args as [string, string, string, string];
  if (!isWord(field, 'lib-name') && !isWord(field, 'lib-ver')) {
    throw new CommandError(`ERR Unrecognized option '${field}'`);
  }
  if (!/^[!-~]*$/.test(value)) {
    throw new CommandError(`ERR ${field.toLowerCase()} cannot contain spaces, newlines or special characters.`);
  }
  reply.ok();
}

export const CONNECTION_COMMANDS: readonly CommandRow[] = [
  row('ping', -1, READ, NO_KEYS, ping),
  row('echo', 2, READ, NO_KEYS, ({ reply }, args) => reply.bulk(args[1]!)),
  row('select', 2, READ, NO_KEYS, select),
  row('hello', -1, READ, NO_KEYS, hello),
  row('auth', -2, READ, NO_KEYS, auth),
  row('quit', -1, READ, NO_KEYS, quit),
  row('reset', 1, READ, NO_KEYS, reset),
  row('client|id', 2, READ, NO_KEYS, ({ reply, id }) => reply.integer(id)),
  row('client|getname', 2, READ, NO_KEYS, ({ reply, name }) => reply.bulkOrNull(name === '' ? undefined : name)),
  row('client|setname', 3, READ, NO_KEYS, clientSetname),
  row('client|setinfo', 4, READ, NO_KEYS, clientSetinfo),
];

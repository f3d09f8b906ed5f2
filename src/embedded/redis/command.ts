/**
 * What a command is to the embedded Redis node: a row of data and a handler. The rows of all files are joined in
 * command-table.ts; the session checks arity and memory, then calls the handler with the client and the arguments.
 * Handlers answer exactly one reply through `client.reply`, or throw CommandError.
 */
import type { Database } from './database.js';
import type { ReplyWriter } from './reply-writer.js';
import type { Store } from './store.js';

/** What handlers see of a connection. */
export interface Client {
  readonly id: number;
  readonly store: Store;
  readonly reply: ReplyWriter;
  readonly server: ServerFacts;
  /** Index of `db` in `store.databases`. */
  dbIndex: number;
  db: Database;
  name: string;
  /** Set by QUIT: the connection ends after its replies. */
  closing: boolean;
}

export interface ServerFacts {
  readonly name: string;
  readonly port: number;
  readonly startedAtMs: number;
  clients(): number;
}

export type Handler = (client: Client, args: readonly string[]) => void;

/**
 * `write` changes data; `denyoom` may need memory; `grow` adds to what the key holds, so the sum must fit the bound;
 * `readonly` and `fast` only describe.
 */
export type CommandFlag = 'readonly' | 'write' | 'denyoom' | 'grow' | 'fast';

export interface CommandRow {
  /** Lower case; a subcommand is `container|sub`. */
  readonly name: string;
  /** Arguments with the name; negative: at least that many. */
  readonly arity: number;
  readonly flags: readonly CommandFlag[];
  /** First key, last key (negative: from the end), step; zeros for none, or for keys that COMMAND cannot say this way. */
  readonly keys: readonly [number, number, number];
  readonly run: Handler;
}

export const NO_KEYS: CommandRow['keys'] = [0, 0, 0];
export const ONE_KEY: CommandRow['keys'] = [1, 1, 1];
export const TWO_KEYS: CommandRow['keys'] = [1, 2, 1];
export const ALL_KEYS: CommandRow['keys'] = [1, -1, 1];

export const READ: readonly CommandFlag[] = ['readonly'];
export const WRITE: readonly CommandFlag[] = ['write'];
export const STORE: readonly CommandFlag[] = ['write', 'denyoom'];
export const GROW: readonly CommandFlag[] = ['write', 'denyoom', 'grow'];

export function row(
  name: string,
  arity: number,
  flags: readonly CommandFlag[],
  keys: CommandRow['keys'],
  run: Handler,
): CommandRow {
  return { name, arity, flags, keys, run };
}

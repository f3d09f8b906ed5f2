/**
 * What a memcached command sees of its connection. Replies are binary strings; a command that said noreply loses its answer,
 * error or not, while errors of meta commands are always sent.
 */
import type { ItemStore } from './item-store.js';

export interface Connection {
  readonly store: ItemStore;
  readonly facts: NodeFacts;
  /** Sends `line` and its line end. */
  answer(line: string): void;
  /** Sends bytes as they are. */
  send(bytes: string): void;
  /** Reads `bytes` and their line end next, then calls `done` with them, or with undefined when the line end is not there. */
  expectData(bytes: number, done: (value: string | undefined) => void): void;
  /** Skips `bytes` and their line end. */
  skipData(bytes: number): void;
  end(): void;
}

export interface NodeFacts {
  readonly name: string;
  readonly port: number;
  clients(): number;
}

export interface TextCommand {
  /** Words of the line with the command's name. */
  readonly wordsMin: number;
  readonly wordsMax: number;
  readonly run: (connection: Connection, words: readonly string[]) => void;
}

export const VERSION = '1.6.18';
export const KEY_MAX_BYTES = 250;
export const BAD_FORMAT = 'CLIENT_ERROR bad command line format';
export const TOO_LARGE = 'SERVER_ERROR object too large for cache';
export const NON_NUMERIC = 'CLIENT_ERROR cannot increment or decrement non-numeric value';

/**
 * The error a command handler throws to answer the client, and the texts that more than one command file uses.
 * `message` is the whole line after the dash, in Redis's own words; the session writes it and goes on.
 */
import { ProxyError } from '../../errors.js';

export class CommandError extends ProxyError {
  readonly code = 'COMMAND';
}

export const WRONG_TYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value';
export const SYNTAX = 'ERR syntax error';
export const NOT_INTEGER = 'ERR value is not an integer or out of range';
export const NOT_FLOAT = 'ERR value is not a valid float';
export const OUT_OF_RANGE = 'ERR value is out of range';
export const NOT_POSITIVE = 'ERR value is out of range, must be positive';
export const NO_SUCH_KEY = 'ERR no such key';
export const DB_OUT_OF_RANGE = 'ERR DB index is out of range';
export const OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'.";
export const STRING_TOO_LONG = 'ERR string exceeds maximum allowed size (proto-max-bulk-len)';

export function wrongArity(command: string): string {
  return `ERR wrong number of arguments for '${command}' command`;
}

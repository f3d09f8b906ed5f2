/**
 * One line of MONITOR, in redis-server's form: `+1700000000.123456 [0 127.0.0.1:1234] "get" "k"`. Pure text; used by
 * hub.ts. What redis-server does not show is not shown: arguments with passwords, and administration at all. Long
 * arguments and long requests are cut, in the words of redis-server's slow log, so that a line is at most 64 KiB.
 * Reference: replicationFeedMonitors and sdscatrepr in redis-server.
 */
import type { Command } from '../command/command.js';
import { Flag } from '../command/flags.js';
import type { RespRequest } from '../shape/request.js';

export const ARGUMENTS_SHOWN_MAX = 64;
export const ARGUMENT_BYTES_MAX = 256;

const REDACTED = '"(redacted)"';
const NEEDS_NO_ESCAPE = /^[ !#-[\]-~]*$/;
const short: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\x07': '\\a',
  '\b': '\\b',
};

/** False for commands that MONITOR hides. */
export function isShown(command: Command): boolean {
  return (command.flags & Flag.admin) === 0;
}

/** `where` is the client's address. */
export function monitorLine(micros: number, db: number, where: string, request: RespRequest): string {
  const hidden = secretsOf(request);
  const shown = Math.min(request.argc, ARGUMENTS_SHOWN_MAX);
  let line = lineStart(micros, db, where);
  for (let i = 0; i < shown; i++) line += ` ${hidden?.has(i) === true ? REDACTED : argument(request, i)}`;
  const more = request.argc - shown;
  return more === 0 ? `${line}\r\n` : `${line} "... (${more} more arguments)"\r\n`;
}

/** The line that says how many are missing. It has the form of the others, lest it stop what reads them. */
export function droppedLine(micros: number, dropped: number): string {
  return `${lineStart(micros, 0, 'ringward:0')} "ringward" "dropped" "${dropped}"\r\n`;
}

function lineStart(micros: number, db: number, where: string): string {
  const whole = Math.floor(micros);
  const fraction = String(whole % 1e6).padStart(6, '0');
  return `+${Math.floor(whole / 1e6)}.${fraction} [${db} ${where}]`;
}

function argument(request: RespRequest, index: number): string {
  const start = request.args[index * 2]!;
  const length = request.args[index * 2 + 1]! - start;
  const text = request.bytes.toString('latin1', start, start + Math.min(length, ARGUMENT_BYTES_MAX));
  const escaped = NEEDS_NO_ESCAPE.test(text) ? text : escape(text);
  if (length <= ARGUMENT_BYTES_MAX) return `"${escaped}"`;
  return `"${escaped}... (${length - ARGUMENT_BYTES_MAX} more bytes)"`;
}

function escape(text: string): string {
  return text.replace(/[^ !#-[\]-~]/g, (c) => short[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** Positions of arguments that hold users and passwords. */
function secretsOf(request: RespRequest): Set<number> | undefined {
  const secrets = new Set<number>();
  switch (request.command.name) {
    case 'auth':
      for (let i = 1; i < request.argc; i++) secrets.add(i);
      return secrets;
    case 'hello':
      for (let i = 2; i < request.argc; i++) {
        const option = request.word(i);
        if (option === 'AUTH') secrets.add(++i).add(++i);
        else if (option === 'SETNAME') i++;
      }
      return secrets;
    case 'migrate':
      for (let i = 6; i < request.argc; i++) {
        const option = request.word(i);
        if (option === 'KEYS') break;
        if (option === 'AUTH') secrets.add(++i);
        else if (option === 'AUTH2') secrets.add(++i).add(++i);
      }
      return secrets;
    default:
      return undefined;
  }
}

/**
 * The two address lines of a twemproxy file, `listen` and the items of `servers`, by nutcracker's own rules: fields are
 * split off from the right end, and what is left is the host or path, whatever it holds. Used by directives.ts.
 * What a server is called here decides where its keys lie: twemproxy hashes the name onto the ring.
 */
import { readInt32 } from './number.js';

/** sockaddr_un on Linux holds 108 bytes with the closing NUL. */
const UNIX_PATH_BYTES_MAX = 107;
const PERMISSION_MAX = 0o777;
const PORT_MAX = 65_535;
/** Servers on memcached's port have always been on the ring without it, as in libmemcached. */
const NAMELESS_PORT = 11_211;

export type ListenLine =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string; readonly mode: number | null };

export interface ServerLine {
  readonly address:
    | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
    | { readonly kind: 'unix'; readonly path: string };
  readonly weight: number;
  /** The name on the ring and in the statistics. May be empty: nutcracker takes that too. */
  readonly name: string;
}

/** The line, or what is wrong with it as a clause. */
export function parseListen(text: string): ListenLine | string {
  return text.startsWith('/') ? parseUnixListen(text) : parseTcpListen(text);
}

function parseTcpListen(text: string): ListenLine | string {
  const colon = text.lastIndexOf(':');
  if (colon < 0) return 'expected host:port or "/path permissions"';
  const port = readPort(text.slice(colon + 1));
  if (port === null) return `expected a port from 1 to ${PORT_MAX} after the last ":"`;
  const host = text.slice(0, colon);
  return host === '' ? 'expected a host before the ":"; 0.0.0.0 is every address' : { kind: 'tcp', host, port };
}

function parseUnixListen(text: string): ListenLine | string {
  const space = text.lastIndexOf(' ');
  const path = space < 0 ? text : text.slice(0, space);
  if (Buffer.byteLength(path) > UNIX_PATH_BYTES_MAX) return `the path is longer than ${UNIX_PATH_BYTES_MAX} bytes`;
  const mode = space < 0 ? 0 : readOctal(text.slice(space + 1));
  if (mode === null) return 'expected octal permissions from 0 to 0777 after the last blank';
  // nutcracker leaves the permissions alone when they are 0.
  return { kind: 'unix', path, mode: mode === 0 ? null : mode };
}

/** As strtol(text, NULL, 8): the octal digits at the front count, the rest is ignored, no digits are 0. */
function readOctal(text: string): number | null {
  const [, sign, digits] = /^[ \t\n\v\f\r]*([-+]?)([0-7]*)/.exec(text) ?? [];
  const value = Number.parseInt(digits === undefined || digits === '' ? '0' : digits, 8);
  return value > PERMISSION_MAX || (sign === '-' && value > 0) ? null : value;
}

/** `host:port:weight[ name]` or `/path:weight[ name]`; the line, or what is wrong with it as a clause. */
export function parseServer(text: string): ServerLine | string {
  const isUnix = text.startsWith('/');
  const form = isUnix ? '/path:weight or "/path:weight name"' : 'host:port:weight or "host:port:weight name"';
  const [beforeName, givenName] = splitLast(text, ' ');
  const [beforeWeight, weightText] = splitLast(beforeName, ':');
  if (weightText === null) return `expected ${form}`;
  const [host, portText] = splitLast(beforeWeight, ':');
  if ((portText === null) !== isUnix) return isUnix ? `expected ${form}, with no ":" in the path` : `expected ${form}`;
  const weight = readInt32(weightText);
  if (weight === null) return `expected a weight in digits, got ${JSON.stringify(weightText)}`;
  if (weight === 0) return 'expected a weight of at least 1, got 0';
  if (portText === null) {
    // The colon belongs to the name: a quirk that the ring depends on.
    return { address: { kind: 'unix', path: host }, weight, name: givenName ?? `${host}:` };
  }
  const port = readPort(portText);
  if (port === null) return `expected a port from 1 to ${PORT_MAX}, got ${JSON.stringify(portText)}`;
  const ownName = port === NAMELESS_PORT ? host : `${host}:${portText}`;
  return { address: { kind: 'tcp', host, port }, weight, name: givenName ?? ownName };
}

function readPort(text: string): number | null {
  const port = readInt32(text);
  return port === null || port < 1 || port > PORT_MAX ? null : port;
}

/** What is before and after the last `mark`; null for after when there is none. */
function splitLast(text: string, mark: string): readonly [string, string | null] {
  const at = text.lastIndexOf(mark);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}

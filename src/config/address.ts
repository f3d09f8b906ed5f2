/**
 * Addresses as the configuration file writes them: `host:port`, `[v6]:port`, `/abs/path.sock`.
 * Used by listeners (`bind`) and nodes (`host`, `socket`). Nothing is resolved here: a host name stays a name until
 * somebody connects, so a configuration can be checked on a machine that does not know the cluster's names.
 */
import { isIPv4, isIPv6 } from 'node:net';

/** Where a listener listens. `port` 0 lets the system choose. `mode` is the socket file's permission bits, or null. */
export type BindAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string; readonly mode: number | null };

/** sockaddr_un holds 104 bytes on macOS and 108 on Linux, with the closing NUL: the smaller one keeps files portable. */
export const UNIX_PATH_BYTES_MAX = 103;

const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*\.?$/;
const DOTTED_NUMBERS = /^[0-9.]+$/;

/** A host name, an IPv4 or an IPv6 address (without brackets). */
export function isHost(text: string): boolean {
  if (isIPv4(text) || isIPv6(text)) return true;
  return HOST_NAME.test(text) && !DOTTED_NUMBERS.test(text);
}

/** An absolute path that fits into a socket address. */
export function isUnixPath(text: string): boolean {
  return text.startsWith('/') && !text.includes('\0') && Buffer.byteLength(text) <= UNIX_PATH_BYTES_MAX;
}

/** Parses `host:port`, `[v6]:port` or `/abs/path.sock`; null when it is none of them. The mode is left null. */
export function parseBind(text: string): BindAddress | null {
  if (text.startsWith('/')) return isUnixPath(text) ? { kind: 'unix', path: text, mode: null } : null;
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  if (match === null) return null;
  const [, v6, name, digits] = match;
  const port = Number(digits);
  const host = v6 ?? name ?? '';
  if (port > 65_535 || !(v6 === undefined ? isHost(host) : isIPv6(host))) return null;
  return { kind: 'tcp', host, port };
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The text of a bind address, as the file would write it. */
export function formatBind(bind: BindAddress): string {
  return bind.kind === 'unix' ? bind.path : formatHostPort(bind.host, bind.port);
}

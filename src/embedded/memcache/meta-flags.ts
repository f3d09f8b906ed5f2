/**
 * The flags of memcached's meta commands (mg, ms, md, ma), checked as 1.6.18 does before any of them acts: each letter once, known
 * letters only, numbers that parse. The last bad number names the error; an unknown or repeated flag ends the check at once.
 */
import { decodeBase64Key } from '../../protocol/memcache/base64-key.js';
import { BAD_FORMAT } from './connection.js';
import type { ItemStore } from './item-store.js';
import { parseFlags, parseInt32, parseUint64 } from './numbers.js';

export interface MetaFlags {
  key: string;
  keyIsBinary: boolean;
  /** Each flag with its argument, in the order given, which is the order of the answer. */
  tokens: readonly string[];
  value: boolean;
  quiet: boolean;
  noUpdate: boolean;
  stale: boolean;
  /** Node times, see ItemStore.timeOf. */
  vivifyAt: number | undefined;
  expiresAt: number | undefined;
  recacheAt: number;
  clientFlags: number;
  cas: bigint | undefined;
  mode: string | undefined;
  initial: bigint;
  delta: bigint;
}

/** Accepted, and acted on (or, as P and L, not) where the answer is made. */
const PLAIN = ['l', 'O', 'P', 'L', 'k', 's', 't', 'c', 'f', 'h'];
const OPAQUE_MAX_BYTES = 32;
const BAD_TOKEN = 'CLIENT_ERROR bad token in command line format';
export const OPAQUE_TOO_LONG = 'CLIENT_ERROR opaque token too long';

/** A bad argument whose error gives way to that of any other flag. */
const UNNAMED = '';

type Setter = (flags: MetaFlags, argument: string, store: ItemStore) => string | undefined;

function time(apply: (flags: MetaFlags, time: number) => void): Setter {
  return (flags, argument, store) => {
    const seconds = parseInt32(argument);
    if (seconds === undefined) return BAD_TOKEN;
    apply(flags, store.timeOf(seconds));
    return undefined;
  };
}

function number(error: string, apply: (flags: MetaFlags, value: bigint) => void): Setter {
  return (flags, argument) => {
    const value = parseUint64(argument);
    if (value === undefined) return error;
    apply(flags, value);
    return undefined;
  };
}

function mark(apply: (flags: MetaFlags) => void): Setter {
  return (flags) => {
    apply(flags);
    return undefined;
  };
}

/** Each gives the error of a bad argument, or undefined. */
const SETTERS: ReadonlyMap<string, Setter> = new Map<string, Setter>([
  ...PLAIN.map((letter) => [letter, () => undefined] as const),
  ['b', decodeKey],
  ['v', mark((flags) => (flags.value = true))],
  ['q', mark((flags) => (flags.quiet = true))],
  ['u', mark((flags) => (flags.noUpdate = true))],
  ['I', mark((flags) => (flags.stale = true))],
  ['N', time((flags, at) => (flags.vivifyAt = at))],
  ['T', time((flags, at) => (flags.expiresAt = at))],
  ['R', time((flags, at) => (flags.recacheAt = at))],
  ['C', number(BAD_TOKEN, (flags, cas) => (flags.cas = cas))],
  ['J', number('CLIENT_ERROR invalid numeric initial value', (flags, value) => (flags.initial = value))],
  ['D', number('CLIENT_ERROR invalid numeric delta value', (flags, value) => (flags.delta = value))],
  ['F', setClientFlags],
  ['M', setMode],
]);

function decodeKey(flags: MetaFlags): string | undefined {
  const encoded = Buffer.from(flags.key, 'latin1');
  const decoded = Buffer.alloc(encoded.length);
  const length = decodeBase64Key(encoded, 0, encoded.length, decoded);
  flags.keyIsBinary = true;
  if (length <= 0) return 'CLIENT_ERROR error decoding key';
  flags.key = decoded.toString('latin1', 0, length);
  return undefined;
}

function setClientFlags(flags: MetaFlags, argument: string): string | undefined {
  const value = parseFlags(argument);
  if (value === undefined) return UNNAMED;
  flags.clientFlags = value;
  return undefined;
}

function setMode(flags: MetaFlags, argument: string): string | undefined {
  if (argument.length !== 1) return 'CLIENT_ERROR incorrect length for M token';
  flags.mode = argument;
  return undefined;
}

/** The flags, or the error line. */
export function parseMetaFlags(store: ItemStore, key: string, tokens: readonly string[]): MetaFlags | string {
  const flags: MetaFlags = {
    ...{ key, keyIsBinary: false, tokens, value: false, quiet: false, noUpdate: false, stale: false },
    ...{ vivifyAt: undefined, expiresAt: undefined, recacheAt: 0, clientFlags: 0, cas: undefined, mode: undefined },
    ...{ initial: 0n, delta: 1n },
  };
  let error: string | undefined;
  const seen = new Set<string>();
  for (const token of tokens) {
    const letter = token[0]!;
    if (seen.has(letter) || letter.charCodeAt(0) >= 127) return 'CLIENT_ERROR duplicate flag';
    seen.add(letter);
    const setter = SETTERS.get(letter);
    if (!setter) return 'CLIENT_ERROR invalid flag';
    const trouble = setter(flags, token.slice(1), store);
    error = trouble === UNNAMED ? (error ?? UNNAMED) : (trouble ?? error);
  }
  if (error === undefined) return flags;
  return error === UNNAMED ? BAD_FORMAT : error;
}

/** The key as `k` shows it. */
export function keyAnswer(key: string, keyIsBinary: boolean): string {
  return keyIsBinary ? ` k${Buffer.from(key, 'latin1').toString('base64')} b` : ` k${key}`;
}

/** The opaque token, or undefined when it is too long. */
export function opaqueAnswer(token: string): string | undefined {
  return token.length > OPAQUE_MAX_BYTES ? undefined : ` ${token}`;
}

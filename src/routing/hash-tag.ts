/**
 * Hash tags: `user:{42}:name` and `user:{42}:mail` hash only `42`, so they share a node.
 * The rule is that of twemproxy and Redis Cluster: the first open byte, then the first close byte after it; with at least
 * one byte between them only that is hashed, else the whole key. There is no second try: `{}{a}` hashes whole.
 * Open and close may be the same byte (`$$`). No allocation: ranges are pairs of integers, never objects.
 */
import { ConfigError } from '../errors.js';

/** Index of `byte` in [from, end), or -1. A loop beats the native indexOf up to some hundred bytes; keys are shorter. */
export function indexOfByte(bytes: Uint8Array, from: number, end: number, byte: number): number {
  for (let i = from; i < end; i++) if (bytes[i] === byte) return i;
  return -1;
}

/** The two bytes of a `hash_tag` option; throws ConfigError unless it is exactly two bytes long. */
export function parseHashTag(option: string): { readonly open: number; readonly close: number } {
  const bytes = Buffer.from(option, 'utf8');
  if (bytes.length !== 2) {
    throw new ConfigError(`hash_tag must be exactly two bytes such as "{}", got ${JSON.stringify(option)}`);
  }
  return { open: bytes[0]!, close: bytes[1]! };
}

/** The bytes of `key` that are hashed, as a view. For explaining; the hot path works on offsets (partitioner.ts). */
export function hashedPart(key: Uint8Array, open: number, close: number): Uint8Array {
  const opened = indexOfByte(key, 0, key.length, open);
  if (opened < 0) return key;
  const closed = indexOfByte(key, opened + 1, key.length, close);
  return closed > opened + 1 ? key.subarray(opened + 1, closed) : key;
}

/**
 * Reading option words and counts from argument bytes, as redis-server reads them: words in any letter case and only up
 * to a NUL byte (it compares C strings), numbers in their canonical form only (string2ll). Pure, no allocation.
 */

/** `text` as the bytes that `isWord` wants: ASCII, lower case. */
export function wordBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text.toLowerCase());
}

/** True when the argument from `start` to `end` is `word` (lower case) in any letter case. */
export function isWord(bytes: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  const length = word.length;
  if (end - start < length) return false;
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i]!;
    const folded = byte >= 65 && byte <= 90 ? byte + 32 : byte;
    if (folded !== word[i]) return false;
  }
  return end - start === length || bytes[start + length] === 0;
}

/** More digits than any count of arguments has. */
const DIGITS_MAX = 9;

/** The argument from `start` to `end` as a count; -1 when it is none, negative, or beyond 999 999 999. */
export function parseCount(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length < 1 || length > DIGITS_MAX) return -1;
  if (bytes[start] === 48) return length === 1 ? 0 : -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

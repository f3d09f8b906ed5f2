/**
 * Numbers in memcached request lines. memcached reads them with strtol and strtoull, so leading control whitespace, a plus
 * sign, and anything after a tab pass there; a proxy that read them otherwise would disagree with its backend on where
 * the next request begins. Used by the request line and reply framers; no allocation.
 */

const PLUS = 43;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;

const U64_MAX = Uint8Array.from('18446744073709551615', (digit) => digit.charCodeAt(0));
const I64_MAX = Uint8Array.from('9223372036854775807', (digit) => digit.charCodeAt(0));
const I64_MIN = Uint8Array.from('9223372036854775808', (digit) => digit.charCodeAt(0));

/** A token never holds a space or a line feed: those separate tokens and lines. */
function isControlSpace(byte: number): boolean {
  return byte === 9 || (byte >= 11 && byte <= 13);
}

/** Whether the decimal digits buf[start, end), which have no leading zero, are no more than `max`. */
function isAtMost(buf: Uint8Array, start: number, end: number, max: Uint8Array): boolean {
  if (end - start !== max.length) return end - start < max.length;
  for (let i = 0; i < max.length; i++) {
    if (buf[start + i]! !== max[i]!) return buf[start + i]! < max[i]!;
  }
  return true;
}

/** Whether buf[start, end) is an integer that strtol (`signed`) or strtoull takes. A negative one is not unsigned. */
function isInteger(buf: Uint8Array, start: number, end: number, signed: boolean): boolean {
  let at = start;
  while (at < end && isControlSpace(buf[at]!)) at++;
  const negative = buf[at] === MINUS;
  if (at < end && (negative || buf[at] === PLUS)) at++;
  const digits = at;
  while (at < end && buf[at] === ZERO) at++;
  const significant = at;
  while (at < end && buf[at]! >= ZERO && buf[at]! <= NINE) at++;
  if (at === digits || (at < end && !isControlSpace(buf[at]!))) return false;
  if (!signed) return negative ? at === significant : isAtMost(buf, significant, at, U64_MAX);
  return isAtMost(buf, significant, at, negative ? I64_MIN : I64_MAX);
}

/** An expiry time: any 64-bit integer, negative too. */
export function isSigned64(buf: Uint8Array, start: number, end: number): boolean {
  return isInteger(buf, start, end, true);
}

/** Client flags, a CAS value, an increment: 0 to 2^64 - 1. */
export function isUnsigned64(buf: Uint8Array, start: number, end: number): boolean {
  return isInteger(buf, start, end, false);
}

/** The longest value length that memcached takes: INT_MAX without the line end. */
export const VALUE_LENGTH_MAX = 2_147_483_645;

/**
 * The length of a data block in bytes, or -1 when it is not a number from 0 to VALUE_LENGTH_MAX.
 * memcached takes 4294967299 for 3, because it keeps the low 32 bits; here that is no number.
 */
export function readLength(buf: Uint8Array, start: number, end: number): number {
  if (end > start && end - start < 10) {
    let plain = 0;
    let i = start;
    for (; i < end && buf[i]! >= ZERO && buf[i]! <= NINE; i++) plain = plain * 10 + buf[i]! - ZERO;
    if (i === end) return plain;
  }
  if (!isInteger(buf, start, end, true)) return -1;
  let at = start;
  while (isControlSpace(buf[at]!)) at++;
  const negative = buf[at] === MINUS;
  if (negative || buf[at] === PLUS) at++;
  let value = 0;
  for (; at < end && buf[at]! >= ZERO && buf[at]! <= NINE; at++) {
    value = value * 10 + buf[at]! - ZERO;
    if (value > VALUE_LENGTH_MAX) return -1;
  }
  return negative && value > 0 ? -1 : value;
}

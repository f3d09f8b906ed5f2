/**
 * Keys of meta commands with the `b` flag travel as base64, and memcached stores what they decode to: `mg Zm9v b` and
 * `get foo` name one item, so both must route alike. The request framer decodes into a scratch buffer with this.
 * It follows memcached's decoder where that is looser than RFC 4648: other characters are skipped, and padding counts
 * wherever it stands, as long as its group has no more than two.
 */

/** In DIGITS: not a base64 character. */
const SKIP = 0xff;
const PADDING = 61;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

const DIGITS = new Uint8Array(256).fill(SKIP);
for (let i = 0; i < ALPHABET.length; i++) DIGITS[ALPHABET.charCodeAt(i)] = i;
DIGITS[PADDING] = 0;

/**
 * Decodes buf[start, end) into `out`, which must hold three quarters of that.
 * @returns the number of bytes written, or 0 when memcached would answer that it cannot decode the key.
 */
export function decodeBase64Key(buf: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let counted = 0;
  for (let i = start; i < end; i++) if (DIGITS[buf[i]!] !== SKIP) counted++;
  if (counted === 0 || counted % 4 !== 0) return 0;
  let length = 0;
  let group = 0;
  let inGroup = 0;
  let padding = 0;
  for (let i = start; i < end; i++) {
    const digit = DIGITS[buf[i]!]!;
    if (digit === SKIP) continue;
    if (buf[i] === PADDING) padding++;
    group = (group << 6) | digit;
    if (++inGroup < 4) continue;
    out[length++] = group >> 16;
    out[length++] = (group >> 8) & 0xff;
    out[length++] = group & 0xff;
    if (padding > 2) return 0;
    if (padding > 0) return length - padding;
    group = 0;
    inGroup = 0;
  }
  return length;
}

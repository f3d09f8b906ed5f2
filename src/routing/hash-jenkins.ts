/**
 * Bob Jenkins' hashes as twemproxy has them: `one_at_a_time`, and `jenkins` = lookup3 hashlittle with initval 13.
 * Used by hash.ts; no allocation, results are signed, see KeyHash.
 * Reference: burtleburtle.net/bob/c/lookup3.c; one_at_a_time reads signed bytes, as in hash-fnv.ts.
 */
export function oneAtATime(bytes: Uint8Array, start: number, end: number): number {
  let h = 0;
  for (let i = start; i < end; i++) {
    h = (h + ((bytes[i]! << 24) >> 24)) | 0;
    h = (h + (h << 10)) | 0;
    h ^= h >>> 6;
  }
  h = (h + (h << 3)) | 0;
  h ^= h >>> 11;
  return (h + (h << 15)) | 0;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** Little-endian word at `i`; bytes at or past `end` count as zero. */
function wordAt(bytes: Uint8Array, i: number, end: number): number {
  let word = 0;
  if (i < end) word = bytes[i]!;
  if (i + 1 < end) word |= bytes[i + 1]! << 8;
  if (i + 2 < end) word |= bytes[i + 2]! << 16;
  if (i + 3 < end) word |= bytes[i + 3]! << 24;
  return word;
}

export function jenkins(bytes: Uint8Array, start: number, end: number): number {
  let a = (0xdeadbeef + (end - start) + 13) | 0;
  let b = a;
  let c = a;
  let i = start;
  for (; end - i > 12; i += 12) {
    a = (a + wordAt(bytes, i, end)) | 0;
    b = (b + wordAt(bytes, i + 4, end)) | 0;
    c = (c + wordAt(bytes, i + 8, end)) | 0;
    a = ((a - c) | 0) ^ rotate(c, 4);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rotate(a, 6);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rotate(b, 8);
    b = (b + a) | 0;
    a = ((a - c) | 0) ^ rotate(c, 16);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rotate(a, 19);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rotate(b, 4);
    b = (b + a) | 0;
  }
  if (i === end) return c;
  a = (a + wordAt(bytes, i, end)) | 0;
  b = (b + wordAt(bytes, i + 4, end)) | 0;
  c = (c + wordAt(bytes, i + 8, end)) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  return ((c ^ b) - rotate(b, 24)) | 0;
}

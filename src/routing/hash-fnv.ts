/**
 * Fowler-Noll-Vo hashes in the four forms that twemproxy has. Used by hash.ts; no allocation, results are signed.
 * twemproxy's bytes are C `char`, signed on x86: a byte >= 0x80 is sign-extended before it is mixed in, and placement
 * of such keys depends on it. The "64" forms keep only 32 bits throughout; that is twemproxy's code, not true FNV-64.
 */
const offset32 = 0x811c9dc5 | 0;
const prime32 = 0x01000193;
const offset64Low = 0x84222325 | 0;
const prime64Low = 0x1b3;

export function fnv1_32(bytes: Uint8Array, start: number, end: number): number {
  let h = offset32;
  for (let i = start; i < end; i++) h = Math.imul(h, prime32) ^ ((bytes[i]! << 24) >> 24);
  return h;
}

export function fnv1a_32(bytes: Uint8Array, start: number, end: number): number {
  let h = offset32;
  for (let i = start; i < end; i++) h = Math.imul(h ^ ((bytes[i]! << 24) >> 24), prime32);
  return h;
}

export function fnv1_64(bytes: Uint8Array, start: number, end: number): number {
  let h = offset64Low;
  for (let i = start; i < end; i++) h = Math.imul(h, prime64Low) ^ ((bytes[i]! << 24) >> 24);
  return h;
}

export function fnv1a_64(bytes: Uint8Array, start: number, end: number): number {
  let h = offset64Low;
  for (let i = start; i < end; i++) h = Math.imul(h ^ ((bytes[i]! << 24) >> 24), prime64Low);
  return h;
}

/**
 * The murmur family: murmur3_32 (the default key hash), its finaliser fmix32, and twemproxy's MurmurHash2 variant.
 * Used by hash.ts. Results are the hash's 32 bits as a signed integer, see KeyHash there. No allocation.
 * Reference: Austin Appleby's SMHasher; twemproxy hashkit/nc_murmur.c for the odd seed.
 */

/** MurmurHash3's finaliser: a bijection on 32 bits in which every input bit flips about half of the output bits. */
export function fmix32(value: number): number {
  let h = value;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** MurmurHash3_x86_32 with a seed. The empty input with seed 0 hashes to 0. */
export function murmur3Seeded(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let h = seed;
  let i = start;
  for (const lastWord = end - 3; i < lastWord; i += 4) {
    let k = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    k = Math.imul(k, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  if (i < end) {
    let k = bytes[i]!;
    if (i + 1 < end) k |= bytes[i + 1]! << 8;
    if (i + 2 < end) k |= bytes[i + 2]! << 16;
    k = Math.imul(k, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
  }
  return fmix32(h ^ (end - start));
}

/** MurmurHash3_x86_32 with seed 0. */
export function murmur3(bytes: Uint8Array, start: number, end: number): number {
  return murmur3Seeded(bytes, start, end, 0);
}

/**
 * murmur3 of a key's hash tag, or of the whole key if it has none, in one pass: each word is tested for the open byte as
 * it is hashed, and a key that turns out to have one goes to `ofTagged`. The tests are gathered in `hits` and looked at
 * once, at the end: a branch per word costs twice as much (42 against 47 ns for 64 bytes, 35 without any test).
 */
export function murmur3Unless(
  open: number,
  ofTagged: (bytes: Uint8Array, start: number, end: number) => number,
): (bytes: Uint8Array, start: number, end: number) => number {
  const pattern = Math.imul(open, 0x01010101);
  return (bytes, start, end) => {
    let h = 0;
    let hits = 0;
    let i = start;
    for (const lastWord = end - 3; i < lastWord; i += 4) {
      let k = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
      // Mycroft's test: a byte of x is 0 exactly when the top bit of a byte of this is set.
      const x = k ^ pattern;
      hits |= ((x - 0x01010101) | 0) & ~x;
      k = Math.imul(k, 0xcc9e2d51);
      k = (k << 15) | (k >>> 17);
      h ^= Math.imul(k, 0x1b873593);
      h = (h << 13) | (h >>> 19);
      h = (Math.imul(h, 5) + 0xe6546b64) | 0;
    }
    if (i < end) {
      let k = 0;
      for (let shift = 0; i < end; i++, shift += 8) {
        const byte = bytes[i]!;
        if (byte === open) hits = 0x80;
        k |= byte << shift;
      }
      k = Math.imul(k, 0xcc9e2d51);
      k = (k << 15) | (k >>> 17);
      h ^= Math.imul(k, 0x1b873593);
    }
    return (hits & 0x80808080) !== 0 ? ofTagged(bytes, start, end) : fmix32(h ^ (end - start));
  };
}

/** twemproxy's `murmur`: MurmurHash2 whose seed is 0xdeadbeef times the length. */
export function murmur2(bytes: Uint8Array, start: number, end: number): number {
  const m = 0x5bd1e995;
  const length = end - start;
  let h = Math.imul(0xdeadbeef, length) ^ length;
  let i = start;
  for (const lastWord = end - 3; i < lastWord; i += 4) {
    let k = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    h = Math.imul(h, m) ^ Math.imul(k, m);
  }
  if (i < end) {
    if (i + 2 < end) h ^= bytes[i + 2]! << 16;
    if (i + 1 < end) h ^= bytes[i + 1]! << 8;
    h = Math.imul(h ^ bytes[i]!, m);
  }
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}

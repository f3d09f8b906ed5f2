/**
 * Paul Hsieh's SuperFastHash as twemproxy has it: the start value is 0 instead of the length.
 * Used by hash.ts; no allocation, result is signed, see KeyHash.
 */
export function hsieh(bytes: Uint8Array, start: number, end: number): number {
  let h = 0;
  let i = start;
  for (const lastBlock = end - 3; i < lastBlock; i += 4) {
    h = (h + (bytes[i]! | (bytes[i + 1]! << 8))) | 0;
    const t = ((bytes[i + 2]! | (bytes[i + 3]! << 8)) << 11) ^ h;
    h = (h << 16) ^ t;
    h = (h + (h >>> 11)) | 0;
  }
  const tail = end - i;
  if (tail === 3) {
    h = (h + (bytes[i]! | (bytes[i + 1]! << 8))) | 0;
    h ^= h << 16;
    // Only this byte is signed in the original; see hash-fnv.ts.
    h ^= ((bytes[i + 2]! << 24) >> 24) << 18;
    h = (h + (h >>> 11)) | 0;
  } else if (tail === 2) {
    h = (h + (bytes[i]! | (bytes[i + 1]! << 8))) | 0;
    h ^= h << 11;
    h = (h + (h >>> 17)) | 0;
  } else if (tail === 1) {
    h = (h + bytes[i]!) | 0;
    h ^= h << 10;
    h = (h + (h >>> 1)) | 0;
  }
  h ^= h << 3;
  h = (h + (h >>> 5)) | 0;
  h ^= h << 4;
  h = (h + (h >>> 17)) | 0;
  h ^= h << 25;
  return (h + (h >>> 6)) | 0;
}

/**
 * The CRC family: IEEE CRC-32 plain, mixed and in twemproxy's 15-bit form, and the CRC-16 of twemproxy and Redis Cluster.
 * Used by hash.ts and redis-cluster.ts. One table look-up a byte, no allocation; results are signed, see KeyHash.
 * A CRC is linear: keys that differ in few bits get values that differ in a fixed pattern, so plain CRC-32 clumps on a
 * ring (docs/routing.md has the figures). crc32Mix passes it through murmur's finaliser, which removes that.
 */
import { fmix32 } from './hash-murmur.js';

const crc32Table = new Int32Array(256).map((_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

const crc16Table = new Int32Array(256).map((_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  return crc;
});

/** IEEE CRC-32, as zlib and twemproxy's `crc32a` compute it. */
export function crc32(bytes: Uint8Array, start: number, end: number): number {
  let crc = -1;
  for (let i = start; i < end; i++) crc = crc32Table[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc;
}

export function crc32Mix(bytes: Uint8Array, start: number, end: number): number {
  return fmix32(crc32(bytes, start, end));
}

/** twemproxy's and old libmemcached's `crc32`: 15 bits of the CRC, so all values lie in the first 1/131072 of a ring. */
export function crc32Legacy(bytes: Uint8Array, start: number, end: number): number {
  return (crc32(bytes, start, end) >>> 16) & 0x7fff;
}

/**
 * CRC-16/XMODEM in the low 16 bits. Like twemproxy's it is never masked: shifted-out bits stay above, and
 * twemproxy's placement depends on them. Redis Cluster's slot is this value & 16383.
 */
export function crc16(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0;
  for (let i = start; i < end; i++) crc = (crc << 8) ^ crc16Table[((crc >>> 8) ^ bytes[i]!) & 255]!;
  return crc;
}

/**
 * Key hashes by name: what the config schema offers, what a Partitioner calls once per request.
 * Twelve of them are twemproxy's, bit for bit (x86 builds; test/data/twemproxy-placement.json pins them). Beware of one
 * name: twemproxy's `crc32` is a 15-bit value, called `crc32_legacy` here; our `crc32` is its `crc32a`.
 * The default, murmur3_32, is the fastest of the even ones: docs/decisions/0002-ring-evenness.md has the figures.
 */
import { crc16, crc32, crc32Legacy, crc32Mix } from './hash-crc.js';
import { fnv1_32, fnv1_64, fnv1a_32, fnv1a_64 } from './hash-fnv.js';
import { hsieh } from './hash-hsieh.js';
import { jenkins, oneAtATime } from './hash-jenkins.js';
import { murmur2, murmur3 } from './hash-murmur.js';
import { md5 } from './md5.js';

/**
 * The hash of bytes [start, end). All 32 bits count, returned as a signed integer: V8 boxes a number above 2^31 on the
 * heap when it does not inline the call (16-byte keys: 19 ns boxed, 13 ns signed). `>>> 0` gives the usual uint32.
 */
export type KeyHash = (bytes: Uint8Array, start: number, end: number) => number;

export const hashNames = [
  'murmur3_32',
  'crc32_mix',
  'crc32',
  'crc32a',
  'crc32_legacy',
  'one_at_a_time',
  'md5',
  'crc16',
  'fnv1_64',
  'fnv1a_64',
  'fnv1_32',
  'fnv1a_32',
  'hsieh',
  'murmur',
  'jenkins',
] as const;

export type HashName = (typeof hashNames)[number];

export const defaultHash = 'murmur3_32' satisfies HashName;

export const keyHashes: Readonly<Record<HashName, KeyHash>> = {
  murmur3_32: murmur3,
  crc32_mix: crc32Mix,
  crc32,
  crc32a: crc32,
  crc32_legacy: crc32Legacy,
  one_at_a_time: oneAtATime,
  md5,
  crc16,
  fnv1_64,
  fnv1a_64,
  fnv1_32,
  fnv1a_32,
  hsieh,
  murmur: murmur2,
  jenkins,
};

/** twemproxy's `hash:` values and the name that means the same here. An imported pool must go through this. */
export const twemproxyHashes = {
  one_at_a_time: 'one_at_a_time',
  md5: 'md5',
  crc16: 'crc16',
  crc32: 'crc32_legacy',
  crc32a: 'crc32a',
  fnv1_64: 'fnv1_64',
  fnv1a_64: 'fnv1a_64',
  fnv1_32: 'fnv1_32',
  fnv1a_32: 'fnv1a_32',
  hsieh: 'hsieh',
  murmur: 'murmur',
  jenkins: 'jenkins',
} as const satisfies Readonly<Record<string, HashName>>;

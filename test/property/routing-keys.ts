/**
 * A million keys of each of three shapes, from a fixed seed, hashed as they are made: the keys themselves are never held.
 * Used by routing-evenness.test.ts.
 */
import { keyHashes, type HashName } from '../../src/routing/hash.js';

export const keyCount = 1_000_000;
export const keyShapes = ['key:N', 'uuid', 'url'] as const;
export type KeyShape = (typeof keyShapes)[number];

/** Mulberry32: small, seeded, good enough to make up keys. Returns a uint32. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(8, '0').slice(-digits);
}

function uuid(random: () => number): string {
  const variant = hex(0x8000 | (random() & 0x3fff), 4);
  return `${hex(random(), 8)}-${hex(random(), 4)}-4${hex(random(), 3)}-${variant}-${hex(random(), 4)}${hex(random(), 8)}`;
}

const sections = ['shoes', 'books', 'garden', 'music', 'toys'];

function url(i: number, random: () => number): string {
  const section = sections[i % sections.length]!;
  return `https://shop.example.com/en/${section}/item-${i}?page=${random() % 9}&size=20`;
}

function keyText(shape: KeyShape, i: number, random: () => number): string {
  if (shape === 'key:N') return `key:${i}`;
  return shape === 'uuid' ? uuid(random) : url(i, random);
}

/**
 * For each hash asked for, the hashes of every `stride`-th key of a shape, sorted: shares and movement do not depend on
 * the order of keys, and a ring is looked up about five times faster in order than at random.
 */
export function hashKeys(
  shape: KeyShape,
  hashes: readonly HashName[],
  stride: number,
): ReadonlyMap<HashName, Int32Array> {
  const random = seededRandom(20_261_123);
  const bytes = Buffer.alloc(128);
  const results = new Map(hashes.map((name) => [name, new Int32Array(Math.ceil(keyCount / stride))]));
  for (let i = 0; i < keyCount; i++) {
    const text = keyText(shape, i, random);
    if (i % stride !== 0) continue;
    const end = bytes.write(text, 'latin1');
    for (const [name, values] of results) values[i / stride] = keyHashes[name](bytes, 0, end);
  }
  for (const values of results.values()) values.sort();
  return results;
}

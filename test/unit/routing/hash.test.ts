import { describe, expect, it } from 'vitest';
import { fmix32, murmur3Seeded } from '../../../src/routing/hash-murmur.js';
import { defaultHash, hashNames, keyHashes, twemproxyHashes, type HashName } from '../../../src/routing/hash.js';
import { vectorKeys, vectors } from './twemproxy-vectors.js';

const hashText = (name: HashName, text: string): number => {
  const bytes = Buffer.from(text);
  return keyHashes[name](bytes, 0, bytes.length) >>> 0;
};

describe('hashes of twemproxy', () => {
  it('cover all twelve names of twemproxy', () => {
    expect(Object.keys(twemproxyHashes).sort()).toEqual(Object.keys(vectors.hash_values).sort());
  });

  it.each(Object.entries(twemproxyHashes))('%s equals the recorded value of every key', (theirName, ourName) => {
    const hash = keyHashes[ourName];
    // The empty key is recorded as 0 without being hashed; partitioner.test.ts covers it.
    const actual = vectorKeys.map((key) => (key.length === 0 ? 0 : hash(key, 0, key.length) >>> 0));
    expect(actual).toEqual(vectors.hash_values[theirName]);
  });
});

describe('every hash', () => {
  it.each(hashNames)('%s reads only the bytes of its range', (name) => {
    for (let length = 0; length <= 40; length++) {
      const key = Buffer.from(Array.from({ length }, (_, i) => (i * 37 + 129) & 255));
      const framed = Buffer.concat([Buffer.from('é$'), key, Buffer.from('ÿ}')]);
      const alone = keyHashes[name](key, 0, length);
      expect(keyHashes[name](framed, 3, 3 + length)).toBe(alone);
    }
  });

  it.each(hashNames)('%s returns a signed 32-bit integer', (name) => {
    for (const key of vectorKeys) {
      const value = keyHashes[name](key, 0, key.length);
      expect(value).toBe(value | 0);
    }
  });
});

describe('hashes with published check values', () => {
  it('crc32 and its alias crc32a are the IEEE CRC', () => {
    expect(hashText('crc32', '123456789')).toBe(0xcbf43926);
    expect(keyHashes.crc32a).toBe(keyHashes.crc32);
  });

  it('crc16 holds CRC-16/XMODEM in its low half', () => {
    expect(hashText('crc16', '123456789') & 0xffff).toBe(0x31c3);
  });

  it('crc32_mix is the IEEE CRC passed through fmix32', () => {
    expect(hashText('crc32_mix', '123456789')).toBe(fmix32(0xcbf43926) >>> 0);
    expect(fmix32(1) >>> 0).toBe(0x514e28b7);
  });

  it('murmur3_32 gives the values of SMHasher', () => {
    expect(hashText('murmur3_32', '')).toBe(0);
    expect(hashText('murmur3_32', 'test')).toBe(0xba6bd213);
    expect(hashText('murmur3_32', 'Hello, world!')).toBe(0xc0363e43);
    expect(hashText('murmur3_32', 'The quick brown fox jumps over the lazy dog')).toBe(0x2e4ff723);
    expect(murmur3Seeded(Buffer.from('aaa'), 0, 3, 0x9747b28c) >>> 0).toBe(0x283e0130);
  });

  it('the default is one of the names offered', () => {
    expect(hashNames).toContain(defaultHash);
  });
});

import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/errors.js';
import { hashNames, keyHashes } from '../../../src/routing/hash.js';
import { Partitioner, partitioningAlgorithms } from '../../../src/routing/partitioner.js';

const nodes = ['cache-1', 'cache-2', 'cache-3'].map((id) => ({ id, weight: 1 }));
const random = (): number => 0.4;

const nodeOf = (partitioner: Partitioner, key: string): number => {
  const framed = Buffer.from(`<${key}>`);
  return partitioner.nodeOf(framed, 1, framed.length - 1);
};

describe('a partitioner', () => {
  it.each(partitioningAlgorithms)('%s sends keys with one hash tag to one node', (algorithm) => {
    const partitioner = new Partitioner({ nodes, algorithm, hashTag: '{}', random });
    for (const tag of ['a', '42', 'user:7']) {
      const owner = nodeOf(partitioner, tag);
      for (let i = 0; i < 30; i++) expect(nodeOf(partitioner, `x${i}:{${tag}}:y${i}`)).toBe(owner);
    }
  });

  it.each(hashNames)('takes the empty key as hash 0 with %s', (hash) => {
    const partitioner = new Partitioner({ nodes, algorithm: 'modula', hash });
    expect(partitioner.hashOf(Buffer.from('xx'), 1, 1)).toBe(0);
    expect(nodeOf(partitioner, '')).toBe(0);
  });

  it('hashes the whole key when it has no hash tag or an empty one', () => {
    const tagged = new Partitioner({ nodes, algorithm: 'modula', hashTag: '{}' });
    for (const key of ['plain', '{}', '{}{a}', 'a}b{', '{open']) {
      const bytes = Buffer.from(key);
      expect(tagged.hashOf(bytes, 0, bytes.length)).toBe(keyHashes.murmur3_32(bytes, 0, bytes.length) >>> 0);
    }
  });

  it('does not look past the end of the key for a close byte', () => {
    const bytes = Buffer.from('{abc}');
    const tagged = new Partitioner({ nodes, algorithm: 'modula', hashTag: '{}' });
    expect(tagged.hashOf(bytes, 0, 4)).toBe(keyHashes.murmur3_32(bytes, 0, 4) >>> 0);
  });

  it.each(partitioningAlgorithms)('%s gives everything to the only node', (algorithm) => {
    const partitioner = new Partitioner({ nodes: nodes.slice(0, 1), algorithm, random });
    const out = Int32Array.of(-1, -1);
    expect(nodeOf(partitioner, 'any')).toBe(0);
    expect(partitioner.ownersOf(Buffer.from('any'), 0, 3, 2, out)).toBe(1);
    expect(out[0]).toBe(0);
    expect(partitioner.explain(Buffer.from('any'))).toMatchObject({ node: 0, placement: { kind: 'only' } });
    expect([...partitioner.shares()]).toEqual([1]);
  });

  it('draws a node for every request with random', () => {
    let draws = 0;
    const counting = (): number => ++draws / 10;
    const partitioner = new Partitioner({ nodes, algorithm: 'random', random: counting });
    expect([0, 1, 2, 3, 4, 5].map(() => nodeOf(partitioner, 'same'))).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it.each([
    [{ algorithm: 'maglev', replicas: 100 }, /replicas is an option of consistent_hashing, not of maglev/],
    [{ algorithm: 'consistent_hashing', replicas: 0 }, /from 1 to 65536, got 0/],
    [{ algorithm: 'consistent_hashing', replicas: 1.5 }, /whole number/],
    [{ algorithm: 'jump', slotRanges: [] }, /belong to redis_cluster/],
    [{ algorithm: 'ketama', hashTag: '{' }, /exactly two bytes/],
    [{ algorithm: 'random' }, /source of randomness/],
  ] as const)('refuses %j', (options, message) => {
    expect(() => new Partitioner({ nodes, ...options })).toThrow(message);
    expect(() => new Partitioner({ nodes, ...options })).toThrow(ConfigError);
  });
});

describe('explain', () => {
  const why = (options: Partial<ConstructorParameters<typeof Partitioner>[0]>, key: string): string =>
    new Partitioner({ nodes, algorithm: 'consistent_hashing', random, ...options }).explain(Buffer.from(key)).why;

  it('says in one sentence why a key goes where it goes', () => {
    expect(why({ replicas: 2, hash: 'crc32' }, 'apple')).toMatch(
      /^crc32 of the key is 2838417488; the first point at or after it, \d+ \(point \d of 6\), belongs to "cache-\d"\.$/,
    );
    expect(why({ algorithm: 'redis_cluster' }, '{foo}1')).toBe(
      'crc16 of the hash tag is 44950, which is slot 12182 of 16384; that slot belongs to "cache-3".',
    );
    expect(why({ algorithm: 'rendezvous' }, 'apple')).toMatch(/of all nodes, "cache-\d" scores highest for it \(/);
    expect(why({ algorithm: 'random' }, 'apple')).toBe('Every request draws a node anew; this draw gave "cache-2".');
    expect(why({ nodes: nodes.slice(0, 1) }, 'apple')).toMatch(/^"cache-1" is the only node/);
  });

  it('says so when a key lies past the last point', () => {
    const sentences = Array.from({ length: 200 }, (_, i) => why({ replicas: 1 }, `key:${i}`));
    expect(sentences.some((text) => text.includes('past the last point, so the first one,'))).toBe(true);
  });

  it('shows which bytes were hashed', () => {
    const partitioner = new Partitioner({ nodes, algorithm: 'maglev', hashTag: '{}' });
    const { hashed, hash, hashName, algorithm } = partitioner.explain(Buffer.from('user:{42}:name'));
    expect(Buffer.from(hashed).toString()).toBe('42');
    expect(hash).toBe(keyHashes.murmur3_32(Buffer.from('42'), 0, 2) >>> 0);
    expect([hashName, algorithm]).toEqual(['murmur3_32', 'maglev']);
  });
});

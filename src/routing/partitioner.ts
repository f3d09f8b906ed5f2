/**
 * From a key's bytes to the node that owns it: hash tag, hash and distribution of one pool, joined.
 * Built once from a pool's nodes and immutable; a change of membership builds a new one. The config schema takes the
 * lists of names and defaults from here, the router calls `nodeOf` once per request, the admin side calls `explain`.
 * What a pool does not use costs it nothing: the function behind `nodeOf` is chosen when the partitioner is built.
 */
import { ConfigError } from '../errors.js';
import { buildConsistentHashing, defaultReplicas } from './consistent-hashing.js';
import { checkNodes, type Distribution, type Placement, type RoutedNode } from './distribution.js';
import { hashedPart, indexOfByte, parseHashTag } from './hash-tag.js';
import { defaultHash, keyHashes, type HashName, type KeyHash } from './hash.js';
import { murmur3, murmur3Unless } from './hash-murmur.js';
import { Jump } from './jump.js';
import { buildKetama } from './ketama.js';
import { Maglev } from './maglev.js';
import { Modula } from './modula.js';
import { RandomDistribution } from './random.js';
import { RedisCluster, type SlotRange } from './redis-cluster.js';
import { Rendezvous } from './rendezvous.js';

export const partitioningAlgorithms = [
  'consistent_hashing',
  'maglev',
  'jump',
  'rendezvous',
  'ketama',
  'modula',
  'random',
  'redis_cluster',
] as const;

export type PartitioningAlgorithm = (typeof partitioningAlgorithms)[number];

export const defaultAlgorithm = 'consistent_hashing' satisfies PartitioningAlgorithm;

export interface PartitionerOptions {
  readonly nodes: readonly RoutedNode[];
  readonly algorithm: PartitioningAlgorithm;
  /** Default: murmur3_32; crc16 for redis_cluster, which takes no other. */
  readonly hash?: HashName | undefined;
  /** Points of a node of weight 1, for consistent_hashing only. */
  readonly replicas?: number | undefined;
  /** Two bytes such as "{}". Default: none; "{}" for redis_cluster, which takes no other. */
  readonly hashTag?: string | undefined;
  /** Which node owns which slots, for redis_cluster only. Default: dealt evenly. */
  readonly slotRanges?: readonly SlotRange[] | undefined;
  /** Uniform in [0, 1). Needed by `random` only. */
  readonly random?: (() => number) | undefined;
}

/** Where a key goes and why, in the words of `ringward route` and the admin API. */
export interface Explanation {
  /** Unsigned. */
  readonly hash: number;
  /** The part of the key that was hashed: its tag, or all of it. A view. */
  readonly hashed: Uint8Array;
  readonly algorithm: PartitioningAlgorithm;
  readonly hashName: HashName;
  readonly placement: Placement;
  /** Index of the owner. */
  readonly node: number;
  /** One plain sentence. */
  readonly why: string;
}

export type NodeOf = (bytes: Uint8Array, start: number, end: number) => number;

/** Most `replicas` that a configuration may ask for. */
export const replicasMax = 65_536;

export class Partitioner {
  readonly nodes: readonly RoutedNode[];
  readonly algorithm: PartitioningAlgorithm;
  readonly hashName: HashName;
  /** Index of the owner of the key in bytes [start, end). Does not allocate. */
  readonly nodeOf: NodeOf;
  private readonly distribution: Distribution;
  /** The hash with the pool's hash tag and twemproxy's rule for the empty key (value 0) applied; signed. */
  private readonly signedHashOf: KeyHash;
  private readonly tag: { readonly open: number; readonly close: number } | undefined;

  /** Throws ConfigError when nodes and options do not fit together. */
  constructor(options: PartitionerOptions) {
    checkNodes(options.nodes);
    checkOptions(options);
    const forCluster = options.algorithm === 'redis_cluster';
    const hashTag = options.hashTag ?? (forCluster ? '{}' : undefined);
    this.nodes = options.nodes;
    this.algorithm = options.algorithm;
    this.hashName = options.hash ?? (forCluster ? 'crc16' : defaultHash);
    this.tag = hashTag === undefined ? undefined : parseHashTag(hashTag);
    const hash = keyHashes[this.hashName];
    this.distribution = buildDistribution(options, hash);
    this.signedHashOf = this.tag === undefined ? wholeKeyHash(hash) : taggedHash(hash, this.tag.open, this.tag.close);
    this.nodeOf = chooseLookup(
      options,
      this.distribution,
      this.signedHashOf,
      this.tag === undefined ? hash : undefined,
    );
  }

  /** The key's hash, unsigned, after the hash tag. The empty key hashes to 0. */
  hashOf(bytes: Uint8Array, start: number, end: number): number {
    return this.signedHashOf(bytes, start, end) >>> 0;
  }

  /** Up to `count` distinct nodes in order of preference, the owner first, into `out`; returns how many. */
  ownersOf(bytes: Uint8Array, start: number, end: number, count: number, out: Int32Array): number {
    return this.distribution.ownersOf(this.signedHashOf(bytes, start, end), count, out);
  }

  /** How the owner of `key` is found. For people: allocates. */
  explain(key: Uint8Array): Explanation {
    const hash = this.hashOf(key, 0, key.length);
    const hashed = this.tag === undefined ? key : hashedPart(key, this.tag.open, this.tag.close);
    const placement: Placement = this.nodes.length === 1 ? { kind: 'only', node: 0 } : this.distribution.explain(hash);
    const { algorithm, hashName } = this;
    const why = sentence(placement, this, hash, hashed.length < key.length);
    return { hash, hashed, algorithm, hashName, placement, node: placement.node, why };
  }

  /** The expected share of each node, 0 to 1. */
  shares(): Float64Array {
    return this.distribution.shares();
  }
}

function checkOptions({ algorithm, hash, hashTag, replicas, slotRanges }: PartitionerOptions): void {
  if (replicas !== undefined) {
    if (algorithm !== 'consistent_hashing') {
      throw new ConfigError(`replicas is an option of consistent_hashing, not of ${algorithm}`);
    }
    if (!Number.isInteger(replicas) || replicas < 1 || replicas > replicasMax) {
      throw new ConfigError(`replicas must be a whole number from 1 to ${replicasMax}, got ${replicas}`);
    }
  }
  if (algorithm === 'redis_cluster') {
    if (hash !== undefined && hash !== 'crc16') throw new ConfigError(`redis_cluster hashes with crc16, not ${hash}`);
    if (hashTag !== undefined && hashTag !== '{}') {
      throw new ConfigError(`redis_cluster has the hash tag "{}", not ${JSON.stringify(hashTag)}`);
    }
  } else if (slotRanges !== undefined) {
    throw new ConfigError(`slot ranges belong to redis_cluster, not to ${algorithm}`);
  }
}

function buildDistribution(options: PartitionerOptions, hash: KeyHash): Distribution {
  const { nodes, algorithm } = options;
  switch (algorithm) {
    case 'consistent_hashing':
      return buildConsistentHashing(nodes, hash, options.replicas ?? defaultReplicas);
    case 'maglev':
      return new Maglev(nodes);
    case 'jump':
      return new Jump(nodes);
    case 'rendezvous':
      return new Rendezvous(nodes);
    case 'ketama':
      return buildKetama(nodes);
    case 'modula':
      return new Modula(nodes);
    case 'random':
      if (options.random === undefined) throw new ConfigError('random needs a source of randomness');
      return new RandomDistribution(nodes, options.random);
    case 'redis_cluster':
      return new RedisCluster(nodes, options.slotRanges);
  }
}

function wholeKeyHash(hash: KeyHash): KeyHash {
  return (bytes, start, end) => (start === end ? 0 : hash(bytes, start, end));
}

function taggedHash(hash: KeyHash, open: number, close: number): KeyHash {
  const twoPasses = taggedHashOfAny(hash, open, close);
  if (hash !== murmur3) return twoPasses;
  const onePass = murmur3Unless(open, twoPasses);
  return (bytes, start, end) => (start === end ? 0 : onePass(bytes, start, end));
}

function taggedHashOfAny(hash: KeyHash, open: number, close: number): KeyHash {
  return (bytes, start, end) => {
    if (start === end) return 0;
    const opened = indexOfByte(bytes, start, end, open);
    if (opened < 0) return hash(bytes, start, end);
    const closed = indexOfByte(bytes, opened + 1, end, close);
    return closed > opened + 1 ? hash(bytes, opened + 1, closed) : hash(bytes, start, end);
  };
}

/** @param plainHash the bare hash when the pool has no hash tag: saves one call a request. */
function chooseLookup(
  { nodes, algorithm }: PartitionerOptions,
  distribution: Distribution,
  keyHash: KeyHash,
  plainHash: KeyHash | undefined,
): NodeOf {
  if (nodes.length === 1) return () => 0;
  if (algorithm === 'random') return () => distribution.ownerOf(0);
  if (plainHash === undefined) return (bytes, start, end) => distribution.ownerOf(keyHash(bytes, start, end));
  return (bytes, start, end) => distribution.ownerOf(start === end ? 0 : plainHash(bytes, start, end));
}

function sentence(placement: Placement, pool: Partitioner, hash: number, tagged: boolean): string {
  const owner = JSON.stringify(pool.nodes[placement.node]!.id);
  // Redis shows 16 bits of CRC16; the bits above are twemproxy's (hash-crc.ts) and do not matter to the slot.
  const shown = pool.algorithm === 'redis_cluster' ? hash & 0xffff : hash;
  const subject = `${pool.hashName} of ${tagged ? 'the hash tag' : 'the key'} is ${shown}`;
  switch (placement.kind) {
    case 'point': {
      const wraps = placement.value < hash;
      const which = wraps ? 'past the last point, so the first one,' : 'the first point at or after it,';
      return `${subject}; ${which} ${placement.value} (point ${placement.index + 1} of ${placement.of}), belongs to ${owner}.`;
    }
    case 'slot':
      return `${subject}, which is slot ${placement.slot} of ${placement.of}; that slot belongs to ${owner}.`;
    case 'score':
      return `${subject}; of all nodes, ${owner} scores highest for it (${placement.score.toPrecision(6)}).`;
    case 'drawn':
      return `Every request draws a node anew; this draw gave ${owner}.`;
    case 'only':
      return `${owner} is the only node of the pool, so the hash does not matter.`;
  }
}

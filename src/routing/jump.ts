/**
 * Jump consistent hash: even to the limit of the hash, no memory to speak of, O(ln n) steps.
 * Nodes are numbered by their order in the list, and only the last may come or go cheaply: removing or reordering others
 * moves many keys. A node of weight w takes w consecutive buckets, so weights are exact and the last node's share may
 * grow or shrink at the end of the list. With weights of 1 the result equals every other implementation's.
 * Reference: Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014.
 */
import { ConfigError } from '../errors.js';
import {
  isListed,
  totalWeight,
  weightShares,
  type Distribution,
  type Placement,
  type RoutedNode,
} from './distribution.js';
import { fmix32 } from './hash-murmur.js';

const bucketsMax = 4_194_304;

// The paper's 64-bit generator, key = key × 2862933555777941757 + 1, in 32-bit halves: BigInt would allocate.
const multiplierHigh = 0x27bb2ee6;
const multiplierLow = 0x87b0b0fd;
const multiplierLow0 = multiplierLow & 0xffff;
const multiplierLow1 = multiplierLow >>> 16;

/** The bucket, 0 to buckets - 1, of a key whose lower 32 bits are `hash` and whose upper are 0. */
export function jumpBucket(hash: number, buckets: number): number {
  let high = 0;
  let low = hash | 0;
  let bucket = 0;
  for (let next = 0; next < buckets;) {
    bucket = next;
    const low0 = low & 0xffff;
    const low1 = low >>> 16;
    const middle = low1 * multiplierLow0 + ((low0 * multiplierLow0) >>> 16);
    const carry = (middle >>> 16) + ((low0 * multiplierLow1 + (middle & 0xffff)) >>> 16);
    high = (low1 * multiplierLow1 + carry + Math.imul(low, multiplierHigh) + Math.imul(high, multiplierLow)) | 0;
    low = (Math.imul(low, multiplierLow) + 1) | 0;
    if (low === 0) high = (high + 1) | 0;
    next = Math.floor((bucket + 1) * (2 ** 31 / ((high >>> 1) + 1)));
  }
  return bucket;
}

export class Jump implements Distribution {
  private readonly nodes: readonly RoutedNode[];
  private readonly nodeByBucket: Uint16Array;

  constructor(nodes: readonly RoutedNode[]) {
    const buckets = totalWeight(nodes);
    if (buckets > bucketsMax) {
      throw new ConfigError(`jump: the weights add up to ${buckets}, at most ${bucketsMax}: divide them`);
    }
    this.nodes = nodes;
    this.nodeByBucket = new Uint16Array(buckets);
    let next = 0;
    for (const [index, { weight }] of nodes.entries()) {
      this.nodeByBucket.fill(index, next, next + weight);
      next += weight;
    }
  }

  ownerOf(hash: number): number {
    return this.nodeByBucket[jumpBucket(hash, this.nodeByBucket.length)]!;
  }

  /**
   * Each further owner is a jump of the hash mixed with a counter, so a lost node's keys spread over all others. When 16
   * tries bring no new node (few nodes, lopsided weights), it is the next one in bucket order.
   */
  ownersOf(hash: number, count: number, out: Int32Array): number {
    const buckets = this.nodeByBucket.length;
    let found = 0;
    let attempt = 0;
    let bucket = jumpBucket(hash, buckets);
    while (found < count) {
      for (let tries = 0; tries < 16 && isListed(out, found, this.nodeByBucket[bucket]!); tries++) {
        attempt++;
        bucket = jumpBucket(fmix32(hash + Math.imul(attempt, 0x9e3779b9)), buckets);
      }
      let steps = 0;
      for (; steps < buckets && isListed(out, found, this.nodeByBucket[bucket]!); steps++)
        bucket = (bucket + 1) % buckets;
      if (steps === buckets) return found;
      out[found++] = this.nodeByBucket[bucket]!;
    }
    return found;
  }

  explain(hash: number): Placement {
    const of = this.nodeByBucket.length;
    const slot = jumpBucket(hash, of);
    return { kind: 'slot', node: this.nodeByBucket[slot]!, slot, of };
  }

  shares(): Float64Array {
    return weightShares(this.nodes);
  }
}

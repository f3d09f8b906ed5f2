/**
 * A ring of points on the 32-bit circle; the first point at or after a hash owns it, past the last comes the first.
 * Used by consistent-hashing.ts and ketama.ts, which differ only in how they place points.
 * Look-up: the hash's top bits lead to a stretch of the circle; most stretches have one owner, which the table `owned`
 * names at once (bench/micro-routing.mjs: half the time of a search). In the others a bucket index over the sorted points
 * (about one bucket a point) gives where to start, then a short scan; a bucket that holds many points, as with a poor
 * hash, is searched by halving. No allocation.
 * Memory: 6 bytes a point plus 4 to 8 for the index, and at most 256 KiB for the table.
 */
import { isListed, type Distribution, type Placement } from './distribution.js';

/** Points past which building and memory (about 60 MiB) stop being reasonable. */
export const pointsMax = 4_194_304;

const scanMax = 8;

/** The table has up to eight stretches a point, and no more than this many bits of them. */
const ownedBitsMax = 17;
/** A stretch with more than one owner. Node indexes are below it (distribution.ts, nodesMax). */
const shared = 0xffff;

/** Sortable form of a point: by value, equal values by rank. Exact in a double: 48 bits. */
export function packPoint(value: number, rank: number): number {
  return (value >>> 0) * 65_536 + rank;
}

export class PointRing implements Distribution {
  /** Point values with the sign bit flipped, so that signed comparison orders them as unsigned: no boxing, no doubles. */
  private readonly points: Int32Array;
  /** Owner of each point, then once more the first owner, so that a scan past the last point needs no test. */
  private readonly owners: Uint16Array;
  /** Entry b: index of the first point whose value >>> shift is at least b. One more entry at the end. */
  private readonly buckets: Int32Array;
  private readonly shift: number;
  /** By the hash's top bits: the owner of every hash with these bits, or `shared`. */
  private readonly owned: Uint16Array;
  private readonly ownedShift: number;
  private readonly nodeCount: number;

  /** @param packed points of packPoint, in any order, not empty; sorted in place. @param nodeByRank rank → node index. */
  constructor(packed: Float64Array, nodeByRank: readonly number[], nodeCount: number) {
    packed.sort();
    const count = packed.length;
    this.nodeCount = nodeCount;
    this.points = new Int32Array(count);
    this.owners = new Uint16Array(count + 1);
    const bucketBits = Math.min(22, Math.max(1, Math.ceil(Math.log2(count))));
    this.shift = 32 - bucketBits;
    this.buckets = new Int32Array(2 ** bucketBits + 1);
    let nextBucket = 0;
    for (let i = 0; i < count; i++) {
      const value = Math.floor(packed[i]! / 65_536);
      this.points[i] = value ^ 0x80000000;
      this.owners[i] = nodeByRank[packed[i]! % 65_536]!;
      const bucket = value >>> this.shift;
      while (nextBucket <= bucket) this.buckets[nextBucket++] = i;
    }
    this.buckets.fill(count, nextBucket);
    this.owners[count] = this.owners[0]!;
    this.ownedShift = 32 - Math.min(ownedBitsMax, bucketBits + 3);
    this.owned = this.buildOwned();
  }

  get pointCount(): number {
    return this.points.length;
  }

  get byteLength(): number {
    return this.points.byteLength + this.owners.byteLength + this.buckets.byteLength + this.owned.byteLength;
  }

  ownerOf(hash: number): number {
    const owner = this.owned[hash >>> this.ownedShift]!;
    return owner === shared ? this.owners[this.indexOf(hash)]! : owner;
  }

  /** A stretch has one owner when the points from its first hash's to its last hash's all belong to that owner. */
  private buildOwned(): Uint16Array {
    const owned = new Uint16Array(2 ** (32 - this.ownedShift));
    for (let stretch = 0; stretch < owned.length; stretch++) {
      const first = stretch * 2 ** this.ownedShift;
      const from = this.indexOf(first | 0);
      const to = this.indexOf((first + 2 ** this.ownedShift - 1) | 0);
      const owner = this.owners[from]!;
      let i = from;
      while (i < to && this.owners[i + 1] === owner) i++;
      owned[stretch] = i === to ? owner : shared;
    }
    return owned;
  }

  ownersOf(hash: number, count: number, out: Int32Array): number {
    const pointCount = this.points.length;
    let found = 0;
    let at = this.indexOf(hash);
    for (let steps = 0; steps < pointCount && found < count; steps++) {
      const node = this.owners[at]!;
      if (!isListed(out, found, node)) out[found++] = node;
      at = at + 1 >= pointCount ? at + 1 - pointCount : at + 1;
    }
    return found;
  }

  explain(hash: number): Placement {
    const of = this.points.length;
    const index = this.indexOf(hash) % of;
    return { kind: 'point', node: this.owners[index]!, value: (this.points[index]! ^ 0x80000000) >>> 0, index, of };
  }

  shares(): Float64Array {
    const shares = new Float64Array(this.nodeCount);
    let previous = this.points.at(-1)! - 2 ** 32;
    for (const [i, point] of this.points.entries()) {
      shares[this.owners[i]!]! += (point - previous) / 2 ** 32;
      previous = point;
    }
    return shares;
  }

  /** Index of the first point at or after `hash`; the number of points when that wraps to the first. */
  private indexOf(hash: number): number {
    const bucket = hash >>> this.shift;
    const wanted = hash ^ 0x80000000;
    let low = this.buckets[bucket]!;
    let high = this.buckets[bucket + 1]!;
    while (high - low > scanMax) {
      const middle = (low + high) >>> 1;
      if (this.points[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    while (low < high && this.points[low]! < wanted) low++;
    return low;
  }
}

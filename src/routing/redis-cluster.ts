/**
 * Redis Cluster's distribution: slot = CRC16(key) & 16383, each node owns ranges of slots.
 * Without ranges the slots are dealt in the order of the nodes, in proportion to weight; for equal weights these are the
 * ranges that `redis-cli --cluster create` gives. The pool's hash is crc16 and its hash tag `{}`: the protocol says so.
 */
import { ConfigError } from '../errors.js';
import {
  ownersFromRuns,
  runEnds,
  tableShares,
  totalWeight,
  type Distribution,
  type Placement,
  type RoutedNode,
} from './distribution.js';

export const slotCount = 16_384;

/** Slots first..last, both included, belong to the node of that index. */
export interface SlotRange {
  readonly first: number;
  readonly last: number;
  readonly node: number;
}

function evenRanges(nodes: readonly RoutedNode[]): SlotRange[] {
  const total = totalWeight(nodes);
  const ranges: SlotRange[] = [];
  let first = 0;
  let weight = 0;
  for (const [node, each] of nodes.entries()) {
    weight += each.weight;
    const last = Math.round((slotCount * weight) / total) - 1;
    if (last >= first) ranges.push({ first, last, node });
    first = last + 1;
  }
  return ranges;
}

export class RedisCluster implements Distribution {
  private readonly owners: Uint16Array;
  private readonly ends: Int32Array;
  private readonly nodeCount: number;

  /** @param ranges must cover every slot exactly once. */
  constructor(nodes: readonly RoutedNode[], ranges: readonly SlotRange[] = evenRanges(nodes)) {
    this.nodeCount = nodes.length;
    this.owners = new Uint16Array(slotCount);
    const covered = new Uint8Array(slotCount);
    for (const { first, last, node } of ranges) {
      if (!Number.isInteger(first) || !Number.isInteger(last) || first < 0 || last >= slotCount || first > last) {
        throw new ConfigError(`redis_cluster: ${first}-${last} is not a range of slots within 0-${slotCount - 1}`);
      }
      if (nodes[node] === undefined) throw new ConfigError(`redis_cluster: slots ${first}-${last} name no node`);
      for (let slot = first; slot <= last; slot++) {
        if (covered[slot] === 1) throw new ConfigError(`redis_cluster: slot ${slot} is given twice`);
        covered[slot] = 1;
        this.owners[slot] = node;
      }
    }
    const gap = covered.indexOf(0);
    if (gap >= 0) throw new ConfigError(`redis_cluster: slot ${gap} belongs to no node`);
    this.ends = runEnds(this.owners);
  }

  ownerOf(hash: number): number {
    return this.owners[hash & (slotCount - 1)]!;
  }

  /** Further owners are those of the following ranges. */
  ownersOf(hash: number, count: number, out: Int32Array): number {
    return ownersFromRuns(this.owners, this.ends, hash & (slotCount - 1), count, out);
  }

  explain(hash: number): Placement {
    const slot = hash & (slotCount - 1);
    return { kind: 'slot', node: this.owners[slot]!, slot, of: slotCount };
  }

  shares(): Float64Array {
    return tableShares(this.owners, this.nodeCount);
  }
}

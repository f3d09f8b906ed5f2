/**
 * twemproxy's modula: every server repeated as often as its weight, in twemproxy's order; slot = hash modulo the number
 * of slots. Perfectly even for a good hash, but a change of membership moves nearly every key.
 * Look-up: one division and one read.
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
import { twemproxyOrder } from './twemproxy-order.js';

const slotsMax = 4_194_304;

export class Modula implements Distribution {
  private readonly slots: Uint16Array;
  private readonly ends: Int32Array;
  private readonly nodeCount: number;

  constructor(nodes: readonly RoutedNode[]) {
    const count = totalWeight(nodes);
    if (count > slotsMax) {
      throw new ConfigError(`modula: the weights add up to ${count}, at most ${slotsMax}: divide them`);
    }
    this.nodeCount = nodes.length;
    this.slots = new Uint16Array(count);
    let next = 0;
    for (const index of twemproxyOrder(nodes)) {
      const { weight } = nodes[index]!;
      this.slots.fill(index, next, next + weight);
      next += weight;
    }
    this.ends = runEnds(this.slots);
  }

  ownerOf(hash: number): number {
    return this.slots[(hash >>> 0) % this.slots.length]!;
  }

  ownersOf(hash: number, count: number, out: Int32Array): number {
    return ownersFromRuns(this.slots, this.ends, (hash >>> 0) % this.slots.length, count, out);
  }

  explain(hash: number): Placement {
    const slot = (hash >>> 0) % this.slots.length;
    return { kind: 'slot', node: this.slots[slot]!, slot, of: this.slots.length };
  }

  shares(): Float64Array {
    return tableShares(this.slots, this.nodeCount);
  }
}

/**
 * Maglev: a table of prime size filled by the nodes in turn, each following its own permutation of the slots.
 * The most even of the hashed distributions, with a look-up of one division and one read; a change of membership moves
 * a few per cent more keys than it must. Weights: a node takes weight / largest weight of a turn each round.
 * Memory 128 KiB; building takes some milliseconds. The order of the nodes does not matter.
 * Reference: Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, section 3.4.
 */
import { ConfigError } from '../errors.js';
import {
  indexesById,
  ownersFromTable,
  tableShares,
  type Distribution,
  type Placement,
  type RoutedNode,
} from './distribution.js';
import { murmur3Seeded } from './hash-murmur.js';

/** The paper's small and large table. At least 100 slots a node keep the shares within 1 %. */
const tableSize = 65_537;
const largeTableSize = 655_373;
const nodesPerTable = 100;
const weightRatioMax = 1000;

const offsetSeed = 0x6d61676c;
const skipSeed = 0x65760a01;

function fillTable(nodes: readonly RoutedNode[], order: readonly number[], size: number): Uint16Array {
  const heaviest = Math.max(...order.map((index) => nodes[index]!.weight));
  const position = new Int32Array(order.length);
  const skip = new Int32Array(order.length);
  const credit = new Float64Array(order.length);
  for (const [rank, index] of order.entries()) {
    const id = Buffer.from(nodes[index]!.id, 'utf8');
    position[rank] = (murmur3Seeded(id, 0, id.length, offsetSeed) >>> 0) % size;
    skip[rank] = ((murmur3Seeded(id, 0, id.length, skipSeed) >>> 0) % (size - 1)) + 1;
  }
  const table = new Uint16Array(size);
  const taken = new Uint8Array(size);
  for (let filled = 0; ;) {
    for (const [rank, index] of order.entries()) {
      credit[rank]! += nodes[index]!.weight;
      if (credit[rank]! < heaviest) continue;
      credit[rank]! -= heaviest;
      let slot = position[rank]!;
      while (taken[slot] === 1) slot = (slot + skip[rank]!) % size;
      taken[slot] = 1;
      table[slot] = index;
      position[rank] = (slot + skip[rank]!) % size;
      if (++filled === size) return table;
    }
  }
}

export class Maglev implements Distribution {
  private readonly table: Uint16Array;
  private readonly nodeCount: number;

  constructor(nodes: readonly RoutedNode[]) {
    const order = indexesById(nodes);
    const weights = order.map((index) => nodes[index]!.weight);
    if (Math.max(...weights) / Math.min(...weights) > weightRatioMax) {
      throw new ConfigError(`maglev: weights may differ by a factor of at most ${weightRatioMax}`);
    }
    if (order.length * nodesPerTable > largeTableSize) {
      throw new ConfigError(`maglev: at most ${Math.floor(largeTableSize / nodesPerTable)} nodes, got ${order.length}`);
    }
    this.table = fillTable(nodes, order, order.length * nodesPerTable > tableSize ? largeTableSize : tableSize);
    this.nodeCount = nodes.length;
  }

  ownerOf(hash: number): number {
    return this.table[(hash >>> 0) % this.table.length]!;
  }

  /** The table is shuffled, so the next slots are a fresh draw for every slot: a lost node's keys spread over all. */
  ownersOf(hash: number, count: number, out: Int32Array): number {
    return ownersFromTable(this.table, (hash >>> 0) % this.table.length, count, out);
  }

  explain(hash: number): Placement {
    const slot = (hash >>> 0) % this.table.length;
    return { kind: 'slot', node: this.table[slot]!, slot, of: this.table.length };
  }

  shares(): Float64Array {
    return tableShares(this.table, this.nodeCount);
  }
}

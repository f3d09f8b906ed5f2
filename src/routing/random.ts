/**
 * twemproxy's random: every request draws a node, all alike; as there, weights do not count (weight 0 excludes a node).
 * For pools whose nodes are interchangeable, such as read-only copies. The source of randomness is injected.
 */
import { activeIndexes, type Distribution, type Placement, type RoutedNode } from './distribution.js';

export class RandomDistribution implements Distribution {
  private readonly active: Uint16Array;
  private readonly nodeCount: number;
  private readonly random: () => number;

  /** @param random uniform in [0, 1). */
  constructor(nodes: readonly RoutedNode[], random: () => number) {
    this.active = Uint16Array.from(activeIndexes(nodes));
    this.nodeCount = nodes.length;
    this.random = random;
  }

  ownerOf(): number {
    return this.active[this.draw()]!;
  }

  /** The first is drawn, the others follow it in the order of the list. */
  ownersOf(_hash: number, count: number, out: Int32Array): number {
    const found = Math.min(count, this.active.length);
    const first = this.draw();
    for (let i = 0; i < found; i++) out[i] = this.active[(first + i) % this.active.length]!;
    return found;
  }

  explain(): Placement {
    return { kind: 'drawn', node: this.ownerOf() };
  }

  shares(): Float64Array {
    const shares = new Float64Array(this.nodeCount);
    for (const node of this.active) shares[node] = 1 / this.active.length;
    return shares;
  }

  private draw(): number {
    return Math.floor(this.random() * this.active.length);
  }
}

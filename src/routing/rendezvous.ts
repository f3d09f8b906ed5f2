/**
 * Rendezvous (highest random weight): every node scores every key, the best score owns it.
 * As even as the hash, no memory, and a node that goes leaves its keys to all others in proportion to their weights; but a
 * look-up costs O(nodes), so it suits small pools. With unequal weights the score is weight / -ln(u), u in (0, 1).
 * Reference: Thaler and Ravishankar, 1998; the weighted form is Schindelhauer and Schomaker's logarithmic method.
 */
import { indexesById, weightShares, type Distribution, type Placement, type RoutedNode } from './distribution.js';
import { fmix32, murmur3 } from './hash-murmur.js';

export class Rendezvous implements Distribution {
  private readonly nodes: readonly RoutedNode[];
  /** By rank in id order: node index, seed and weight. */
  private readonly nodeByRank: readonly number[];
  private readonly seeds: Int32Array;
  private readonly weights: Float64Array;
  private readonly weighted: boolean;
  /** Scores of the nodes listed so far by ownersOf, which runs to its end without being re-entered. */
  private readonly scratch: Float64Array;

  constructor(nodes: readonly RoutedNode[]) {
    this.nodes = nodes;
    this.nodeByRank = indexesById(nodes);
    const active = this.nodeByRank.map((index) => nodes[index]!);
    this.weights = Float64Array.from(active, (node) => node.weight);
    this.weighted = active.some((node) => node.weight !== active[0]!.weight);
    this.scratch = new Float64Array(active.length);
    this.seeds = new Int32Array(active.length);
    // Two nodes with one seed would tie on every key and the second would own nothing.
    const taken = new Set<number>();
    for (const [rank, node] of active.entries()) {
      const id = Buffer.from(node.id, 'utf8');
      let seed = murmur3(id, 0, id.length);
      while (taken.has(seed)) seed = fmix32(seed + 1);
      taken.add(seed);
      this.seeds[rank] = seed;
    }
  }

  ownerOf(hash: number): number {
    return this.nodeByRank[this.weighted ? this.bestWeighted(hash) : this.bestEqual(hash)]!;
  }

  ownersOf(hash: number, count: number, out: Int32Array): number {
    const wanted = Math.min(count, this.seeds.length);
    let found = 0;
    for (let rank = 0; rank < this.seeds.length; rank++) {
      const score = this.score(hash, rank);
      let at = found < wanted ? found++ : wanted;
      for (; at > 0 && this.scratch[at - 1]! < score; at--) {
        if (at < wanted) {
          this.scratch[at] = this.scratch[at - 1]!;
          out[at] = out[at - 1]!;
        }
      }
      if (at < wanted) {
        this.scratch[at] = score;
        out[at] = this.nodeByRank[rank]!;
      }
    }
    return wanted;
  }

  explain(hash: number): Placement {
    const rank = this.weighted ? this.bestWeighted(hash) : this.bestEqual(hash);
    return { kind: 'score', node: this.nodeByRank[rank]!, score: this.score(hash, rank) };
  }

  shares(): Float64Array {
    return weightShares(this.nodes);
  }

  /** The same order as `score`, on integers: measured 149 ns against 178 for 50 nodes. */
  private bestEqual(hash: number): number {
    let best = 0;
    let bestMix = fmix32(hash ^ this.seeds[0]!) ^ 0x80000000;
    for (let rank = 1; rank < this.seeds.length; rank++) {
      const mix = fmix32(hash ^ this.seeds[rank]!) ^ 0x80000000;
      if (mix > bestMix) {
        bestMix = mix;
        best = rank;
      }
    }
    return best;
  }

  private bestWeighted(hash: number): number {
    let best = 0;
    let bestScore = this.score(hash, 0);
    for (let rank = 1; rank < this.seeds.length; rank++) {
      const score = this.score(hash, rank);
      if (score > bestScore) {
        bestScore = score;
        best = rank;
      }
    }
    return best;
  }

  /** With equal weights u itself: it orders nodes as the weighted score would and saves the logarithm. */
  private score(hash: number, rank: number): number {
    const unit = ((fmix32(hash ^ this.seeds[rank]!) >>> 0) + 0.5) / 2 ** 32;
    return this.weighted ? this.weights[rank]! / -Math.log(unit) : unit;
  }
}

/**
 * A distribution says which node owns a hash. One file per algorithm implements this interface; partitioner.ts builds
 * and uses them. All are immutable and refer to nodes by their index in the array they were built from: a change of
 * membership builds a new one. Look-ups do not allocate.
 */
import { ConfigError } from '../errors.js';

export interface RoutedNode {
  /** Stable identity: replacing the machine behind an id moves no keys. */
  readonly id: string;
  /** Whole number, 0 = owns nothing (a node being drained). Shares are proportional to it. */
  readonly weight: number;
  /** Name on a twemproxy ring (ketama, modula) when it differs from the id. */
  readonly name?: string;
}

/** How an owner was found; what `explain` shows an operator. Numbers are unsigned. */
export type Placement =
  | {
      readonly kind: 'point';
      readonly node: number;
      readonly value: number;
      readonly index: number;
      readonly of: number;
    }
  | { readonly kind: 'slot'; readonly node: number; readonly slot: number; readonly of: number }
  | { readonly kind: 'score'; readonly node: number; readonly score: number }
  | { readonly kind: 'drawn'; readonly node: number }
  | { readonly kind: 'only'; readonly node: number };

export interface Distribution {
  /** The owner of a hash, given as any 32 bits, signed or not. */
  ownerOf(hash: number): number;
  /**
   * Writes up to `count` distinct nodes to `out`, the owner first, then in the order in which they would take over.
   * Returns how many; fewer than asked only when fewer nodes own anything. `out` must have room for `count`.
   */
  ownersOf(hash: number, count: number, out: Int32Array): number;
  explain(hash: number): Placement;
  /** The expected share of each node, 0 to 1, from the structure itself; they sum to 1. */
  shares(): Float64Array;
}

/** Owners are stored in 16 bits. */
export const nodesMax = 65_535;

/** Throws ConfigError for a node list that no distribution can be built from. */
export function checkNodes(nodes: readonly RoutedNode[]): void {
  if (nodes.length === 0) throw new ConfigError('a pool needs at least one node');
  if (nodes.length > nodesMax) throw new ConfigError(`a pool has at most ${nodesMax} nodes, got ${nodes.length}`);
  const ids = new Set<string>();
  for (const { id, weight } of nodes) {
    if (ids.has(id)) throw new ConfigError(`node id ${JSON.stringify(id)} is used twice in one pool`);
    ids.add(id);
    if (!Number.isSafeInteger(weight) || weight < 0) {
      throw new ConfigError(`node ${JSON.stringify(id)}: weight must be a whole number of at least 0, got ${weight}`);
    }
  }
  if (nodes.every((node) => node.weight === 0))
    throw new ConfigError('at least one node of a pool needs weight above 0');
}

/** Indexes of the nodes that own something, by id: the order that makes a build independent of the input's order. */
export function indexesById(nodes: readonly RoutedNode[]): number[] {
  return activeIndexes(nodes).sort((a, b) => (nodes[a]!.id < nodes[b]!.id ? -1 : 1));
}

/** Indexes of the nodes with weight above 0, in the order given. */
export function activeIndexes(nodes: readonly RoutedNode[]): number[] {
  return [...nodes.keys()].filter((index) => nodes[index]!.weight > 0);
}

export function totalWeight(nodes: readonly RoutedNode[]): number {
  return nodes.reduce((sum, node) => sum + node.weight, 0);
}

/** Weight over total weight: the shares of the distributions that have no structure of their own to count. */
export function weightShares(nodes: readonly RoutedNode[]): Float64Array {
  const total = totalWeight(nodes);
  return Float64Array.from(nodes, (node) => node.weight / total);
}

/** True if `node` is among the first `found` entries. Linear: owners are few. */
export function isListed(out: Int32Array, found: number, node: number): boolean {
  for (let i = 0; i < found; i++) if (out[i] === node) return true;
  return false;
}

/** The shares that a table of owners gives, every entry counting the same. */
export function tableShares(table: Uint16Array, nodeCount: number): Float64Array {
  const shares = new Float64Array(nodeCount);
  for (const owner of table) shares[owner]! += 1;
  return shares.map((slots) => slots / table.length);
}

/** ownersOf for shuffled tables: distinct owners walking up from `slot`, wrapping at the end. */
export function ownersFromTable(table: Uint16Array, slot: number, count: number, out: Int32Array): number {
  let found = 0;
  let at = slot;
  for (let steps = 0; steps < table.length && found < count; steps++) {
    const node = table[at]!;
    if (!isListed(out, found, node)) out[found++] = node;
    at = at + 1 === table.length ? 0 : at + 1;
  }
  return found;
}

/** For tables of long runs of one owner: entry i is where the run that holds i ends (exclusive). */
export function runEnds(table: Uint16Array): Int32Array {
  const ends = new Int32Array(table.length);
  for (let i = table.length - 1, end = table.length; i >= 0; i--) {
    if (i + 1 < table.length && table[i] !== table[i + 1]) end = i + 1;
    ends[i] = end;
  }
  return ends;
}

/** ownersOf for tables of runs: as ownersFromTable, one step a run instead of one a slot. */
export function ownersFromRuns(
  table: Uint16Array,
  ends: Int32Array,
  slot: number,
  count: number,
  out: Int32Array,
): number {
  let found = 0;
  let at = slot;
  for (let walked = 0; walked < table.length && found < count;) {
    const node = table[at]!;
    if (!isListed(out, found, node)) out[found++] = node;
    const end = ends[at]!;
    walked += end - at;
    at = end === table.length ? 0 : end;
  }
  return found;
}

/**
 * The default distribution: a node of weight w has w × replicas points, point i being the pool's hash of `<id>:<i>`.
 * Neither the order of the nodes nor the presence of another node changes a node's points, so removing a node moves
 * its keys and no other's. Why 2048 points: docs/decisions/0002-ring-evenness.md.
 */
import { ConfigError } from '../errors.js';
import { indexesById, totalWeight, type RoutedNode } from './distribution.js';
import type { KeyHash } from './hash.js';
import { PointName } from './point-name.js';
import { packPoint, PointRing, pointsMax } from './point-ring.js';

/** Points of a node of weight 1. */
export const defaultReplicas = 2048;

export function buildConsistentHashing(nodes: readonly RoutedNode[], hash: KeyHash, replicas: number): PointRing {
  const pointCount = totalWeight(nodes) * replicas;
  if (pointCount > pointsMax) {
    throw new ConfigError(
      `the ring would have ${pointCount} points (total weight ${totalWeight(nodes)} × ${replicas} replicas), at most ` +
        `${pointsMax}: divide the weights by their common factor or lower replicas`,
    );
  }
  const packed = new Float64Array(pointCount);
  const nodeByRank = indexesById(nodes);
  let next = 0;
  for (const [rank, index] of nodeByRank.entries()) {
    const node = nodes[index]!;
    const name = new PointName(`${node.id}:`);
    for (let i = 0; i < node.weight * replicas; i++) {
      packed[next++] = packPoint(hash(name.bytes, 0, name.number(i)), rank);
    }
  }
  return new PointRing(packed, nodeByRank, nodes.length);
}

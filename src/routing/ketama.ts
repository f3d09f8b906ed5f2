/**
 * twemproxy's ketama, point for point: MD5 points whatever the key hash, about 160 a server, shared out by weight.
 * The number of points depends on all live servers and on rounding in 32-bit floats after each step (25 equal servers get
 * 156 each, not 160), so a change of membership also moves a few keys between servers that stay.
 * To follow twemproxy's ejection, build a new one from the survivors. Reference: twemproxy hashkit/nc_ketama.c.
 */
import type { RoutedNode } from './distribution.js';
import { md5Words } from './md5.js';
import { PointName } from './point-name.js';
import { packPoint, PointRing } from './point-ring.js';
import { ringName, twemproxyOrder } from './twemproxy-order.js';

const pointsPerServer = 160;
const pointsPerDigest = 4;

/** How many MD5 digests, of four points each, a server hashes. Rounds to 32 bits where the C code does. */
function digestCount(weight: number, total: number, liveServers: number): number {
  const { fround } = Math;
  const share = fround(fround(weight) / fround(total));
  const digestsAtEqualShare = fround(fround(share * pointsPerServer) / pointsPerDigest);
  return Math.floor(fround(fround(digestsAtEqualShare * liveServers) + 1e-10));
}

export function buildKetama(nodes: readonly RoutedNode[]): PointRing {
  const nodeByRank = twemproxyOrder(nodes);
  const total = nodeByRank.reduce((sum, index) => sum + nodes[index]!.weight, 0);
  const packed: number[] = [];
  for (const [rank, index] of nodeByRank.entries()) {
    const node = nodes[index]!;
    const name = new PointName(`${ringName(node)}-`);
    const digests = digestCount(node.weight, total, nodeByRank.length);
    for (let i = 0; i < digests; i++) {
      const words = md5Words(name.bytes, 0, name.number(i));
      for (const word of words) packed.push(packPoint(word, rank));
    }
  }
  return new PointRing(Float64Array.from(packed), nodeByRank, nodes.length);
}

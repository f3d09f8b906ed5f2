/**
 * Cursors of SCAN over several nodes: what the client sees is the node's own cursor times 1024 plus the node's index.
 *
 *   0            the start of node 0, and, in a reply, the end of the whole scan
 *   i            the start of node i; follows when node i - 1 has answered its own 0
 *   c * 1024 + i cursor c of node i
 *
 * A node's cursor that is not 0 gives at least 1024, and the start of a later node is never 0, so nothing but the end
 * looks like the end. A pool has at most 1024 nodes (config/pool.ts). Cursors are unsigned 64-bit decimals for clients,
 * hence a node's must be below 2^54; those of redis-server are smaller than its hash table (shifted by 14 bits in Redis
 * Cluster). The cursor says all, so any worker and any proxy over the same list of nodes goes on with it.
 * Reference: parseScanCursorOrReply in redis-server's db.c.
 */

/** As many as a pool may have. */
const NODES_MAX = 1024n;
const NODE_CURSOR_MAX = (1n << 54n) - 1n;
const CURSOR_MAX = (1n << 64n) - 1n;
/** More digits than 2^64 has, zeros in front included: longer texts are not worth reading. */
const CURSOR_TEXT_MAX = 64;

export interface ScanPlace {
  readonly node: number;
  /** Decimal, as the node wants it. */
  readonly nodeCursor: string;
}

/** Where the client's cursor leads in a pool of `nodes`; undefined when it is none. Reads what strtoul reads. */
export function placeOf(text: string, nodes: number): ScanPlace | undefined {
  const nul = text.indexOf('\0');
  const digits = nul < 0 ? text : text.slice(0, nul);
  // strtoul finds no number in an empty text and calls that 0.
  if (digits === '') return { node: 0, nodeCursor: '0' };
  if (digits.length > CURSOR_TEXT_MAX || !/^[+-]?\d+$/.test(digits)) return undefined;
  const size = BigInt(digits.replace(/^[+-]/, ''));
  if (size > CURSOR_MAX) return undefined;
  const cursor = digits.startsWith('-') ? BigInt.asUintN(64, -size) : size;
  const node = Number(cursor % NODES_MAX);
  return node < nodes ? { node, nodeCursor: (cursor / NODES_MAX).toString() } : undefined;
}

/** The client's next cursor after node `node` of `nodes` answered `nodeCursor`; undefined when that is too large. */
export function cursorAfter(node: number, nodeCursor: string, nodes: number): string | undefined {
  const cursor = BigInt(nodeCursor);
  if (cursor > NODE_CURSOR_MAX) return undefined;
  if (cursor === 0n) return node + 1 === nodes ? '0' : String(node + 1);
  return (cursor * NODES_MAX + BigInt(node)).toString();
}

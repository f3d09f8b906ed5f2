/**
 * Commands with several keys, or with a number of keys that their arguments decide: they pass as they are when one node
 * has all keys. Otherwise no node could answer: the proxy computes it where the pool says so (cross-node/), or else the
 * client is told which keys are apart and how a hash tag joins them.
 */
import type { Command } from '../command/command.js';
import { extractKeys, KeyList } from '../command/keys.js';
import { Flag } from '../command/flags.js';
import { crossNodeRead } from './cross-node/cross-node-read.js';
import { crossSlot, keyTooLong } from '../downstream/resp-errors.js';
import type { RespSession } from '../downstream/resp-session.js';
import { nodeThatIsUp } from './any-node.js';
import { Outcome, type RespRequest } from './request.js';
import { forwardWhole } from './send.js';
import type { Shape } from './shape.js';

export function sameNode(command: Command): Shape {
  const isWrite = (command.flags & Flag.readonly) === 0;
  const keys = new KeyList();
  const crossing = crossNodeRead(command);
  return (session, request) => {
    const { bytes, args, argc } = request;
    const count = extractKeys(command, bytes, args, argc, keys);
    // The keys cannot be told, so the request is malformed: any node answers it with its own syntax error.
    if (count <= 0) return forwardWhole(session, request, nodeThatIsUp(session), isWrite);
    if (crossing !== null && session.service.pool.config.crossNodeReads && spansNodes(session, request, keys)) {
      return crossing(session, request, keys);
    }
    const node = commonNode(session, request, keys);
    return node === REFUSED ? Outcome.done : forwardWhole(session, request, node, isWrite);
  };
}

/** What `commonNode` says of keys that have none. */
export const REFUSED = -1;

/** The node that owns all of `keys`, of which there is at least one. REFUSED: the client has its error. */
export function commonNode(session: RespSession, request: RespRequest, keys: KeyList): number {
  const { args } = request;
  const { keyBytesMax } = session.context.limits;
  const first = keys.positions[0]!;
  const node = nodeOfKey(session, request, first);
  for (let i = 0; i < keys.length; i++) {
    const position = keys.positions[i]!;
    const length = args[position * 2 + 1]! - args[position * 2]!;
    if (length > keyBytesMax) {
      session.replyError(keyTooLong(length, keyBytesMax));
      return REFUSED;
    }
    const other = nodeOfKey(session, request, position);
    if (other !== node) {
      refuseCrossing(session, request, first, node, position, other);
      return REFUSED;
    }
  }
  return node;
}

/** True when the keys are on several nodes, and none of them is too long. */
function spansNodes(session: RespSession, request: RespRequest, keys: KeyList): boolean {
  const { args } = request;
  const first = nodeOfKey(session, request, keys.positions[0]!);
  let spans = false;
  for (let i = 0; i < keys.length; i++) {
    const position = keys.positions[i]!;
    if (args[position * 2 + 1]! - args[position * 2]! > session.context.limits.keyBytesMax) return false;
    spans ||= nodeOfKey(session, request, position) !== first;
  }
  return spans;
}

function nodeOfKey(session: RespSession, request: RespRequest, position: number): number {
  return session.service.pool.partitioner.nodeOf(
    request.bytes,
    request.args[position * 2]!,
    request.args[position * 2 + 1]!,
  );
}

function refuseCrossing(
  session: RespSession,
  request: RespRequest,
  first: number,
  firstNode: number,
  other: number,
  otherNode: number,
): void {
  session.context.counters.errorsCrossSlot++;
  const { nodes } = session.service.pool;
  session.replyError(crossSlot(request.text(first), nodes[firstNode]!.id, request.text(other), nodes[otherNode]!.id));
}

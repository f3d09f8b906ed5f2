/**
 * Commands with several keys, or with a number of keys that their arguments decide: they pass as they are when one node
 * has all keys. Otherwise no node could answer: the proxy computes it where the pool says so (cross-node/), or else the
 * client is told which keys are apart and how a hash tag joins them.
 */
import { handlingOf, isBlockingRequest, isScript } from '../command/policy.js';
import type { Command } from '../command/command.js';
import { extractKeys, KeyList } from '../command/keys.js';
import { unsupported } from '../command/errors.js';
import { Flag } from '../command/flags.js';
import { crossNodeRead } from './cross-node/cross-node-read.js';
import { crossSlot, errorReply, keyTooLong } from '../downstream/resp-errors.js';
import type { RespSession } from '../downstream/resp-session.js';
import type { Outcome } from './request.js';
import { type RespRequest } from './request.js';
import { forwardWhole } from './send.js';
import type { Shape } from './shape.js';

export function sameNode(command: Command): Shape {
  const isWrite = (command.flags & Flag.readonly) === 0;
  const { mayBlock, reason } = handlingOf(command);
  const keys = new KeyList();
  const crossing = crossNodeRead(command);
  return (session, request) => {
    const { bytes, args, argc } = request;
    if (mayBlock && isBlockingRequest(bytes, args, argc)) {
      return session.replyError(errorReply(unsupported(command, reason)));
    }
    const count = extractKeys(command, bytes, args, argc, keys);
    if (count <= 0) {
      if (count === 0 && isScript(command)) return session.replyError(errorReply(unsupported(command, reason)));
      // The keys cannot be told, so the request is malformed: any node answers it with its own syntax error.
      return forwardWhole(session, request, 0, isWrite);
    }
    const first = keys.positions[0]!;
    const node = nodeOfKey(session, request, first);
    for (let i = 0; i < count; i++) {
      const position = keys.positions[i]!;
      const length = args[position * 2 + 1]! - args[position * 2]!;
      if (length > session.context.limits.keyBytesMax) {
        return session.replyError(keyTooLong(length, session.context.limits.keyBytesMax));
      }
      const other = nodeOfKey(session, request, position);
      if (other !== node && crossing !== null && session.service.pool.config.crossNodeReads) {
        return crossing(session, request, keys);
      }
      if (other !== node) return refuseCrossing(session, request, first, node, position, other);
    }
    return forwardWhole(session, request, node, isWrite);
  };
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
): Outcome {
  session.context.counters.errorsCrossSlot++;
  const { nodes } = session.service.pool;
  return session.replyError(
    crossSlot(request.text(first), nodes[firstNode]!.id, request.text(other), nodes[otherNode]!.id),
  );
}

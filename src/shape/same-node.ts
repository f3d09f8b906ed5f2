/**
 * Commands with several keys, or with a number of keys that their arguments decide: they pass as they are when one node
 * has all keys. Otherwise no node could answer, and the client is told which keys are apart and how a hash tag joins them.
 */
import { handlingOf, isScript } from '../command/policy.js';
import type { Command } from '../command/command.js';
import { extractKeys, KeyList } from '../command/keys.js';
import { unsupported } from '../command/errors.js';
import { Flag } from '../command/flags.js';
import { crossSlot, errorReply, keyTooLong } from '../downstream/resp-errors.js';
import type { RespSession } from '../downstream/resp-session.js';
import { Outcome, type RespRequest } from './request.js';
import { forwardWhole } from './send.js';
import type { Shape } from './shape.js';

export function sameNode(command: Command): Shape {
  const isWrite = (command.flags & Flag.readonly) === 0;
  const { reason } = handlingOf(command);
  const keys = new KeyList();
  return (session, request) => {
    const { bytes, args, argc } = request;
    const count = extractKeys(command, bytes, args, argc, keys);
    if (count <= 0) {
      if (count === 0 && isScript(command)) return session.replyError(errorReply(unsupported(command, reason)));
      // The keys cannot be told, so the request is malformed: any node answers it with its own syntax error.
      return forwardWhole(session, request, 0, isWrite);
    }
    const node = nodeOfKeys(session, request, keys, count);
    return node < 0 ? Outcome.done : forwardWhole(session, request, node, isWrite);
  };
}

/** The node that has all of the `count` keys; -1 when there is none, and the client has its error then. */
export function nodeOfKeys(session: RespSession, request: RespRequest, keys: KeyList, count: number): number {
  const { keyBytesMax } = session.context.limits;
  const { args } = request;
  const first = keys.positions[0]!;
  const node = nodeOfKey(session, request, first);
  for (let i = 0; i < count; i++) {
    const position = keys.positions[i]!;
    const length = args[position * 2 + 1]! - args[position * 2]!;
    if (length > keyBytesMax) {
      session.replyError(keyTooLong(length, keyBytesMax));
      return -1;
    }
    const other = nodeOfKey(session, request, position);
    if (other !== node) {
      refuseCrossing(session, request, first, node, position, other);
      return -1;
    }
  }
  return node;
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

/**
 * Commands that may block. Each waits on a connection that its client has to itself meanwhile, at the node of its keys;
 * WAIT and WAITAOF wait at every node. The client is still read, so that its leaving ends the wait at the node too. The
 * order in which clients are served that wait for one key is the node's.
 */
import type { Command } from '../command/command.js';
import { extractKeys, KeyList } from '../command/keys.js';
import { blockPosition, handlingOf } from '../command/policy.js';
import { Flag } from '../command/flags.js';
import { noPrivateConnection } from '../downstream/resp-errors.js';
import type { RespSession } from '../downstream/resp-session.js';
import type { Channel } from '../upstream/channel.js';
import { nodeThatIsUp } from './any-node.js';
import { BlockingGather } from './blocking/gather.js';
import { blockMillis } from './blocking/timeout.js';
import { WaitGather } from './blocking/wait.js';
import { Outcome, type RespRequest } from './request.js';
import { commonNode, sameNode } from './same-node.js';
import type { Shape } from './shape.js';

export function blockingShape(command: Command): Shape {
  if (command.name === 'wait' || command.name === 'waitaof') return waitForAll;
  const isWrite = (command.flags & Flag.readonly) === 0;
  const keys = new KeyList();
  const blocking: Shape = (session, request) => {
    const count = extractKeys(command, request.bytes, request.args, request.argc, keys);
    // Without keys that can be told the request is malformed: any node answers it with its own syntax error.
    const node = count > 0 ? commonNode(session, request, keys) : nodeThatIsUp(session);
    if (node < 0) return Outcome.done;
    return block(session, request, [node], () => new BlockingGather(session, isWrite));
  };
  if (!handlingOf(command).mayBlock) return blocking;
  const plain = sameNode(command);
  return (session, request) =>
    blockPosition(request.bytes, request.args, request.argc) > 0 ? blocking(session, request) : plain(session, request);
}

const waitForAll: Shape = (session, request) => {
  const nodes = session.service.pool.nodes.map((_, index) => index);
  return block(session, request, nodes, () => new WaitGather(session, request.command.name === 'waitaof'));
};

function block(
  session: RespSession,
  request: RespRequest,
  nodes: readonly number[],
  newGather: () => BlockingGather,
): Outcome {
  if (session.waitsForReplies()) return Outcome.stalled;
  const { pool } = session.service;
  const { privateConnections } = pool;
  const channels: Channel[] = [];
  for (const node of nodes) {
    const channel = privateConnections.checkOut(node, session.db, session.respVersion);
    if (channel === null) {
      for (const lent of channels) privateConnections.checkIn(lent);
      return session.replyError(noPrivateConnection(privateConnections.limit));
    }
    channels.push(channel);
  }
  const gather = newGather();
  gather.isSilent = session.isSilent;
  session.stallBlocked();
  const waitMs = blockMillis(request);
  const { requestTimeoutMs } = pool.config;
  const deadlineMs = waitMs === 0 || requestTimeoutMs === 0 ? 0 : Math.max(waitMs, 0) + requestTimeoutMs;
  gather.ask(channels, nodes, request, deadlineMs);
  return Outcome.done;
}

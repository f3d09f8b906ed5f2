/**
 * SCRIPT KILL, FUNCTION KILL and FUNCTION STATS: to every node on a connection that carries nothing else. On a shared one
 * they would wait behind the very script that they are about: a node reads no more from a connection while its script
 * runs. In database 0, because a node that is busy with a script refuses SELECT. Costs a private connection for each node.
 */
import type { RespSession } from '../../downstream/resp-session.js';
import { errorReply } from '../../downstream/resp-errors.js';
import type { Channel } from '../../upstream/channel.js';
import type { PrivateConnections } from '../../upstream/private-connections.js';
import { Outcome, type RespRequest } from '../request.js';
import type { BroadcastGather } from './broadcast-gather.js';
import { sendToAll } from './send-to-all.js';

export function sendOnOwnConnections(
  session: RespSession,
  request: RespRequest,
  newGather: () => BroadcastGather,
): Outcome {
  if (session.waitsForReplies()) return Outcome.stalled;
  const { nodes, privateConnections } = session.service.pool;
  const channels: Channel[] = [];
  for (let node = 0; node < nodes.length; node++) {
    const channel = privateConnections.checkOut(node, 0, session.respVersion);
    if (channel === null) {
      giveBack(privateConnections, channels);
      return session.replyError(
        errorReply(`ERR ringward: all ${privateConnections.limit} private connections of the pool are in use`),
      );
    }
    channels.push(channel);
  }
  const gather = newGather();
  gather.whenReleased = () => giveBack(privateConnections, channels);
  session.stallUntilAnswered();
  sendToAll(channels, [request], gather, false, request.command.index);
  return Outcome.done;
}

/** One that was lost, or that still awaits its reply because the client has left, is closed by `checkIn`. */
function giveBack(privateConnections: PrivateConnections, channels: readonly Channel[]): void {
  for (const channel of channels) privateConnections.checkIn(channel);
}

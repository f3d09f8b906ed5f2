/**
 * Requests with one key that the session's fast path leaves: those whose reply may not come.
 *
 * noreply: the word is cut out and the reply dropped. A node that answered in spite of noreply (an error that another
 * version of memcached does not hide, say) would shift every later reply of the shared connection by one.
 * Flag q: an `mn` of ours follows the request, and its MN, which is cut off the reply, says that no more will come.
 * docs/decisions/0004-memcached-quiet.md has the reasons and the costs.
 */
import { mcFailureReply } from '../../downstream/mc-errors.js';
import type { McSession } from '../../downstream/mc-session.js';
import { McReplyKind, type McReplyKindId } from '../../protocol/memcache/commands.js';
import { Accept, type Channel } from '../../upstream/channel.js';
import { Outcome } from '../request.js';

const FENCE = Buffer.from('mn\r\n', 'latin1');
const FENCE_REPLY_BYTES = 'MN\r\n'.length;

/** Sends the request to the node of its key. */
export function forwardToKey(session: McSession, bytes: Buffer): Outcome {
  return forwardTo(session, bytes, session.nodeOfKey(bytes));
}

/** Sends the request, as it is but for noreply, to the node with this index. */
export function forwardTo(session: McSession, bytes: Buffer, node: number): Outcome {
  const { framer } = session;
  const channel = session.lane.channels[node]!;
  if (framer.noreply) return forwardSilently(session, channel, bytes);
  const record = session.context.records.take();
  record.isWrite = framer.isWrite;
  record.command = framer.command;
  if (framer.quiet) {
    record.expect = McReplyKind.fencedMeta;
    record.fenceBytes = FENCE_REPLY_BYTES;
  } else {
    record.expect = session.service.replyKind[framer.command]!;
  }
  const taken = channel.accept(record);
  if (taken !== Accept.taken) {
    session.context.records.giveBack(record);
    return refused(session, channel, taken);
  }
  session.enqueue(record);
  session.appendRequest(channel.output, bytes, framer.frameStart, framer.frameEnd);
  if (framer.quiet) channel.output.append(FENCE, 0, FENCE.length);
  return Outcome.done;
}

/** The node has too much to do, and the request waits; or it is down, and the client is told. */
export function refused(session: McSession, channel: Channel, why: number): Outcome {
  if (why === Accept.congested) return session.waitFor(channel);
  session.context.counters.errorsUpstream++;
  session.reply(mcFailureReply(channel.failure!, false));
  return Outcome.done;
}

/** Sends a request without its noreply; nobody awaits the answer. */
export function forwardSilently(session: McSession, channel: Channel, bytes: Buffer): Outcome {
  const { framer } = session;
  const taken = acceptUnanswered(session, channel, session.service.replyKind[framer.command]!);
  if (taken === Accept.congested) return session.waitFor(channel);
  if (taken === Accept.down) session.context.counters.errorsUpstream++;
  else appendWithoutNoreply(session, channel, bytes);
  return Outcome.done;
}

/** Books a reply that is read and dropped. It is in no session's queue, so it delays nobody. */
export function acceptUnanswered(session: McSession, channel: Channel, kind: McReplyKindId): number {
  const { records } = session.context;
  const record = records.take();
  record.expect = kind;
  record.isSilent = true;
  const taken = channel.accept(record);
  if (taken !== Accept.taken) records.giveBack(record);
  return taken;
}

/** Cuts from the end of the argument before noreply to the end of noreply. */
function appendWithoutNoreply(session: McSession, channel: Channel, bytes: Buffer): void {
  const { framer } = session;
  const last = 2 * (framer.argCount - 1);
  channel.output.append(bytes, framer.frameStart, framer.args[last - 1]!);
  session.appendRequest(channel.output, bytes, framer.args[last + 1]!, framer.frameEnd);
}

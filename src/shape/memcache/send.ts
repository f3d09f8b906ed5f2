/**
 * Requests with one key that the session's fast path leaves: those whose reply may not come.
 *
 * noreply: the word is cut out and the reply dropped. A node that answered in spite of noreply (an error that another
 * version of memcached does not hide, say) would shift every later reply of the shared connection by one.
 * Flag q of mg and ms: cut out as well; of the replies to them it hides exactly EN and HD, and the session drops those.
 * Flag q of md and ma, where what is hidden depends on more than the reply: an `mn` of ours follows the request, and its MN, which is
 * cut off the reply, says that no more will come. That costs the proxy and the node a second request.
 * docs/decisions/0004-memcached-quiet.md has the reasons and the costs.
 */
import { mcFailureReply } from '../../downstream/mc-errors.js';
import type { McSession } from '../../downstream/mc-session.js';
import { Mc, McReplyKind, type McReplyKindId } from '../../protocol/memcache/commands.js';
import type { McRequestFramer } from '../../protocol/memcache/request-framer.js';
import { Accept, type Channel } from '../../upstream/channel.js';
import { Outcome } from '../request.js';

const LETTER_Q = 113;
/** `EN`, `HD`: what InFlight.hiddenStart is compared with. */
const MISS = 0x454e;
const HIT = 0x4844;
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
  const cut = framer.quiet ? quietFlagOf(framer, bytes) : 0;
  const isFenced = framer.quiet && cut === 0;
  record.expect = isFenced ? McReplyKind.fencedMeta : session.service.replyKind[framer.command]!;
  if (isFenced) record.fenceBytes = FENCE_REPLY_BYTES;
  else if (cut > 0) record.hiddenStart = framer.command === Mc.mg ? MISS : HIT;
  const taken = channel.accept(record);
  if (taken !== Accept.taken) {
    session.context.records.giveBack(record);
    return refused(session, channel, taken);
  }
  session.enqueue(record);
  if (cut > 0) appendWithout(session, channel, bytes, cut);
  else session.appendRequest(channel.output, bytes, framer.frameStart, framer.frameEnd);
  if (isFenced) channel.output.append(FENCE, 0, FENCE.length);
  return Outcome.done;
}

/** Index of the flag q of an mg or ms. 0: it has to stay, because it is there twice or the command is another. */
function quietFlagOf(framer: McRequestFramer, bytes: Buffer): number {
  if (framer.command !== Mc.mg && framer.command !== Mc.ms) return 0;
  let found = 0;
  for (let i = framer.firstFlag; i < framer.argCount; i++) {
    if (bytes[framer.args[2 * i]!] !== LETTER_Q) continue;
    if (found > 0) return 0;
    found = i;
  }
  return found;
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
  else appendWithout(session, channel, bytes, framer.argCount - 1);
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

/** Sends the request without its argument `index`, which is not the first, and the space before it. */
function appendWithout(session: McSession, channel: Channel, bytes: Buffer, index: number): void {
  const { args, frameStart, frameEnd } = session.framer;
  channel.output.append(bytes, frameStart, args[2 * index - 1]!);
  session.appendRequest(channel.output, bytes, args[2 * index + 1]!, frameEnd);
}

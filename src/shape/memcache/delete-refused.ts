/**
 * A set that is refused because its value is too large deletes the old value in memcached, so that no stale one is
 * served. The proxy refuses such a value itself, and sends the node a delete for it. Best effort: a node that is down or
 * congested does not get it.
 */
import { Mc, McReplyKind } from '../../protocol/memcache/commands.js';
import type { McSession } from '../../downstream/mc-session.js';
import { Accept } from '../../upstream/channel.js';
import { acceptUnanswered } from './send.js';

/** The framer has just refused a set or ms, whose line is whole and whose key is sound. */
export function deleteRefusedValue(session: McSession, bytes: Buffer): void {
  const { framer } = session;
  const isMeta = framer.command === Mc.ms;
  if (!isMeta && framer.command !== Mc.set) return;
  const channel = session.lane.channels[session.nodeOfKey(bytes)]!;
  const taken = acceptUnanswered(session, channel, isMeta ? McReplyKind.meta : McReplyKind.delete);
  if (taken !== Accept.taken) return;
  const key = bytes.toString('latin1', framer.args[2], framer.args[3]);
  const base64 = framer.decodedKeyLength > 0 ? ' b' : '';
  const request = Buffer.from(isMeta ? `md ${key}${base64}\r\n` : `delete ${key}\r\n`, 'latin1');
  channel.output.append(request, 0, request.length);
}

/** Commands that the proxy answers itself: mn, version, quit. Their replies keep their place behind earlier ones. */
import { Mc, type McCommandId } from '../../protocol/memcache/commands.js';
import { McReply, versionReply } from '../../protocol/memcache/replies.js';
import { MEMCACHED_VERSION, VERSION } from '../../version.js';
import { Outcome } from '../request.js';
import type { McShape } from './shape.js';

/**
 * The first word is memcached's own version: clients read three numbers and decide by them what they may send, some from
 * the word's start, others from its end. Ours is a word of its own.
 */
const VERSION_REPLY = versionReply(`${MEMCACHED_VERSION} ringward-${VERSION}`);

/** MN says that everything before it has been answered, which is what a place in the order means. */
const noOp: McShape = (session) => {
  session.reply(McReply.metaNoOp);
  return Outcome.done;
};

const version: McShape = (session) => {
  session.reply(VERSION_REPLY);
  return Outcome.done;
};

const quit: McShape = (session) => {
  session.endAfterReplies();
  return Outcome.done;
};

/** @throws RangeError when the table calls a command local that has no answer here. */
export function localShapes(id: McCommandId): McShape {
  if (id === Mc.mn) return noOp;
  if (id === Mc.version) return version;
  if (id === Mc.quit) return quit;
  throw new RangeError(`no local answer for memcached command ${id}`);
}

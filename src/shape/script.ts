/**
 * EVAL, EVALSHA, FCALL and their read-only forms: to the node of the keys that they name, which must be one node; without
 * keys to the pool's `keyless_scripts`. Scripts of EVAL are remembered on the way (script-cache.ts).
 *
 * EVALSHA of a script that the cache knows goes through EvalShaGather, which sees to it that the node has the script. Any
 * other passes as it is, and so does its NOSCRIPT.
 */
import type { Command } from '../command/command.js';
import { Flag } from '../command/flags.js';
import { extractKeys, KeyList } from '../command/keys.js';
import type { RespSession } from '../downstream/resp-session.js';
import { nodeThatIsUp } from './any-node.js';
import { sendEvalSha } from './eval-sha.js';
import { Outcome, type RespRequest } from './request.js';
import { commonNode, REFUSED } from './same-node.js';
import { forwardWhole } from './send.js';
import type { Script } from './script-cache.js';
import type { Shape } from './shape.js';

const SHA_DIGITS = 40;

/** @throws RangeError for a command that this shape does not serve. */
export function scriptShape(command: Command): Shape {
  const keys = new KeyList();
  const nodeOf = (session: RespSession, request: RespRequest): number => {
    const count = extractKeys(command, request.bytes, request.args, request.argc, keys);
    // Any node finds the number of keys wrong that cannot be told here.
    return count > 0 ? commonNode(session, request, keys) : keylessNode(session);
  };
  const isWrite = (command.flags & Flag.readonly) === 0;
  switch (command.name) {
    case 'fcall':
    case 'fcall_ro':
      return (session, request) => {
        const node = nodeOf(session, request);
        return node === REFUSED ? Outcome.done : forwardWhole(session, request, node, isWrite);
      };
    case 'eval':
    case 'eval_ro':
      return (session, request) => {
        const node = nodeOf(session, request);
        if (node === REFUSED) return Outcome.done;
        session.service.scripts.learn(request.bytes, request.args[2]!, request.args[3]!);
        return forwardWhole(session, request, node, isWrite);
      };
    case 'evalsha':
    case 'evalsha_ro':
      return (session, request) => {
        const node = nodeOf(session, request);
        if (node === REFUSED) return Outcome.done;
        const script = scriptNamed(session, request);
        if (script === undefined) return forwardWhole(session, request, node, isWrite);
        return sendEvalSha(session, request, node, script, isWrite);
      };
    default:
      throw new RangeError(`no shape for ${command.name}`);
  }
}

function keylessNode(session: RespSession): number {
  return session.service.pool.config.keylessNode ?? nodeThatIsUp(session);
}

/** Redis takes the digits in either case. */
function scriptNamed(session: RespSession, request: RespRequest): Script | undefined {
  if (request.args[3]! - request.args[2]! !== SHA_DIGITS) return undefined;
  const sha = request.text(1);
  const { scripts } = session.service;
  return scripts.find(sha) ?? scripts.find(sha.toLowerCase());
}

/**
 * Where whoever remembers scripts hears of them: SCRIPT LOAD brings one to every node, SCRIPT FLUSH takes all away. Both are
 * told when the command is sent, so the nodes may still refuse it.
 */
import type { RespSession } from '../../downstream/resp-session.js';
import type { RespRequest } from '../request.js';

export interface ScriptListener {
  /** Argument 2 of `request` is the script. */
  learnScript(session: RespSession, request: RespRequest): void;
  forgetScripts(session: RespSession): void;
}

/** Nobody remembers scripts: EVALSHA passes to the node of its keys, which knows what SCRIPT LOAD has brought. */
export const scriptListener: ScriptListener = {
  learnScript: () => undefined,
  forgetScripts: () => undefined,
};

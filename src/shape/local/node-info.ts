/**
 * `INFO <node-id> [section ...]`: a node's own INFO, as that node gives it. Used by info.ts, whose own sections go first: a
 * node that is called as one of them must be asked directly.
 */
import { encodeRequest } from '../../protocol/resp/inline.js';
import type { RespSession } from '../../downstream/resp-session.js';
import { type Outcome, RespRequest } from '../request.js';
import { forwardWhole } from '../send.js';

/** The node that the request's first argument names; -1 for none. */
export function nodeNamed(session: RespSession, request: RespRequest): number {
  if (request.argc < 2) return -1;
  const id = request.text(1);
  return session.service.pool.nodes.findIndex((node) => node.id === id);
}

export function forwardNodeInfo(session: RespSession, request: RespRequest, node: number): Outcome {
  const words = ['INFO'];
  for (let i = 2; i < request.argc; i++) words.push(request.text(i));
  const own = new RespRequest();
  own.bytes = encodeRequest(words.map((word) => Buffer.from(word, 'latin1')));
  own.end = own.bytes.length;
  own.command = request.command;
  return forwardWhole(session, own, node, false);
}

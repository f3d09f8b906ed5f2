/**
 * Error replies of the proxy itself to memcached clients, where they need more than a constant of
 * src/protocol/memcache/replies.ts. A failed node is always the server's fault: SERVER_ERROR, with the node and the number.
 */
import { serverError } from '../protocol/memcache/replies.js';
import type { Failure } from '../upstream/failure.js';

/** A write that may have reached the node before it failed has an unknown outcome: it may or may not have happened. */
export function mcFailureReply(failure: Failure, isWrite: boolean): Buffer {
  const outcome = isWrite && failure.wasReady ? '; the outcome of this write is unknown' : '';
  return serverError(`${failure.text}${outcome}`);
}

/** memcached's own text for a server that has no connection left. */
export const MC_TOO_MANY_CLIENTS = Buffer.from('ERROR Too many open connections\r\n', 'latin1');

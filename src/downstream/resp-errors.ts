/**
 * Every error text that a Redis client can get from the proxy itself, in one place. Texts that Redis has are Redis's;
 * the others begin with `ERR ringward:` and say what, where and the number. Arity and unknown-command texts are in
 * src/command/errors.ts, beside the table that they speak of.
 */
import type { Failure } from '../upstream/failure.js';

const NAMES_SHOWN_MAX = 8;

/** An error reply with the given text; line breaks would end it early, so they become blanks. */
export function errorReply(text: string): Buffer {
  return Buffer.from(`-${text.replace(/[\r\n]+/g, ' ')}\r\n`, 'latin1');
}

/** A write that may have reached the node before it failed has an unknown outcome: it may or may not have happened. */
export function failureReply(failure: Failure, isWrite: boolean): Buffer {
  const outcome = isWrite && failure.wasReady ? '; the outcome of this write is unknown' : '';
  return errorReply(`ERR ringward: ${failure.text}${outcome}`);
}

export function crossSlot(firstKey: string, firstNode: string, otherKey: string, otherNode: string): Buffer {
  const [one, other] = [shorten(firstKey), shorten(otherKey)];
  return errorReply(
    `CROSSSLOT Keys in request don't hash to the same slot: ringward has ${one} on node ${firstNode} and ${other} on ` +
      `node ${otherNode}; keys that share a {tag} share a node`,
  );
}

export const badScanCursor = errorReply('ERR invalid cursor');

/** A node's cursor that leaves no room for the node's own number beside it. */
export function largeScanCursor(node: string, cursor: string): Buffer {
  return errorReply(
    `ERR ringward: node ${node} answered SCAN with cursor ${cursor}; over several nodes it must be below 2^54`,
  );
}

/** Every private connection of this worker is lent. */
export function noPrivateConnection(limit: number): Buffer {
  return errorReply(
    `ERR ringward: all ${limit} connections for transactions and blocking commands are in use (limit private_connections)`,
  );
}

/** As the two above, for EXEC: nothing of the transaction has been done. */
export function transactionCrossing(key: string, node: string, otherKey: string, otherNode: string): Buffer {
  return errorReply(
    `EXECABORT Transaction discarded because of: CROSSSLOT ringward has ${shorten(key)} on node ${node} and ` +
      `${shorten(otherKey)} on node ${otherNode}; keys that share a {tag} share a node`,
  );
}

export function transactionNoConnection(limit: number): Buffer {
  return errorReply(
    `EXECABORT Transaction discarded because of: ringward: all ${limit} connections for transactions and blocking ` +
      `commands are in use (limit private_connections)`,
  );
}

/** Whether the watched keys were changed meanwhile cannot be known. */
export function connectionOfWatchLost(node: string): Buffer {
  return errorReply(
    `EXECABORT Transaction discarded because of: ringward: the connection with the watched keys to node ${node} was lost`,
  );
}

export function keyTooLong(bytes: number, bytesMax: number): Buffer {
  return errorReply(`ERR ringward: the key has ${bytes} bytes, the limit is ${bytesMax}`);
}

export function crossNodeReadTooLarge(command: string, bytesMax: number): Buffer {
  return errorReply(
    `ERR ringward: the nodes' replies for this ${command} over several nodes have more than ${bytesMax} bytes, the ` +
      'limit cross_node_read_size; raise it, or give the keys a common {tag} so that one node can answer',
  );
}

export function tooManyKeys(keys: number, node: string, keysMax: number): Buffer {
  return errorReply(
    `ERR ringward: ${keys} keys of node ${node} would be read at once, the limit in_flight_per_node is ${keysMax}`,
  );
}

/** What became of a command that went to every node, and that some of them did not do. */
export interface PartialFailure {
  /** The error's first word. */
  readonly code: string;
  /** What the first of the nodes that failed did. */
  readonly clause: string;
  /** The others that failed. */
  readonly failed: readonly string[];
  /** Those that have done it; null for a command that changes nothing. */
  readonly done: readonly string[] | null;
}

export function partialFailure({ code, clause, failed, done }: PartialFailure): Buffer {
  const others = failed.length === 0 ? '' : `; ${listOf(failed)} failed too`;
  const doneBy = done === null ? '' : `; done by ${done.length === 0 ? 'no node' : listOf(done)}`;
  return errorReply(`${code} ringward: ${clause}${others}${doneBy}`);
}

export function adminRefused(name: string, pool: string): Buffer {
  return errorReply(`ERR ringward: command '${name}' is refused: pool ${pool} has admin_commands: refuse`);
}

/** Some names of nodes; a pool may have a thousand. */
function listOf(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN_MAX).join(', ');
  return names.length <= NAMES_SHOWN_MAX ? shown : `${shown} and ${names.length - NAMES_SHOWN_MAX} more`;
}

export function channelTooLong(bytes: number, bytesMax: number): Buffer {
  return errorReply(`ERR ringward: the channel has ${bytes} bytes, the limit is ${bytesMax}`);
}

export function tooManySubscriptions(count: number, countMax: number): Buffer {
  return errorReply(`ERR ringward: the client would have ${count} subscriptions, the limit is ${countMax}`);
}

export const NO_AUTH = errorReply('NOAUTH Authentication required.');
export const TOO_MANY_CLIENTS = errorReply('ERR max number of clients reached');
export const UNBALANCED_QUOTES = errorReply('ERR Protocol error: unbalanced quotes in request');

/** Keys are bytes: what is not printable is shown as \xHH, and at most 64 characters of it. */
function shorten(key: string): string {
  let text = '';
  for (const c of key.slice(0, 64)) {
    const code = c.charCodeAt(0);
    text += code >= 32 && code < 127 ? c : `\\x${code.toString(16).padStart(2, '0')}`;
  }
  return `'${text}${key.length > 64 ? '...' : ''}'`;
}

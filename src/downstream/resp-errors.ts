/**
 * Every error text that a Redis client can get from the proxy itself, in one place. Texts that Redis has are Redis's;
 * the others begin with `ERR ringward:` and say what, where and the number. Arity and unknown-command texts are in
 * src/command/errors.ts, beside the table that they speak of.
 */
import type { Failure } from '../upstream/failure.js';

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

export function notSupported(name: string): Buffer {
  return errorReply(`ERR ringward: command '${name.toLowerCase()}' is not supported yet`);
}

export function keyTooLong(bytes: number, bytesMax: number): Buffer {
  return errorReply(`ERR ringward: the key has ${bytes} bytes, the limit is ${bytesMax}`);
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

/**
 * What may differ between two redis-servers that were told the same: the order of unordered replies, clocks, ids.
 * Used by the tests that compare the proxy with one plain redis-server.
 */
import { type Argument, type RawClient, encodeCommand } from '../support/wire.js';

const UNORDERED = new Set([
  ...['smembers', 'sinter', 'sunion', 'sdiff', 'hkeys', 'hvals', 'hgetall', 'spop', 'sscan', 'hscan', 'zscan'],
  ...['sort', 'sort_ro', 'keys'],
]);
const TIMES = new Set(['ttl', 'pttl', 'expiretime', 'pexpiretime']);
const CLOCK_TOLERANCE_MS = 5000;

/** The reply without what Redis leaves open. Lines of unordered replies are sorted, which loses nothing else. */
export function comparable(words: readonly string[], reply: string): string {
  const name = words[0]!.toLowerCase();
  if (reply.startsWith('-')) return reply;
  if (name === 'randomkey') return reply.replace(/^\$\d+\r\n.*/s, 'a key');
  if (name === 'time') return reply.replace(/\r\n\d+/g, '\r\nN');
  if (name === 'hello') return reply.replace(/id\r\n:\d+/, 'id');
  if (name === 'object' && words[1]?.toLowerCase() === 'idletime') return reply.replace(/:\d+/, ':N');
  // Milliseconds since a consumer or an entry was last heard of.
  if (name === 'xinfo') return reply.replace(/(\r\n(?:idle|inactive)\r\n):\d+/g, '$1:N');
  if (name === 'xpending') return reply.replace(/:\d+(\r\n:\d+)/g, ':N$1');
  return UNORDERED.has(name) ? reply.split('\r\n').sort().join('\r\n') : reply;
}

/** `expected` in place of `actual` when both are times that only the servers' clock readings part. */
export function withoutDrift(words: readonly string[], expected: string, actual: string): string {
  const name = words[0]!.toLowerCase();
  if (!TIMES.has(name) || !expected.startsWith(':') || !actual.startsWith(':')) return actual;
  const apart = Math.abs(Number(expected.slice(1)) - Number(actual.slice(1)));
  return apart * (name.startsWith('p') ? 1 : 1000) <= CLOCK_TOLERANCE_MS ? expected : actual;
}

/** Sends all commands as one piece and reads their replies; words and replies are binary strings. */
export async function pipeline(client: RawClient, commands: readonly (readonly Argument[])[]): Promise<string[]> {
  const encoded = commands.map((words) =>
    encodeCommand(...words.map((word) => (typeof word === 'string' ? Buffer.from(word, 'latin1') : word))),
  );
  client.send(Buffer.concat(encoded));
  return (await client.readReplies(commands.length)).map((reply) => reply.toString('latin1'));
}

/**
 * Pipelines of commands, and what may differ between two servers that answer for themselves: clocks and ids. Used by the
 * tests that compare the proxy's own answers with those of one plain redis-server.
 */
import { type Argument, type RawClient, encodeCommand } from '../support/wire.js';

/** The reply without what each server has of its own. */
export function comparable(words: readonly string[], reply: string): string {
  const name = words[0]!.toLowerCase();
  if (name === 'time') return reply.replace(/\r\n\d+/g, '\r\nN');
  if (name === 'hello') return reply.replace(/id\r\n:\d+/, 'id');
  return reply;
}

/** Sends all commands as one piece and reads their replies; words and replies are binary strings. */
export async function pipeline(client: RawClient, commands: readonly (readonly Argument[])[]): Promise<string[]> {
  const encoded = commands.map((words) =>
    encodeCommand(...words.map((word) => (typeof word === 'string' ? Buffer.from(word, 'latin1') : word))),
  );
  client.send(Buffer.concat(encoded));
  return (await client.readReplies(commands.length)).map((reply) => reply.toString('latin1'));
}

/**
 * One whole reply as plain values, for what the proxy itself asks of nodes. Off the hot path. RESP2 and RESP3 give the
 * same values, because a set and a map become arrays, the map's keys and values in turn, as RESP2 writes them. Text has
 * one character per byte. Pure.
 */
import { decodeReply } from './decoder.js';
import type { ReplyValue } from './value.js';

/** An error reply, without the dash. */
export class DecodedError {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Numbers beyond 2^53 lose digits. Doubles, big numbers and verbatim strings are text. */
export type Decoded = null | number | boolean | string | DecodedError | readonly Decoded[];

/** The reply `bytes[start, end)`; undefined when it has what no command of today sends (streamed values). */
export function decodePlain(bytes: Buffer, start: number, end: number): Decoded | undefined {
  try {
    return plainOf(decodeReply(bytes, start, end));
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function plainOf(reply: ReplyValue): Decoded {
  switch (reply.type) {
    case 'null':
      return null;
    case 'error':
      return new DecodedError(reply.text);
    case 'integer':
      return Number(reply.value);
    case 'boolean':
      return reply.value;
    case 'double':
    case 'bigNumber':
      return String(reply.value);
    case 'simple':
    case 'verbatim':
      return reply.text;
    case 'bulk':
      return Buffer.from(reply.value).toString('latin1');
    case 'array':
    case 'set':
      return reply.items.map(plainOf);
    case 'map':
      return reply.entries.flatMap(([key, value]) => [plainOf(key), plainOf(value)]);
  }
}

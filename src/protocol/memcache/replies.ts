/**
 * Every line that the proxy itself writes to a memcached client, as bytes ready to copy.
 * Texts that memcached 1.6.18 has are its own, letter for letter (test/fuzz/memcache-differential.test.ts compares
 * them), because clients match on them. Others begin with `ringward:` after the class of the error.
 */
import { Buffer } from 'node:buffer';

const line = (text: string): Buffer => Buffer.from(`${text}\r\n`, 'latin1');

/** Answers that carry no error. */
export const McReply = {
  stored: line('STORED'),
  notStored: line('NOT_STORED'),
  exists: line('EXISTS'),
  notFound: line('NOT_FOUND'),
  deleted: line('DELETED'),
  touched: line('TOUCHED'),
  ok: line('OK'),
  end: line('END'),
  reset: line('RESET'),
  metaNoOp: line('MN'),
  metaMiss: line('EN'),
  metaHit: line('HD'),
  metaNotFound: line('NF'),
  metaNotStored: line('NS'),
  metaExists: line('EX'),
} as const;

/** Answers to requests that memcached itself would refuse. */
export const McError = {
  /** Closes without a word, as memcached does for HTTP. */
  none: Buffer.alloc(0),
  unknownCommand: line('ERROR'),
  badFormat: line('CLIENT_ERROR bad command line format'),
  badDataChunk: line('CLIENT_ERROR bad data chunk'),
  badExptime: line('CLIENT_ERROR invalid exptime argument'),
  badDelta: line('CLIENT_ERROR invalid numeric delta argument'),
  deleteUsage: line('CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]'),
  tooManyFlagsGet: line('CLIENT_ERROR options flags are too long'),
  tooManyFlags: line('CLIENT_ERROR options flags too long'),
  objectTooLarge: line('SERVER_ERROR object too large for cache'),
  shutdownDisabled: line('ERROR: shutdown not enabled'),
} as const;

/** Longest text of a built error: clients read a reply line into small buffers. */
const ERROR_TEXT_MAX = 512;

/** Control characters would end the line early, or be taken for a second reply. */
function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what it is about
  return text.replace(/[\x00-\x1f\x7f]+/g, ' ').slice(0, ERROR_TEXT_MAX);
}

/** The request was at fault: `CLIENT_ERROR ringward: <text>`. Not for the hot path: it builds a string. */
export function clientError(text: string): Buffer {
  return line(`CLIENT_ERROR ringward: ${oneLine(text)}`);
}

/** The proxy or a node was at fault: `SERVER_ERROR ringward: <text>`. Not for the hot path: it builds a string. */
export function serverError(text: string): Buffer {
  return line(`SERVER_ERROR ringward: ${oneLine(text)}`);
}

/** The answer to `version`. */
export function versionReply(version: string): Buffer {
  return line(`VERSION ${oneLine(version)}`);
}

/**
 * From a `ReplyValue` to the bytes of RESP2 or RESP3. Used for replies that the proxy makes itself, never for forwarded
 * ones. In RESP2 a map becomes a flat array, a set an array, a boolean 1 or 0, a double, a big number and a verbatim
 * string a bulk string, and null a null bulk string, as redis-server does.
 * Pure; the output is always one well-formed value, because line breaks in simple strings and errors become spaces.
 * Recursion follows the nesting of the value, which its maker bounds. Reference: the RESP3 specification.
 */
import type { ReplyValue } from './value.js';

export type RespVersion = 2 | 3;

type Part = string | Uint8Array;

/** The bytes of `value`. @throws RangeError on an integer that is not one. */
export function encodeReply(value: ReplyValue, version: RespVersion): Buffer {
  const parts: Part[] = [];
  append(value, version, parts);
  return join(parts);
}

/** Text for a line: a reply of one line must not be able to hold two. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, ' ');
}

function append(value: ReplyValue, version: RespVersion, parts: Part[]): void {
  switch (value.type) {
    case 'simple':
      parts.push(`+${oneLine(value.text)}\r\n`);
      return;
    case 'error':
      parts.push(`-${oneLine(value.text)}\r\n`);
      return;
    case 'integer':
      if (typeof value.value === 'number' && !Number.isSafeInteger(value.value)) {
        throw new RangeError(`integer reply ${value.value} is not a safe integer`);
      }
      parts.push(`:${value.value.toString()}\r\n`);
      return;
    case 'bulk':
      appendBulk(value.value, parts);
      return;
    case 'array':
      appendItems('*', value.items, version, parts);
      return;
    case 'set':
      appendItems(version === 3 ? '~' : '*', value.items, version, parts);
      return;
    case 'map':
      parts.push(version === 3 ? `%${value.entries.length}\r\n` : `*${2 * value.entries.length}\r\n`);
      for (const [key, item] of value.entries) {
        append(key, version, parts);
        append(item, version, parts);
      }
      return;
    case 'null':
    case 'boolean':
    case 'double':
    case 'bigNumber':
    case 'verbatim':
      appendRich(value, version, parts);
      return;
    default:
      value satisfies never;
  }
}

type RichValue = Extract<ReplyValue, { type: 'null' | 'boolean' | 'double' | 'bigNumber' | 'verbatim' }>;

/** The types that RESP2 does not have. */
function appendRich(value: RichValue, version: RespVersion, parts: Part[]): void {
  switch (value.type) {
    case 'null':
      parts.push(version === 3 ? '_\r\n' : '$-1\r\n');
      return;
    case 'boolean':
      if (version === 3) parts.push(value.value ? '#t\r\n' : '#f\r\n');
      else parts.push(value.value ? ':1\r\n' : ':0\r\n');
      return;
    case 'double':
      if (version === 3) parts.push(`,${formatDouble(value.value)}\r\n`);
      else appendBulk(formatDouble(value.value), parts);
      return;
    case 'bigNumber':
      if (version === 3) parts.push(`(${value.value.toString()}\r\n`);
      else appendBulk(value.value.toString(), parts);
      return;
    case 'verbatim':
      if (version === 3) parts.push(`=${Buffer.byteLength(value.text) + 4}\r\n${value.format}:${value.text}\r\n`);
      else appendBulk(value.text, parts);
      return;
    default:
      value satisfies never;
  }
}

function appendItems(sign: string, items: readonly ReplyValue[], version: RespVersion, parts: Part[]): void {
  parts.push(`${sign}${items.length}\r\n`);
  for (const item of items) append(item, version, parts);
}

function appendBulk(value: string | Uint8Array, parts: Part[]): void {
  if (typeof value === 'string') parts.push(`$${Buffer.byteLength(value)}\r\n${value}\r\n`);
  else parts.push(`$${value.length}\r\n`, value, '\r\n');
}

function formatDouble(value: number): string {
  if (value === Infinity) return 'inf';
  if (value === -Infinity) return '-inf';
  if (Number.isNaN(value)) return 'nan';
  return Object.is(value, -0) ? '-0' : String(value);
}

function join(parts: readonly Part[]): Buffer {
  const pieces: Uint8Array[] = [];
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part;
    } else {
      pieces.push(Buffer.from(text), part);
      text = '';
    }
  }
  pieces.push(Buffer.from(text));
  return Buffer.concat(pieces);
}

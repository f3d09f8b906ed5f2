/**
 * From the bytes of a reply to a `ReplyValue`: what is needed where replies of several nodes are put together by what
 * they say (src/shape/broadcast). Forwarded replies are never decoded. The bytes are one whole reply that a ReplyFramer
 * has found, so lengths are right and nesting is bounded; bulks are views into them. An attribute is passed over.
 * Streamed aggregates, which no server sends unasked, are refused. Pure. Reference: the RESP3 specification.
 */
import { bulkReply, nullReply, type ReplyValue } from './value.js';

const CR = 13;

/** The reply that fills `bytes[start, end)`. @throws RangeError on what is not one decodable reply. */
export function decodeReply(bytes: Buffer, start: number, end: number): ReplyValue {
  const reader = new Reader(bytes.subarray(start, end));
  const value = reader.next();
  if (!reader.isAtEnd) throw new RangeError('bytes follow the reply');
  return value;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  next(): ReplyValue {
    const type = String.fromCharCode(this.#bytes[this.#at] ?? 0);
    const line = this.#line();
    switch (type) {
      case '+':
        return { type: 'simple', text: line };
      case '-':
        return { type: 'error', text: line };
      case ':':
        return { type: 'integer', value: BigInt(line) };
      case '_':
        return nullReply;
      case '#':
        return { type: 'boolean', value: line === 't' };
      case ',':
        return { type: 'double', value: toDouble(line) };
      case '(':
        return { type: 'bigNumber', value: BigInt(line) };
      default:
        return this.#withLength(type, line);
    }
  }

  #withLength(type: string, line: string): ReplyValue {
    const length = Number(line);
    if (line === '' || !Number.isInteger(length)) throw new RangeError(`a reply of type ${type} has no plain length`);
    if (length < 0) return nullReply;
    switch (type) {
      case '$':
        return bulkReply(this.#body(length));
      case '!':
        return { type: 'error', text: this.#body(length).toString('latin1') };
      case '=': {
        const body = this.#body(length).toString();
        return { type: 'verbatim', format: body.startsWith('mkd:') ? 'mkd' : 'txt', text: body.slice(4) };
      }
      case '*':
      case '>':
        return { type: 'array', items: this.#items(length) };
      case '~':
        return { type: 'set', items: this.#items(length) };
      case '%':
        return { type: 'map', entries: pairs(this.#items(length * 2)) };
      case '|':
        this.#items(length * 2);
        return this.next();
      default:
        throw new RangeError(`${JSON.stringify(type)} is no reply type`);
    }
  }

  #items(count: number): ReplyValue[] {
    const items: ReplyValue[] = [];
    for (let i = 0; i < count; i++) items.push(this.next());
    return items;
  }

  /** The rest of the line behind its type. */
  #line(): string {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    let at = start;
    while (at < bytes.length && bytes[at] !== CR) at++;
    if (at >= bytes.length) throw new RangeError('the reply ends in a line');
    this.#at = at + 2;
    return bytes.toString('latin1', start, at);
  }

  #body(length: number): Buffer {
    const start = this.#at;
    this.#at += length + 2;
    if (this.#at > this.#bytes.length) throw new RangeError('the reply ends in a bulk');
    return this.#bytes.subarray(start, start + length);
  }
}

function toDouble(text: string): number {
  if (text === 'inf') return Infinity;
  if (text === '-inf') return -Infinity;
  return text === 'nan' ? NaN : Number(text);
}

function pairs(items: readonly ReplyValue[]): (readonly [ReplyValue, ReplyValue])[] {
  const entries: (readonly [ReplyValue, ReplyValue])[] = [];
  for (let i = 0; i + 1 < items.length; i += 2) entries.push([items[i]!, items[i + 1]!]);
  return entries;
}

/** What RESP3 shows as a map and RESP2 as a flat array, as pairs. Empty for anything else. */
export function pairsOf(value: ReplyValue): readonly (readonly [ReplyValue, ReplyValue])[] {
  if (value.type === 'map') return value.entries;
  return value.type === 'array' ? pairs(value.items) : [];
}

/** The elements of an array or a set. Empty for anything else. */
export function itemsOf(value: ReplyValue): readonly ReplyValue[] {
  return value.type === 'array' || value.type === 'set' ? value.items : [];
}

/** A string of any kind, one character per byte. Empty for anything else. */
export function textOf(value: ReplyValue): string {
  if (value.type === 'bulk') return Buffer.from(value.value).toString('latin1');
  if (value.type === 'verbatim') return Buffer.from(value.text).toString('latin1');
  return value.type === 'simple' || value.type === 'error' ? value.text : '';
}

/** An integer that fits a double, which counts of servers do. 0 for anything else. */
export function numberOf(value: ReplyValue | undefined): number {
  return value?.type === 'integer' ? Number(value.value) : 0;
}

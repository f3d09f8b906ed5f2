/**
 * One whole reply as plain values, for what the proxy itself asks of nodes. Off the hot path: replies for clients are
 * never decoded. RESP2 and RESP3 give the same values, because a set and a map become arrays, the map's keys and values
 * in turn, as RESP2 writes them. Text has one character per byte.
 * Pure. The reply must be one that ReplyFramer found whole, so its nesting is bounded. Reference: the RESP3 specification.
 */

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
export function decodeReply(bytes: Buffer, start: number, end: number): Decoded | undefined {
  const reader = new ReplyReader(bytes, start, end);
  const value = reader.read();
  return reader.isBroken ? undefined : value;
}

class ReplyReader {
  isBroken = false;
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  read(): Decoded {
    const type = String.fromCharCode(this.#bytes[this.#at] ?? 0);
    const line = this.#line();
    switch (type) {
      case '+':
      case ',':
      case '(':
        return line;
      case '-':
        return new DecodedError(line);
      case ':':
        return Number(line);
      case '_':
        return null;
      case '#':
        return line === 't';
      case '$':
      case '=':
        return this.#bulk(this.#count(line));
      case '!': {
        const text = this.#bulk(this.#count(line));
        return text === null ? null : new DecodedError(text);
      }
      case '*':
      case '~':
      case '>':
        return this.#items(this.#count(line));
      case '%':
        return this.#items(2 * this.#count(line));
      case '|':
        // What the attributes belong to follows them.
        this.#items(2 * this.#count(line));
        return this.read();
      default:
        return this.#fail();
    }
  }

  /** What is left of the line after its type. */
  #line(): string {
    const lineEnd = this.#bytes.indexOf('\r\n', this.#at, 'latin1');
    if (lineEnd < 0 || lineEnd + 2 > this.#end) {
      this.#fail();
      return '';
    }
    const text = this.#bytes.toString('latin1', this.#at + 1, lineEnd);
    this.#at = lineEnd + 2;
    return text;
  }

  #count(line: string): number {
    if (/^(-1|\d{1,10})$/.test(line)) return Number(line);
    this.#fail();
    return -1;
  }

  #bulk(length: number): string | null {
    if (length < 0) return null;
    const start = this.#at;
    this.#at += length + 2;
    if (this.#at > this.#end) {
      this.#fail();
      return null;
    }
    return this.#bytes.toString('latin1', start, start + length);
  }

  #items(count: number): readonly Decoded[] | null {
    if (count < 0) return null;
    const items: Decoded[] = [];
    while (items.length < count && !this.isBroken) items.push(this.read());
    return items;
  }

  #fail(): null {
    this.isBroken = true;
    this.#at = this.#end;
    return null;
  }
}

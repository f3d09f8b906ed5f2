/**
 * Replies of the embedded Redis node, in RESP2 or RESP3, collected as binary strings (one character a byte) and taken once
 * per read. A handler that fails half-way is undone with `mark` and `rewind`. What one client may leave unread is bounded:
 * past `maxBytes` writing throws OutputOverflow and the session is closed, as Redis does with client-output-buffer-limit.
 */
import { ProxyError } from '../../errors.js';
import { formatDouble } from '../../protocol/resp/double.js';

export class OutputOverflow extends ProxyError {
  readonly code = 'OUTPUT_OVERFLOW';
}

export interface Mark {
  readonly text: string;
  readonly parts: number;
  readonly bytes: number;
}

/** Joining more than this per string buys nothing and would run into the engine's longest string. */
const PART_BYTES = 256 * 1024;

export class ReplyWriter {
  resp: 2 | 3 = 2;
  readonly #maxBytes: number;
  #text = '';
  #parts: string[] = [];
  #partsBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get pendingBytes(): number {
    return this.#partsBytes + this.#text.length;
  }

  mark(): Mark {
    return { text: this.#text, parts: this.#parts.length, bytes: this.#partsBytes };
  }

  rewind(mark: Mark): void {
    this.#text = mark.text;
    this.#parts.length = mark.parts;
    this.#partsBytes = mark.bytes;
  }

  /** Everything written so far, in order; the writer is empty afterwards. */
  take(): readonly string[] {
    if (this.#text !== '') this.#parts.push(this.#text);
    const taken = this.#parts;
    this.#text = '';
    this.#parts = [];
    this.#partsBytes = 0;
    return taken;
  }

  ok(): void {
    this.#add('+OK\r\n');
  }

  simple(text: string): void {
    this.#add(`+${text}\r\n`);
  }

  /** `text` begins with its code word. Line ends would break the protocol, so they become blanks, as in Redis. */
  error(text: string): void {
    this.#add(`-${text.replace(/[\r\n]/g, ' ')}\r\n`);
  }

  integer(value: number | bigint): void {
    this.#add(`:${value}\r\n`);
  }

  bulk(text: string): void {
    if (text.length < PART_BYTES) {
      this.#add(`$${text.length}\r\n${text}\r\n`);
      return;
    }
    this.#add(`$${text.length}\r\n`);
    this.#add(text);
    this.#add('\r\n');
  }

  bulkOrNull(text: string | undefined): void {
    if (text === undefined) this.nil();
    else this.bulk(text);
  }

  bulks(texts: readonly string[]): void {
    this.array(texts.length);
    for (const text of texts) this.bulk(text);
  }

  nil(): void {
    this.#add(this.resp === 3 ? '_\r\n' : '$-1\r\n');
  }

  nilArray(): void {
    this.#add(this.resp === 3 ? '_\r\n' : '*-1\r\n');
  }

  array(length: number): void {
    this.#add(`*${length}\r\n`);
  }

  /** `length` counts pairs. In RESP2 a map is a flat array of keys and values. */
  map(length: number): void {
    this.#add(this.resp === 3 ? `%${length}\r\n` : `*${length * 2}\r\n`);
  }

  set(length: number): void {
    this.#add(this.resp === 3 ? `~${length}\r\n` : `*${length}\r\n`);
  }

  double(value: number): void {
    const text = formatDouble(value);
    this.#add(this.resp === 3 ? `,${text}\r\n` : `$${text.length}\r\n${text}\r\n`);
  }

  verbatim(text: string): void {
    if (this.resp === 3) this.#add(`=${text.length + 4}\r\ntxt:${text}\r\n`);
    else this.bulk(text);
  }

  #add(text: string): void {
    this.#text += text;
    if (this.#text.length < PART_BYTES) return;
    this.#parts.push(this.#text);
    this.#partsBytes += this.#text.length;
    this.#text = '';
    if (this.#partsBytes > this.#maxBytes) {
      throw new OutputOverflow(`embedded redis: more than ${this.#maxBytes} bytes of replies wait for one client`);
    }
  }
}

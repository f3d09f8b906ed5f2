/**
 * Requests of the embedded Redis node: RESP arrays of bulk strings, and inline commands. Bytes in, argument lists out, as binary
 * strings. Arguments decoded so far are kept between chunks, and chunks are joined only when the awaited bytes are all there,
 * so a value that arrives in many pieces costs O(its bytes). Error texts are those of networking.c in Redis 7.0.
 */
import { ProtocolError } from '../../errors.js';
import { splitInline } from './inline.js';

export interface DecoderLimits {
  readonly bulkMaxBytes: number;
  readonly requestMaxBytes: number;
  readonly argumentsMax: number;
}

const INLINE_MAX_BYTES = 64 * 1024;
const CR = 13;
const LF = 10;
const ASTERISK = 42;
const DOLLAR = 36;
const INTEGER = /^-?[0-9]{1,19}$/;

export class RequestDecoder {
  readonly #limits: DecoderLimits;
  #chunks: Buffer[] = [];
  #chunksBytes = 0;
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  /** No progress is possible below this many buffered bytes. */
  #awaitedBytes = 1;
  #argumentsLeft = 0;
  #bulkBytes = -1;
  #arguments: string[] = [];
  #requestBytes = 0;

  constructor(limits: DecoderLimits) {
    this.#limits = limits;
  }

  write(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#chunksBytes += chunk.length;
  }

  /** The next whole request, an empty list for a request that asks nothing, undefined when bytes are missing. */
  next(): string[] | undefined {
    if (this.#buffer.length - this.#at + this.#chunksBytes < this.#awaitedBytes) return undefined;
    if (this.#chunksBytes > 0) this.#join();
    if (this.#at >= this.#buffer.length) return undefined;
    if (this.#argumentsLeft > 0) return this.#nextArguments();
    return this.#buffer[this.#at] === ASTERISK ? this.#nextArray() : this.#nextInline();
  }

  #join(): void {
    const rest = this.#buffer.subarray(this.#at);
    this.#buffer =
      rest.length === 0 && this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat([rest, ...this.#chunks]);
    this.#at = 0;
    this.#chunks = [];
    this.#chunksBytes = 0;
    this.#awaitedBytes = 1;
  }

  #nextArray(): string[] | undefined {
    const line = this.#line('too big mbulk count string');
    if (line === undefined) return undefined;
    const count = INTEGER.test(line.slice(1)) ? Number(line.slice(1)) : NaN;
    if (!(count <= this.#limits.argumentsMax)) throw new ProtocolError('ERR Protocol error: invalid multibulk length');
    if (count <= 0) return [];
    this.#argumentsLeft = count;
    this.#arguments = [];
    this.#requestBytes = 0;
    return this.#nextArguments();
  }

  #nextArguments(): string[] | undefined {
    while (this.#argumentsLeft > 0) {
      if (this.#bulkBytes < 0 && !this.#nextBulkHeader()) return undefined;
      const end = this.#at + this.#bulkBytes;
      if (this.#buffer.length < end + 2) {
        this.#awaitedBytes = this.#bulkBytes + 2;
        return undefined;
      }
      this.#arguments.push(this.#buffer.toString('latin1', this.#at, end));
      this.#at = end + 2;
      this.#bulkBytes = -1;
      this.#argumentsLeft -= 1;
    }
    const request = this.#arguments;
    this.#arguments = [];
    return request;
  }

  #nextBulkHeader(): boolean {
    const line = this.#line('too big bulk count string');
    if (line === undefined) return false;
    if (line.charCodeAt(0) !== DOLLAR) {
      throw new ProtocolError(`ERR Protocol error: expected '$', got '${line.slice(0, 1)}'`);
    }
    const text = line.slice(1);
    const length = INTEGER.test(text) ? Number(text) : NaN;
    if (!(length >= 0 && length <= this.#limits.bulkMaxBytes)) {
      throw new ProtocolError('ERR Protocol error: invalid bulk length');
    }
    this.#requestBytes += length + line.length;
    if (this.#requestBytes > this.#limits.requestMaxBytes) {
      throw new ProtocolError(`ERR Protocol error: request larger than ${this.#limits.requestMaxBytes} bytes`);
    }
    this.#bulkBytes = length;
    return true;
  }

  /** A header line without its CRLF. Redis looks for the CR and skips the byte after it, whatever that is. */
  #line(tooBig: string): string | undefined {
    const end = this.#buffer.indexOf(CR, this.#at);
    if (end < 0 || end + 1 >= this.#buffer.length) {
      const waiting = this.#buffer.length - this.#at;
      if (end < 0 && waiting > INLINE_MAX_BYTES) throw new ProtocolError(`ERR Protocol error: ${tooBig}`);
      this.#awaitedBytes = waiting + 1;
      return undefined;
    }
    const line = this.#buffer.toString('latin1', this.#at, end);
    this.#at = end + 2;
    return line;
  }

  #nextInline(): string[] | undefined {
    const end = this.#buffer.indexOf(LF, this.#at);
    const length = (end < 0 ? this.#buffer.length : end) - this.#at;
    if (length > INLINE_MAX_BYTES) throw new ProtocolError('ERR Protocol error: too big inline request');
    if (end < 0) {
      this.#awaitedBytes = length + 1;
      return undefined;
    }
    const lineEnd = end > this.#at && this.#buffer[end - 1] === CR ? end - 1 : end;
    const words = splitInline(this.#buffer.toString('latin1', this.#at, lineEnd));
    if (words === undefined) throw new ProtocolError('ERR Protocol error: unbalanced quotes in request');
    this.#at = end + 1;
    return words;
  }
}

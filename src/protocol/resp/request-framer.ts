/**
 * Finds where RESP requests end and where their arguments lie, without copying or decoding anything.
 *
 * Used by client sessions, once per request, so it returns numbers and leaves its findings in fields. The bytes of one
 * frame must be contiguous: a caller whose frame is cut moves what it has to a buffer that can grow and calls `rebase`.
 * A cut frame is never scanned twice: the position and the argument in progress are kept, so a frame costs O(its bytes)
 * plus O(1) per call, however it is cut.
 * Follows redis-server's own parser (networking.c, processMultibulkBuffer and processInlineBuffer), error texts included.
 */
import { Scan, type ScanResult } from './scan.js';

export interface RequestLimits {
  /** Most bytes of one argument (Redis: proto-max-bulk-len, 512 MiB). */
  readonly bulkBytesMax: number;
  /** Most arguments of one request, the command name included. */
  readonly argumentsMax: number;
  /** Most bytes of an inline request, and of a length line (Redis: 64 KiB). */
  readonly inlineBytesMax: number;
  /** Most bytes of one whole request. */
  readonly requestBytesMax: number;
}

const CR = 13;
const LF = 10;
const DOLLAR = 36;
const STAR = 42;
const MINUS = 45;
const ZERO = 48;

/** Argument slots kept between requests; a larger request's slots are given back after it. */
const ARGUMENTS_KEPT_MAX = 4096;

/** Digits of the largest 64-bit integer. What a double cannot hold exactly is far beyond every limit. */
const DIGITS_MAX = 19;

/** What #readNumber answers instead of a position: the line's end has not come, it is no number, or it has no end. */
const Line = { cut: -1, noNumber: -2, tooLong: -3 } as const;

const BAD_COUNT = 'Protocol error: invalid multibulk length';
const BAD_LENGTH = 'Protocol error: invalid bulk length';

export class RequestFramer {
  /** Start and end of each argument, in pairs, as offsets into the buffer given to `scan`. */
  args = new Int32Array(32);
  /** Arguments of the frame found, or seen so far in a cut one. 0 in a whole frame: an empty request, to be ignored. */
  argc = 0;
  /** Where the frame found ends. */
  end = 0;
  /** False when the frame relies on Redis's leniency (a line not ended by CRLF): it must be re-encoded to be forwarded. */
  isCanonical = true;
  /** Set with `Scan.error`: the text for the client, without the leading `-ERR `. */
  error = '';

  readonly #limits: RequestLimits;
  /** Arguments announced by the frame in progress; 0 between frames. */
  #total = 0;
  /** Where scanning goes on in a cut frame; in a cut body, where the body starts. */
  #position = 0;
  /** Body bytes of the argument in progress, -1 when its length line has not been read. */
  #bodyBytes = -1;
  /** Where the frame in progress starts. */
  #start = 0;
  /** Set by #readNumber. */
  #number = 0;
  /**
   * How far the line in progress (inline or length) has been searched for its end, from its start. The fast paths finish
   * lines without looking here, so whoever begins a line that was never looked at sets it to 0.
   */
  #searched = 0;

  constructor(limits: RequestLimits) {
    this.#limits = limits;
  }

  /** Buffer length that the frame in progress is known to need, measured from its start: a hint for growing. */
  get bytesNeeded(): number {
    const known = this.#bodyBytes < 0 ? 0 : this.#bodyBytes + 2;
    return this.#position - this.#start + known;
  }

  /** The caller has moved the frame in progress: what was at `offset` in the old buffer is now at 0. */
  rebase(offset: number): void {
    const args = this.args;
    for (let i = 0; i < this.argc * 2; i++) args[i]! -= offset;
    this.#position -= offset;
    this.#start -= offset;
  }

  /**
   * Looks at `buf[pos, end)`. Between frames, scanning starts at `pos`; inside a cut frame it goes on where it stopped
   * and `pos` is the start of that frame. O(arguments): bodies are skipped by length. The fast path reads one- and
   * two-digit lengths inline (bench/micro-framer.mjs).
   */
  scan(buf: Uint8Array, pos: number, end: number): ScanResult {
    let total = this.#total;
    let at = this.#position;
    if (total === 0) {
      if (pos >= end) return Scan.more;
      if (buf[pos] !== STAR) return this.#scanInline(buf, pos, end);
      this.argc = 0;
      this.isCanonical = true;
      this.#start = pos;
      const digit = pos + 4 <= end ? buf[pos + 1]! - ZERO : -1;
      if (digit > 0 && digit < 10 && buf[pos + 2] === CR && buf[pos + 3] === LF) {
        total = digit;
        at = pos + 4;
        this.#searched = 0;
      } else {
        const result = this.#scanCount(buf, pos, end);
        if (result !== Scan.inline) return result;
        total = this.#number;
        at = this.#position;
      }
    }
    return this.#scanArguments(buf, at, end, total);
  }

  /** The loop over arguments from position `at`; `total` of them were announced. */
  #scanArguments(buf: Uint8Array, start: number, end: number, total: number): ScanResult {
    let at = start;
    let argc = this.argc;
    let length = this.#bodyBytes;
    const bulkBytesMax = this.#limits.bulkBytesMax;
    let args = this.args;
    while (argc < total) {
      if (length < 0) {
        // "$7\r\n" and "$64\r\n" inline, everything else in #readNumber.
        const first = at + 5 <= end && buf[at] === DOLLAR ? buf[at + 1]! - ZERO : -1;
        const second = buf[at + 2]!;
        if (first >= 0 && first < 10 && second === CR && buf[at + 3] === LF) {
          length = first;
          at += 4;
        } else if (
          first > 0 &&
          first < 10 &&
          second >= ZERO &&
          second <= 57 &&
          buf[at + 3] === CR &&
          buf[at + 4] === LF
        ) {
          length = first * 10 + second - ZERO;
          at += 5;
        } else {
          this.#position = at;
          if (at !== start) this.#searched = 0;
          const result = this.#scanLength(buf, end);
          if (result !== Scan.frame) return this.#suspend(result, argc, total, this.#position, -1);
          length = this.#number;
          at = this.#position;
        }
        if (length > bulkBytesMax) return this.#fail(BAD_LENGTH);
      }
      const bodyEnd = at + length;
      if (bodyEnd + 2 > end) {
        if (bodyEnd + 2 - this.#start > this.#limits.requestBytesMax) return this.#tooLarge();
        return this.#suspend(Scan.more, argc, total, at, length);
      }
      if (argc * 2 >= args.length) {
        this.#growArgs(argc, total);
        args = this.args;
      }
      args[argc * 2] = at;
      args[argc * 2 + 1] = bodyEnd;
      argc++;
      if (buf[bodyEnd] !== CR || buf[bodyEnd + 1] !== LF) this.isCanonical = false;
      at = bodyEnd + 2;
      length = -1;
    }
    if (at - this.#start > this.#limits.requestBytesMax) return this.#tooLarge();
    this.argc = argc;
    this.end = at;
    this.#total = 0;
    this.#bodyBytes = -1;
    this.#searched = 0;
    return Scan.frame;
  }

  /** Gives back the slots of an unusually long request. The caller is done with `args`. */
  shrink(): void {
    if (this.args.length > ARGUMENTS_KEPT_MAX * 2 && this.#total === 0) this.args = new Int32Array(32);
  }

  #suspend(result: ScanResult, argc: number, total: number, position: number, bodyBytes: number): ScanResult {
    this.argc = argc;
    this.#total = total;
    this.#position = position;
    this.#bodyBytes = bodyBytes;
    return result;
  }

  #fail(text: string): ScanResult {
    this.error = text;
    return Scan.error;
  }

  #tooLarge(): ScanResult {
    return this.#fail(`Protocol error: request larger than the limit of ${this.#limits.requestBytesMax} bytes`);
  }

  /**
   * Slots grow with the arguments that have come, not with the number announced: an announcement is free to make. They
   * double, and only when they are full, so that each argument's offsets are copied a bounded number of times.
   */
  #growArgs(argc: number, total: number): void {
    const grown = new Int32Array(Math.min(total, Math.max(argc * 2, 1024)) * 2);
    grown.set(this.args.subarray(0, argc * 2));
    this.args = grown;
  }

  /**
   * The "*N" line in all its forms. `Scan.inline` here means "go on": #number arguments start at #position.
   * A count of zero or less is an empty request.
   */
  #scanCount(buf: Uint8Array, pos: number, end: number): ScanResult {
    const after = this.#readNumber(buf, pos, end);
    if (after === Line.cut) {
      this.#position = pos;
      return Scan.more;
    }
    if (after === Line.tooLong) return this.#fail('Protocol error: too big mbulk count string');
    if (after === Line.noNumber || this.#number > this.#limits.argumentsMax) return this.#fail(BAD_COUNT);
    if (this.#number <= 0) {
      this.end = after;
      return Scan.frame;
    }
    this.#position = after;
    return Scan.inline;
  }

  /** The "$N" line at #position in all its forms; leaves the length in #number and moves #position behind the line. */
  #scanLength(buf: Uint8Array, end: number): ScanResult {
    const at = this.#position;
    if (at >= end) return Scan.more;
    const after = this.#readNumber(buf, at, end);
    if (after === Line.cut) return Scan.more;
    if (after === Line.tooLong) return this.#fail('Protocol error: too big bulk count string');
    if (buf[at] !== DOLLAR) return this.#fail(`Protocol error: expected '$', got '${printable(buf[at]!)}'`);
    if (after === Line.noNumber || this.#number < 0) return this.#fail(BAD_LENGTH);
    this.#position = after;
    return Scan.frame;
  }

  /**
   * Reads the decimal between the type byte at `at` and the next CR into #number, as Redis's string2ll does: no sign but
   * a minus, no leading zero. Returns the position after the line, or one of `Line`.
   * Like Redis it ends the line at CR plus any one byte; a byte that is not LF makes the frame not canonical.
   */
  #readNumber(buf: Uint8Array, at: number, end: number): number {
    const lineMax = at + this.#limits.inlineBytesMax;
    const stop = Math.min(end, lineMax + 1);
    let i = at + this.#searched;
    while (i < stop && buf[i] !== CR) i++;
    if (i > lineMax) return Line.tooLong;
    if (i + 1 >= end) {
      this.#searched = i - at;
      return Line.cut;
    }
    this.#searched = 0;
    if (buf[i + 1] !== LF) this.isCanonical = false;
    const isNegative = buf[at + 1] === MINUS;
    const first = isNegative ? at + 2 : at + 1;
    const digits = i - first;
    if (digits < 1 || digits > DIGITS_MAX || (buf[first] === ZERO && (digits > 1 || isNegative))) return Line.noNumber;
    let value = 0;
    for (let j = first; j < i; j++) {
      const digit = buf[j]! - ZERO;
      if (digit < 0 || digit > 9) return Line.noNumber;
      value = value * 10 + digit;
    }
    this.#number = isNegative ? -value : value;
    return i + 2;
  }

  /** One line of an inline request; inline.ts splits it into arguments. */
  #scanInline(buf: Uint8Array, pos: number, end: number): ScanResult {
    const lineMax = pos + this.#limits.inlineBytesMax;
    const stop = Math.min(end, lineMax + 1);
    let at = pos + this.#searched;
    while (at < stop && buf[at] !== LF) at++;
    if (at > lineMax) return this.#fail('Protocol error: too big inline request');
    if (at >= end) {
      this.#searched = at - pos;
      this.#start = pos;
      this.#position = pos;
      return Scan.more;
    }
    this.#searched = 0;
    this.end = at + 1;
    return Scan.inline;
  }
}

function printable(byte: number): string {
  return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : byte === 0 ? '' : String.fromCharCode(byte);
}

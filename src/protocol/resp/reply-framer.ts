/**
 * Finds where RESP2 and RESP3 replies end, without copying, decoding or holding any of their bytes.
 *
 * Used by upstream channels, once per reply. Unlike requests, the bytes of one reply need not be contiguous: after
 * `Scan.more` everything before `consumed` is done with and may already be on its way to the client, which is how
 * values larger than the read buffer stream through. Only the bytes from `consumed` on (part of one line) must be shown
 * again. Depth and counts live in two small typed arrays. Anything that is not RESP is an error, and so is nesting
 * beyond the limit; the channel must then be destroyed, for nothing after the error can be trusted.
 * Types as in the RESP3 specification (antirez/RESP3), streamed strings, streamed aggregates and attributes included.
 */
import { Scan, type ScanResult } from './scan.js';

export interface ReplyLimits {
  /** Deepest nesting of aggregates. */
  readonly nestingMax: number;
  /** Most bytes of one line (simple strings, errors, numbers). */
  readonly lineBytesMax: number;
}

const CR = 13;
const LF = 10;
const ZERO = 48;

const BAD_BODY_END = 'a bulk does not end with CRLF';

/** What a level of nesting is: how it ends, and whether its end is an element of the level above. */
const Level = { counted: 0, attribute: 1, streamed: 2, streamedString: 3 } as const;

export class ReplyFramer {
  /** After `Scan.frame`: where the reply ends. */
  end = 0;
  /** After `Scan.more`: bytes before this are done with; those behind it must be shown again, with more behind them. */
  consumed = 0;
  /** First byte of the reply found or in progress, attributes skipped: '-' is an error, '>' a push. 0 before it is known. */
  type = 0;
  /** Set with `Scan.error`. */
  error = '';

  readonly #limits: ReplyLimits;
  readonly #remaining: Float64Array;
  readonly #levels: Uint8Array;
  #depth = 0;
  /** Body bytes still to pass by, CRLF included. */
  #skip = 0;
  /** True when what #skip passes by is a whole element, false for one chunk of a streamed string. */
  #skipEnds = true;
  /** How far the line in progress has been searched for its end. */
  #searched = 0;
  #number = 0;
  #isMidFrame = false;

  constructor(limits: ReplyLimits) {
    this.#limits = limits;
    this.#remaining = new Float64Array(limits.nestingMax + 1);
    this.#levels = new Uint8Array(limits.nestingMax + 1);
  }

  /** True while a reply has begun and not ended. */
  get isMidFrame(): boolean {
    return this.#isMidFrame;
  }

  /** Body bytes known to be still to come, CRLF included: a hint for buffers. */
  get bytesExpected(): number {
    return this.#skip;
  }

  /**
   * Looks at `buf[pos, end)`, going on where the last call stopped. The first lines serve the commonest replies, a
   * short bulk or a line at the top level, without touching the nesting state (bench/micro-framer.mjs).
   */
  scan(buf: Uint8Array, pos: number, end: number): ScanResult {
    if (!this.#isMidFrame) {
      if (pos >= end) {
        this.consumed = pos;
        return Scan.more;
      }
      const type = buf[pos]!;
      this.type = type;
      if (type === 36) {
        const first = pos + 5 <= end ? buf[pos + 1]! - ZERO : -1;
        const second = buf[pos + 2]!;
        let after = 0;
        if (first >= 0 && first < 10 && second === CR) {
          if (buf[pos + 3] === LF) after = pos + 6 + first;
        } else if (
          first > 0 &&
          first < 10 &&
          second >= ZERO &&
          second <= 57 &&
          buf[pos + 3] === CR &&
          buf[pos + 4] === LF
        ) {
          after = pos + 7 + first * 10 + second - ZERO;
        }
        if (after !== 0 && after <= end && buf[after - 2] === CR && buf[after - 1] === LF) {
          this.end = after;
          return Scan.frame;
        }
      } else if (type === 43 || type === 58) {
        let i = pos + 1;
        while (i < end && buf[i] !== CR) i++;
        if (i + 1 < end && buf[i + 1] === LF && i - pos <= this.#limits.lineBytesMax) {
          this.end = i + 2;
          return Scan.frame;
        }
      }
      this.#isMidFrame = true;
    }
    return this.#scanTokens(buf, pos, end);
  }

  #scanTokens(buf: Uint8Array, pos: number, end: number): ScanResult {
    let at = pos;
    if (this.#skip > 0) {
      const skip = this.#skip;
      if (skip > end - at) return this.#cutBody(buf, at, end, skip - (end - at));
      at += skip;
      this.#skip = 0;
      if (buf[at - 1] !== LF || (skip > 1 && buf[at - 2] !== CR)) return this.#fail(BAD_BODY_END);
      if (this.#skipEnds && this.#closeElement()) return this.#frame(at);
    }
    for (;;) {
      if (this.#depth > 0 && this.#searched === 0) at = this.#skipShortBulks(buf, at, end);
      const lineEnd = this.#findLineEnd(buf, at, end);
      if (lineEnd === 0) return this.#more(at);
      if (lineEnd < 0) return this.#fail(`a line is longer than ${this.#limits.lineBytesMax} bytes`);
      const opened = this.#token(buf, at, lineEnd);
      if (opened === Token.bad) return Scan.error;
      at = lineEnd;
      if (opened === Token.body) {
        const bodyEnd = at + this.#number + 2;
        if (bodyEnd > end) return this.#cutBody(buf, at, end, bodyEnd - end);
        if (buf[bodyEnd - 2] !== CR || buf[bodyEnd - 1] !== LF) return this.#fail(BAD_BODY_END);
        at = bodyEnd;
        if (this.#skipEnds && this.#closeElement()) return this.#frame(at);
      } else if (opened === Token.element && this.#closeElement()) {
        return this.#frame(at);
      }
    }
  }

  /** The bytes end inside a body with `missing` more to come; its CR may be the last of them. */
  #cutBody(buf: Uint8Array, at: number, end: number, missing: number): ScanResult {
    if (missing === 1 && end > at && buf[end - 1] !== CR) return this.#fail(BAD_BODY_END);
    this.#skip = missing;
    return this.#more(end);
  }

  /**
   * Passes by bulks of up to 99 bytes in an aggregate, all but its last element: an MGET's reply is made of them
   * (bench/micro-framer.mjs). Whatever is not as simple is left to the ordinary way. Returns where that goes on.
   */
  #skipShortBulks(buf: Uint8Array, start: number, end: number): number {
    const depth = this.#depth;
    if (this.#levels[depth] !== Level.counted) return start;
    let at = start;
    let remaining = this.#remaining[depth]!;
    while (remaining > 1 && at + 5 <= end && buf[at] === 36) {
      const first = buf[at + 1]! - ZERO;
      const second = buf[at + 2]! - ZERO;
      let after = 0;
      if (first >= 0 && first < 10 && buf[at + 2] === CR && buf[at + 3] === LF) after = at + 6 + first;
      else if (first > 0 && first < 10 && second >= 0 && second < 10 && buf[at + 3] === CR && buf[at + 4] === LF) {
        after = at + 7 + first * 10 + second;
      }
      if (after === 0 || after > end || buf[after - 2] !== CR || buf[after - 1] !== LF) break;
      at = after;
      remaining--;
    }
    this.#remaining[depth] = remaining;
    return at;
  }

  /** Position after the line that starts at `at`; 0 if its end has not come, -1 if the line is too long. */
  #findLineEnd(buf: Uint8Array, at: number, end: number): number {
    const lineMax = at + this.#limits.lineBytesMax;
    const stop = Math.min(end - 1, lineMax + 1);
    let i = at + this.#searched;
    while (i < stop && !(buf[i] === CR && buf[i + 1] === LF)) i++;
    if (i > lineMax) return -1;
    if (i < stop) {
      this.#searched = 0;
      return i + 2;
    }
    this.#searched = Math.max(0, i - at);
    return 0;
  }

  /** Reads the line `buf[at, lineEnd)` and says what it begins. */
  #token(buf: Uint8Array, at: number, lineEnd: number): Token {
    const type = buf[at]!;
    if (this.#depth === 0) this.type = type;
    if (this.#depth > 0 && this.#levels[this.#depth] === Level.streamedString) return this.#chunk(buf, at, lineEnd);
    switch (type) {
      case 43: // + simple string
      case 45: // - error
      case 58: // : integer
      case 95: // _ null
      case 35: // # boolean
      case 44: // , double
      case 40: // ( big number
        return Token.element;
      case 36: // $ bulk string
      case 61: // = verbatim string
      case 33: // ! bulk error
        return this.#bulk(buf, at, lineEnd);
      case 42: // * array
      case 126: // ~ set
      case 62: // > push
        return this.#aggregate(buf, at, lineEnd, 1, Level.counted);
      case 37: // % map
        return this.#aggregate(buf, at, lineEnd, 2, Level.counted);
      case 124: // | attribute: stands before the element that it speaks of
        return this.#aggregate(buf, at, lineEnd, 2, Level.attribute);
      case 46: // . end of a streamed aggregate
        return this.#endOfStream(at, lineEnd);
      default:
        return this.#bad(`0x${type.toString(16).padStart(2, '0')} is no reply type`);
    }
  }

  #bulk(buf: Uint8Array, at: number, lineEnd: number): Token {
    if (isStreamed(buf, at, lineEnd)) return this.#open(Level.streamedString, 0);
    if (!this.#readNumber(buf, at, lineEnd)) return this.#bad('a bulk has a bad length');
    if (this.#number === -1) return Token.element;
    this.#skipEnds = true;
    return Token.body;
  }

  #chunk(buf: Uint8Array, at: number, lineEnd: number): Token {
    if (buf[at] !== 59 || !this.#readNumber(buf, at, lineEnd) || this.#number < 0) {
      return this.#bad('a streamed string has a bad chunk');
    }
    if (this.#number === 0) {
      this.#depth--;
      return Token.element;
    }
    this.#skipEnds = false;
    return Token.body;
  }

  #aggregate(buf: Uint8Array, at: number, lineEnd: number, factor: number, level: number): Token {
    if (isStreamed(buf, at, lineEnd)) {
      return level === Level.attribute ? this.#bad('an attribute cannot be streamed') : this.#open(Level.streamed, 0);
    }
    if (!this.#readNumber(buf, at, lineEnd)) return this.#bad('an aggregate has a bad length');
    const count = this.#number * factor;
    if (count <= 0) return level === Level.attribute ? Token.opened : Token.element;
    return this.#open(level, count);
  }

  #open(level: number, count: number): Token {
    if (this.#depth >= this.#limits.nestingMax) return this.#bad(`nested deeper than ${this.#limits.nestingMax}`);
    this.#depth++;
    this.#levels[this.#depth] = level;
    this.#remaining[this.#depth] = count;
    return Token.opened;
  }

  #endOfStream(at: number, lineEnd: number): Token {
    if (lineEnd - at !== 3 || this.#depth === 0 || this.#levels[this.#depth] !== Level.streamed) {
      return this.#bad('an end of stream without a stream');
    }
    this.#depth--;
    return Token.element;
  }

  /** An element is complete: closes every level that it completes. True when that was the whole reply. */
  #closeElement(): boolean {
    while (this.#depth > 0) {
      const level = this.#levels[this.#depth];
      if (level === Level.streamed) return false;
      const remaining = this.#remaining[this.#depth]! - 1;
      this.#remaining[this.#depth] = remaining;
      if (remaining > 0) return false;
      this.#depth--;
      if (level === Level.attribute) return false;
    }
    return true;
  }

  /** The decimal between the type byte and the line end, into #number. */
  #readNumber(buf: Uint8Array, at: number, lineEnd: number): boolean {
    const stop = lineEnd - 2;
    let i = at + 1;
    if (buf[i] === 45) {
      this.#number = -1;
      return stop - i === 2 && buf[i + 1] === 49;
    }
    if (stop - i < 1 || stop - i > 12) return false;
    let value = 0;
    for (; i < stop; i++) {
      const digit = buf[i]! - ZERO;
      if (digit < 0 || digit > 9) return false;
      value = value * 10 + digit;
    }
    this.#number = value;
    return true;
  }

  #frame(end: number): ScanResult {
    this.end = end;
    this.#isMidFrame = false;
    return Scan.frame;
  }

  #more(consumed: number): ScanResult {
    this.consumed = consumed;
    return Scan.more;
  }

  #fail(text: string): ScanResult {
    this.error = text;
    return Scan.error;
  }

  #bad(text: string): Token {
    this.error = text;
    return Token.bad;
  }
}

/** What a line begins: nothing more (a whole element), a body of #number bytes, a level of nesting, or it is wrong. */
const Token = { element: 0, body: 1, opened: 2, bad: 3 } as const;
type Token = (typeof Token)[keyof typeof Token];

function isStreamed(buf: Uint8Array, at: number, lineEnd: number): boolean {
  return lineEnd - at === 4 && buf[at + 1] === 63;
}

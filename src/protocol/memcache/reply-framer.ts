/**
 * Finds the end of one backend reply, given what was asked. Used by the upstream channel of every memcached node, which
 * knows the request at the head of its queue; one framer per connection.
 * Pure and resumable like McRequestFramer: values are counted, not read, and no line is searched twice. A line that
 * cannot answer the request, a line without CR, or a value whose length does not fit is an error: the stream is out of
 * step and the connection must be destroyed, with all that waits on it.
 * VALUE items of a whole reply are read with McValueItems; framing itself notes none. Reference: protocol.txt of 1.6.18.
 */
import { McReplyKind, type McReplyKindId } from './commands.js';
import { readLength } from './numbers.js';
import { ANSWERS_OF_KIND, McAnswer, type McAnswerId, isErrorAnswer, readAnswer } from './reply-lines.js';
import { McScan, type McScanResult } from './scan.js';

export interface McReplyLimits {
  /** Longest reply line without its line end. A VALUE line has some 300 bytes, one of stats rarely more than 1000. */
  readonly lineBytesMax: number;
  /** Longest value of one item. At least the nodes' own limit (memcached -I), or large items break their connection. */
  readonly valueBytesMax: number;
  /** Longest reply as a whole: all items of a get, all lines of stats. */
  readonly replyBytesMax: number;
}

export const MC_REPLY_LIMITS: McReplyLimits = {
  lineBytesMax: 8192,
  valueBytesMax: 1_048_576,
  replyBytesMax: 1_073_741_824,
};

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
const ZERO = 48;
const NINE = 57;
const LETTER_V = 86;
const LETTER_A = 65;
const LETTER_L = 76;
const LETTER_U = 85;
const LETTER_E = 69;
const VALUE_WORD_BYTES = 'VALUE '.length;
/** Any number of so many digits is exact. */
const LENGTH_DIGITS_MAX = 9;
/** What a line leads to: the reply's end, another line, a value, or an error. */
const Step = { done: 0, line: 1, value: 2, bad: 3 } as const;
const OUT_OF_STEP = 'reply line that cannot answer the request';
const BAD_LENGTH = 'item line without a length';
type StepId = (typeof Step)[keyof typeof Step];

export class McReplyFramer {
  replyStart = 0;
  /** After `frame`: the end of the reply, its last line end included. */
  replyEnd = 0;
  /** What the first line said; for fencedMeta noOp when there was no reply before MN. */
  answer: McAnswerId = McAnswer.unknown;
  /** Of fencedMeta, where MN begins: [replyStart, bodyEnd) goes to the client. Of others replyEnd. */
  bodyEnd = 0;
  /** The data of the last VALUE or VA item, without its line end. Equal offsets when there was none. */
  valueStart = 0;
  valueEnd = 0;
  /** Number of VALUE items. */
  itemCount = 0;
  /** After `more` inside a value: bytes missing to the end of its line end. Else 0. */
  needBytes = 0;
  /** After `more`: no byte before this offset is read again, so it may be passed on; `pos` may then be negative. */
  resumeAt = 0;
  /** After `error`: what was wrong, for the log. A constant. */
  errorText = '';

  readonly #limits: McReplyLimits;
  /** Offset from the reply's start where framing goes on: a line's first byte, or the line end behind a value. */
  #cursor = 0;
  /** Offset from the reply's start before which the open line holds no line feed. */
  #searched = 0;
  #isInValue = false;
  #isFirstLine = true;
  #isFresh = true;

  constructor(limits: McReplyLimits = MC_REPLY_LIMITS) {
    this.#limits = limits;
  }

  /** Whether the reply of the last `frame` was an error line, in whole or at its end. */
  get isError(): boolean {
    return isErrorAnswer(this.answer);
  }

  /** Looks for the end of the reply that begins at `pos`, of a kind that is not `none`. Same kind on every call for it. */
  next(buf: Uint8Array, pos: number, end: number, kind: McReplyKindId): McScanResult {
    if (this.#isFresh) this.#begin();
    this.#move(pos);
    let at = pos + this.#cursor;
    for (;;) {
      if (this.#isInValue) {
        if (at + 2 > end) return this.#more(pos, at, end, at + 2 - end);
        if (buf[at] !== CARRIAGE_RETURN || buf[at + 1] !== LINE_FEED)
          return this.#error('value longer than its length');
        this.#isInValue = false;
        at += 2;
        if (kind === McReplyKind.meta) return this.#done(at);
      }
      // A line that was cut goes the general way, which goes on where it stopped.
      if (kind === McReplyKind.values && this.#searched <= at - pos && this.#readPlainItem(buf, at, end)) {
        this.#isInValue = true;
        at = this.valueEnd;
        if (at - pos > this.#limits.replyBytesMax) return this.#error('reply too long');
        continue;
      }
      const lineFeed = this.#findLineFeed(buf, pos + Math.max(this.#searched, at - pos), end);
      if (lineFeed < 0) {
        if (end - at > this.#limits.lineBytesMax) return this.#error('reply line too long');
        this.#searched = end - pos;
        return this.#more(pos, at, end, 0);
      }
      if (lineFeed === at || buf[lineFeed - 1] !== CARRIAGE_RETURN) return this.#error('reply line without CR');
      const step = this.#line(buf, at, lineFeed - 1, kind);
      if (step === Step.done) return this.#done(lineFeed + 1);
      if (step === Step.bad) return McScan.error;
      this.#isInValue = step === Step.value;
      at = step === Step.value ? this.valueEnd : lineFeed + 1;
      if (at - pos > this.#limits.replyBytesMax) return this.#error('reply too long');
    }
  }

  #begin(): void {
    this.#isFresh = false;
    this.#isFirstLine = true;
    this.answer = McAnswer.unknown;
    this.bodyEnd = -1;
    this.valueStart = 0;
    this.valueEnd = 0;
    this.itemCount = 0;
    this.replyStart = 0;
    this.#searched = 0;
    this.#isInValue = false;
  }

  /** The bytes may lie elsewhere than in the last call: offsets of the item that was seen move with them. */
  #move(pos: number): void {
    if (!this.#isFirstLine) {
      this.valueStart += pos - this.replyStart;
      this.valueEnd += pos - this.replyStart;
    }
    this.replyStart = pos;
  }

  #more(pos: number, at: number, end: number, needBytes: number): McScanResult {
    this.#cursor = at - pos;
    this.needBytes = needBytes;
    this.resumeAt = Math.min(at, end);
    return McScan.more;
  }

  #done(replyEnd: number): McScanResult {
    this.replyEnd = replyEnd;
    if (this.bodyEnd < 0) this.bodyEnd = replyEnd;
    this.needBytes = 0;
    this.#cursor = 0;
    this.#isFresh = true;
    return McScan.frame;
  }

  #error(text: string): McScanResult {
    this.errorText = text;
    return McScan.error;
  }

  #bad(text: string): StepId {
    this.errorText = text;
    return Step.bad;
  }

  #findLineFeed(buf: Uint8Array, from: number, end: number): number {
    for (let i = from; i < end; i++) if (buf[i] === LINE_FEED) return i;
    return -1;
  }

  /** Reads the line [start, end). */
  #line(buf: Uint8Array, start: number, end: number, kind: McReplyKindId): StepId {
    if (end - start > this.#limits.lineBytesMax) return this.#bad('reply line too long');
    const answer = readAnswer(buf, start, end);
    if (this.#isFirstLine) {
      if (((ANSWERS_OF_KIND[kind]! >> answer) & 1) === 0 || answer === McAnswer.unknown) return this.#bad(OUT_OF_STEP);
      this.#isFirstLine = false;
      this.answer = answer;
      this.valueStart = end + 2;
      this.valueEnd = end + 2;
    } else if (!this.#mayFollow(answer, kind)) return this.#bad(OUT_OF_STEP);
    switch (kind) {
      case McReplyKind.values:
        return this.#valuesLine(buf, start, end, answer);
      case McReplyKind.meta:
        return answer === McAnswer.valueHit ? this.#openValue(buf, start, end, 1) : Step.done;
      case McReplyKind.fencedMeta:
        if (answer === McAnswer.noOp) {
          this.bodyEnd = start;
          return Step.done;
        }
        return answer === McAnswer.valueHit ? this.#openValue(buf, start, end, 1) : Step.line;
      case McReplyKind.stats:
        return answer === McAnswer.stat ? Step.line : Step.done;
      default:
        return Step.done;
    }
  }

  /**
   * Reads a whole line `VALUE key flags length [cas]` in one pass, in loops with one comparison for each byte of a word
   * (bench/micro-memcache.mjs). The general way takes three passes.
   * False: the line is another, has control characters, or is not whole, and nothing has been done with it.
   */
  #readPlainItem(buf: Uint8Array, start: number, end: number): boolean {
    if (buf[start] !== LETTER_V || buf[start + 1] !== LETTER_A || buf[start + 2] !== LETTER_L) return false;
    if (buf[start + 3] !== LETTER_U || buf[start + 4] !== LETTER_E || buf[start + 5] !== SPACE) return false;
    const stop = Math.min(end, start + this.#limits.lineBytesMax);
    let at = start + VALUE_WORD_BYTES;
    while (at < stop && buf[at]! > SPACE) at++;
    if (at >= stop || buf[at] !== SPACE) return false;
    at++;
    while (at < stop && buf[at]! > SPACE) at++;
    if (at >= stop || buf[at] !== SPACE) return false;
    at++;
    const digits = at;
    let length = 0;
    for (; at < stop && buf[at]! >= ZERO && buf[at]! <= NINE; at++) length = length * 10 + buf[at]! - ZERO;
    if (at === digits || at - digits > LENGTH_DIGITS_MAX || length > this.#limits.valueBytesMax) return false;
    if (at < stop && buf[at] === SPACE) {
      at++;
      while (at < stop && buf[at]! > SPACE) at++;
    }
    if (at + 1 >= stop || buf[at] !== CARRIAGE_RETURN || buf[at + 1] !== LINE_FEED) return false;
    if (this.#isFirstLine) {
      this.#isFirstLine = false;
      this.answer = McAnswer.value;
    }
    this.itemCount++;
    this.valueStart = at + 2;
    this.valueEnd = this.valueStart + length;
    return true;
  }

  /** Whether a line that is not the first may stand where it does. */
  #mayFollow(answer: McAnswerId, kind: McReplyKindId): boolean {
    if (kind === McReplyKind.fencedMeta) return answer === McAnswer.noOp;
    if (kind === McReplyKind.stats) return answer === McAnswer.stat || answer === McAnswer.end;
    return answer === McAnswer.value || answer === McAnswer.end || isErrorAnswer(answer);
  }

  /** A get ends with END, or with an error that memcached puts in its place, even behind some items. */
  #valuesLine(buf: Uint8Array, start: number, end: number, answer: McAnswerId): StepId {
    if (answer !== McAnswer.value) {
      if (isErrorAnswer(answer)) this.answer = answer;
      return Step.done;
    }
    this.itemCount++;
    return this.#openValue(buf, start, end, 3);
  }

  /** Reads the length in the word with this index of a VALUE or VA line, and places the value behind the line. */
  #openValue(buf: Uint8Array, start: number, end: number, lengthWord: number): StepId {
    let at = start;
    for (let word = 0; word < lengthWord; word++) {
      while (at < end && buf[at] !== SPACE) at++;
      if (at === end) return this.#bad(BAD_LENGTH);
      at++;
    }
    const from = at;
    while (at < end && buf[at] !== SPACE) at++;
    const length = readLength(buf, from, at);
    if (length < 0) return this.#bad(BAD_LENGTH);
    if (length > this.#limits.valueBytesMax) return this.#bad('value longer than valueBytesMax');
    this.valueStart = end + 2;
    this.valueEnd = this.valueStart + length;
    return Step.value;
  }
}

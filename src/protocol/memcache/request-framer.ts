/**
 * Finds the requests of one memcached client in its byte stream: where each begins and ends, and, through McRequestLine,
 * what it is. Used by the session of every memcached client; one framer per connection.
 * Pure and resumable: after `more`, call again with the same frame start (its bytes may have moved, and grown). A line is
 * searched for its end once, however it is cut, and split once whole; data bytes are counted, never read. No allocation
 * per frame. The result is the same for every way of cutting the stream (test/property/memcache-requests.test.ts).
 * Reference: memcached 1.6.18, protocol.txt and experiment; docs/memcached-protocol.md lists the differences.
 */
import type { Buffer } from 'node:buffer';
import { McError, clientError, serverError } from './replies.js';
import { McRequestLine, type McRequestLimits, MC_REQUEST_LIMITS } from './request-line.js';
import { McScan, type McScanResult } from './scan.js';

/** Where the framer stands in the stream. */
const Phase = { line: 0, value: 1, swallow: 2, dead: 3 } as const;

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
/** First byte of a request in the binary protocol. */
const BINARY_MAGIC = 0x80;
/** memcached looks no further for the name of a long line. */
const LEADING_SPACES_MAX = 100;
const GET = Uint8Array.from('get', (char) => char.charCodeAt(0));

export class McRequestFramer extends McRequestLine {
  /** First byte of the frame. After `more`: keep everything from here and call again with it as `pos`. */
  frameStart = 0;
  /** After `frame` and `error`: where the next call goes on. */
  frameEnd = 0;
  /** The data block without its line end; empty for commands that have none. */
  valueStart = 0;
  valueEnd = 0;
  /** After `more` inside a data block: bytes still missing to frameEnd. Else 0, and the length is unknown. */
  needBytes = 0;
  /**
   * After `more`: no byte before this offset is read again. A caller that passes a long value on piece by piece may drop
   * what lies before, and call again with a `pos` that may then be negative.
   */
  resumeAt = 0;

  #phase: (typeof Phase)[keyof typeof Phase] = Phase.line;
  /** Bytes of an unfinished line that hold no line feed. */
  #searched = 0;
  #swallowLeft = 0;
  #isFirst = true;
  readonly #lineTooLong: Buffer;
  readonly #retrievalLineTooLong: Buffer;
  readonly #binaryRefused: Buffer;

  constructor(limits: McRequestLimits = MC_REQUEST_LIMITS) {
    super(limits);
    this.#lineTooLong = clientError(`request line longer than ${limits.lineBytesMax} bytes`);
    this.#retrievalLineTooLong = clientError(`request line longer than ${limits.retrievalLineBytesMax} bytes`);
    this.#binaryRefused = serverError('the binary protocol is not supported');
  }

  /** Whether `more` was answered inside a data block: command, keys and valueStart are known, and needBytes says the rest. */
  get isInValue(): boolean {
    return this.#phase === Phase.value;
  }

  /** Whether the data of a refused request is still being thrown away. */
  get isSwallowing(): boolean {
    return this.#phase === Phase.swallow;
  }

  /**
   * Looks for one request in buf[pos, end). Not to be called again after an error that is fatal.
   * After `error` the answer is errorReply, which may be empty; a caller that goes on calls again with frameEnd.
   */
  next(buf: Uint8Array, pos: number, end: number): McScanResult {
    switch (this.#phase) {
      case Phase.line:
        return this.#line(buf, pos, end);
      case Phase.value:
        return this.#resumeValue(buf, pos, end);
      case Phase.swallow:
        return this.#swallow(buf, pos, end);
      default:
        return McScan.error;
    }
  }

  #more(start: number, resumeAt: number, needBytes: number): McScanResult {
    this.frameStart = start;
    this.frameEnd = start;
    this.resumeAt = resumeAt;
    this.needBytes = needBytes;
    return McScan.more;
  }

  #line(buf: Uint8Array, pos: number, end: number): McScanResult {
    if (this.#isFirst && pos < end) {
      this.#isFirst = false;
      if (buf[pos] === BINARY_MAGIC) return this.#die(pos, end, this.#binaryRefused);
    }
    if (this.#searched > 0 && !this.#findLineFeed(buf, pos, end)) return this.#unfinishedLine(buf, pos, end);
    const lineFeed = this.splitLine(buf, pos, end);
    if (lineFeed < 0) return this.#unfinishedLine(buf, pos, end);
    const length = lineFeed - pos;
    if (length > this.limits.lineBytesMax) {
      const reply = this.#refusalOfLength(buf, pos, length);
      if (reply !== null) return this.#die(pos, end, reply);
    }
    this.#searched = 0;
    this.frameStart = pos;
    this.frameEnd = lineFeed + 1;
    this.valueStart = this.frameEnd;
    this.valueEnd = this.frameEnd;
    if (!this.checkLine(buf)) return this.#lineError();
    return this.valueLength < 0 ? McScan.frame : this.#value(buf, end);
  }

  /** Searches only the bytes that came since the last call. */
  #findLineFeed(buf: Uint8Array, pos: number, end: number): boolean {
    for (let i = pos + this.#searched; i < end; i++) if (buf[i] === LINE_FEED) return true;
    return false;
  }

  #unfinishedLine(buf: Uint8Array, pos: number, end: number): McScanResult {
    const length = end - pos;
    this.#searched = length;
    if (length > this.limits.lineBytesMax) {
      const reply = this.#refusalOfLength(buf, pos, length);
      if (reply !== null) return this.#die(pos, end, reply);
    }
    return this.#more(pos, pos, 0);
  }

  /** A line longer than the common limit must be a get or gets. Null: it may be this long. */
  #refusalOfLength(buf: Uint8Array, pos: number, length: number): Buffer | null {
    let at = pos;
    while (at - pos <= LEADING_SPACES_MAX && buf[at] === SPACE) at++;
    if (at - pos > LEADING_SPACES_MAX) return this.#lineTooLong;
    for (let i = 0; i < GET.length; i++) if (buf[at + i] !== GET[i]) return this.#lineTooLong;
    at += GET.length;
    const isRetrieval = buf[at] === SPACE || (buf[at] === 115 && buf[at + 1] === SPACE);
    if (!isRetrieval) return this.#lineTooLong;
    return length > this.limits.retrievalLineBytesMax ? this.#retrievalLineTooLong : null;
  }

  #die(pos: number, end: number, reply: Buffer): McScanResult {
    this.#phase = Phase.dead;
    this.frameStart = pos;
    this.frameEnd = end;
    this.fatal = true;
    this.inDoubt = false;
    this.swallowBytes = 0;
    this.noreply = false;
    this.refuse(reply);
    return McScan.error;
  }

  #lineError(): McScanResult {
    if (this.fatal) this.#phase = Phase.dead;
    else if (this.swallowBytes > 0) {
      this.#phase = Phase.swallow;
      this.#swallowLeft = this.swallowBytes;
    }
    return McScan.error;
  }

  #swallow(buf: Uint8Array, pos: number, end: number): McScanResult {
    const taken = Math.min(this.#swallowLeft, end - pos);
    this.#swallowLeft -= taken;
    if (this.#swallowLeft > 0) return this.#more(end, end, 0);
    this.#phase = Phase.line;
    return this.#line(buf, pos + taken, end);
  }

  /** The line was whole, and a data block follows it. */
  #value(buf: Uint8Array, end: number): McScanResult {
    this.valueEnd = this.valueStart + this.valueLength;
    const frameEnd = this.valueEnd + 2;
    if (frameEnd > end) {
      this.#phase = Phase.value;
      return this.#more(this.frameStart, Math.min(this.valueEnd, end), frameEnd - end);
    }
    this.#phase = Phase.line;
    this.needBytes = 0;
    this.frameEnd = frameEnd;
    if (buf[this.valueEnd] === CARRIAGE_RETURN && buf[this.valueEnd + 1] === LINE_FEED) return McScan.frame;
    // As much as announced was read, and memcached goes on right behind it, be that in the middle of the data.
    this.inDoubt = true;
    this.refuse(McError.badDataChunk);
    return McScan.error;
  }

  /** The frame may lie elsewhere than in the last call: its offsets move with it. */
  #resumeValue(buf: Uint8Array, pos: number, end: number): McScanResult {
    const shift = pos - this.frameStart;
    if (shift !== 0) {
      this.frameStart = pos;
      this.valueStart += shift;
      for (let i = 0; i < 2 * this.argCount; i++) this.args[i]! += shift;
    }
    return this.#value(buf, end);
  }
}

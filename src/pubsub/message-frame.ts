/**
 * Reads what a RESP2 connection with subscriptions receives, as far as the proxy must know it: what kind of frame it is,
 * and where the name of its channel or pattern lies. The payload is not looked at.
 *
 *   *3 message CHANNEL payload      *3 subscribe CHANNEL :count        *2 pong ""
 *   *4 pmessage PATTERN channel payload     and the like for shard channels and for unsubscribing
 *
 * Used by NodeSubscriber, one object for each connection; the framer has found the frame's end before. Pure, no allocation.
 */

/** `message`, `subscribe` and `unsubscribe` have a kind for each TopicKind, which is added to these. */
export const FrameKind = { message: 0, subscribe: 3, unsubscribe: 6, pong: 9, error: 10, unknown: 11 } as const;

const STAR = 42;
const DOLLAR = 36;
const MINUS = 45;
const ZERO = 48;
const CR = 13;

/** The words by length and first letter: no two share both, so that one comparison decides. */
const WORDS: readonly (readonly [string, number])[] = [
  ['message', FrameKind.message],
  ['pmessage', FrameKind.message + 1],
  ['smessage', FrameKind.message + 2],
  ['subscribe', FrameKind.subscribe],
  ['psubscribe', FrameKind.subscribe + 1],
  ['ssubscribe', FrameKind.subscribe + 2],
  ['unsubscribe', FrameKind.unsubscribe],
  ['punsubscribe', FrameKind.unsubscribe + 1],
  ['sunsubscribe', FrameKind.unsubscribe + 2],
  ['pong', FrameKind.pong],
];

interface Word {
  readonly bytes: Buffer;
  readonly kind: number;
}

const byLengthAndLetter = new Map<number, Word>(
  WORDS.map(([word, kind]) => [word.length * 256 + word.charCodeAt(0), { bytes: Buffer.from(word), kind }]),
);

export class MessageFrame {
  /** A FrameKind, plus the TopicKind where there is one. */
  kind: number = FrameKind.unknown;
  nameStart = 0;
  nameEnd = 0;

  #bytes: Buffer = Buffer.alloc(0);
  #end = 0;
  /** Of the bulk string read last. */
  #start = 0;
  #stop = 0;

  /** Looks at the frame `bytes[start, end)`. Anything that is not of the forms above is `unknown`. */
  read(bytes: Buffer, start: number, end: number): void {
    this.#bytes = bytes;
    this.#end = end;
    this.nameStart = this.nameEnd = start;
    const type = bytes[start];
    if (type === STAR) this.kind = this.#readArray(start);
    else if (type === MINUS) this.kind = FrameKind.error;
    // To a PING that finds no subscription any more.
    else this.kind = bytes.toString('latin1', start, end) === '+PONG\r\n' ? FrameKind.pong : FrameKind.unknown;
  }

  #readArray(start: number): number {
    const bytes = this.#bytes;
    // Two to four elements: one digit.
    if (bytes[start + 2] !== CR || !this.#readBulk(start + 4)) return FrameKind.unknown;
    const word = byLengthAndLetter.get((this.#stop - this.#start) * 256 + (bytes[this.#start] ?? 0));
    if (word === undefined) return FrameKind.unknown;
    const expected = word.bytes;
    for (let i = 1; i < expected.length; i++) if (bytes[this.#start + i] !== expected[i]) return FrameKind.unknown;
    if (!this.#readBulk(this.#stop + 2)) return FrameKind.unknown;
    this.nameStart = this.#start;
    this.nameEnd = this.#stop;
    return word.kind;
  }

  /** A bulk string at `at`, its body into #start and #stop. False: there is none, or it is null. */
  #readBulk(at: number): boolean {
    const bytes = this.#bytes;
    if (at >= this.#end || bytes[at] !== DOLLAR) return false;
    let length = 0;
    let i = at + 1;
    for (; i < this.#end && bytes[i] !== CR; i++) {
      const digit = bytes[i]! - ZERO;
      if (digit < 0 || digit > 9) return false;
      length = length * 10 + digit;
    }
    this.#start = i + 2;
    this.#stop = this.#start + length;
    return this.#stop + 2 <= this.#end;
  }
}

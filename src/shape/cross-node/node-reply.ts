/**
 * Reads the replies of nodes from which the proxy computes something: sets, members with scores, strings, as RESP2 or as
 * RESP3 gives them. The framer has seen that a reply is well formed; here its types are checked, because a node may
 * answer what it likes: what does not fit throws UnexpectedReply. Members are byte strings, one character per byte.
 * Off the hot path; a string per member is made, nothing else.
 */
import { ProxyError } from '../../errors.js';
import { parseDouble } from '../../protocol/resp/double.js';

/** Where a reply lies. */
export interface ReplyBytes {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** `message` completes the sentence "a node answered NAME with ...". */
export class UnexpectedReply extends ProxyError {
  readonly code = 'UNEXPECTED_REPLY';
}

const DOLLAR = 36;
const STAR = 42;
const COMMA = 44;
const MINUS = 45;
const UNDERSCORE = 95;
const TILDE = 126;
const CR = 13;
const ZERO = 48;

export function isErrorReply({ bytes, start }: ReplyBytes): boolean {
  return bytes[start] === MINUS;
}

/** The reply as it came. */
export function textOf({ bytes, start, end }: ReplyBytes): string {
  return bytes.toString('latin1', start, end);
}

/** How many elements the reply's outer array or set has. */
export function elementsIn(reply: ReplyBytes): number {
  const leaves = new Leaves(reply);
  return leaves.pending;
}

/** The members of a set: an array in RESP2, a set in RESP3. */
export function* membersIn(reply: ReplyBytes): Generator<string, void> {
  const leaves = new Leaves(reply);
  while (leaves.next()) yield leaves.text();
}

/** Members with their scores: a flat array in RESP2, an array of pairs in RESP3, with the scores as doubles. */
export function scoresIn(reply: ReplyBytes): Map<string, number> {
  const leaves = new Leaves(reply);
  const scores = new Map<string, number>();
  while (leaves.next()) {
    const member = leaves.text();
    const score = leaves.next() ? parseDouble(leaves.text()) : undefined;
    if (score === undefined) throw new UnexpectedReply('something that is not members with scores');
    scores.set(member, score);
  }
  return scores;
}

/** A string; undefined where the node has no such key. */
export function stringIn({ bytes, start, end }: ReplyBytes): Buffer | undefined {
  if (bytes[start] === UNDERSCORE || (bytes[start] === DOLLAR && bytes[start + 1] === MINUS)) return undefined;
  if (bytes[start] !== DOLLAR) throw new UnexpectedReply('something that is not a string');
  const bodyStart = lineEnd(bytes, start) + 2;
  return bytes.subarray(bodyStart, end - 2);
}

/** A walk over the strings and doubles of a reply, whatever arrays they lie in. */
class Leaves {
  /** Elements known to be still to come. */
  pending = 1;
  #start = 0;
  #end = 0;
  #at: number;
  readonly #bytes: Buffer;
  readonly #replyEnd: number;

  constructor({ bytes, start, end }: ReplyBytes) {
    this.#bytes = bytes;
    this.#at = start;
    this.#replyEnd = end;
    if (!this.#enter()) throw new UnexpectedReply('something that is not a list of members');
  }

  /** Goes to the next leaf. False at the end of the reply. */
  next(): boolean {
    while (this.pending > 0) {
      if (this.#enter()) continue;
      const type = this.#bytes[this.#at];
      const end = lineEnd(this.#bytes, this.#at);
      if (type === COMMA) {
        this.#start = this.#at + 1;
        this.#end = end;
      } else if (type === DOLLAR && this.#bytes[this.#at + 1] !== MINUS) {
        this.#start = end + 2;
        this.#end = this.#start + countAt(this.#bytes, this.#at + 1, end);
      } else {
        throw new UnexpectedReply('a list with something that is no member');
      }
      this.#at = this.#end + 2;
      this.pending--;
      return true;
    }
    if (this.#at !== this.#replyEnd) throw new UnexpectedReply('more than a list of members');
    return false;
  }

  text(): string {
    return this.#bytes.toString('latin1', this.#start, this.#end);
  }

  /** Steps into an array or set; false when there is none. */
  #enter(): boolean {
    const type = this.#bytes[this.#at];
    if (type !== STAR && type !== TILDE) return false;
    const end = lineEnd(this.#bytes, this.#at);
    const count = countAt(this.#bytes, this.#at + 1, end);
    if (count < 0) throw new UnexpectedReply('a list of unknown length');
    this.pending += count - 1;
    this.#at = end + 2;
    return true;
  }
}

function lineEnd(bytes: Buffer, at: number): number {
  let i = at + 1;
  while (bytes[i] !== CR) i++;
  return i;
}

/** -1 for what is not written in digits: the length of a null or of a stream. */
function countAt(bytes: Buffer, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    count = count * 10 + digit;
  }
  return count;
}

/**
 * Puts the replies of several nodes to the parts of one get, gets, gat or gats together: items in the order in which the
 * client named its keys, a key that was named twice twice, missing keys left out. The result is a list of byte ranges
 * to copy; END is the caller's. Used by the split-merge of memcached sessions, one merger per worker.
 * A node was asked for its keys in the client's order and answers in it, so one walk over the keys is enough: O(keys +
 * items), neighbours joined into one range, no allocation but for `ranges` growing to the largest merge seen.
 * Keys are compared before an item is read, four bytes at a time, and what is left of its line is passed once: less than
 * half the time of reading each item and comparing bytes (bench/micro-memcache.mjs).
 */
import { McValueItems } from './value-items.js';

/** What the client asked for. */
export interface McAskedKeys {
  readonly line: Uint8Array;
  /** Of the same memory. */
  readonly lineView: DataView;
  /** Where key i starts and ends in `line`: keyAt[2 * i] and keyAt[2 * i + 1]. */
  readonly keyAt: Int32Array;
  readonly keys: number;
  /** Which part's node was asked for key i. */
  readonly partOf: Uint16Array;
  /** Number of parts. */
  readonly parts: number;
}

/** What one node answered: bytes[start, end) as McReplyFramer found it, ending in END or an error line. */
export interface McReplyPart {
  readonly bytes: Uint8Array | null;
  readonly start: number;
  readonly end: number;
}

const SPACE = 32;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const ZERO = 48;
const NINE = 57;
const LETTER_V = 86;
const VALUE_WORD_BYTES = 'VALUE '.length;
const RANGES_START_CAPACITY = 32;
const NUMBERS_PER_RANGE = 3;

export class McMerger {
  /** The ranges as triples: index of the part, start, end. Valid up to NUMBERS_PER_RANGE * rangeCount. */
  ranges: Int32Array = new Int32Array(NUMBERS_PER_RANGE * RANGES_START_CAPACITY);
  rangeCount = 0;
  readonly #items = new McValueItems();
  #positions: Int32Array = new Int32Array(8);

  /**
   * `views`: of the memory of each part.
   * False: an item answers no key that its node was asked for, so the stream of that node is out of step.
   */
  merge(asked: McAskedKeys, replies: readonly McReplyPart[], views: readonly (DataView | null)[]): boolean {
    const { keyAt, keys, partOf, parts } = asked;
    const positions = this.#rewind(replies, parts);
    let at = 0;
    let lastPart = -1;
    for (let i = 0; i < keys; i++) {
      const part = partOf[i]!;
      const reply = replies[part]!;
      const from = positions[part]!;
      const bytes = reply.bytes!;
      if (from >= reply.end || bytes[from] !== LETTER_V) continue;
      const keyEnd = matchKey(asked, keyAt[2 * i]!, keyAt[2 * i + 1]!, bytes, views[part]!, from + VALUE_WORD_BYTES);
      if (keyEnd < 0) continue;
      const to = this.#itemEnd(bytes, from, keyEnd, reply.end);
      positions[part] = to;
      // Items of one part that follow each other lie side by side.
      if (part !== lastPart) {
        if (at === this.ranges.length) this.#grow();
        this.ranges[at] = lastPart = part;
        this.ranges[at + 1] = from;
        at += NUMBERS_PER_RANGE;
      }
      this.ranges[at - 1] = to;
    }
    this.rangeCount = at / NUMBERS_PER_RANGE;
    for (let part = 0; part < parts; part++) if (this.isLeftOver(replies[part]!, part)) return false;
    return true;
  }

  /** After `merge` answered false: whether the part with this index has an item that its node was not asked for. */
  isLeftOver({ bytes, end }: McReplyPart, part: number): boolean {
    const at = this.#positions[part]!;
    return at < end && bytes![at] === LETTER_V;
  }

  #rewind(replies: readonly McReplyPart[], parts: number): Int32Array {
    if (this.#positions.length < parts) this.#positions = new Int32Array(2 * parts);
    for (let part = 0; part < parts; part++) this.#positions[part] = replies[part]!.start;
    return this.#positions;
  }

  #grow(): void {
    const grown = new Int32Array(2 * this.ranges.length);
    grown.set(this.ranges);
    this.ranges = grown;
  }

  /** The end of the item at `start` whose key ends at `keyEnd`. Its line has passed the framer. */
  #itemEnd(bytes: Uint8Array, start: number, keyEnd: number, end: number): number {
    let at = keyEnd + 1;
    while (bytes[at] !== SPACE) at++;
    at++;
    let length = 0;
    for (; bytes[at]! >= ZERO && bytes[at]! <= NINE; at++) length = length * 10 + bytes[at]! - ZERO;
    if (bytes[at] === SPACE) while (bytes[at] !== LINE_FEED && bytes[at] !== CARRIAGE_RETURN) at++;
    if (bytes[at] === CARRIAGE_RETURN && bytes[at + 1] === LINE_FEED) return at + 2 + length + 2;
    // A length that is written in another way, or a line with control characters.
    this.#items.read(bytes, start, end);
    return this.#items.itemEnd;
  }
}

/** Where the key ends in `reply` if the one at `from` there is line[start, end); else -1. */
function matchKey(
  { line, lineView }: McAskedKeys,
  start: number,
  end: number,
  reply: Uint8Array,
  view: DataView,
  from: number,
): number {
  const length = end - start;
  const keyEnd = from + length;
  if (reply[keyEnd] !== SPACE) return -1;
  if (length < 4) {
    for (let i = 0; i < length; i++) if (line[start + i] !== reply[from + i]) return -1;
    return keyEnd;
  }
  // The end first: that is where keys differ. This word may overlap the last one of the loop.
  const last = length - 4;
  if (lineView.getInt32(start + last, true) !== view.getInt32(from + last, true)) return -1;
  for (let i = 0; i < last; i += 4) {
    if (lineView.getInt32(start + i, true) !== view.getInt32(from + i, true)) return -1;
  }
  return keyEnd;
}

/**
 * Puts the replies of several nodes to the parts of one get, gets, gat or gats together: items in the order in which the
 * client named its keys, a key that was named twice twice, missing keys left out. The result is a list of byte ranges
 * to copy; END is the caller's. Used by the split-merge of memcached sessions, one merger per worker.
 * A node was asked for its keys in the client's order and answers in it, so one walk over the keys is enough: O(keys +
 * items), neighbours joined into one range, no allocation but for `ranges` growing to the largest merge seen.
 */
import { McValueItems } from './value-items.js';

/** What one node answered: buf[start, end) as McReplyFramer found it, ending in END. */
export interface McReplyPart {
  readonly buf: Uint8Array;
  readonly start: number;
  readonly end: number;
}

const RANGES_START_CAPACITY = 32;
const NUMBERS_PER_RANGE = 3;

export class McMerger {
  /** The ranges as triples: index of the part, start, end. Valid up to NUMBERS_PER_RANGE * rangeCount. */
  ranges: Int32Array = new Int32Array(NUMBERS_PER_RANGE * RANGES_START_CAPACITY);
  rangeCount = 0;
  readonly #items = new McValueItems();
  #positions: Int32Array = new Int32Array(8);

  /**
   * @param request the client's request, whose key i lies at args[2 * (firstKey + i)] up to args[2 * (firstKey + i) + 1]
   * @param owners for each key, the index of the part of the node that was asked for it
   * @returns false when an item answers no key that its node was asked for: the stream of that node is out of step.
   */
  merge(
    request: Uint8Array,
    args: Int32Array,
    firstKey: number,
    keyCount: number,
    owners: Int32Array,
    parts: readonly McReplyPart[],
  ): boolean {
    this.rangeCount = 0;
    this.#rewind(parts);
    const items = this.#items;
    for (let i = 0; i < keyCount; i++) {
      const owner = owners[i]!;
      const part = parts[owner]!;
      if (!items.read(part.buf, this.#positions[owner]!, part.end)) continue;
      const keyStart = args[2 * (firstKey + i)]!;
      const keyLength = args[2 * (firstKey + i) + 1]! - keyStart;
      if (items.keyEnd - items.keyStart !== keyLength || !isSameKey(request, keyStart, part.buf, items, keyLength))
        continue;
      this.#append(owner, items.itemStart, items.itemEnd);
      this.#positions[owner] = items.itemEnd;
    }
    return this.#areAllTaken(parts);
  }

  /** After `merge` answered false: whether the part with this index has an item that its node was not asked for. */
  isLeftOver(part: McReplyPart, index: number): boolean {
    return this.#items.read(part.buf, this.#positions[index]!, part.end);
  }

  #rewind(parts: readonly McReplyPart[]): void {
    if (this.#positions.length < parts.length) this.#positions = new Int32Array(2 * parts.length);
    for (let p = 0; p < parts.length; p++) this.#positions[p] = parts[p]!.start;
  }

  #areAllTaken(parts: readonly McReplyPart[]): boolean {
    for (let p = 0; p < parts.length; p++) {
      if (this.#items.read(parts[p]!.buf, this.#positions[p]!, parts[p]!.end)) return false;
    }
    return true;
  }

  #append(part: number, start: number, end: number): void {
    const at = NUMBERS_PER_RANGE * this.rangeCount;
    if (at > 0 && this.ranges[at - 3] === part && this.ranges[at - 1] === start) {
      this.ranges[at - 1] = end;
      return;
    }
    if (at === this.ranges.length) {
      const grown = new Int32Array(2 * this.ranges.length);
      grown.set(this.ranges);
      this.ranges = grown;
    }
    this.ranges[at] = part;
    this.ranges[at + 1] = start;
    this.ranges[at + 2] = end;
    this.rangeCount++;
  }
}

function isSameKey(request: Uint8Array, at: number, reply: Uint8Array, items: McValueItems, length: number): boolean {
  for (let i = 0; i < length; i++) if (request[at + i] !== reply[items.keyStart + i]) return false;
  return true;
}

/**
 * MGET over several nodes: one array in the order of the keys asked. Keys of a node that failed carry an error element
 * in their place, and so the keys of the other nodes are still served.
 */
import { errorReply, failureReply } from '../downstream/resp-errors.js';
import { writeDecimal } from '../io/bytes.js';
import type { Chunk } from '../io/buffer-pool.js';
import { flushEarly } from '../io/flush-early.js';
import { copyWords } from '../io/copy.js';
import type { Output } from '../io/output.js';
import type { Failure } from '../upstream/failure.js';
import type { InFlight } from '../upstream/in-flight.js';
import { SplitGather } from './split-gather.js';

const STAR = 42;
const DOLLAR = 36;
const CR = 13;
const LF = 10;
const MINUS = 45;
const UNDERSCORE = 95;
const ZERO = 48;

/** More than "*N\r\n" takes. */
const HEADER_BYTES = 16;

export class MgetGather extends SplitGather {
  protected override failureReply(_part: InFlight, failure: Failure): Buffer {
    return failureReply(failure, false);
  }

  protected override merge(output: Output): void {
    const { counts, parts } = this.plan;
    let bytes = HEADER_BYTES;
    for (let part = 0; part < parts; part++) {
      // First, because it puts an error in the place of a reply that is no array.
      const isError = this.#firstElement(part, counts[part]!) < 0;
      const { start, end } = this.parts[part]!;
      // An error stands once for each key of its part.
      bytes += (end - start) * (isError ? counts[part]! : 1);
    }
    const chunk = output.claim(bytes);
    if (chunk === null) this.#append(output);
    else output.commit(this.#write(chunk, output.claimedAt));
    flushEarly(output);
  }

  /** The merged reply, into a chunk that has room for it. Returns its length. */
  #write(chunk: Chunk, start: number): number {
    const { partOf, keys, counts, parts, at: next, views } = this.plan;
    for (let part = 0; part < parts; part++) {
      next[part] = this.#firstElement(part, counts[part]!);
      const { slab, bytes } = this.parts[part]!;
      views[part] = slab === null ? new DataView(bytes!.buffer, bytes!.byteOffset, bytes!.length) : slab.view;
    }
    let at = writeHeader(chunk.bytes, start, keys);
    let i = 0;
    while (i < keys) {
      const part = partOf[i]!;
      const record = this.parts[part]!;
      const bytes = record.bytes!;
      let from = next[part]!;
      let to = from;
      if (from < 0) {
        from = record.start;
        to = record.end;
        i++;
      } else {
        // Neighbouring keys of one node lie side by side in its reply: one slice.
        do {
          to = elementEnd(bytes, to);
          i++;
        } while (i < keys && partOf[i] === part);
        next[part] = to;
      }
      copyWords(bytes, views[part]!, from, to, chunk, at);
      at += to - from;
    }
    return at - start;
  }

  /** The same for a reply that is too long for one chunk; its parts may be of any length. */
  #append(output: Output): void {
    const { partOf, keys, counts, parts } = this.plan;
    const header = Buffer.allocUnsafe(HEADER_BYTES);
    output.append(header, 0, writeHeader(header, 0, keys));
    const next: number[] = [];
    for (let part = 0; part < parts; part++) next.push(this.#firstElement(part, counts[part]!));
    for (let i = 0; i < keys; i++) {
      const part = partOf[i]!;
      const { bytes, start, end } = this.parts[part]!;
      const from = next[part]!;
      if (from < 0) {
        output.append(bytes!, start, end);
        continue;
      }
      const to = elementEnd(bytes!, from);
      next[part] = to;
      output.append(bytes!, from, to);
    }
  }

  /** Where the elements of a part's array start; -1 when the part is an error, which then stands for each of its keys. */
  #firstElement(part: number, count: number): number {
    const record = this.parts[part]!;
    const bytes = record.bytes!;
    const { start } = record;
    if (bytes[start] === STAR) {
      const digitsEnd = lengthEnd(bytes, start);
      const first = digitsEnd + 2;
      if (lengthAt(bytes, start, digitsEnd) === count && isFlat(bytes, first, record.end, count)) return first;
    }
    if (bytes[start] !== MINUS) {
      this.replace(
        record,
        errorReply('ERR ringward: a node answered MGET with something that is not an array of its keys'),
      );
    }
    return -1;
  }
}

/** True when `count` bulks, nulls or errors fill `bytes[at, end)` exactly: a node may answer what it likes. */
function isFlat(bytes: Buffer, start: number, end: number, count: number): boolean {
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at >= end) return false;
    const type = bytes[at]!;
    if (type !== DOLLAR && type !== UNDERSCORE && type !== MINUS) return false;
    at = elementEnd(bytes, at);
  }
  return at === end;
}

function writeHeader(target: Buffer, start: number, count: number): number {
  target[start] = STAR;
  const at = writeDecimal(target, start + 1, count);
  target[at] = CR;
  target[at + 1] = LF;
  return at + 2;
}

/** Where the digits of the line at `at` end. */
function lengthEnd(bytes: Buffer, at: number): number {
  let i = at + 1;
  while (bytes[i] !== CR) i++;
  return i;
}

function lengthAt(bytes: Buffer, at: number, digitsEnd: number): number {
  let length = 0;
  for (let i = at + 1; i < digitsEnd; i++) length = length * 10 + bytes[i]! - ZERO;
  return length;
}

/** Where the element at `at` ends: a bulk string, or a line (null, error). The framer has checked that it is whole. */
function elementEnd(bytes: Buffer, at: number): number {
  const first = bytes[at + 1]! - ZERO;
  if (bytes[at] === DOLLAR && bytes[at + 3] === CR && first > 0) return at + 7 + first * 10 + bytes[at + 2]! - ZERO;
  const digitsEnd = lengthEnd(bytes, at);
  if (bytes[at] !== DOLLAR || bytes[at + 1] === MINUS) return digitsEnd + 2;
  return digitsEnd + 2 + lengthAt(bytes, at, digitsEnd) + 2;
}

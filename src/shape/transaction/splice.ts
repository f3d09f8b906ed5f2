/**
 * Puts replies of the proxy between those of a node, in the array that EXEC answers. Only for transactions with commands
 * that the proxy answers itself; all others pass as they came. Pure but for the output. Cost: one scan of the reply.
 */
import type { Output } from '../../io/output.js';
import { ReplyFramer } from '../../protocol/resp/reply-framer.js';
import { Scan } from '../../protocol/resp/scan.js';

/** More than any node nests; what it sent has passed the pool's own limit already. */
const NESTING_MAX = 1024;
const OK = Buffer.from('+OK\r\n');

/** Where each of the `count` items of the array in `bytes[start, end)` starts, and where the last one ends. */
export function itemOffsets(bytes: Buffer, start: number, end: number, count: number): Int32Array {
  const framer = new ReplyFramer({ nestingMax: NESTING_MAX, lineBytesMax: end - start });
  const offsets = new Int32Array(count + 1);
  let at = bytes.indexOf(10, start) + 1;
  for (let i = 0; i < count; i++) {
    offsets[i] = at;
    if (framer.scan(bytes, at, end) !== Scan.frame) throw new RangeError('the array has been framed as a whole before');
    at = framer.end;
  }
  offsets[count] = at;
  return offsets;
}

export function isOkAt(bytes: Buffer, offset: number): boolean {
  return OK.equals(bytes.subarray(offset, offset + OK.length));
}

/** A reply that stands behind the first `position` items of the node. */
export interface Own {
  readonly position: number;
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** Writes the array of the node's items with `own` between them, which are in order. */
export function splice(output: Output, bytes: Buffer, offsets: Int32Array, own: readonly Own[]): void {
  const count = offsets.length - 1;
  const header = Buffer.from(`*${count + own.length}\r\n`, 'latin1');
  output.append(header, 0, header.length);
  let done = 0;
  for (const one of own) {
    output.append(bytes, offsets[done]!, offsets[one.position]!);
    output.append(one.bytes, one.start, one.end);
    done = one.position;
  }
  output.append(bytes, offsets[done]!, offsets[count]!);
}

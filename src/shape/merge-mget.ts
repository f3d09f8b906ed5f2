/**
 * MGET over several nodes: one array in the order of the keys asked. Keys of a node that failed carry an error element
 * in their place, and so the keys of the other nodes are still served.
 */
import { errorReply, failureReply } from '../downstream/resp-errors.js';
import type { Session } from '../downstream/session.js';
import { writeDecimal } from '../io/bytes.js';
import type { Output } from '../io/output.js';
import type { Failure } from '../upstream/failure.js';
import type { InFlight } from '../upstream/in-flight.js';
import { Gather } from './gather.js';
import type { SplitPlan } from './split.js';

const STAR = 42;
const DOLLAR = 36;
const CR = 13;
const MINUS = 45;
const ZERO = 48;

export class MgetGather extends Gather {
  readonly #plan: SplitPlan;

  constructor(session: Session, plan: SplitPlan) {
    super(session);
    this.#plan = plan;
  }

  protected override failureReply(_part: InFlight, failure: Failure): Buffer {
    return failureReply(failure, false);
  }

  protected override merge(output: Output): void {
    const { partOf, keys, counts, nodes } = this.#plan;
    const header = Buffer.allocUnsafe(16);
    header[0] = STAR;
    let at = writeDecimal(header, 1, keys);
    header[at++] = CR;
    header[at++] = 10;
    output.append(header, 0, at);
    const cursors = new Float64Array(nodes.length);
    for (let part = 0; part < nodes.length; part++) cursors[part] = this.#firstElement(part, counts[part]!);
    let i = 0;
    while (i < keys) {
      const part = partOf[i]!;
      const record = this.parts[part]!;
      const bytes = record.bytes!;
      let from = cursors[part]!;
      if (from < 0) {
        output.append(bytes, record.start, record.end);
        i++;
        continue;
      }
      // Neighbouring keys of one node lie side by side in its reply: one slice.
      const start = from;
      do {
        from = elementEnd(bytes, from);
        i++;
      } while (i < keys && partOf[i] === part);
      cursors[part] = from;
      output.append(bytes, start, from);
    }
  }

  /** Where the elements of a part's array start; -1 when the part is an error, which then stands for each of its keys. */
  #firstElement(part: number, count: number): number {
    const record = this.parts[part]!;
    const bytes = record.bytes!;
    const lineEnd = bytes.indexOf(CR, record.start);
    if (bytes[record.start] === STAR && Number(bytes.toString('latin1', record.start + 1, lineEnd)) === count) {
      return lineEnd + 2;
    }
    if (bytes[record.start] !== MINUS) {
      const reply = errorReply('ERR ringward: a node answered MGET with something that is not an array of its keys');
      record.bytes = reply;
      record.start = 0;
      record.end = reply.length;
    }
    return -1;
  }
}

/** Where the element at `at` ends: a bulk string, or a line (null, error). The framer has checked that it is whole. */
function elementEnd(bytes: Buffer, at: number): number {
  let i = at + 1;
  if (bytes[at] !== DOLLAR || bytes[i] === MINUS) {
    while (bytes[i] !== CR) i++;
    return i + 2;
  }
  let length = 0;
  while (bytes[i] !== CR) length = length * 10 + bytes[i++]! - ZERO;
  return i + 2 + length + 2;
}

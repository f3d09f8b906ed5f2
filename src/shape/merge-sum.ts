/**
 * DEL, UNLINK, EXISTS, TOUCH over several nodes: the sum of the nodes' counts; MSET: OK when every node said OK. The
 * first part that answered an error makes the whole an error, because a count or an OK would hide it; what the other
 * nodes did stays done, as the text of a failed node's error says.
 */
import { errorReply } from '../downstream/resp-errors.js';
import type { RespSession } from '../downstream/resp-session.js';
import type { Output } from '../io/output.js';
import type { Failure } from '../upstream/failure.js';
import type { InFlight } from '../upstream/in-flight.js';
import type { SplitPlan } from './split.js';
import { SplitGather } from './split-gather.js';

const MINUS = 45;
/** ':', the digits of any count that keys can have, and the line end. */
const COUNT_BYTES_MAX = 19;
const OK = '+OK\r\n';

abstract class AllSucceededGather extends SplitGather {
  readonly #isWrite: boolean;

  constructor(session: RespSession, plan: SplitPlan, isWrite: boolean) {
    super(session, plan);
    this.#isWrite = isWrite;
  }

  protected override failureReply(_part: InFlight, failure: Failure): Buffer {
    const outcome = this.#isWrite && failure.wasReady ? '; the outcome there is unknown' : '';
    const others = this.#isWrite ? '; keys of other nodes are not affected by that' : '';
    return errorReply(`ERR ringward: ${failure.text}${outcome}${others}`);
  }

  /** The first error among the parts, if there is one. */
  protected firstError(): InFlight | undefined {
    return this.parts.find((part) => part.bytes![part.start] === MINUS);
  }
}

export class SumGather extends AllSucceededGather {
  protected override merge(output: Output): void {
    const error = this.firstError();
    if (error !== undefined) {
      output.append(error.bytes!, error.start, error.end);
      return;
    }
    let sum = 0;
    for (const { bytes, start, end } of this.parts) {
      const text = bytes!.toString('latin1', start, Math.min(end, start + COUNT_BYTES_MAX));
      if (!/^:\d{1,15}\r\n$/.test(text)) {
        const reply = errorReply('ERR ringward: a node answered something that is not a count');
        output.append(reply, 0, reply.length);
        return;
      }
      sum += Number(text.slice(1));
    }
    const reply = Buffer.from(`:${sum}\r\n`, 'latin1');
    output.append(reply, 0, reply.length);
  }
}

export class AllOkGather extends AllSucceededGather {
  protected override merge(output: Output): void {
    const error = this.firstError();
    if (error !== undefined) {
      output.append(error.bytes!, error.start, error.end);
      return;
    }
    const isOk = this.parts.every(
      ({ bytes, start, end }) => end - start === OK.length && bytes!.toString('latin1', start, end) === OK,
    );
    const reply = isOk
      ? Buffer.from(OK)
      : errorReply('ERR ringward: a node answered MSET with something that is not OK');
    output.append(reply, 0, reply.length);
  }
}

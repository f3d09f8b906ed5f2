/**
 * A request that went to several nodes in parts, and how their replies become one. One subclass per way of merging.
 *
 * The session's queue holds one record for the whole (`record`), each channel's queue one for its part. Part replies
 * are kept where they are (slab or own buffer) until the last one is in and it is the whole's turn; only then are bytes
 * copied, straight into the client's output. A part whose node failed holds an error reply instead.
 */
import type { Output } from '../io/output.js';
import type { Session } from '../downstream/session.js';
import type { Failure } from '../upstream/failure.js';
import type { InFlight } from '../upstream/in-flight.js';
import { Progress } from '../upstream/in-flight.js';
import type { WorkerContext } from '../worker-context.js';

export abstract class Gather {
  /** Null once the client has left. */
  session: Session | null;
  /** One per node asked, in the order of the parts. */
  protected readonly parts: InFlight[] = [];
  readonly #record: InFlight;
  readonly #context: WorkerContext;
  #missing = 0;
  /** Bytes of the parts that wait for others, as the session counts them. */
  #heldBytes = 0;

  /** Takes its place in the session's queue. `isSplit`: several nodes are asked, and it is counted as such. */
  constructor(session: Session, isSplit = true) {
    this.session = session;
    this.#context = session.context;
    this.#record = session.context.records.take();
    this.#record.gather = this;
    session.enqueue(this.#record);
    if (isSplit) session.context.counters.commandsSplit++;
  }

  /** Writes the merged reply. Every part has its bytes. */
  protected abstract merge(output: Output): void;

  /** The reply of a part whose node failed. */
  protected abstract failureReply(part: InFlight, failure: Failure): Buffer;

  /** Puts another reply in the place of a part's, whose own bytes are let go. */
  protected replace(part: InFlight, reply: Buffer): void {
    this.#context.records.dropBytes(part);
    part.bytes = reply;
    part.start = 0;
    part.end = reply.length;
  }

  /** The merged reply is dropped (CLIENT REPLY OFF). */
  set isSilent(isSilent: boolean) {
    this.#record.isSilent = isSilent;
  }

  /** A record for the next part; the caller puts it into a channel's queue. */
  addPart(isWrite: boolean): InFlight {
    const part = this.#context.records.take();
    part.gather = this;
    part.isWrite = isWrite;
    this.parts.push(part);
    this.#missing++;
    return part;
  }

  /** Lets the reply of a part go, which waits for one more then: the caller puts it into its channel's queue again. */
  protected renew(part: InFlight): void {
    this.#context.records.dropBytes(part);
    part.start = part.end = 0;
    part.progress = Progress.waiting;
    this.#missing++;
  }

  /**
   * A part's reply, or the error in its place, is there. A subclass may ask for more now (`addPart`), and is then
   * complete only when that has come too. Called inside the channel's read.
   */
  protected onPartReady?(part: InFlight): void;

  onPart(part: InFlight): void {
    this.#missing--;
    if (this.session === null) {
      this.#context.records.giveBack(part);
      return;
    }
    this.onPartReady?.(part);
    if (this.#missing > 0) {
      this.#heldBytes += part.end - part.start;
      this.session.onPartHeld(part.end - part.start);
      return;
    }
    let bytes = 0;
    for (const one of this.parts) bytes += one.end - one.start;
    this.session.onGathered(this.#record, bytes, this.#heldBytes);
  }

  /** A reply of a part that gets longer than this is given up (`giveUpPart`) instead of being gathered. */
  get partBytesMax(): number {
    return Number.POSITIVE_INFINITY;
  }

  /** The reply of `part` is too long: an empty one takes its place, and the part is no longer this gather's. */
  giveUpPart(part: InFlight): void {
    part.gather = null;
    if (this.session === null) return;
    const standIn = this.#context.records.take();
    standIn.gather = this;
    this.parts[this.parts.indexOf(part)] = standIn;
    this.settlePart(standIn, Buffer.alloc(0));
  }

  onPartFailure(part: InFlight, failure: Failure): void {
    if (this.session === null) {
      this.#context.records.giveBack(part);
      return;
    }
    this.#context.counters.errorsUpstream++;
    this.settlePart(part, this.failureReply(part, failure));
  }

  /** A part that no channel took: it holds the error from the start. */
  failPart(index: number, failure: Failure): void {
    const part = this.parts[index];
    // The client may have gone over its output limit with the part before this one.
    if (part !== undefined) this.onPartFailure(part, failure);
  }

  /** A part that no channel has, or not any more, gets its reply from here. */
  protected settlePart(part: InFlight, reply: Buffer): void {
    part.bytes = reply;
    part.start = 0;
    part.end = reply.length;
    part.progress = Progress.ready;
    this.onPart(part);
  }

  /** Merges into `output`, or nowhere if the client wants no reply, and lets the parts go. */
  writeTo(output: Output | null): void {
    if (output !== null) this.merge(output);
    this.#release();
  }

  /** Parts that have come are freed now, the others as they come. */
  onSessionClosed(): void {
    this.session = null;
    this.#release();
  }

  #release(): void {
    for (const part of this.parts) {
      if (part.progress === Progress.ready) this.#context.records.giveBack(part);
    }
    this.parts.length = 0;
    this.onReleased();
  }

  /** The parts are gone: whatever else the merge needed can go too. */
  protected onReleased(): void {
    // Nothing else to let go, unless a subclass says so.
  }
}

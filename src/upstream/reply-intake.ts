/**
 * From a node's bytes to the records that wait for them: the receiving half of a channel.
 *
 * Replies come in the order of requests, so the queue's head is whose reply is arriving. Whole replies go straight from
 * the read buffer to the client whose turn it is; those that have to wait are kept in a slab; one that is cut is gathered,
 * or streams on when it is long and its client's turn (PartialReply). On anything that is no reply, or that nobody asked
 * for, the intake is broken: it says why, and its connection must never be read again, because bytes are matched to
 * records by position alone.
 */
import type { Slab } from '../io/slab.js';
import { Scan } from '../protocol/resp/scan.js';
import type { WorkerContext } from '../worker-context.js';
import { Progress, type InFlight } from './in-flight.js';
import { PartialReply } from './partial-reply.js';
import type { RecordQueue } from './record-queue.js';

/** Finds the end of a node's reply; RESP and memcached have one each. See ReplyFramer for the contract of the fields. */
export interface ReplyScanner {
  readonly end: number;
  readonly consumed: number;
  readonly type: number;
  readonly error: string;
  /** Body bytes known to be still to come. */
  readonly bytesExpected: number;
  scan(buf: Uint8Array, pos: number, end: number, expect: number): number;
}

/** First byte of what RESP3 nodes send out of turn. */
const PUSH = 62;
/** First byte of nearly everything that a RESP2 connection with subscriptions receives. */
const ARRAY = 42;

/**
 * Where frames go that answer no request. `all`: the connection has subscriptions and speaks RESP2, so every array on it
 * is such a frame, and while no request awaits its reply so is whatever else comes (an error, a PONG): the sink keeps the
 * order itself and says when something is wrong. The bytes are valid during the call.
 */
export interface PushSink {
  readonly takes: 'pushes' | 'all';
  onPush(bytes: Buffer, start: number, end: number): void;
}
/** A reply longer than this goes on to its client while it is still coming in, if it is that client's turn. */
const STREAM_BYTES_MIN = 64 * 1024;

export class ReplyIntake {
  readonly #context: WorkerContext;
  readonly #queue: RecordQueue;
  readonly #scanner: ReplyScanner;
  readonly #onBroken: (clause: string) => void;
  readonly #partial: PartialReply;
  readonly #pushes: PushSink | null;
  readonly #pushType: number;
  #isClosed = false;
  /** Where the replies of the read in progress are kept that have to wait, and how far they lie from where they were. */
  #holdSlab: Slab | null = null;
  #holdShift = 0;

  /**
   * One for each connection. `onBroken` is told once what the node did, and closes the intake. Without `pushes`, a push
   * message breaks it.
   */
  constructor(
    context: WorkerContext,
    queue: RecordQueue,
    scanner: ReplyScanner,
    pushes: PushSink | null,
    onBroken: (clause: string) => void,
  ) {
    this.#context = context;
    this.#pushes = pushes;
    this.#pushType = pushes?.takes === 'all' ? ARRAY : PUSH;
    this.#queue = queue;
    this.#scanner = scanner;
    this.#onBroken = onBroken;
    this.#partial = new PartialReply(context.buffers);
  }

  /** No byte is looked at any more. May be called from within `read`, by whoever got a reply. */
  close(): void {
    this.#isClosed = true;
    this.#partial.clear();
  }

  /** Serves one read, `bytes[0, length)`. */
  read(bytes: Buffer, length: number): void {
    let pos = this.#partial.isActive ? this.#resumePartial(bytes, length) : 0;
    const scanner = this.#scanner;
    const queue = this.#queue;
    while (pos < length && !this.#isClosed) {
      const record = queue.head;
      if (record === null && this.#pushes === null) {
        this.#onBroken(`sent ${length - pos} bytes that nobody asked for`);
        break;
      }
      const result = scanner.scan(bytes, pos, length, record === null ? 0 : record.expect);
      if (record === null || scanner.type === this.#pushType) {
        if (!this.#readPush(result, bytes, pos, length)) break;
        pos = scanner.end;
        continue;
      }
      if (result !== Scan.frame) {
        if (result === Scan.more) this.#keepPartial(record, bytes, pos, length);
        else this.#onBroken(`sent what is no reply: ${scanner.error}`);
        break;
      }
      queue.shift(record);
      const session = record.session;
      const end = scanner.end - record.fenceBytes;
      if (session !== null && session.head === record) session.deliver(record, bytes, pos, end);
      else this.#hold(record, bytes, pos, end, length);
      pos = scanner.end;
    }
    if (this.#holdSlab === null) return;
    this.#context.slabs.release(this.#holdSlab);
    this.#holdSlab = null;
  }

  /** A frame that answers no request. True when it has been passed on and the next one may follow. */
  #readPush(result: number, bytes: Buffer, pos: number, length: number): boolean {
    const scanner = this.#scanner;
    if (result === Scan.error) {
      this.#onBroken(`sent what is no reply: ${scanner.error}`);
    } else if (this.#pushes === null) {
      this.#onBroken('sent a push message that nobody asked for');
    } else if (scanner.type !== this.#pushType && this.#pushes.takes !== 'all') {
      this.#onBroken(`sent ${length - pos} bytes that nobody asked for`);
    } else if (result === Scan.frame) {
      this.#pushes.onPush(bytes, pos, scanner.end);
      return true;
    } else {
      this.#partial.append(bytes, pos, length, scanner.bytesExpected);
      this.#partial.consumed = scanner.consumed - pos;
    }
    return false;
  }

  /** Goes on with a cut frame that answers no request. Returns where the next one starts in the read. */
  #resumePush(result: number, kept: number, length: number): number {
    const scanner = this.#scanner;
    const partial = this.#partial;
    if (result === Scan.more) {
      partial.consumed = scanner.consumed;
      if (partial.length > this.#context.limits.clientOutputBytesMax) {
        this.#onBroken(`sent a message of more than ${this.#context.limits.clientOutputBytesMax} bytes`);
      }
      return length;
    }
    const end = scanner.end;
    const buffer = partial.take();
    partial.clear();
    this.#pushes?.onPush(buffer, 0, end);
    this.#context.buffers.giveBackBlock(buffer);
    return end - kept;
  }

  /**
   * Keeps a reply that has to wait. The first one in a read copies everything up to the read's end into a slab at once;
   * the others of the same read find their bytes there, moved by #holdShift. The read itself counts as a holder until
   * it is over, lest a client that is closed half-way frees the slab under the rest.
   */
  #hold(record: InFlight, bytes: Buffer, start: number, end: number, readEnd: number): void {
    const context = this.#context;
    if (record.session === null && record.gather === null) {
      if (!record.isSilent) context.counters.repliesDropped++;
      context.records.giveBack(record);
      return;
    }
    let slab = this.#holdSlab;
    if (slab === null) {
      slab = context.slabs.take(readEnd - start);
      bytes.copy(slab.bytes, slab.used, start, readEnd);
      this.#holdShift = slab.used - start;
      slab.used += readEnd - start;
      slab.holders++;
      this.#holdSlab = slab;
    }
    slab.holders++;
    record.slab = slab;
    record.bytes = slab.bytes;
    record.start = start + this.#holdShift;
    record.end = end + this.#holdShift;
    this.#settle(record);
  }

  /** The record's reply is whole and kept in the record: tell whoever waits for it. */
  #settle(record: InFlight): void {
    record.progress = Progress.ready;
    if (record.session !== null) record.session.onHeld(record);
    else if (record.gather !== null) record.gather.onPart(record);
    else this.#context.records.giveBack(record);
  }

  /** The read ends inside the reply of `record`. */
  #keepPartial(record: InFlight, bytes: Buffer, pos: number, length: number): void {
    const { consumed, bytesExpected } = this.#scanner;
    const partial = this.#partial;
    if (this.#mayStream(record, 0)) {
      this.#stream(record, bytes, pos, consumed);
      partial.append(bytes, consumed, length, 0);
      return;
    }
    partial.append(bytes, pos, length, bytesExpected);
    partial.consumed = consumed - pos;
  }

  /** Goes on with a cut reply. Returns where the next reply starts in `bytes`, `length` if there is nothing left to do. */
  #resumePartial(bytes: Buffer, length: number): number {
    const record = this.#queue.head;
    const partial = this.#partial;
    const scanner = this.#scanner;
    const kept = partial.length;
    const isStraight = partial.isStreaming && kept === 0;
    if (!isStraight) partial.append(bytes, 0, length, scanner.bytesExpected - length);
    const buffer = isStraight ? bytes : partial.buffer;
    const end = isStraight ? length : partial.length;
    const from = isStraight ? 0 : partial.consumed;
    const result = scanner.scan(buffer, from, end, record === null ? 0 : record.expect);
    if (result === Scan.error) {
      this.#onBroken(`sent what is no reply: ${scanner.error}`);
      return length;
    }
    if (record === null || scanner.type === this.#pushType) {
      if (this.#pushes !== null) return this.#resumePush(result, kept, length);
      this.#onBroken('sent a push message that nobody asked for');
      return length;
    }
    if (result === Scan.frame) {
      if (partial.isStreaming) this.#endStream(record, buffer, scanner.end);
      else this.#deliverPartial(record, scanner.end);
      partial.clear();
      return scanner.end - (isStraight ? 0 : kept);
    }
    const { consumed } = scanner;
    if (!partial.isStreaming && !this.#mayStream(record, end) && end > this.#context.limits.clientOutputBytesMax) {
      this.#abandon(record);
    }
    if (partial.isStreaming) {
      const rest = Buffer.from(buffer.subarray(consumed, end));
      this.#stream(record, buffer, 0, consumed);
      partial.clear();
      partial.isStreaming = true;
      partial.append(rest, 0, rest.length, 0);
    } else {
      partial.consumed = consumed;
    }
    return length;
  }

  /** Starts to stream a reply of which `bytes` have gathered, if it is long and may. */
  #mayStream(record: InFlight, bytes: number): boolean {
    const known = bytes + this.#scanner.bytesExpected;
    if (record.gather !== null && known > record.gather.partBytesMax) record.gather.giveUpPart(record);
    return known > STREAM_BYTES_MIN && this.#startStream(record);
  }

  /** A gathered reply is whole. The gathering buffer goes with it. */
  #deliverPartial(record: InFlight, end: number): void {
    this.#queue.shift(record);
    record.bytes = this.#partial.take();
    record.start = 0;
    record.end = end - record.fenceBytes;
    const session = record.session;
    if (session !== null && session.head === record) session.deliverOwn(record);
    else this.#settle(record);
  }

  /** Whether the reply may go to its client before it is whole: it is that client's turn, or nobody wants it. */
  #startStream(record: InFlight): boolean {
    const session = record.session;
    if (session === null && record.gather !== null) return false;
    if (session !== null && (session.head !== record || record.gather !== null)) return false;
    record.progress = Progress.streaming;
    this.#partial.isStreaming = true;
    this.#context.counters.repliesStreamed++;
    return true;
  }

  #stream(record: InFlight, bytes: Buffer, start: number, end: number): void {
    if (record.session !== null && !record.isSilent) record.session.stream(bytes, start, end);
  }

  #endStream(record: InFlight, bytes: Buffer, end: number): void {
    this.#queue.shift(record);
    this.#stream(record, bytes, 0, end - record.fenceBytes);
    if (record.session === null) this.#context.records.giveBack(record);
    else record.session.finish(record);
  }

  /** Too much has gathered for a client whose turn it is not: the client goes, and the reply streams to nobody. */
  #abandon(record: InFlight): void {
    const session = record.session ?? record.gather?.session ?? null;
    session?.closeOverLimit();
    record.gather = null;
    this.#startStream(record);
  }
}

/**
 * One request that a node has been sent (or will be) and whose reply its client awaits.
 *
 * A record stands in two queues at once, linked through its own fields, so that neither queue allocates: the channel's
 * (replies come in that order) and the client session's (replies leave in that order). Records are recycled; whoever
 * takes one out of both queues gives it back, exactly once.
 *
 *   session queue   head ─► A ─► B ─► C        A and C wait for node 1, B for node 2:
 *   channel 1       head ─► A ─► C             B's reply may come first; it is kept until A's has left
 *   channel 2       head ─► B
 *
 * A command that was split (MGET over three nodes) has one record in the session's queue, which carries the Gather, and
 * one part per node in the channels' queues, which point to it.
 */
import type { BufferPool } from '../io/buffer-pool.js';
import type { Slab, SlabPool } from '../io/slab.js';
import type { Output } from '../io/output.js';
import type { Session } from '../downstream/session.js';
import type { Failure } from './failure.js';

export const Progress = { waiting: 0, ready: 1, streaming: 2 } as const;

/** Who gets the replies of parts: a Gather, which has a client behind it, or the proxy itself (question.ts). */
export interface PartsOwner {
  /** Null once the client has left. */
  readonly session: Session | null;
  /** A reply that gets longer than this is given up (`giveUpPart`) instead of being gathered. */
  readonly partBytesMax: number;
  /** The reply of `part` is too long; the part is no longer this owner's. */
  giveUpPart(part: InFlight): void;
  onPart(part: InFlight): void;
  onPartFailure(part: InFlight, failure: Failure): void;
  /** Of the record that stands in the session's queue. */
  onSessionClosed(): void;
  writeTo(output: Output | null): void;
}

export class InFlight {
  nextInChannel: InFlight | null = null;
  nextInSession: InFlight | null = null;
  /** Whose reply it is. Null when the client has left, and in parts of a split command. */
  session: Session | null = null;
  /** The split command that this record stands for (session set) or is a part of (session null). */
  gather: PartsOwner | null = null;
  progress: (typeof Progress)[keyof typeof Progress] = Progress.waiting;
  /** CLIENT REPLY OFF and memcached's noreply: the reply is dropped. */
  isSilent = false;
  /** The command may change data, so that a lost connection leaves its outcome unknown. */
  isWrite = false;
  /** What kind of reply is expected, for protocols whose replies do not say it themselves (memcached). */
  expect = 0;
  /** Bytes at the reply's end that are not the client's: what the proxy itself asked for behind the request (memcached). */
  fenceBytes = 0;
  /** First two bytes, as one number, of a reply that is not shown to the client (memcached's quiet mode). 0: all are. */
  hiddenStart = 0;
  /** Index of the command in its table, for metrics. */
  command = 0;
  queuedAtMs = 0;
  /** The reply while it waits: `bytes[start, end)`, in a slab or in a buffer of its own. */
  bytes: Buffer | null = null;
  start = 0;
  end = 0;
  slab: Slab | null = null;
}

/** Recycles records. Bounded by the most that were ever in flight at once, up to `spareMax`. */
export class InFlightPool {
  #free: InFlight | null = null;
  #spare = 0;
  readonly #spareMax: number;
  readonly #slabs: SlabPool;
  readonly #buffers: BufferPool;

  constructor(slabs: SlabPool, buffers: BufferPool, spareMax = 65_536) {
    this.#slabs = slabs;
    this.#buffers = buffers;
    this.#spareMax = spareMax;
  }

  take(): InFlight {
    const record = this.#free;
    if (record === null) return new InFlight();
    this.#free = record.nextInChannel;
    record.nextInChannel = null;
    this.#spare--;
    return record;
  }

  /** The record must be in no queue any more. Gives its reply's place back as well. */
  giveBack(record: InFlight): void {
    if (record.bytes !== null) this.dropBytes(record);
    record.nextInSession = null;
    record.session = null;
    record.gather = null;
    record.progress = Progress.waiting;
    record.isSilent = false;
    record.fenceBytes = 0;
    record.hiddenStart = 0;
    if (this.#spare >= this.#spareMax) return;
    record.nextInChannel = this.#free;
    this.#free = record;
    this.#spare++;
  }

  /** Frees the place of a reply that has left or is not wanted. */
  dropBytes(record: InFlight): void {
    if (record.slab !== null) {
      this.#slabs.release(record.slab);
      record.slab = null;
    } else if (record.bytes !== null) {
      this.#buffers.giveBackBlock(record.bytes);
    }
    record.bytes = null;
  }
}

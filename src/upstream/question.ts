/**
 * What the proxy itself asks a node on a shared connection: one request, and one reply or failure that comes back to the
 * one who asked. It stands in the channel's queue among the requests of clients and costs a record, as they do.
 * The reply's bytes are valid during `onReply`. The invariant: exactly one of the two calls comes, once, unless the
 * node's reply passes the limit for replies held for a client: then none does (whoever asks has a deadline of its own).
 */
import type { WorkerContext } from '../worker-context.js';
import { Accept, type Channel } from './channel.js';
import type { Failure } from './failure.js';
import type { InFlight, PartsOwner } from './in-flight.js';

export interface Asker {
  onReply(bytes: Buffer, start: number, end: number): void;
  onFailure(failure: Failure): void;
}

/** False: the channel has no room; come back when it has. A node that is down is a failure, told at once. */
export function ask(context: WorkerContext, channel: Channel, request: Buffer, asker: Asker): boolean {
  if (channel.isCongested) return false;
  const record = context.records.take();
  record.isWrite = false;
  record.gather = new Question(context, asker);
  if (channel.accept(record) === Accept.taken) {
    channel.output.append(request, 0, request.length);
    return true;
  }
  context.records.giveBack(record);
  asker.onFailure({ ...channel.failure!, wasReady: false });
  return true;
}

class Question implements PartsOwner {
  /** No client waits in a queue for it. */
  readonly session = null;
  readonly partBytesMax = Number.POSITIVE_INFINITY;
  readonly #context: WorkerContext;
  readonly #asker: Asker;

  constructor(context: WorkerContext, asker: Asker) {
    this.#context = context;
    this.#asker = asker;
  }

  giveUpPart(): void {
    // Never asked for: no reply is too long for a question.
  }

  onPart(part: InFlight): void {
    this.#asker.onReply(part.bytes!, part.start, part.end);
    this.#context.records.giveBack(part);
  }

  onPartFailure(part: InFlight, failure: Failure): void {
    this.#context.records.giveBack(part);
    this.#asker.onFailure(failure);
  }

  onSessionClosed(): void {
    throw new Error('a question stands in no client’s queue');
  }

  writeTo(): void {
    throw new Error('a question stands in no client’s queue');
  }
}

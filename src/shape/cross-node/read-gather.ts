/**
 * A command that the proxy computes from what several nodes have. The replies of the nodes are kept until the last is in
 * and it is the command's turn; then the answer is made of them at once. A part whose node failed holds that failure as
 * its reply, and becomes the answer as any error of a node does.
 *
 * Together the replies may have `crossNodeReadBytesMax` bytes. As soon as they have more, all that has come is let go,
 * what is still coming is dropped, and the answer is an error.
 */
import { crossNodeReadTooLarge, errorReply, failureReply } from '../../downstream/resp-errors.js';
import type { RespSession } from '../../downstream/resp-session.js';
import { flushEarly } from '../../io/flush-early.js';
import type { Output } from '../../io/output.js';
import type { Failure } from '../../upstream/failure.js';
import { Progress, type InFlight } from '../../upstream/in-flight.js';
import { Gather } from '../gather.js';
import { type ReplyBytes, UnexpectedReply } from './node-reply.js';
import type { Answer } from './query.js';

const NOTHING = Buffer.alloc(0);

export class ReadGather extends Gather {
  readonly #command: string;
  readonly #answer: Answer;
  readonly #version: 2 | 3;
  readonly #counters: RespSession['context']['counters'];
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(session: RespSession, command: string, answer: Answer) {
    super(session);
    this.#command = command.toUpperCase();
    this.#answer = answer;
    this.#version = session.respVersion;
    this.#counters = session.context.counters;
    this.#bytesMax = session.context.limits.crossNodeReadBytesMax;
    this.#counters.crossNodeReads++;
  }

  override get partBytesMax(): number {
    return this.#bytesMax;
  }

  override onPart(part: InFlight): void {
    // After the client has left nothing counts any more.
    if (this.session !== null) this.#count(part.end - part.start);
    super.onPart(part);
  }

  override giveUpPart(part: InFlight): void {
    if (this.session !== null) this.#count(this.#bytesMax + 1);
    super.giveUpPart(part);
  }

  protected override failureReply(_part: InFlight, failure: Failure): Buffer {
    return failureReply(failure, false);
  }

  protected override merge(output: Output): void {
    if (this.#isTooLarge) {
      append(output, crossNodeReadTooLarge(this.#command, this.#bytesMax));
      return;
    }
    for (const text of this.#compute()) append(output, Buffer.from(text, 'latin1'));
    flushEarly(output);
  }

  get #isTooLarge(): boolean {
    return this.#bytes > this.#bytesMax;
  }

  #count(bytes: number): void {
    const wasTooLarge = this.#isTooLarge;
    this.#bytes += bytes;
    if (!this.#isTooLarge) return;
    if (!wasTooLarge) this.#counters.crossNodeReadsTooLarge++;
    for (const part of this.parts) if (part.progress === Progress.ready) this.replace(part, NOTHING);
  }

  #compute(): Iterable<string> {
    const replies: ReplyBytes[] = this.parts.map(({ bytes, start, end }) => ({ bytes: bytes!, start, end }));
    try {
      return this.#answer(replies, this.#version);
    } catch (error) {
      if (!(error instanceof UnexpectedReply)) throw error;
      return [errorReply(`ERR ringward: a node answered ${this.#command} with ${error.message}`).toString('latin1')];
    }
  }
}

function append(output: Output, bytes: Buffer): void {
  output.append(bytes, 0, bytes.length);
}

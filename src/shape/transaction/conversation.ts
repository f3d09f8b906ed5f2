/**
 * Requests on a transaction's connection that the client sees as one: first those that prepare it, each when the one before
 * has succeeded, then what the client wants (`sendMain`), whose replies come to `onReply` one by one.
 *
 * One record serves for all replies: it goes back into the connection's queue as long as more are to come, so that a
 * transaction of many thousand commands does not take as many records.
 */
import type { RespSession } from '../../downstream/resp-session.js';
import type { Output } from '../../io/output.js';
import { Accept } from '../../upstream/channel.js';
import type { Failure } from '../../upstream/failure.js';
import type { InFlight } from '../../upstream/in-flight.js';
import { Gather } from '../gather.js';
import type { TransactionConnection } from './connection.js';

const MINUS = 45;

export abstract class Conversation extends Gather {
  protected readonly client: RespSession;
  protected readonly connection: TransactionConnection;
  /** The client's request may have reached the node. */
  protected isMainSent = false;
  protected part!: InFlight;
  readonly #preparations: Buffer[];
  #hasFailed = false;

  constructor(session: RespSession, connection: TransactionConnection, preparations: Buffer[]) {
    super(session, false);
    this.client = session;
    this.connection = connection;
    this.#preparations = preparations;
    this.isSilent = session.isSilent;
  }

  /** Stalls the session and sends the first request. */
  start(): void {
    this.client.stallUntilAnswered();
    this.part = this.addPart(true);
    const { channel } = this.connection;
    if (channel.accept(this.part) === Accept.taken) this.#sendNext();
    else this.onPartFailure(this.part, { ...channel.failure!, wasReady: false });
  }

  protected abstract sendMain(output: Output): void;

  /** A reply to what `sendMain` sent: the last one is the client's, or `replace` puts another in its place. */
  protected abstract onReply(reply: InFlight): void;

  /** A preparation was answered with an error, `text`. The conversation is over: `replace` gives the client's reply. */
  protected abstract onUnprepared(text: string): void;

  /** The connection is lost; returns the client's reply. */
  protected abstract onLost(failure: Failure): Buffer;

  /** The reply that has come is let go, and one more is awaited. */
  protected awaitNext(): void {
    this.renew(this.part);
    this.connection.channel.acceptMore(this.part);
  }

  protected isError(reply: InFlight): boolean {
    return reply.bytes![reply.start] === MINUS;
  }

  /** The text of an error reply, without its dash. */
  protected errorText(reply: InFlight): string {
    return reply.bytes!.toString('latin1', reply.start + 1, reply.end - 2);
  }

  #sendNext(): void {
    const { output } = this.connection.channel;
    const next = this.#preparations.shift();
    if (next !== undefined) {
      output.append(next, 0, next.length);
      return;
    }
    this.isMainSent = true;
    this.sendMain(output);
  }

  protected override onPartReady(part: InFlight): void {
    if (part !== this.part || this.#hasFailed) return;
    if (this.isMainSent) {
      this.onReply(part);
    } else if (this.isError(part)) {
      this.#hasFailed = true;
      this.onUnprepared(this.errorText(part));
    } else {
      this.awaitNext();
      this.#sendNext();
    }
  }

  protected override failureReply(_part: InFlight, failure: Failure): Buffer {
    this.#hasFailed = true;
    return this.onLost(failure);
  }

  protected override merge(output: Output): void {
    const { bytes, start, end } = this.part;
    output.append(bytes!, start, end);
  }
}

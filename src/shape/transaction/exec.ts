/**
 * EXEC: the queued commands go to their node as one real transaction.
 *
 *   to the node:  [SELECT n] | MULTI, command 1 ... command n, EXEC       from it:  +OK, n times +QUEUED, the reply of EXEC
 *
 * MULTI goes ahead alone on a connection that has not run a transaction yet: a node that refuses it, because of its ACL,
 * would run the commands one by one. Then everything goes in one write, so a transaction costs one round trip. What the
 * proxy answers itself is done when the node has run the others, and is put into its place in the reply.
 */
import { errorReply } from '../../downstream/resp-errors.js';
import type { RespSession } from '../../downstream/resp-session.js';
import { type Output, OWNED_BYTES_MIN } from '../../io/output.js';
import { encodeRequest } from '../../protocol/resp/inline.js';
import type { Failure } from '../../upstream/failure.js';
import { type InFlight, Progress } from '../../upstream/in-flight.js';
import type { TransactionConnection } from './connection.js';
import { Conversation } from './conversation.js';
import type { CommandQueue } from './queue.js';
import { isOkAt, itemOffsets, splice } from './splice.js';

const MULTI = encodeRequest(['MULTI']);
const EXEC = encodeRequest(['EXEC']);
/** First bytes of replies after which no transaction is open: an array, null in RESP3, and one error. */
const ENDED = /^(?:\*|_|-EXECABORT )/;

export class ExecConversation extends Conversation {
  readonly #queue: CommandQueue;
  readonly #isMultiSent: boolean;
  /** Replies that come before that of EXEC. */
  #before: number;
  /** What the proxy answered itself, in the order of the queue. */
  readonly #answers: (Buffer | InFlight)[] = [];
  /** Where the node's items are in its reply, if anything is put between them. */
  #offsets: Int32Array | null = null;

  /** Takes over the connection and the queue. */
  constructor(session: RespSession, connection: TransactionConnection, queue: CommandQueue) {
    const isMultiSent = !connection.isProven;
    super(session, connection, [...connection.followSession(session), ...(isMultiSent ? [MULTI] : [])]);
    this.#queue = queue;
    this.#isMultiSent = isMultiSent;
    this.#before = queue.nodeCommands + (isMultiSent ? 0 : 1);
  }

  protected override sendMain(output: Output): void {
    if (!this.#isMultiSent) output.append(MULTI, 0, MULTI.length);
    const { frames } = this.#queue;
    const { length } = frames;
    if (length < OWNED_BYTES_MIN) {
      output.append(frames.buffer, 0, length);
      frames.clear();
    } else {
      const block = frames.take();
      output.appendOwned(block.subarray(0, length), block);
    }
    output.append(EXEC, 0, EXEC.length);
  }

  protected override onReply(reply: InFlight): void {
    if (this.#before === 0) {
      this.#onExecuted(reply);
      return;
    }
    const isOfMulti = !this.#isMultiSent && this.#before === this.#queue.nodeCommands + 1;
    if (isOfMulti && this.isError(reply)) {
      // A permission was taken away in between, and the commands behind it run by themselves.
      const text = this.errorText(reply);
      this.#fail(`ERR ringward: ${this.#label} refused MULTI: ${text}; the outcome of this transaction is unknown`);
      return;
    }
    this.#before--;
    this.awaitNext();
  }

  #onExecuted(reply: InFlight): void {
    const start = reply.bytes!.toString('latin1', reply.start, Math.min(reply.end, reply.start + 16));
    const count = /^\*(\d+)\r\n/.exec(start)?.[1];
    if (count === undefined) {
      if (ENDED.test(start)) this.connection.giveBack();
      else this.connection.discard();
      return;
    }
    if (Number(count) !== this.#queue.nodeCommands) {
      this.#fail(
        `ERR ringward: ${this.#label} answered ${this.#queue.nodeCommands} queued commands with ${count} replies`,
      );
      return;
    }
    this.connection.prove();
    if (this.#queue.specials.length > 0) this.#doSpecials(reply);
    this.connection.giveBack();
  }

  #doSpecials(reply: InFlight): void {
    const offsets = itemOffsets(reply.bytes!, reply.start, reply.end, this.#queue.nodeCommands);
    this.#offsets = offsets;
    for (const special of this.#queue.specials) {
      if (special.kind === 'select') {
        if (!isOkAt(reply.bytes!, offsets[special.position]!)) continue;
        this.connection.isChanged = true;
        if (special.db !== this.client.db) this.client.switchLane(special.db, this.client.respVersion);
        continue;
      }
      const answer = special.serve(this.client);
      if (Buffer.isBuffer(answer)) {
        this.#answers.push(answer);
      } else {
        const part = this.addPart(false);
        this.#answers.push(part);
        void answer.then((bytes) => this.settlePart(part, bytes));
      }
    }
  }

  protected override merge(output: Output): void {
    if (this.#answers.length === 0) {
      super.merge(output);
      return;
    }
    const own = this.#queue.specials.filter(({ kind }) => kind === 'local');
    splice(
      output,
      this.part.bytes!,
      this.#offsets!,
      own.map(({ position }, i) => {
        const answer = this.#answers[i]!;
        return Buffer.isBuffer(answer)
          ? { position, bytes: answer, start: 0, end: answer.length }
          : { position, bytes: answer.bytes!, start: answer.start, end: answer.end };
      }),
    );
  }

  protected override onUnprepared(text: string): void {
    this.#fail(`EXECABORT ringward: the transaction was discarded: ${this.#label} refused it: ${text}`);
  }

  protected override onLost(failure: Failure): Buffer {
    this.connection.discard();
    return errorReply(
      this.isMainSent && failure.wasReady
        ? `ERR ringward: ${failure.text}; the outcome of this transaction is unknown`
        : `EXECABORT ringward: the transaction was discarded: ${failure.text}`,
    );
  }

  /** Late answers of the proxy belong to parts that go as they come. */
  protected override onReleased(): void {
    this.connection.discard();
    this.#queue.clear();
  }

  get #label(): string {
    return `node ${this.connection.channel.node.label}`;
  }

  /** Ends with an error; whatever still comes on the connection is nobody's. */
  #fail(text: string): void {
    this.replace(this.part, errorReply(text));
    this.part.progress = Progress.ready;
    this.connection.discard();
  }
}

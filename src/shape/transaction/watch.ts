/** WATCH and UNWATCH on a transaction's connection. */
import { failureReply } from '../../downstream/resp-errors.js';
import type { RespSession } from '../../downstream/resp-session.js';
import type { Output } from '../../io/output.js';
import { encodeRequest } from '../../protocol/resp/inline.js';
import type { Failure } from '../../upstream/failure.js';
import type { InFlight } from '../../upstream/in-flight.js';
import { errorReply } from '../../downstream/resp-errors.js';
import type { TransactionConnection } from './connection.js';
import { Conversation } from './conversation.js';
import type { Transaction } from './mode.js';

const UNWATCH = encodeRequest(['UNWATCH']);

/** WATCH, sent as it came. One that fails leaves watched what was watched before. */
export class WatchConversation extends Conversation {
  readonly #transaction: Transaction;
  readonly #request: Buffer;
  readonly #isFirst: boolean;

  /** `request`: a copy. `isFirst`: nothing is watched yet. */
  constructor(
    session: RespSession,
    transaction: Transaction,
    connection: TransactionConnection,
    request: Buffer,
    isFirst: boolean,
  ) {
    super(session, connection, connection.followSession(session));
    this.#transaction = transaction;
    this.#request = request;
    this.#isFirst = isFirst;
  }

  protected override sendMain(output: Output): void {
    output.append(this.#request, 0, this.#request.length);
  }

  protected override onReply(reply: InFlight): void {
    if (this.isError(reply)) this.#giveUp();
  }

  protected override onUnprepared(text: string): void {
    this.connection.discard();
    this.replace(this.part, errorReply(`ERR ringward: node ${this.connection.channel.node.label} refused: ${text}`));
    this.#giveUp();
  }

  protected override onLost(failure: Failure): Buffer {
    this.#giveUp();
    return failureReply(failure, false);
  }

  #giveUp(): void {
    if (!this.#isFirst) return;
    this.connection.discard();
    this.#transaction.stopWatching(this.client);
  }
}

/** UNWATCH, so that the connection can go back; the client gets `reply` whatever the node says. */
export class UnwatchConversation extends Conversation {
  readonly #reply: Buffer;

  constructor(session: RespSession, connection: TransactionConnection, reply: Buffer) {
    super(session, connection, []);
    this.#reply = reply;
  }

  protected override sendMain(output: Output): void {
    output.append(UNWATCH, 0, UNWATCH.length);
  }

  protected override onReply(reply: InFlight): void {
    if (this.isError(reply)) this.connection.discard();
    else this.connection.giveBack();
    this.replace(this.part, this.#reply);
  }

  protected override onUnprepared(): void {
    throw new Error('UNWATCH needs no preparation');
  }

  /** What a lost connection watched is watched no more, which is all that was asked for. */
  protected override onLost(): Buffer {
    this.connection.discard();
    return this.#reply;
  }

  protected override onReleased(): void {
    this.connection.discard();
  }
}

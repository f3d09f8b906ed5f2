/**
 * A session with an open transaction, with watched keys, or with both.
 *
 *            WATCH                MULTI                 command
 *   (none) ────────► watching ───────────► open ──┐◄────────────  queued, or an error that dooms it
 *      │                                    ▲     │
 *      └────────────────MULTI───────────────┘     └─EXEC, DISCARD─► (none)
 *
 * While it is open every command but a few is queued. The watched keys are known to one connection at their node; EXEC
 * must run there. The invariant: `watch` holds a lent connection until it is taken over by EXEC or UNWATCH, or discarded.
 */
import type { Command } from '../../command/command.js';
import type { RespSession, SessionMode } from '../../downstream/resp-session.js';
import type { Outcome, RespRequest } from '../request.js';
import type { TransactionConnection } from './connection.js';
import { CommandQueue } from './queue.js';
import { treatmentOf } from './treatment.js';

const QUEUED = Buffer.from('+QUEUED\r\n');
const NAME = 'transaction';

/** Keys that are watched: the connection that does, and one of them, for error texts. */
export interface Watch {
  readonly connection: TransactionConnection;
  readonly key: string;
}

export class Transaction implements SessionMode {
  readonly awaitsPushes = false;
  watch: Watch | null = null;
  /** What has been queued since MULTI; null: it has not been said. */
  queue: CommandQueue | null = null;
  /** A command was refused, so EXEC must not run the others. */
  isDoomed = false;

  static of(session: RespSession): Transaction | undefined {
    return session.mode(NAME, Transaction);
  }

  static enter(session: RespSession): Transaction {
    let transaction = Transaction.of(session);
    if (transaction === undefined) session.enterMode(NAME, (transaction = new Transaction()));
    return transaction;
  }

  get flag(): string {
    return this.queue === null ? '' : 'x';
  }

  open(session: RespSession): void {
    this.queue = new CommandQueue(session);
  }

  intercept(session: RespSession, request: RespRequest, command: Command): Outcome | undefined {
    if (this.queue === null) return undefined;
    const treatment = treatmentOf(command);
    if (treatment.kind === 'now') return undefined;
    if (treatment.kind === 'nested') return session.replyError(treatment.error);
    if (treatment.kind === 'refused') return this.#refuse(session, treatment.error);
    if (!this.isDoomed) {
      const problem = this.queue.add(session, request, command);
      if (problem !== null) return this.#refuse(session, problem);
    }
    return session.replyBytes(QUEUED);
  }

  onRefused(session: RespSession, found: Command | undefined): void {
    // EXEC with arguments ends the transaction, which its error says.
    if (found?.name === 'exec') this.#leave(session)?.connection.discard();
    else if (this.queue !== null) this.#doom();
  }

  /** Where the queued keys are is not true any more, and what was watched may be watched at a node that has left. */
  onPoolChanged(): void {
    if (this.queue !== null) this.#doom();
    this.watch?.connection.discard();
  }

  end(): void {
    this.queue?.clear();
    this.watch?.connection.discard();
    this.queue = this.watch = null;
  }

  /** The session is in no transaction any more; whoever calls takes over the watch and the queue. */
  leave(session: RespSession): { readonly watch: Watch | null; readonly queue: CommandQueue | null } {
    const { watch, queue } = this;
    this.watch = this.queue = null;
    session.leaveMode(NAME);
    return { watch, queue };
  }

  /** Nothing is watched any more; what the connection was is the caller's. */
  stopWatching(session: RespSession): void {
    this.watch = null;
    if (this.queue === null) session.leaveMode(NAME);
  }

  #leave(session: RespSession): Watch | null {
    const { watch, queue } = this.leave(session);
    queue?.clear();
    return watch;
  }

  #refuse(session: RespSession, error: Buffer): Outcome {
    this.#doom();
    return session.replyError(error);
  }

  #doom(): void {
    this.isDoomed = true;
    this.queue?.clear();
  }
}

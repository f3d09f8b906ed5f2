/**
 * What one client is subscribed to, as a mode of its session. In RESP2 it may do little else while it has any; in RESP3
 * messages mix with replies. Holds its topics at the hub, and lets them go when the client leaves or says RESET.
 */
import type { Command } from '../command/command.js';
import { errorReply } from '../downstream/resp-errors.js';
import type { RespSession, SessionMode } from '../downstream/resp-session.js';
import { arrayReply, bulkReply } from '../protocol/resp/value.js';
import type { Outcome, RespRequest } from '../shape/request.js';
import type { AnswerWaiter } from './node-subscriber.js';
import { type Topic, TopicKind } from './topic.js';

const MODE = 'pubsub';

/** What a RESP2 client may say while it is subscribed. */
const ALLOWED = new Set([
  ...['subscribe', 'psubscribe', 'ssubscribe', 'unsubscribe', 'punsubscribe', 'sunsubscribe'],
  ...['ping', 'quit', 'reset'],
]);

/** A request that waits for nodes. */
export interface PendingRequest {
  /** The client has left. */
  abandon(): void;
}

export class Subscriptions implements SessionMode {
  readonly flag = 'P';
  readonly session: RespSession;
  /** By kind. */
  readonly #topics: readonly Set<Topic>[] = [new Set(), new Set(), new Set()];
  #pending: PendingRequest | null = null;

  constructor(session: RespSession) {
    this.session = session;
  }

  static of(session: RespSession): Subscriptions | undefined {
    return session.mode(MODE, Subscriptions);
  }

  /** Those of the session; it enters the mode if it is not in it. Leave it with `leaveIfIdle`. */
  static enter(session: RespSession): Subscriptions {
    const found = Subscriptions.of(session);
    if (found !== undefined) return found;
    const subscriptions = new Subscriptions(session);
    session.enterMode(MODE, subscriptions);
    return subscriptions;
  }

  get awaitsPushes(): boolean {
    return true;
  }

  countOf(kind: TopicKind): number {
    return this.#topics[kind]!.size;
  }

  get total(): number {
    return this.#topics.reduce((sum, topics) => sum + topics.size, 0);
  }

  /** The number in a confirmation: channels and patterns count together, shard channels apart. */
  confirmedCount(kind: TopicKind): number {
    if (kind === TopicKind.shard) return this.countOf(TopicKind.shard);
    return this.countOf(TopicKind.channel) + this.countOf(TopicKind.pattern);
  }

  topicsOf(kind: TopicKind): Topic[] {
    return [...this.#topics[kind]!];
  }

  has(topic: Topic): boolean {
    return this.#topics[topic.kind]!.has(topic);
  }

  /** Takes over the caller's hold of the topic. From now on its messages come. */
  add(topic: Topic): void {
    this.#topics[topic.kind]!.add(topic);
    topic.subscribers.add(this);
  }

  remove(topic: Topic, waiter: AnswerWaiter | null): void {
    this.#topics[topic.kind]!.delete(topic);
    topic.subscribers.delete(this);
    this.session.service.subscriptions.release(topic, waiter);
  }

  set pending(pending: PendingRequest | null) {
    this.#pending = pending;
  }

  leaveIfIdle(): void {
    if (this.total === 0 && this.#pending === null) this.session.leaveMode(MODE);
  }

  intercept(session: RespSession, request: RespRequest, command: Command): Outcome | undefined {
    if (session.respVersion === 3 || this.total === 0) return undefined;
    if (!ALLOWED.has(command.name)) return session.replyError(notInThisContext(command));
    if (command.name !== 'ping' || request.argc > 2) return undefined;
    const text = request.argc === 1 ? '' : request.text(1);
    return session.replyValue(arrayReply([bulkReply('pong'), bulkReply(Buffer.from(text, 'latin1'))]));
  }

  end(): void {
    this.#pending?.abandon();
    for (const topics of this.#topics) for (const topic of topics) this.remove(topic, null);
  }
}

function notInThisContext(command: Command): Buffer {
  return errorReply(
    `ERR Can't execute '${command.name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
  );
}

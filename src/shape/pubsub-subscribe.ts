/**
 * SUBSCRIBE, UNSUBSCRIBE and their likes for patterns and shard channels.
 *
 * A request is answered when the nodes have answered, so that its reply parts the messages as that of one redis-server
 * does: what was published before a SUBSCRIBE does not come, what is published after its reply does; what was published
 * before an UNSUBSCRIBE still comes, and after its reply the client is not counted any more. It takes its place in the
 * order first, and costs the client a round trip to the nodes, the end of a last subscription two. If one of the nodes of a
 * SUBSCRIBE fails, nothing is subscribed.
 */
import { Confirmations } from '../pubsub/confirmation.js';
import type { SubscriptionHub } from '../pubsub/hub.js';
import type { AnswerWaiter } from '../pubsub/node-subscriber.js';
import { type PendingRequest, Subscriptions } from '../pubsub/subscriptions.js';
import type { Topic, TopicKind, TopicWaiter } from '../pubsub/topic.js';
import { channelTooLong, tooManySubscriptions } from '../downstream/resp-errors.js';
import type { RespSession } from '../downstream/resp-session.js';
import type { InFlight } from '../upstream/in-flight.js';
import { Outcome, type RespRequest } from './request.js';
import type { Shape } from './shape.js';

export function subscribeShape(kind: TopicKind): Shape {
  return (session, request) => {
    const refusal = refusalOf(session, request, kind);
    if (refusal !== null) return session.replyError(refusal);
    // Replies in flight go first: messages may come as soon as the nodes have confirmed.
    if (session.waitsForReplies()) return Outcome.stalled;
    const hub = session.service.subscriptions;
    const topics: Topic[] = [];
    for (let i = 1; i < request.argc; i++) topics.push(hub.hold(kind, request.text(i), session.lane));
    new SubscribeRequest(Subscriptions.enter(session), kind, topics).start();
    return Outcome.done;
  };
}

/** An error before anything is done: a name is too long, or the client would have too many subscriptions. */
function refusalOf(session: RespSession, request: RespRequest, kind: TopicKind): Buffer | null {
  const { keyBytesMax, subscriptionsMax } = session.context.limits;
  const subscriptions = Subscriptions.of(session);
  const fresh = new Set<string>();
  for (let i = 1; i < request.argc; i++) {
    const bytes = request.args[i * 2 + 1]! - request.args[i * 2]!;
    if (bytes > keyBytesMax) return channelTooLong(bytes, keyBytesMax);
    const key = request.text(i);
    const topic = session.service.subscriptions.find(kind, key);
    if (topic === undefined || subscriptions?.has(topic) !== true) fresh.add(key);
  }
  const total = (subscriptions?.total ?? 0) + fresh.size;
  if (total <= subscriptionsMax) return null;
  session.context.counters.subscriptionsRefused++;
  return tooManySubscriptions(total, subscriptionsMax);
}

export function unsubscribeShape(kind: TopicKind): Shape {
  return (session, request) => {
    const names: Buffer[] = [];
    for (let i = 1; i < request.argc; i++) names.push(Buffer.from(request.text(i), 'latin1'));
    const subscriptions = Subscriptions.of(session);
    if (subscriptions !== undefined) {
      new UnsubscribeRequest(subscriptions, kind, names).start();
      return Outcome.done;
    }
    const frames = new Confirmations(kind, false, session.respVersion);
    for (const name of names) frames.add(name, 0);
    if (names.length === 0) frames.add(null, 0);
    // Confirmations are not silenced, in redis-server either.
    session.reply(frames.bytes());
    return Outcome.done;
  };
}

/** What both kinds of request share: a place in the order of replies, and waiting there for the nodes. */
abstract class TopicRequest implements AnswerWaiter, TopicWaiter, PendingRequest {
  missing = 0;
  protected readonly subscriptions: Subscriptions;
  protected readonly kind: TopicKind;
  protected readonly session: RespSession;
  protected readonly hub: SubscriptionHub;
  /** Of an error; confirmations are not silenced. Asked when the request came: CLIENT REPLY SKIP is over when it waits. */
  protected readonly isSilent: boolean;
  #record: InFlight | null = null;
  #isAbandoned = false;

  constructor(subscriptions: Subscriptions, kind: TopicKind) {
    this.subscriptions = subscriptions;
    this.kind = kind;
    this.session = subscriptions.session;
    this.hub = this.session.service.subscriptions;
    this.isSilent = this.session.isSilent;
  }

  /** Every answer that was due has come. */
  protected abstract proceed(): void;

  /** The client has left: lets go of what only this request holds. */
  protected abstract letGo(): void;

  /** Goes on when nothing is missing, which may be now. Nodes answer in a later turn, never within a call. */
  protected waitOrProceed(): void {
    if (this.missing === 0) {
      this.proceed();
      return;
    }
    if (this.#record !== null) return;
    this.#record = this.session.context.records.take();
    this.session.enqueue(this.#record);
    // Its leaving is noticed meanwhile: a node that is frozen may take as long as the request timeout, if there is one.
    this.session.stallBlocked();
    this.subscriptions.pending = this;
  }

  onSettled(): void {
    this.missing--;
    if (this.missing === 0) this.onAnswered();
  }

  onAnswered(): void {
    if (!this.#isAbandoned) this.proceed();
  }

  abandon(): void {
    this.#isAbandoned = true;
    this.subscriptions.pending = null;
    this.letGo();
    // The session has forgotten the record, and nobody else will answer it.
    this.session.context.records.giveBack(this.#record!);
  }

  protected answer(reply: Buffer, isSilent: boolean): void {
    this.subscriptions.pending = null;
    this.subscriptions.leaveIfIdle();
    const record = this.#record;
    if (record === null) {
      this.session.reply(reply, isSilent);
      return;
    }
    record.isSilent = isSilent;
    this.session.settle(record, reply);
  }
}

class SubscribeRequest extends TopicRequest {
  /** In the order asked for, each held once for each time it is named. */
  readonly #topics: readonly Topic[];

  constructor(subscriptions: Subscriptions, kind: TopicKind, topics: readonly Topic[]) {
    super(subscriptions, kind);
    this.#topics = topics;
  }

  start(): void {
    const topics = new Set(this.#topics);
    const settled = [...topics].filter((topic) => topic.isSettled && topic.isThere && !this.subscriptions.has(topic));
    for (const topic of topics) {
      if (topic.isSettled) continue;
      this.missing++;
      topic.whenSettled(this);
    }
    this.hub.passThrough(settled, this);
    this.waitOrProceed();
  }

  protected override proceed(): void {
    const failed = this.#topics.find((topic) => !topic.isThere);
    if (failed === undefined) this.answer(this.#confirm(), false);
    else this.answer(this.#refuse(failed), this.isSilent);
  }

  protected override letGo(): void {
    for (const topic of this.#topics) this.hub.release(topic, null);
  }

  #confirm(): Buffer {
    const frames = new Confirmations(this.kind, true, this.session.respVersion);
    for (const topic of this.#topics) {
      if (this.subscriptions.has(topic)) this.hub.release(topic, null);
      else this.subscriptions.add(topic);
      frames.add(topic.name, this.subscriptions.confirmedCount(this.kind));
    }
    return frames.bytes();
  }

  #refuse(failed: Topic): Buffer {
    this.session.context.counters.errorsUpstream++;
    const reply = this.hub.refusalOf(failed);
    this.letGo();
    return reply;
  }
}

class UnsubscribeRequest extends TopicRequest {
  readonly #names: readonly Buffer[];
  /** The reply, once the subscriptions have ended. */
  #reply: Buffer | null = null;

  /** No names: all. */
  constructor(subscriptions: Subscriptions, kind: TopicKind, names: readonly Buffer[]) {
    super(subscriptions, kind);
    this.#names = names.length > 0 ? names : subscriptions.topicsOf(kind).map((topic) => topic.name);
  }

  start(): void {
    const ending = this.#names.map((name) => this.#held(name)).filter((topic) => topic !== undefined);
    this.hub.passThrough(ending, this);
    this.waitOrProceed();
  }

  protected override proceed(): void {
    if (this.#reply === null) {
      this.#reply = this.#endAll();
      // Nodes that lose their last subscription say when it has ended.
      this.waitOrProceed();
    } else {
      this.answer(this.#reply, false);
    }
  }

  protected override letGo(): void {
    // What is left are the client's subscriptions, which end with it.
  }

  #held(name: Buffer): Topic | undefined {
    const topic = this.hub.find(this.kind, name.toString('latin1'));
    return topic !== undefined && this.subscriptions.has(topic) ? topic : undefined;
  }

  #endAll(): Buffer {
    const frames = new Confirmations(this.kind, false, this.session.respVersion);
    for (const name of this.#names) {
      const topic = this.#held(name);
      if (topic !== undefined) this.subscriptions.remove(topic, this);
      frames.add(name, this.subscriptions.confirmedCount(this.kind));
    }
    if (this.#names.length === 0) frames.add(null, this.subscriptions.confirmedCount(this.kind));
    return frames.bytes();
  }
}

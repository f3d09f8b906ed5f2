/**
 * One worker's subscriptions at one node: a RESP2 connection that carries nothing else, opened with the first of them and
 * closed a while after the last.
 *
 * A node answers in the order it was asked, with messages in between, so what has been asked and not been answered stands
 * in a queue (`Ask`), and any other answer breaks the connection. When the connection is lost, every topic is absent until
 * it is there again, and is then asked for anew. A PING now and then, due within the pool's request timeout, finds a node
 * that is frozen; so does any request that it does not answer. RESP2, so that servers older than Redis 6 will do.
 */
import { encodeRequest } from '../protocol/resp/inline.js';
import type { Channel } from '../upstream/channel.js';
import type { Failure } from '../upstream/failure.js';
import type { Pool } from '../upstream/pool.js';
import type { PushSink } from '../upstream/reply-intake.js';
import type { WorkerContext } from '../worker-context.js';
import { topicRequest } from './confirmation.js';
import { FrameKind, MessageFrame } from './message-frame.js';
import { Presence, type Topic, type TopicKind } from './topic.js';

/** A connection on which nothing has come for so long is asked whether it is alive. */
const PING_INTERVAL_MS = 2000;
/** How long a connection without subscriptions is kept. */
const LINGER_MS = 10_000;
const PING = encodeRequest(['PING']);

/** A request of a client that waits for answers of nodes. A connection that is lost counts as an answer. */
export interface AnswerWaiter {
  /** Answers that are due. */
  missing: number;
  onAnswered(): void;
}

export type OnMessage = (kind: TopicKind, bytes: Buffer, start: number, end: number, frame: MessageFrame) => void;

interface Ask {
  /** The FrameKind that answers it. */
  readonly kind: number;
  readonly topic: Topic | null;
  readonly waiter: AnswerWaiter | null;
  readonly sentMs: number;
}

export class NodeSubscriber implements PushSink {
  readonly takes = 'all';
  /** Why the connection was lost last. */
  failure: Failure | undefined;

  readonly #context: WorkerContext;
  readonly #pool: Pool;
  readonly #node: number;
  readonly #onMessage: OnMessage;
  readonly #frame = new MessageFrame();
  readonly #topics = new Set<Topic>();
  #channel: Channel | null = null;
  #asks: Ask[] = [];
  /** Those of #asks before this have been answered. */
  #answered = 0;
  #emptySinceMs = 0;
  /** Since when topics wait for the connection; 0: none does. */
  #waitingSinceMs = 0;
  #isLost = false;

  constructor(context: WorkerContext, pool: Pool, node: number, onMessage: OnMessage) {
    this.#context = context;
    this.#pool = pool;
    this.#node = node;
    this.#onMessage = onMessage;
  }

  /**
   * Subscribes to `topic` here, now or when the connection is back. Does not wait for a connection that has failed, if
   * `isNodeDown` says that others find the node down too: the topic is absent then.
   */
  want(topic: Topic, isNodeDown: boolean): void {
    this.#topics.add(topic);
    if (topic.presenceAt(this.#node) !== Presence.absent) return;
    const channel = (this.#channel ??= this.#open());
    if (channel.state === 'ready') {
      this.#subscribe(topic);
      return;
    }
    if (channel.state === 'down' && isNodeDown) return;
    if (this.#waitingSinceMs === 0) this.#waitingSinceMs = this.#context.turn.nowMs;
    topic.setPresence(this.#node, Presence.asked);
    channel.connect();
  }

  /** Nobody wants `topic` any more. `waiter` is told when the node has let it go, unless it need not be asked. */
  drop(topic: Topic, waiter: AnswerWaiter | null): void {
    if (!this.#topics.delete(topic)) return;
    if (this.#topics.size === 0) this.#emptySinceMs = this.#context.turn.nowMs;
    if (this.#channel?.state !== 'ready' || topic.presenceAt(this.#node) === Presence.absent) return;
    if (waiter !== null) waiter.missing++;
    this.#ask(FrameKind.unsubscribe + topic.kind, topic, waiter, topicRequest(topic.kind, false, topic.name));
  }

  /** `waiter` is told when everything that the node has sent before now has been passed on. */
  passThrough(waiter: AnswerWaiter): void {
    if (this.#channel?.state !== 'ready') return;
    waiter.missing++;
    this.#ask(FrameKind.pong, null, waiter, PING);
  }

  /** Forgets its topics, which are somebody else's now, and closes the connection. */
  close(): void {
    const channel = this.#channel;
    this.#topics.clear();
    this.#channel = null;
    if (channel !== null) this.#pool.closeSpecial(channel, 'left the configuration');
  }

  /** Called by the worker's coarse timer. */
  sweep(nowMs: number): void {
    const channel = this.#channel;
    if (channel === null) return;
    const { requestTimeoutMs } = channel;
    const isLate = (sinceMs: number): boolean => requestTimeoutMs > 0 && nowMs - sinceMs >= requestTimeoutMs;
    const ask = this.#asks[this.#answered];
    if (channel.state !== 'ready') {
      if (this.#waitingSinceMs > 0 && isLate(this.#waitingSinceMs)) this.#giveUpWaiting(channel);
    } else if (ask !== undefined) {
      // Answers stand behind messages: while bytes come, a large message may be on its way.
      if (isLate(Math.max(ask.sentMs, channel.lastReadMs))) channel.timeOut();
    } else if (this.#topics.size > 0 && nowMs - channel.lastReadMs >= PING_INTERVAL_MS) {
      this.#ask(FrameKind.pong, null, null, PING);
    }
    if (this.#topics.size === 0 && ask === undefined && nowMs - this.#emptySinceMs >= LINGER_MS) {
      this.#channel = null;
      this.#pool.closeSpecial(channel, 'is not used any more');
    }
  }

  onPush(bytes: Buffer, start: number, end: number): void {
    const frame = this.#frame;
    frame.read(bytes, start, end);
    const { kind } = frame;
    if (kind < FrameKind.subscribe) this.#onMessage(kind as TopicKind, bytes, start, end, frame);
    else this.#onAnswer(bytes, start, end);
  }

  #onAnswer(bytes: Buffer, start: number, end: number): void {
    const { kind, nameStart, nameEnd } = this.#frame;
    const ask = this.#asks[this.#answered];
    // A node may refuse a channel; and one that refuses PING is alive. Only an end that it refuses leaves us wondering.
    const isRefusal = kind === FrameKind.error && ask !== undefined && !isEnd(ask.kind);
    if (ask === undefined || (kind !== ask.kind && !isRefusal)) {
      this.#channel?.distrust('sent an answer to what it was not asked');
      return;
    }
    this.#advance();
    const { topic, waiter } = ask;
    if (waiter !== null) settle(waiter);
    if (topic === null || isEnd(ask.kind)) return;
    if (isRefusal) {
      this.#onRefusal(topic, Buffer.from(bytes.subarray(start, end)));
    } else if (bytes.compare(topic.name, 0, topic.name.length, nameStart, nameEnd) === 0) {
      topic.setPresence(this.#node, Presence.there);
    } else {
      this.#channel?.distrust('confirmed another channel than it was asked for');
    }
  }

  /** The node does not want this one: a rule of its own, or it does not know the command. */
  #onRefusal(topic: Topic, reply: Buffer): void {
    if (topic.subscribers.size > 0) {
      const text = reply.toString('latin1').trim();
      this.#context.logger.warn({ node: this.#label, error: text }, 'a subscription could not be made again');
    }
    topic.refusal = reply;
    topic.setPresence(this.#node, Presence.absent);
  }

  #open(): Channel {
    return this.#pool.openSpecial(this.#node, this.#pool.handshake(0, 2), {
      pushes: this,
      onReady: () => this.#onReady(),
      onLost: (failure) => this.#onLost(failure),
    });
  }

  #onReady(): void {
    this.#waitingSinceMs = 0;
    for (const topic of this.#topics) this.#subscribe(topic);
    if (!this.#isLost) return;
    this.#isLost = false;
    const about = { node: this.#label, subscriptions: this.#topics.size };
    this.#context.logger.info(about, 'subscriptions at the node are made again');
  }

  #onLost(failure: Failure): void {
    this.failure = failure;
    this.#waitingSinceMs = 0;
    const asks = this.#asks.slice(this.#answered);
    this.#asks = [];
    this.#answered = 0;
    if (failure.wasReady && failure.kind !== 'removed' && this.#topics.size > 0) {
      this.#isLost = true;
      this.#context.counters.subscriptionsLost++;
      const about = { node: this.#label, subscriptions: this.#topics.size };
      this.#context.logger.warn(about, 'messages of the node are missed until it is back');
    }
    for (const { waiter } of asks) if (waiter !== null) settle(waiter);
    for (const topic of this.#topics) topic.setPresence(this.#node, Presence.absent);
  }

  /** The connection is not there in time for the requests that wait for it; the attempt goes on. */
  #giveUpWaiting(channel: Channel): void {
    this.#waitingSinceMs = 0;
    const text = `node ${channel.node.label} did not answer within ${channel.requestTimeoutMs} ms`;
    this.failure = { kind: 'timeout', node: channel.node.id, text, wasReady: false };
    for (const topic of this.#topics) topic.setPresence(this.#node, Presence.absent);
  }

  #subscribe(topic: Topic): void {
    this.#context.counters.subscriptionsMade++;
    topic.refusal = null;
    topic.setPresence(this.#node, Presence.asked);
    this.#ask(FrameKind.subscribe + topic.kind, topic, null, topicRequest(topic.kind, true, topic.name));
  }

  #ask(kind: number, topic: Topic | null, waiter: AnswerWaiter | null, request: Buffer): void {
    this.#asks.push({ kind, topic, waiter, sentMs: this.#context.turn.nowMs });
    this.#channel!.output.append(request, 0, request.length);
  }

  /** The head of the queue is answered. What was answered is cut off now and then, so that each costs O(1). */
  #advance(): void {
    this.#answered++;
    if (this.#answered < 64 || this.#answered * 2 < this.#asks.length) return;
    this.#asks = this.#asks.slice(this.#answered);
    this.#answered = 0;
  }

  get #label(): string {
    return this.#pool.nodes[this.#node]!.id;
  }
}

function isEnd(kind: number): boolean {
  return kind >= FrameKind.unsubscribe && kind < FrameKind.pong;
}

function settle(waiter: AnswerWaiter): void {
  waiter.missing--;
  if (waiter.missing === 0) waiter.onAnswered();
}

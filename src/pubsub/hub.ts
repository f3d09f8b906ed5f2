/**
 * All subscriptions of one worker's clients of one pool: which topics there are, where they live, and who gets a message.
 *
 * A channel lives on the node that its name leads to, as a key would; a pattern on every node, and so does a channel of
 * key events, which each node publishes itself. Each is subscribed once at each of its nodes, however many clients want
 * it; a message is read once and goes out as the bytes that came. Bounded by the clients' own limits: a topic without a
 * client is dropped. Cost of a message: one look-up, and one append for each client.
 */
import type { Lane } from '../upstream/lane.js';
import type { Pool } from '../upstream/pool.js';
import type { WorkerContext } from '../worker-context.js';
import { OWNED_BYTES_MIN } from '../io/output.js';
import { errorReply } from '../downstream/resp-errors.js';
import type { MessageFrame } from './message-frame.js';
import { type AnswerWaiter, NodeSubscriber } from './node-subscriber.js';
import { Topic, TopicKind } from './topic.js';

const STAR = 42;
const GREATER = 62;
/** What servers publish about their keys, each about its own. */
const KEY_EVENTS = /^__key(?:space|event)@/;

/** Topics that clients of this worker are subscribed to now. */
export interface TopicCounts {
  readonly channels: number;
  readonly patterns: number;
  readonly shardChannels: number;
}

export class SubscriptionHub {
  readonly #context: WorkerContext;
  #pool: Pool;
  #subscribers: readonly NodeSubscriber[];
  /** By kind. */
  readonly #topics: readonly Map<string, Topic>[] = [new Map(), new Map(), new Map()];
  #allNodes: readonly number[];
  #oneNode: readonly (readonly number[])[];

  constructor(context: WorkerContext, pool: Pool) {
    this.#context = context;
    this.#pool = pool;
    this.#allNodes = pool.nodes.map((_, node) => node);
    this.#oneNode = pool.nodes.map((_, node) => [node]);
    this.#subscribers = this.#newSubscribers();
  }

  #newSubscribers(): readonly NodeSubscriber[] {
    return this.#pool.nodes.map(
      (_, node) =>
        new NodeSubscriber(this.#context, this.#pool, node, (kind, bytes, start, end, frame) =>
          this.#onMessage(kind, bytes, start, end, frame),
        ),
    );
  }

  /** After a reload: every topic is subscribed anew where it lives now. What is published in between is missed. */
  usePool(pool: Pool): void {
    for (const subscriber of this.#subscribers) subscriber.close();
    this.#pool = pool;
    this.#allNodes = pool.nodes.map((_, node) => node);
    this.#oneNode = pool.nodes.map((_, node) => [node]);
    this.#subscribers = this.#newSubscribers();
    for (const topics of this.#topics) {
      for (const topic of topics.values()) {
        topic.moveTo(this.#nodesOf(topic.kind, topic.key, topic.name));
        for (const node of topic.nodes) this.#subscribers[node]!.want(topic, false);
      }
    }
  }

  get counts(): TopicCounts {
    const [channels, patterns, shards] = this.#topics;
    return { channels: channels!.size, patterns: patterns!.size, shardChannels: shards!.size };
  }

  find(kind: TopicKind, key: string): Topic | undefined {
    return this.#topics[kind]!.get(key);
  }

  /**
   * The topic of that name, asked for at its nodes unless it is there; `lane` tells which nodes others find down. The caller
   * holds it and lets it go with `release`.
   */
  hold(kind: TopicKind, key: string, lane: Lane): Topic {
    let topic = this.find(kind, key);
    if (topic === undefined) {
      const name = Buffer.from(key, 'latin1');
      topic = new Topic(kind, name, key, this.#nodesOf(kind, key, name));
      this.#topics[kind]!.set(key, topic);
    }
    topic.holders++;
    for (const node of topic.nodes) this.#subscribers[node]!.want(topic, lane.channels[node]!.state === 'down');
    return topic;
  }

  /** With the last holder the topic goes; `waiter` is told when the nodes have let it go. */
  release(topic: Topic, waiter: AnswerWaiter | null): void {
    topic.holders--;
    if (topic.holders > 0) return;
    this.#topics[topic.kind]!.delete(topic.key);
    for (const node of topic.nodes) this.#subscribers[node]!.drop(topic, waiter);
  }

  /**
   * `waiter` is told when all messages that the nodes of `topics` have sent before now have gone to their clients. Without
   * that, who subscribes would get messages that were published before it asked, and who unsubscribes would miss some.
   */
  passThrough(topics: Iterable<Topic>, waiter: AnswerWaiter): void {
    const nodes = new Set<number>();
    for (const topic of topics) for (const node of topic.nodes) nodes.add(node);
    for (const node of nodes) this.#subscribers[node]!.passThrough(waiter);
  }

  /** The error reply for a topic that is settled and not there. */
  refusalOf(topic: Topic): Buffer {
    if (topic.refusal !== null) return topic.refusal;
    const failures = topic.nodes.map((node) => this.#subscribers[node]!.failure ?? null);
    const failure = failures.find((one) => one !== null);
    return errorReply(`ERR ringward: ${failure?.text ?? 'no node is up'}`);
  }

  /** Called by the worker's coarse timer. */
  sweep(nowMs: number): void {
    for (const subscriber of this.#subscribers) subscriber.sweep(nowMs);
  }

  #nodesOf(kind: TopicKind, key: string, name: Buffer): readonly number[] {
    if (kind === TopicKind.pattern || (kind === TopicKind.channel && KEY_EVENTS.test(key))) return this.#allNodes;
    // There what is published goes to any node.
    if (this.#pool.config.partitioning.algorithm === 'random') return this.#allNodes;
    return this.#oneNode[this.#pool.partitioner.nodeOf(name, 0, name.length)]!;
  }

  /** A message that comes after its topic's last client has left finds nobody. */
  #onMessage(kind: TopicKind, bytes: Buffer, start: number, end: number, frame: MessageFrame): void {
    this.#context.counters.messagesReceived++;
    const topic = this.find(kind, bytes.toString('latin1', frame.nameStart, frame.nameEnd));
    if (topic === undefined) return;
    if (end - start >= OWNED_BYTES_MIN && topic.subscribers.size > 1) {
      shareMessage(topic, bytes, start, end);
      return;
    }
    // RESP3 marks a message by its first byte and is the same otherwise.
    for (const { session } of topic.subscribers) {
      bytes[start] = session.respVersion === 3 ? GREATER : STAR;
      session.push(bytes, start, end);
    }
  }
}

/** A large message: one copy for all clients of a RESP version, instead of one for each client. */
function shareMessage(topic: Topic, bytes: Buffer, start: number, end: number): void {
  let array: Buffer | undefined;
  let push: Buffer | undefined;
  for (const { session } of topic.subscribers) {
    if (session.respVersion === 3) session.pushShared((push ??= copyWith(GREATER, bytes, start, end)));
    else session.pushShared((array ??= copyWith(STAR, bytes, start, end)));
  }
}

function copyWith(firstByte: number, bytes: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.from(bytes.subarray(start, end));
  copy[0] = firstByte;
  return copy;
}

/**
 * One channel, pattern or shard channel that clients of a worker want, and where it is subscribed.
 *
 * Made by SubscriptionHub with the first client that asks, dropped with the last. At each of its nodes it is absent, asked
 * for, or there; NodeSubscriber moves it. Requests wait until nothing is asked for any more (`isSettled`). Subscribers are
 * those whose request has been answered, so that no message can come before its confirmation.
 */
import type { Subscriptions } from './subscriptions.js';

export const TopicKind = { channel: 0, pattern: 1, shard: 2 } as const;
export type TopicKind = (typeof TopicKind)[keyof typeof TopicKind];

/** `absent`: the node is down or refused. `asked`: sent, or to be sent when the connection is there. */
export const Presence = { absent: 0, asked: 1, there: 2 } as const;
export type Presence = (typeof Presence)[keyof typeof Presence];

/** A request that goes on when every node has answered or failed. */
export interface TopicWaiter {
  onSettled(topic: Topic): void;
}

export class Topic {
  readonly kind: TopicKind;
  readonly name: Buffer;
  /** The name, one character per byte: its key in the hub's map. */
  readonly key: string;
  /** Where it has to be: one node, or all in order. */
  nodes: readonly number[];
  readonly subscribers = new Set<Subscriptions>();
  /** Subscribers, and requests that wait or are being answered. */
  holders = 0;
  /** The error reply of a node that did not want it. */
  refusal: Buffer | null = null;

  #presence: Uint8Array;
  #asked = 0;
  #there = 0;
  #waiters: TopicWaiter[] = [];

  constructor(kind: TopicKind, name: Buffer, key: string, nodes: readonly number[]) {
    this.kind = kind;
    this.name = name;
    this.key = key;
    this.nodes = nodes;
    this.#presence = new Uint8Array(nodes.length);
  }

  /** Other nodes, where it is absent yet. Whoever waits goes on waiting: the caller asks them at once. */
  moveTo(nodes: readonly number[]): void {
    this.nodes = nodes;
    this.#presence = new Uint8Array(nodes.length);
    this.#asked = this.#there = 0;
  }

  presenceAt(node: number): Presence {
    return this.#presence[this.#slotOf(node)] as Presence;
  }

  setPresence(node: number, presence: Presence): void {
    const slot = this.#slotOf(node);
    const before = this.#presence[slot];
    if (before === presence) return;
    this.#presence[slot] = presence;
    if (presence === Presence.asked) this.#asked++;
    if (presence === Presence.there) this.#there++;
    if (before === Presence.there) this.#there--;
    if (before !== Presence.asked) return;
    this.#asked--;
    if (this.#asked > 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.onSettled(this);
  }

  /** No node owes an answer. */
  get isSettled(): boolean {
    return this.#asked === 0;
  }

  /** Messages come: from its node, or from at least one of all. */
  get isThere(): boolean {
    return this.#there > 0 && this.refusal === null;
  }

  whenSettled(waiter: TopicWaiter): void {
    this.#waiters.push(waiter);
  }

  /** Position in #presence: a topic of one node has one. */
  #slotOf(node: number): number {
    return this.nodes.length === 1 ? 0 : node;
  }
}

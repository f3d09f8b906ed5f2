/**
 * Which keys of one request go to which node: what the plans of both protocols share (split.ts, memcache/get-plan.ts).
 * Part numbers count nodes as they appear. Plans live until the reply has left and are recycled, because typed arrays are
 * dear to make; what they hold of a large request is let go.
 */
import type { Chunk } from '../io/buffer-pool.js';
import type { Channel } from '../upstream/channel.js';
import type { Lane } from '../upstream/lane.js';

/** Keys for which a plan's arrays are kept between requests. */
const KEYS_KEPT_MAX = 4096;
const KEYS_START_CAPACITY = 256;
const SPARE_MAX = 1024;

export abstract class Plan {
  keys = 0;
  parts = 0;
  /** Part of each key. */
  partOf = new Uint16Array(KEYS_START_CAPACITY);
  /** Node index of each part. */
  readonly nodes: Int32Array;
  /** Bytes of each part's keys (and values) as the client sent them. */
  readonly bytes: Int32Array;
  /** Where each part is being written to. */
  readonly chunks: (Chunk | null)[] = [];
  /** Positions in chunks and in part replies that fit into one: where each part's next byte is. */
  readonly at: Int32Array;
  /** Of the part replies. */
  readonly views: (DataView | null)[] = [];
  /** Scratch: part of each node, -1 for all between requests. */
  protected readonly partOfNode: Int32Array;

  constructor(nodeCount: number) {
    this.nodes = new Int32Array(nodeCount);
    this.bytes = new Int32Array(nodeCount);
    this.at = new Int32Array(nodeCount);
    this.partOfNode = new Int32Array(nodeCount).fill(-1);
  }

  /** Makes room in `partOf`. */
  protected makeRoom(keys: number): void {
    if (keys > this.partOf.length || this.partOf.length > KEYS_KEPT_MAX)
      this.partOf = new Uint16Array(Math.max(keys, KEYS_START_CAPACITY));
  }

  /** Lets the memory of replies go, which may not be a pool's. */
  forgetReplies(): void {
    for (let part = 0; part < this.views.length; part++) this.views[part] = null;
  }
}

/** Recycles the plans for one pool of nodes. */
export class PlanPool<SomePlan extends Plan> {
  readonly #newPlan: () => SomePlan;
  readonly #spare: SomePlan[] = [];

  constructor(newPlan: () => SomePlan) {
    this.#newPlan = newPlan;
  }

  take(): SomePlan {
    return this.#spare.pop() ?? this.#newPlan();
  }

  giveBack(plan: SomePlan): void {
    plan.forgetReplies();
    if (this.#spare.length < SPARE_MAX) this.#spare.push(plan);
  }
}

/** A session of either protocol. */
interface Waiting {
  readonly lane: Lane;
  waitFor(channel: Channel): unknown;
}

/** True when every channel of the plan has room; otherwise the session will be woken when the full one has. */
export function partsHaveRoom(session: Waiting, plan: Plan): boolean {
  for (let part = 0; part < plan.parts; part++) {
    const channel = session.lane.channels[plan.nodes[part]!]!;
    if (!channel.isCongested) continue;
    session.waitFor(channel);
    return false;
  }
  return true;
}

/**
 * Splits a command of many keys (MGET, MSET, DEL, ...) into one command per node, without copying keys one by one: the
 * request's own bytes are sent in slices, each as long as neighbouring keys share a node.
 *
 *   MGET a b c d     a, b, d on node 1, c on node 2
 *   node 1: "*4 $4 MGET" + slice(a b) + slice(d)        node 2: "*2 $4 MGET" + slice(c)
 *
 * Keys keep their order and their duplicates on every node, so each node does what one node would have done.
 */
import type { RespSession } from '../downstream/resp-session.js';
import { writeDecimal } from '../io/bytes.js';
import { Accept, type Channel } from '../upstream/channel.js';
import type { Gather } from './gather.js';
import { Outcome, type RespRequest } from './request.js';

/** Keys for which a plan's arrays are kept between requests. */
const KEYS_KEPT_MAX = 4096;

/**
 * Which keys of a request go to which node. Part numbers count nodes as they appear. Plans live until the reply has
 * left and are recycled (SplitPlanPool): typed arrays are dear to make.
 */
export class SplitPlan {
  keys = 0;
  parts = 0;
  /** Length of the longest key. */
  longest = 0;
  /** Part of each key. */
  partOf = new Uint16Array(256);
  /** Node index and number of keys of each part; `cursors` is the merge's. */
  readonly nodes: Int32Array;
  readonly counts: Int32Array;
  readonly cursors: Float64Array;
  readonly #partOfNode: Int32Array;

  constructor(nodeCount: number) {
    this.nodes = new Int32Array(nodeCount);
    this.counts = new Int32Array(nodeCount);
    this.cursors = new Float64Array(nodeCount);
    this.#partOfNode = new Int32Array(nodeCount).fill(-1);
  }

  fill(session: RespSession, request: RespRequest, firstKey: number, step: number): void {
    const { nodeOf } = session.service.pool.partitioner;
    const { args, bytes } = request;
    const partOfNode = this.#partOfNode;
    const keys = Math.floor((request.argc - firstKey) / step);
    if (keys > this.partOf.length || this.partOf.length > KEYS_KEPT_MAX)
      this.partOf = new Uint16Array(Math.max(keys, 256));
    const partOf = this.partOf;
    let parts = 0;
    let longest = 0;
    let at = firstKey * 2;
    for (let i = 0; i < keys; i++, at += step * 2) {
      const start = args[at]!;
      const end = args[at + 1]!;
      if (end - start > longest) longest = end - start;
      const node = nodeOf(bytes, start, end);
      let part = partOfNode[node]!;
      if (part < 0) {
        part = parts++;
        partOfNode[node] = part;
        this.nodes[part] = node;
        this.counts[part] = 0;
      }
      partOf[i] = part;
      this.counts[part]!++;
    }
    for (let part = 0; part < parts; part++) partOfNode[this.nodes[part]!] = -1;
    this.keys = keys;
    this.parts = parts;
    this.longest = longest;
  }
}

/** Recycles plans of one pool of nodes. */
export class SplitPlanPool {
  readonly #nodeCount: number;
  readonly #spare: SplitPlan[] = [];

  constructor(nodeCount: number) {
    this.#nodeCount = nodeCount;
  }

  take(): SplitPlan {
    return this.#spare.pop() ?? new SplitPlan(this.#nodeCount);
  }

  giveBack(plan: SplitPlan): void {
    if (this.#spare.length < 1024) this.#spare.push(plan);
  }
}

/** True when every channel of the plan has room; otherwise the session will be woken when the full one has. */
export function partsHaveRoom(session: RespSession, plan: SplitPlan): boolean {
  for (let part = 0; part < plan.parts; part++) {
    const channel = session.lane.channels[plan.nodes[part]!]!;
    if (!channel.isCongested) continue;
    session.waitFor(channel);
    return false;
  }
  return true;
}

/** Sends every part; the channels have room. A part whose node is down fails at once, the others go their way. */
export function sendParts(
  session: RespSession,
  request: RespRequest,
  plan: SplitPlan,
  gather: Gather,
  step: number,
  isWrite: boolean,
): Outcome {
  const { channels } = session.lane;
  const firstKey = request.command.firstKey;
  let down: number[] | null = null;
  for (let part = 0; part < plan.parts; part++) {
    const channel = channels[plan.nodes[part]!]!;
    const record = gather.addPart(isWrite);
    record.command = request.command.index;
    if (channel.accept(record) === Accept.taken) appendHeader(session, channel, request, plan.counts[part]! * step + 1);
    else (down ??= []).push(part);
  }
  appendKeys(channels, down, request, plan, firstKey, step);
  if (down === null) return Outcome.done;
  for (const part of down) gather.failPart(part, { ...channels[plan.nodes[part]!]!.failure!, wasReady: false });
  return Outcome.done;
}

/** "*N" and the command's name as the client wrote it. */
function appendHeader(session: RespSession, channel: Channel, request: RespRequest, argc: number): void {
  const { scratch } = session.service;
  const { bytes, args } = request;
  scratch[0] = 42;
  let at = writeDecimal(scratch, 1, argc);
  scratch[at++] = 13;
  scratch[at++] = 10;
  const nameEnd = args[1]! + 2;
  for (let i = bytes.indexOf(36, request.start); i < nameEnd; i++) scratch[at++] = bytes[i]!;
  channel.output.append(scratch, 0, at);
}

/** Each key (with its value, if `step` is 2) to its node; neighbours with the same node as one slice. */
function appendKeys(
  channels: readonly Channel[],
  down: readonly number[] | null,
  request: RespRequest,
  plan: SplitPlan,
  firstKey: number,
  step: number,
): void {
  const { args, bytes } = request;
  const { partOf, keys, nodes } = plan;
  let i = 0;
  let from = args[firstKey * 2 - 1]! + 2;
  while (i < keys) {
    const part = partOf[i]!;
    let next = i + 1;
    while (next < keys && partOf[next] === part) next++;
    const to = args[(firstKey + next * step) * 2 - 1]! + 2;
    if (down === null || !down.includes(part)) channels[nodes[part]!]!.output.append(bytes, from, to);
    from = to;
    i = next;
  }
}

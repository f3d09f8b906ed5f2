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
import type { Chunk } from '../io/buffer-pool.js';
import { writeDecimal } from '../io/bytes.js';
import { flushEarly } from '../io/flush-early.js';
import { Accept, type Channel } from '../upstream/channel.js';
import type { Gather } from './gather.js';
import { Outcome, type RespRequest } from './request.js';

const STAR = 42;
const DOLLAR = 36;
const CR = 13;
const LF = 10;
/** More than "*N\r\n" takes. */
const HEADER_BYTES = 16;

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
  /** Node index and number of keys of each part; */
  readonly nodes: Int32Array;
  readonly counts: Int32Array;
  /** Bytes of each part's keys (and values) as the client sent them. */
  readonly bytes: Int32Array;
  /** Where each part is being written to. */
  readonly chunks: (Chunk | null)[] = [];
  /** Positions in chunks and in part replies that fit into one: where each part's next byte is. */
  readonly at: Int32Array;
  /** Of the part replies. */
  readonly views: (DataView | null)[] = [];
  readonly #partOfNode: Int32Array;

  constructor(nodeCount: number) {
    this.nodes = new Int32Array(nodeCount);
    this.counts = new Int32Array(nodeCount);
    this.bytes = new Int32Array(nodeCount);
    this.at = new Int32Array(nodeCount);
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
        this.bytes[part] = 0;
      }
      partOf[i] = part;
      this.counts[part]!++;
      this.bytes[part]! += args[at + step * 2 - 1]! - args[at - 1]!;
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
  let down: number[] | null = null;
  for (let part = 0; part < plan.parts; part++) {
    const channel = channels[plan.nodes[part]!]!;
    const record = gather.addPart(isWrite);
    record.command = request.command.index;
    if (channel.accept(record) === Accept.taken) beginPart(session, channel, request, plan, part, step);
    else (down ??= []).push(part);
  }
  writeKeys(session, request, plan, down, step);
  for (let part = 0; part < plan.parts; part++) {
    if (down?.includes(part) === true) {
      gather.failPart(part, { ...channels[plan.nodes[part]!]!.failure!, wasReady: false });
      continue;
    }
    const { output } = channels[plan.nodes[part]!]!;
    if (plan.chunks[part] !== null) output.commit(plan.at[part]! - output.claimedAt);
    flushEarly(output);
  }
  return Outcome.done;
}

/** "*N" and the command's name as the client wrote it, into a chunk with room for the keys, or appended if none has. */
function beginPart(
  session: RespSession,
  channel: Channel,
  request: RespRequest,
  plan: SplitPlan,
  part: number,
  step: number,
): void {
  const { bytes, args } = request;
  const { output } = channel;
  const nameStart = bytes.indexOf(DOLLAR, request.start);
  const nameEnd = args[1]! + 2;
  const chunk = output.claim(HEADER_BYTES + nameEnd - nameStart + plan.bytes[part]!);
  const target = chunk === null ? session.service.scratch : chunk.bytes;
  let at = chunk === null ? 0 : output.claimedAt;
  target[at] = STAR;
  at = writeDecimal(target, at + 1, plan.counts[part]! * step + 1);
  target[at++] = CR;
  target[at++] = LF;
  for (let i = nameStart; i < nameEnd; i++) target[at++] = bytes[i]!;
  plan.chunks[part] = chunk;
  plan.at[part] = at;
  if (chunk === null) output.append(target, 0, at);
}

/** Each key (with its value, if `step` is 2) to its part; neighbours in the same part as one slice. */
function writeKeys(
  session: RespSession,
  request: RespRequest,
  plan: SplitPlan,
  down: readonly number[] | null,
  step: number,
): void {
  const { args, bytes } = request;
  const { partOf, keys, nodes, chunks, at } = plan;
  const { copier } = session.context;
  const firstKey = request.command.firstKey;
  let i = 0;
  let from = args[firstKey * 2 - 1]! + 2;
  while (i < keys) {
    const part = partOf[i]!;
    let next = i + 1;
    while (next < keys && partOf[next] === part) next++;
    const to = args[(firstKey + next * step) * 2 - 1]! + 2;
    if (down === null || !down.includes(part)) {
      const chunk = chunks[part] ?? null;
      if (chunk === null) {
        session.lane.channels[nodes[part]!]!.output.append(bytes, from, to);
      } else {
        const start = at[part]!;
        copier.copy(bytes, from, to, chunk, start);
        at[part] = start + to - from;
      }
    }
    from = to;
    i = next;
  }
}

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
import { flushEarly } from '../io/flush-early.js';
import { Accept, type Channel } from '../upstream/channel.js';
import type { Gather } from './gather.js';
import { Plan } from './plan.js';
import { Outcome, type RespRequest } from './request.js';

const STAR = 42;
const DOLLAR = 36;
const CR = 13;
const LF = 10;
/** More than "*N\r\n" takes. */
const HEADER_BYTES = 16;

export class SplitPlan extends Plan {
  /** Length of the longest key. */
  longest = 0;
  /** Number of keys of each part. */
  readonly counts: Int32Array;

  constructor(nodeCount: number) {
    super(nodeCount);
    this.counts = new Int32Array(nodeCount);
  }

  fill(session: RespSession, request: RespRequest, firstKey: number, step: number): void {
    const { nodeOf } = session.service.pool.partitioner;
    const { args, bytes } = request;
    const keys = Math.floor((request.argc - firstKey) / step);
    this.makeRoom(keys);
    const { partOf, partOfNode } = this;
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

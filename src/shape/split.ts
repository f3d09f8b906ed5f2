/**
 * Splits a command of many keys (MGET, MSET, DEL, ...) into one command per node, without copying keys one by one: the
 * request's own bytes are sent in slices, each as long as neighbouring keys share a node.
 *
 *   MGET a b c d     a, b, d on node 1, c on node 2
 *   node 1: "*4 $4 MGET" + slice(a b) + slice(d)        node 2: "*2 $4 MGET" + slice(c)
 *
 * Keys keep their order and their duplicates on every node, so each node does what one node would have done.
 */
import { writeDecimal } from '../io/bytes.js';
import type { RespSession } from '../downstream/resp-session.js';
import { Accept, type Channel } from '../upstream/channel.js';
import { type Gather } from './gather.js';
import { Outcome, type RespRequest } from './request.js';

/** Which keys of a request go to which node. Arrays are indexed by key number; part numbers count nodes as they appear. */
export class SplitPlan {
  readonly keys: number;
  /** Node index of each part. */
  readonly nodes: number[] = [];
  readonly counts: number[] = [];
  /** Part of each key. */
  readonly partOf: Uint16Array;

  constructor(session: RespSession, request: RespRequest, firstKey: number, step: number) {
    const { partitioner } = session.service.pool;
    const { args, bytes } = request;
    this.keys = Math.floor((request.argc - firstKey) / step);
    this.partOf = new Uint16Array(this.keys);
    const partOfNode = session.service.partOfNode;
    for (let i = 0; i < this.keys; i++) {
      const at = (firstKey + i * step) * 2;
      const node = partitioner.nodeOf(bytes, args[at]!, args[at + 1]!);
      let part = partOfNode[node]!;
      if (part === 0) {
        part = this.nodes.push(node);
        partOfNode[node] = part;
        this.counts.push(0);
      }
      this.partOf[i] = part - 1;
      this.counts[part - 1]!++;
    }
    for (const node of this.nodes) partOfNode[node] = 0;
  }
}

/**
 * Sends every part. `newGather` is called once all channels are known to take their part: until then nothing has been
 * done and the request can wait. A part whose node is down fails at once.
 */
export function sendParts(
  session: RespSession,
  request: RespRequest,
  plan: SplitPlan,
  firstKey: number,
  step: number,
  newGather: () => Gather,
  isWrite: boolean,
): Outcome {
  const channels: Channel[] = plan.nodes.map((node) => session.lane.channels[node]!);
  for (const channel of channels) {
    if (channel.isCongested) {
      session.waitFor(channel);
      return Outcome.stalled;
    }
  }
  const gather = newGather();
  const down: number[] = [];
  channels.forEach((channel, part) => {
    const record = gather.addPart(isWrite);
    record.command = request.command.index;
    if (channel.accept(record) !== Accept.taken) down.push(part);
    else appendHeader(session, channel, request, plan.counts[part]! * step + 1);
  });
  appendKeys(channels, down, request, plan, firstKey, step);
  for (const part of down) gather.failPart(part, { ...channels[part]!.failure!, wasReady: false });
  return Outcome.done;
}

/** "*N" and the command's name as the client wrote it. */
function appendHeader(session: RespSession, channel: Channel, request: RespRequest, argc: number): void {
  const { scratch } = session.service;
  scratch[0] = 42;
  let at = writeDecimal(scratch, 1, argc);
  scratch[at++] = 13;
  scratch[at++] = 10;
  channel.output.append(scratch, 0, at);
  const nameStart = request.bytes.indexOf(36, request.start);
  channel.output.append(request.bytes, nameStart, request.args[1]! + 2);
}

/** Each key (with its value, if `step` is 2) to its node; neighbours with the same node as one slice. */
function appendKeys(
  channels: readonly Channel[],
  down: readonly number[],
  request: RespRequest,
  plan: SplitPlan,
  firstKey: number,
  step: number,
): void {
  const { args, bytes } = request;
  const { partOf, keys } = plan;
  let i = 0;
  while (i < keys) {
    const part = partOf[i]!;
    let next = i + 1;
    while (next < keys && partOf[next] === part) next++;
    const from = args[(firstKey + i * step) * 2 - 1]! + 2;
    const to = args[(firstKey + next * step) * 2 - 1]! + 2;
    if (down.length === 0 || !down.includes(part)) channels[part]!.output.append(bytes, from, to);
    i = next;
  }
}

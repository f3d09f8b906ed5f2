/**
 * get, gets, gat and gats of several keys: cut by node and merged; whole, when one node has all keys.
 *
 *   get a b c d     a, b, d on node 1, c on node 2
 *   node 1: "get" + slice(" a b") + slice(" d") + CR LF      node 2: "get" + slice(" c") + CR LF
 *
 * Each node gets its keys in the client's order, duplicates too, as slices of the client's own line; the time of a gat
 * comes with the command. A part's line is never longer than the client's, so it keeps memcached's limit of 2048 bytes
 * (for gat) because the client's did. Cost: one copy of the line, and per key its owner and one merge step.
 */
import type { McSession } from '../../downstream/mc-session.js';
import { McReplyKind } from '../../protocol/memcache/commands.js';
import { Accept, type Channel } from '../../upstream/channel.js';
import { partsHaveRoom } from '../plan.js';
import { Outcome } from '../request.js';
import { flushEarly } from '../../io/flush-early.js';
import { GetGather } from './get-gather.js';
import type { GetPlan } from './get-plan.js';
import { forwardTo } from './send.js';
import type { McShape } from './shape.js';

const CR = 13;
const LF = 10;
const LINE_END = Buffer.from('\r\n', 'latin1');

export const splitGet: McShape = (session, bytes) => {
  const { framer, service } = session;
  const { plans, pool } = service;
  const plan = plans.take();
  plan.fill(bytes, framer, pool.partitioner.nodeOf);
  if (plan.parts <= 1) {
    // A gat without a key is legal in memcached; any node answers its END.
    const node = plan.parts === 0 ? 0 : plan.nodes[0]!;
    plans.giveBack(plan);
    return forwardTo(session, bytes, node);
  }
  if (!partsHaveRoom(session, plan)) {
    plans.giveBack(plan);
    return Outcome.stalled;
  }
  plan.keepKeys(bytes, framer);
  return sendParts(session, bytes, plan);
};

/** Sends every part; the channels have room. A part whose node is down fails at once, the others go their way. */
function sendParts(session: McSession, bytes: Buffer, plan: GetPlan): Outcome {
  const { framer, service } = session;
  const { channels } = session.lane;
  const gather = new GetGather(session, plan);
  const isWrite = service.isWrite[framer.command] === 1;
  let down: number[] | null = null;
  for (let part = 0; part < plan.parts; part++) {
    const channel = channels[plan.nodes[part]!]!;
    const record = gather.addPart(isWrite);
    record.command = framer.command;
    record.expect = McReplyKind.values;
    if (channel.accept(record) === Accept.taken) beginPart(session, channel, bytes, plan, part);
    else (down ??= []).push(part);
  }
  appendKeys(session, bytes, plan, down);
  for (let part = 0; part < plan.parts; part++) {
    const channel = channels[plan.nodes[part]!]!;
    if (down?.includes(part) === true) gather.failPart(part, { ...channel.failure!, wasReady: false });
    else endPart(channel, plan, part);
  }
  return Outcome.done;
}

/** The command and, for gat, the time, into a chunk with room for the whole part, or appended if none has. */
function beginPart(session: McSession, channel: Channel, bytes: Buffer, plan: GetPlan, part: number): void {
  const { args, firstKey } = session.framer;
  const { output } = channel;
  const start = args[0]!;
  const end = args[2 * firstKey - 1]!;
  const chunk = output.claim(end - start + plan.bytes[part]! + LINE_END.length);
  plan.chunks[part] = chunk;
  if (chunk === null) {
    output.append(bytes, start, end);
    return;
  }
  let at = output.claimedAt;
  for (let i = start; i < end; i++) chunk.bytes[at++] = bytes[i]!;
  plan.at[part] = at;
}

/** Each key to its part, with the space that is before it in the client's line; neighbours in one part as one slice. */
function appendKeys(session: McSession, bytes: Buffer, plan: GetPlan, down: readonly number[] | null): void {
  const { args, firstKey } = session.framer;
  const { copier } = session.context;
  const { partOf, keys, nodes, chunks, at } = plan;
  let i = 0;
  while (i < keys) {
    const part = partOf[i]!;
    const from = args[2 * (firstKey + i)]! - 1;
    do i++;
    while (i < keys && partOf[i] === part);
    if (down?.includes(part) === true) continue;
    const to = args[2 * (firstKey + i) - 1]!;
    const chunk = chunks[part] ?? null;
    if (chunk === null) {
      session.lane.channels[nodes[part]!]!.output.append(bytes, from, to);
      continue;
    }
    const start = at[part]!;
    copier.copy(bytes, from, to, chunk, start);
    at[part] = start + to - from;
  }
}

function endPart({ output }: Channel, plan: GetPlan, part: number): void {
  const chunk = plan.chunks[part] ?? null;
  if (chunk === null) {
    output.append(LINE_END, 0, LINE_END.length);
  } else {
    const at = plan.at[part]!;
    chunk.bytes[at] = CR;
    chunk.bytes[at + 1] = LF;
    output.commit(at + LINE_END.length - output.claimedAt);
  }
  flushEarly(output);
}

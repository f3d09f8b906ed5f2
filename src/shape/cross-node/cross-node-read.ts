/**
 * Read-only commands over keys of several nodes that the proxy computes itself, where the pool has `cross_node_reads`.
 * Called by same-node.ts when it finds that keys are apart; a command that one node can answer never comes here.
 *
 *   ZUNION 2 a b ──► ZUNION 1 a WITHSCORES ──► node 1 ─┐
 *                └─► ZUNION 1 b WITHSCORES ──► node 2 ─┴─► ReadGather ──► the union, as one node would have answered it
 *
 * Not atomic: every node is asked at its own moment. Off the hot path: this costs objects and texts for each request.
 */
import type { Command } from '../../command/command.js';
import type { KeyList } from '../../command/keys.js';
import { errorReply, keyTooLong, tooManyKeys } from '../../downstream/resp-errors.js';
import type { RespSession } from '../../downstream/resp-session.js';
import { flushEarly } from '../../io/flush-early.js';
import { Accept } from '../../upstream/channel.js';
import { Outcome, type RespRequest } from '../request.js';
import { planHyperLogLogCount } from './hyperloglogs.js';
import type { Ask, NodeKey, Planner, Query } from './query.js';
import { ReadGather } from './read-gather.js';
import { planSetDifference, planSetIntersection, planSetIntersectionCount, planSetUnion } from './sets.js';
import {
  planSortedSetDifference,
  planSortedSetIntersection,
  planSortedSetIntersectionCount,
  planSortedSetUnion,
} from './sorted-sets.js';

/** Computes the answer for a request whose keys are apart. */
export type CrossNodeRead = (session: RespSession, request: RespRequest, keys: KeyList) => Outcome;

const planners: ReadonlyMap<string, Planner> = new Map([
  ['sunion', planSetUnion],
  ['sinter', planSetIntersection],
  ['sdiff', planSetDifference],
  ['sintercard', planSetIntersectionCount],
  ['zunion', planSortedSetUnion],
  ['zinter', planSortedSetIntersection],
  ['zdiff', planSortedSetDifference],
  ['zintercard', planSortedSetIntersectionCount],
  ['pfcount', planHyperLogLogCount],
]);

/** Names of the commands that the proxy can compute. */
export const crossNodeReadNames: readonly string[] = [...planners.keys()];

/** How the proxy computes the command; null for all that it does not. */
export function crossNodeRead(command: Command): CrossNodeRead | null {
  const planner = planners.get(command.name);
  if (planner === undefined) return null;
  return (session, request, keys) => {
    const names: NodeKey[] = [];
    const { keyBytesMax } = session.context.limits;
    for (let i = 0; i < keys.length; i++) {
      const key = nodeKey(session, request, keys.positions[i]!);
      if (key.name.length > keyBytesMax) return session.replyError(keyTooLong(key.name.length, keyBytesMax));
      names.push(key);
    }
    const plan = planner(names, wordsBehind(request, keys.positions[keys.length - 1]!));
    return 'error' in plan ? session.replyError(errorReply(plan.error)) : send(session, request, plan);
  };
}

function nodeKey(session: RespSession, { bytes, args }: RespRequest, position: number): NodeKey {
  const start = args[position * 2]!;
  const end = args[position * 2 + 1]!;
  return { name: bytes.subarray(start, end), node: session.service.pool.partitioner.nodeOf(bytes, start, end) };
}

function wordsBehind(request: RespRequest, lastKey: number): string[] {
  const words: string[] = [];
  for (let i = lastKey + 1; i < request.argc; i++) words.push(request.text(i));
  return words;
}

function send(session: RespSession, request: RespRequest, query: Query): Outcome {
  const { channels } = session.lane;
  const asksOfNode = new Map<number, number>();
  for (const { node } of query.asks) asksOfNode.set(node, (asksOfNode.get(node) ?? 0) + 1);
  const { inFlightPerNodeMax } = session.service.pool.config;
  for (const [node, count] of asksOfNode) {
    const channel = channels[node]!;
    if (count > inFlightPerNodeMax) {
      return session.replyError(tooManyKeys(count, channel.node.id, inFlightPerNodeMax));
    }
    if (channel.hasRoomFor(count)) continue;
    session.waitFor(channel);
    return Outcome.stalled;
  }
  const gather = new ReadGather(session, request.command.name, query.answer);
  gather.isSilent = session.isSilent;
  sendAsks(session, request.command.index, query.asks, gather);
  return Outcome.done;
}

/**
 * Every record is accepted before the first byte is appended: bytes alone could make a channel refuse the rest. Parts of
 * nodes that are down fail last, when the gather knows of all its parts.
 */
function sendAsks(session: RespSession, command: number, asks: readonly Ask[], gather: ReadGather): void {
  const { channels } = session.lane;
  const isTaken = asks.map(({ node }) => {
    const part = gather.addPart(false);
    part.command = command;
    return channels[node]!.accept(part) === Accept.taken;
  });
  asks.forEach(({ node, request }, index) => {
    if (isTaken[index]!) channels[node]!.output.append(request, 0, request.length);
  });
  for (const node of new Set(asks.map((each) => each.node))) flushEarly(channels[node]!.output);
  asks.forEach(({ node }, index) => {
    if (!isTaken[index]!) gather.failPart(index, { ...channels[node]!.failure!, wasReady: false });
  });
}

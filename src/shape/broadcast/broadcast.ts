/**
 * Commands that go to every node, and whose replies are merged: which way of sending and of merging each one has. What the
 * handling does not say comes from the response policy that Redis publishes with the command.
 *
 * With one node the reply passes as it is. All parts go through the session's lane, so a client's broadcast comes behind
 * what the client sent before it, on every node, and is about the client's database.
 */
import type { Command, ResponsePolicy } from '../../command/command.js';
import { Category } from '../../command/flags.js';
import type { Merge } from '../../command/handling.js';
import { handlingOf } from '../../command/policy.js';
import { adminRefused } from '../../downstream/resp-errors.js';
import type { RespSession } from '../../downstream/resp-session.js';
import { Outcome, type RespRequest } from '../request.js';
import { forwardWhole } from '../send.js';
import type { Shape } from '../shape.js';
import { AllSucceededGather } from './all-succeeded.js';
import type { BroadcastGather } from './broadcast-gather.js';
import { ConfigGetGather } from './config-get.js';
import { FunctionListGather, FunctionStatsGather } from './functions.js';
import { MinOfAllGather, SumOfAllGather } from './integers.js';
import { LatencyHistogramGather, LatencyHistoryGather, LatencyLatestGather } from './latency.js';
import { LogicalAndGather } from './logical-and.js';
import { MemoryStatsGather } from './memory-stats.js';
import { OneSucceededGather } from './one-succeeded.js';
import { sendOnOwnConnections } from './own-connections.js';
import { sendRandomKey } from './random-key.js';
import { forgetScripts, learnScript } from '../script-cache.js';
import { allHaveRoom, sendToAll } from './send-to-all.js';
import { SlowlogGetGather } from './slowlog-get.js';
import { TextsGather } from './texts.js';
import { UnionGather } from './union.js';

type GatherClass = new (session: RespSession, name: string, request: RespRequest) => BroadcastGather;
type Send = (session: RespSession, request: RespRequest, gather: GatherClass, name: string) => Outcome;

const merges: Readonly<Partial<Record<Merge, GatherClass>>> = {
  all_succeeded: AllSucceededGather,
  one_succeeded: OneSucceededGather,
  sum: SumOfAllGather,
  min: MinOfAllGather,
  logical_and: LogicalAndGather,
  union: UnionGather,
  texts: TextsGather,
};

const policies: Readonly<Record<ResponsePolicy, Merge>> = {
  '': '',
  all_succeeded: 'all_succeeded',
  one_succeeded: 'one_succeeded',
  agg_sum: 'sum',
  agg_min: 'min',
  agg_logical_and: 'logical_and',
  special: 'special',
};

const specialMerges: Readonly<Record<string, GatherClass>> = {
  'config|get': ConfigGetGather,
  'function|list': FunctionListGather,
  'function|stats': FunctionStatsGather,
  'latency|history': LatencyHistoryGather,
  'latency|latest': LatencyLatestGather,
  'latency|histogram': LatencyHistogramGather,
  'memory|stats': MemoryStatsGather,
  'slowlog|get': SlowlogGetGather,
};

/** What is sent otherwise than as one part a node on the session's lane. */
const specialSends: Readonly<Record<string, Send>> = {
  'script|kill': onOwnConnections,
  'function|kill': onOwnConnections,
  'function|stats': onOwnConnections,
  'script|load': (session, request, gather, name) => {
    const outcome = onLane(session, request, gather, name);
    if (outcome === Outcome.done) learnScript(session, request);
    return outcome;
  },
  'script|flush': (session, request, gather, name) => {
    const outcome = onLane(session, request, gather, name);
    if (outcome === Outcome.done) void forgetScripts(session);
    return outcome;
  },
};

/** @throws RangeError for a command whose replies nothing here can merge. */
export function broadcastShape(command: Command): Shape {
  const name = command.name.replace('|', ' ').toUpperCase();
  const shape = shapeFor(command, name);
  if ((command.categories & (Category.admin | Category.dangerous)) === 0) return shape;
  return (session, request) => {
    const { config } = session.service.pool;
    if (config.adminCommands === 'refuse') return session.replyError(adminRefused(command.name, config.name));
    return shape(session, request);
  };
}

function shapeFor(command: Command, name: string): Shape {
  if (command.name === 'randomkey') {
    return (session, request) =>
      isAlone(session) ? forwardWhole(session, request, 0, false) : sendRandomKey(session, request, command);
  }
  const gather = gatherFor(command);
  const send = specialSends[command.name] ?? onLane;
  return (session, request) => send(session, request, gather, name);
}

function gatherFor(command: Command): GatherClass {
  const { merge } = handlingOf(command);
  const gather = specialMerges[command.name] ?? merges[merge === '' ? policies[command.responsePolicy] : merge];
  if (gather === undefined) throw new RangeError(`nothing merges the replies of ${command.name}`);
  return gather;
}

/** True when the pool has one node: there is nothing to merge. */
function isAlone(session: RespSession): boolean {
  return session.lane.channels.length === 1;
}

function onLane(session: RespSession, request: RespRequest, Gather: GatherClass, name: string): Outcome {
  const isWrite = Gather === AllSucceededGather;
  if (isAlone(session)) return forwardWhole(session, request, 0, isWrite);
  if (!allHaveRoom(session)) return Outcome.stalled;
  const gather = new Gather(session, name, request);
  sendToAll(session.lane.channels, [request], gather, isWrite, request.command.index);
  return Outcome.done;
}

function onOwnConnections(session: RespSession, request: RespRequest, Gather: GatherClass, name: string): Outcome {
  return sendOnOwnConnections(session, request, () => new Gather(session, name, request));
}

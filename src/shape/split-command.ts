/** MGET, MSET, DEL, UNLINK, EXISTS, TOUCH: cut by node and merged; whole, when one node has all keys. */
import type { Command } from '../command/command.js';
import { wrongArity } from '../command/errors.js';
import { Flag } from '../command/flags.js';
import type { Merge } from '../command/handling.js';
import { handlingOf } from '../command/policy.js';
import { errorReply, keyTooLong } from '../downstream/resp-errors.js';
import type { RespSession } from '../downstream/resp-session.js';
import { MgetGather } from './merge-mget.js';
import { AllOkGather, SumGather } from './merge-sum.js';
import { Outcome, type RespRequest } from './request.js';
import { forwardWhole } from './send.js';
import type { Shape } from './shape.js';
import { partsHaveRoom } from './plan.js';
import { sendParts, type SplitPlan } from './split.js';
import type { SplitGather } from './split-gather.js';

export function splitCommand(command: Command): Shape {
  const isWrite = (command.flags & Flag.readonly) === 0;
  const { merge } = handlingOf(command);
  const { firstKey, keyStep: step } = command;
  return (session, request) => {
    if ((request.argc - firstKey) % step !== 0) return session.replyError(errorReply(wrongArity(command)));
    const plan = session.service.plans.take();
    plan.fill(session, request, firstKey, step);
    if (plan.parts > 1 && plan.longest <= session.context.limits.keyBytesMax) {
      return split(session, request, plan, merge, isWrite, step);
    }
    const node = plan.nodes[0]!;
    const longest = plan.longest;
    session.service.plans.giveBack(plan);
    const { keyBytesMax } = session.context.limits;
    if (longest > keyBytesMax) return session.replyError(keyTooLong(longest, keyBytesMax));
    return forwardWhole(session, request, node, isWrite);
  };
}

function split(
  session: RespSession,
  request: RespRequest,
  plan: SplitPlan,
  merge: Merge,
  isWrite: boolean,
  step: number,
): Outcome {
  if (!partsHaveRoom(session, plan)) {
    session.service.plans.giveBack(plan);
    return Outcome.stalled;
  }
  const gather = newGather(session, merge, plan, isWrite);
  gather.isSilent = session.isSilent;
  return sendParts(session, request, plan, gather, step, isWrite);
}

function newGather(session: RespSession, merge: Merge, plan: SplitPlan, isWrite: boolean): SplitGather {
  if (merge === 'mget') return new MgetGather(session, plan);
  return merge === 'sum' ? new SumGather(session, plan, isWrite) : new AllOkGather(session, plan, isWrite);
}

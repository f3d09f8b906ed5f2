/** MGET, MSET, DEL, UNLINK, EXISTS, TOUCH: cut by node and merged; whole, when one node has all keys. */
import type { Command } from '../command/command.js';
import { wrongArity } from '../command/errors.js';
import { Flag } from '../command/flags.js';
import { handlingOf, type Merge } from '../command/policy.js';
import { errorReply, keyTooLong } from '../downstream/resp-errors.js';
import type { RespSession } from '../downstream/resp-session.js';
import type { Gather } from './gather.js';
import { MgetGather } from './merge-mget.js';
import { AllOkGather, SumGather } from './merge-sum.js';
import type { RespRequest } from './request.js';
import { forwardWhole } from './send.js';
import type { Shape } from './shape.js';
import { sendParts, SplitPlan } from './split.js';

export function splitCommand(command: Command): Shape {
  const isWrite = (command.flags & Flag.readonly) === 0;
  const { merge } = handlingOf(command);
  const { firstKey, keyStep: step } = command;
  return (session, request) => {
    if ((request.argc - firstKey) % step !== 0) return session.replyError(errorReply(wrongArity(command)));
    const tooLong = findTooLong(session, request, firstKey, step);
    if (tooLong > 0) return session.replyError(keyTooLong(tooLong, session.context.limits.keyBytesMax));
    const plan = new SplitPlan(session, request, firstKey, step);
    if (plan.nodes.length === 1) return forwardWhole(session, request, plan.nodes[0]!, isWrite);
    return sendParts(session, request, plan, firstKey, step, () => newGather(session, merge, plan, isWrite), isWrite);
  };
}

function newGather(session: RespSession, merge: Merge, plan: SplitPlan, isWrite: boolean): Gather {
  const gather =
    merge === 'mget'
      ? new MgetGather(session, plan)
      : merge === 'sum'
        ? new SumGather(session, isWrite)
        : new AllOkGather(session, isWrite);
  gather.isSilent = session.isSilent;
  return gather;
}

/** Length of the first key over the limit, 0 if there is none. */
function findTooLong(session: RespSession, request: RespRequest, firstKey: number, step: number): number {
  const { keyBytesMax } = session.context.limits;
  const { args, argc } = request;
  for (let i = firstKey; i < argc; i += step) {
    const length = args[i * 2 + 1]! - args[i * 2]!;
    if (length > keyBytesMax) return length;
  }
  return 0;
}

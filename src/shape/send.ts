/**
 * How a shape sends bytes to nodes for a session. Everything here is off the single-key fast path.
 */
import { failureReply } from '../downstream/resp-errors.js';
import type { RespSession } from '../downstream/resp-session.js';
import { Accept } from '../upstream/channel.js';
import { Outcome, type RespRequest } from './request.js';

/** Forwards the request as it is to node `node` of the session's lane; its reply goes back as it is. */
export function forwardWhole(session: RespSession, request: RespRequest, node: number, isWrite: boolean): Outcome {
  const channel = session.lane.channels[node]!;
  const record = session.context.records.take();
  record.isWrite = isWrite;
  record.command = request.command.index;
  record.isSilent = session.isSilent;
  const taken = channel.accept(record);
  if (taken === Accept.taken) {
    session.enqueue(record);
    const { bytes, start, end } = request;
    if (!session.handOver(channel.output, bytes, start, end)) channel.output.append(bytes, start, end);
    return Outcome.done;
  }
  session.context.records.giveBack(record);
  if (taken === Accept.congested) {
    session.waitFor(channel);
    return Outcome.stalled;
  }
  session.context.counters.errorsUpstream++;
  session.reply(failureReply(channel.failure!, false), session.isSilent);
  return Outcome.done;
}

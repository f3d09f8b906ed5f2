/** Subscriptions and what is published: from a command of that group to the function that serves it. */
import type { Command } from '../command/command.js';
import { handlingOf } from '../command/policy.js';
import { channelTooLong } from '../downstream/resp-errors.js';
import { TopicKind } from '../pubsub/topic.js';
import { namedChannels, patternCount, subscriberCounts } from './pubsub-query.js';
import { subscribeShape, unsubscribeShape } from './pubsub-subscribe.js';
import { forwardWhole } from './send.js';
import type { Shape } from './shape.js';

const shapes: Readonly<Record<string, (command: Command) => Shape>> = {
  subscribe: () => subscribeShape(TopicKind.channel),
  psubscribe: () => subscribeShape(TopicKind.pattern),
  ssubscribe: () => subscribeShape(TopicKind.shard),
  unsubscribe: () => unsubscribeShape(TopicKind.channel),
  punsubscribe: () => unsubscribeShape(TopicKind.pattern),
  sunsubscribe: () => unsubscribeShape(TopicKind.shard),
  publish: publishShape,
  spublish: publishShape,
  'pubsub|channels': () => namedChannels,
  'pubsub|shardchannels': () => namedChannels,
  'pubsub|numsub': () => subscriberCounts,
  'pubsub|shardnumsub': () => subscriberCounts,
  'pubsub|numpat': () => patternCount,
};

/** @throws RangeError for a command that this shape does not serve. */
export function pubsubShape(command: Command): Shape {
  const make = shapes[command.name];
  if (make === undefined) throw new RangeError(`no shape for ${command.name}`);
  return make(command);
}

/** Mostly the session forwards it itself (RespService.routedBy); this is for sessions in a mode and for long names. */
function publishShape(command: Command): Shape {
  const at = handlingOf(command).routedBy * 2;
  return (session, request) => {
    const [start, end] = [request.args[at]!, request.args[at + 1]!];
    const { keyBytesMax } = session.context.limits;
    if (end - start > keyBytesMax) return session.replyError(channelTooLong(end - start, keyBytesMax));
    return forwardWhole(session, request, session.service.pool.partitioner.nodeOf(request.bytes, start, end), true);
  };
}

/**
 * flush_all and verbosity: to every node. OK when all say OK; else an error that names the first node that did not, with
 * the others done, as its text says. With noreply the word is cut out, and what the nodes answer is dropped.
 */
import { mcFailureReply } from '../../downstream/mc-errors.js';
import type { McSession } from '../../downstream/mc-session.js';
import type { Output } from '../../io/output.js';
import { McReply, serverError } from '../../protocol/memcache/replies.js';
import { Accept, type Channel } from '../../upstream/channel.js';
import type { Failure } from '../../upstream/failure.js';
import type { InFlight } from '../../upstream/in-flight.js';
import { Gather } from '../gather.js';
import { Outcome } from '../request.js';
import { forwardSilently } from './send.js';
import type { McShape } from './shape.js';

class AllOkGather extends Gather {
  readonly #channels: readonly Channel[];

  constructor(session: McSession) {
    super(session);
    this.#channels = session.lane.channels;
  }

  protected override failureReply(part: InFlight, failure: Failure): Buffer {
    return mcFailureReply(failure, part.isWrite);
  }

  protected override merge(output: Output): void {
    const ok = McReply.ok;
    const index = this.parts.findIndex(({ bytes, start, end }) => ok.compare(bytes!, start, end) !== 0);
    const reply = index < 0 ? ok : this.#errorOf(index);
    output.append(reply, 0, reply.length);
  }

  #errorOf(index: number): Buffer {
    const { bytes, start, end } = this.parts[index]!;
    const line = bytes!.toString('latin1', start, end).trimEnd();
    const text = line.startsWith('SERVER_ERROR ringward: ')
      ? line.slice('SERVER_ERROR ringward: '.length)
      : `node ${this.#channels[index]!.node.label} answered ${line}`;
    const others = this.parts.length > 1 ? '; the other nodes have been asked too' : '';
    return serverError(`${text}${others}`);
  }
}

export const broadcastOk: McShape = (session, bytes) => {
  const { channels } = session.lane;
  for (const channel of channels) if (channel.isCongested) return session.waitFor(channel);
  if (session.framer.noreply) {
    for (const channel of channels) forwardSilently(session, channel, bytes);
    return Outcome.done;
  }
  return sendToAll(session, bytes, new AllOkGather(session));
};

/** Sends the request as it is to every node, as the parts of `gather`. No channel may be congested. */
export function sendToAll(session: McSession, bytes: Buffer, gather: Gather): Outcome {
  const { framer, service, lane } = session;
  const down: number[] = [];
  lane.channels.forEach((channel, index) => {
    const part = gather.addPart(service.isWrite[framer.command] === 1);
    part.command = framer.command;
    part.expect = service.replyKind[framer.command]!;
    if (channel.accept(part) === Accept.taken) channel.output.append(bytes, framer.frameStart, framer.frameEnd);
    else down.push(index);
  });
  for (const index of down) gather.failPart(index, { ...lane.channels[index]!.failure!, wasReady: false });
  return Outcome.done;
}

/**
 * PUBSUB: what is subscribed at the nodes, by whomever. The proxy's own part of it is one connection for each worker.
 * CHANNELS is the union over the nodes, NUMSUB asks each channel's node, NUMPAT is the largest of the nodes' numbers,
 * because a pattern is on each of them. A node that fails makes the whole an error that names it.
 */
import { errorReply, failureReply } from '../downstream/resp-errors.js';
import type { RespSession } from '../downstream/resp-session.js';
import type { Output } from '../io/output.js';
import { encodeRequest } from '../protocol/resp/inline.js';
import { Accept } from '../upstream/channel.js';
import type { Failure } from '../upstream/failure.js';
import type { InFlight } from '../upstream/in-flight.js';
import { Gather } from './gather.js';
import { Outcome, type RespRequest } from './request.js';
import { nodeThatIsUp } from './any-node.js';
import { forwardWhole } from './send.js';
import type { Shape } from './shape.js';

const MINUS = 45;
const NO_COUNTS = Buffer.from('*0\r\n');
const STRANGE = errorReply('ERR ringward: a node answered PUBSUB with something else than it does');

/** What is sent to a node. */
interface Question {
  readonly node: number;
  readonly request: Buffer;
}

abstract class PubsubGather extends Gather {
  protected override failureReply(_part: InFlight, failure: Failure): Buffer {
    return failureReply(failure, false);
  }

  /** What all nodes answered, as one reply. Null: one of them answered something strange. */
  protected abstract merged(replies: readonly Buffer[]): Buffer | null;

  protected override merge(output: Output): void {
    const replies = this.parts.map((part) => part.bytes!.subarray(part.start, part.end));
    const reply = replies.find((one) => one[0] === MINUS) ?? this.merged(replies) ?? STRANGE;
    output.append(reply, 0, reply.length);
  }
}

class ChannelsGather extends PubsubGather {
  /** Channels of key events are on every node. */
  protected override merged(replies: readonly Buffer[]): Buffer | null {
    const names = new Map<string, Buffer>();
    for (const reply of replies) {
      const elements = elementsOf(reply);
      if (elements === null) return null;
      for (const element of elements) names.set(element.toString('latin1'), element);
    }
    return Buffer.concat([Buffer.from(`*${names.size}\r\n`), ...names.values()]);
  }
}

class CountsGather extends PubsubGather {
  readonly #partOf: readonly number[];

  /** `partOf`: for each channel in the order asked, which part has its count. */
  constructor(session: RespSession, partOf: readonly number[]) {
    super(session);
    this.#partOf = partOf;
  }

  protected override merged(replies: readonly Buffer[]): Buffer | null {
    const lists = replies.map(elementsOf);
    const next = lists.map(() => 0);
    const pieces: Buffer[] = [Buffer.from(`*${this.#partOf.length * 2}\r\n`)];
    for (const part of this.#partOf) {
      const at = next[part]!;
      const [name, count] = [lists[part]?.[at], lists[part]?.[at + 1]];
      if (name === undefined || count === undefined) return null;
      pieces.push(name, count);
      next[part] = at + 2;
    }
    return Buffer.concat(pieces);
  }
}

class LargestGather extends PubsubGather {
  protected override merged(replies: readonly Buffer[]): Buffer | null {
    const texts = replies.map((reply) => reply.toString('latin1'));
    if (!texts.every((text) => /^:\d{1,15}\r\n$/.test(text))) return null;
    return Buffer.from(`:${Math.max(...texts.map((text) => Number(text.slice(1))))}\r\n`);
  }
}

/** The elements of a flat array of bulk strings and integers, each with its own bytes. Null: it is something else. */
function elementsOf(reply: Buffer): Buffer[] | null {
  const text = (start: number): string => reply.toString('latin1', start, reply.indexOf('\r\n', start));
  if (reply[0] !== 42) return null;
  const elements: Buffer[] = [];
  let at = text(0).length + 2;
  while (at < reply.length) {
    const line = text(at);
    if (!/^(?:\$|:)\d{1,15}$/.test(line)) return null;
    const end = at + line.length + 2 + (line.startsWith('$') ? Number(line.slice(1)) + 2 : 0);
    elements.push(reply.subarray(at, end));
    at = end;
  }
  return elements;
}

/** Asks every node of `questions`, once all have room. */
function ask(session: RespSession, questions: readonly Question[], newGather: () => Gather): Outcome {
  const { channels } = session.lane;
  for (const { node } of questions) {
    if (!channels[node]!.isCongested) continue;
    session.waitFor(channels[node]!);
    return Outcome.stalled;
  }
  const gather = newGather();
  gather.isSilent = session.isSilent;
  const down: number[] = [];
  questions.forEach(({ node, request }, index) => {
    const channel = channels[node]!;
    if (channel.accept(gather.addPart(false)) === Accept.taken) channel.output.append(request, 0, request.length);
    else down.push(index);
  });
  for (const index of down) {
    gather.failPart(index, { ...channels[questions[index]!.node]!.failure!, wasReady: false });
  }
  return Outcome.done;
}

function toAllNodes(session: RespSession, request: RespRequest): Question[] {
  const bytes = Buffer.from(request.bytes.subarray(request.start, request.end));
  return session.service.pool.nodes.map((_, node) => ({ node, request: bytes }));
}

/** PUBSUB CHANNELS and SHARDCHANNELS. With too many words any node has the right error. */
export const namedChannels: Shape = (session, request) => {
  if (request.argc > 3) return forwardWhole(session, request, nodeThatIsUp(session), false);
  return ask(session, toAllNodes(session, request), () => new ChannelsGather(session));
};

export const patternCount: Shape = (session, request) =>
  ask(session, toAllNodes(session, request), () => new LargestGather(session));

/** PUBSUB NUMSUB and SHARDNUMSUB. */
export const subscriberCounts: Shape = (session, request) => {
  if (request.argc === 2) return session.replyBytes(NO_COUNTS);
  const { partitioner } = session.service.pool;
  const nodes: number[] = [];
  const names: Buffer[][] = [];
  const partOf: number[] = [];
  for (let i = 2; i < request.argc; i++) {
    const [start, end] = [request.args[i * 2]!, request.args[i * 2 + 1]!];
    const node = partitioner.nodeOf(request.bytes, start, end);
    let part = nodes.indexOf(node);
    if (part < 0) {
      part = nodes.push(node) - 1;
      names.push([]);
    }
    names[part]!.push(request.bytes.subarray(start, end));
    partOf.push(part);
  }
  if (nodes.length === 1) return forwardWhole(session, request, nodes[0]!, false);
  const questions = nodes.map((node, part) => ({
    node,
    request: encodeRequest(['PUBSUB', request.command.word, ...names[part]!]),
  }));
  return ask(session, questions, () => new CountsGather(session, partOf));
};

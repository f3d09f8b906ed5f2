/**
 * One get over several nodes: their items in the order of the client's keys, and one END.
 *
 * A node that failed leaves its keys out, as if they were not there: a cache may always miss, and the other keys are
 * still served. Pools with `on_partial_failure: error` answer an error that names the node instead, and so does a get
 * for which every node failed, as one of a single key would. An item that answers none of its node's keys means that the
 * node's stream is out of step: the client gets an error and the connection to the node is closed.
 */
import { mcFailureReply } from '../../downstream/mc-errors.js';
import type { McService } from '../../downstream/mc-service.js';
import type { McSession } from '../../downstream/mc-session.js';
import type { Chunk } from '../../io/buffer-pool.js';
import { copyWords, viewOf } from '../../io/copy.js';
import { flushEarly } from '../../io/flush-early.js';
import type { Output } from '../../io/output.js';
import { McReply, serverError } from '../../protocol/memcache/replies.js';
import { McValueItems } from '../../protocol/memcache/value-items.js';
import type { Channel } from '../../upstream/channel.js';
import type { Failure } from '../../upstream/failure.js';
import type { InFlight } from '../../upstream/in-flight.js';
import { Gather } from '../gather.js';
import type { GetPlan } from './get-plan.js';

const LINE_FEED = 10;
const LETTER_E = 69;
const LETTER_N = 78;
const END_BYTES = McReply.end.length;

export class GetGather extends Gather {
  readonly #service: McService;
  /** By node index. */
  readonly #channels: readonly Channel[];
  readonly #plan: GetPlan;

  /** Gives the plan back when it is done with it. */
  constructor(session: McSession, plan: GetPlan) {
    super(session);
    this.#service = session.service;
    this.#channels = session.lane.channels;
    this.#plan = plan;
  }

  protected override failureReply(part: InFlight, failure: Failure): Buffer {
    return mcFailureReply(failure, part.isWrite);
  }

  protected override onReleased(): void {
    this.#service.plans.giveBack(this.#plan);
  }

  protected override merge(output: Output): void {
    const { parts, views } = this.#plan;
    let failed = 0;
    let firstFailed = -1;
    let bytes = 0;
    for (let part = 0; part < parts; part++) {
      const reply = this.parts[part]!;
      bytes += reply.end - reply.start;
      views[part] = reply.slab === null ? viewOf(reply.bytes!) : reply.slab.view;
      if (endsInEnd(reply.bytes!, reply.start, reply.end)) continue;
      if (failed++ === 0) firstFailed = part;
    }
    const isMissAllowed = this.#service.pool.config.onPartialFailure === 'miss' && failed < parts;
    if (failed > 0 && !isMissAllowed) {
      const reply = this.#errorOf(firstFailed);
      output.append(reply, 0, reply.length);
      return;
    }
    this.#service.context.counters.partsMissed += failed;
    if (!this.#service.merger.merge(this.#plan, this.parts, views)) {
      this.#onStranger(output);
      return;
    }
    // One END at least stands behind the items, or an error that is longer.
    const chunk = output.claim(bytes);
    if (chunk === null) this.#append(output);
    else output.commit(this.#write(chunk, output.claimedAt));
    flushEarly(output);
  }

  /** The merged items and END, into a chunk that has room for them. Returns their length. */
  #write(chunk: Chunk, start: number): number {
    const { ranges, rangeCount } = this.#service.merger;
    const { views } = this.#plan;
    let at = start;
    for (let i = 0; i < 3 * rangeCount; i += 3) {
      const part = ranges[i]!;
      const from = ranges[i + 1]!;
      const to = ranges[i + 2]!;
      copyWords(this.parts[part]!.bytes!, views[part]!, from, to, chunk, at);
      at += to - from;
    }
    for (let i = 0; i < END_BYTES; i++) chunk.bytes[at + i] = McReply.end[i]!;
    return at + END_BYTES - start;
  }

  /** The same for a reply that is too long for one chunk. */
  #append(output: Output): void {
    const { ranges, rangeCount } = this.#service.merger;
    for (let i = 0; i < 3 * rangeCount; i += 3)
      output.append(this.parts[ranges[i]!]!.bytes!, ranges[i + 1]!, ranges[i + 2]!);
    output.append(McReply.end, 0, END_BYTES);
  }

  /** The error line of a part, with the node's name if it does not have it already. */
  #errorOf(part: number): Buffer {
    const { bytes, start, end } = this.parts[part]!;
    const items = new McValueItems();
    let at = start;
    while (items.read(bytes!, at, end)) at = items.itemEnd;
    const line = bytes!.toString('latin1', at, end).trimEnd();
    if (line.startsWith('SERVER_ERROR ringward:')) return Buffer.from(`${line}\r\n`, 'latin1');
    return serverError(`node ${this.#channelOf(part).node.label} answered ${line}`);
  }

  #channelOf(part: number): Channel {
    return this.#channels[this.#plan.nodes[part]!]!;
  }

  #onStranger(output: Output): void {
    const reply = serverError('a node answered with a key that it was not asked for');
    output.append(reply, 0, reply.length);
    const { merger } = this.#service;
    const strangers: Channel[] = [];
    this.parts.forEach((part, index) => {
      if (merger.isLeftOver(part, index)) strangers.push(this.#channelOf(index));
    });
    // Later, because closing a channel answers others of its clients' requests, and this one is still being answered.
    queueMicrotask(() => {
      for (const channel of strangers) channel.distrust('answered with a key that it was not asked for');
    });
  }
}

function endsInEnd(bytes: Buffer, start: number, end: number): boolean {
  if (bytes[end - 3] !== 68 || bytes[end - 4] !== LETTER_N || bytes[end - 5] !== LETTER_E) return false;
  return end - start === END_BYTES || bytes[end - END_BYTES - 1] === LINE_FEED;
}

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
import type { Output } from '../../io/output.js';
import type { McReplyPart } from '../../protocol/memcache/merge.js';
import { McReply, serverError } from '../../protocol/memcache/replies.js';
import { McValueItems } from '../../protocol/memcache/value-items.js';
import type { Channel } from '../../upstream/channel.js';
import type { Failure } from '../../upstream/failure.js';
import type { InFlight } from '../../upstream/in-flight.js';
import { Gather } from '../gather.js';
import { flushEarly } from '../../io/flush-early.js';

const LINE_FEED = 10;
const LETTER_E = 69;
const LETTER_N = 78;
const END_BYTES = McReply.end.length;

export class GetGather extends Gather {
  readonly #service: McService;
  readonly #channels: readonly Channel[];
  readonly #owners: Int32Array;
  /** The client's keys: a copy of its line from the first of them on, and where in it each starts and ends. */
  readonly #line: Buffer;
  readonly #keys: Int32Array;

  /** `owners`: for each key, the index of its node's channel in `channels`. */
  constructor(session: McSession, bytes: Buffer, owners: Int32Array, channels: readonly Channel[]) {
    super(session);
    this.#service = session.service;
    this.#channels = channels;
    this.#owners = owners;
    const { args, firstKey } = session.framer;
    const from = 2 * firstKey;
    const to = from + 2 * owners.length;
    const start = args[from]!;
    this.#line = Buffer.allocUnsafe(args[to - 1]! - start);
    bytes.copy(this.#line, 0, start, args[to - 1]);
    this.#keys = args.slice(from, to);
    for (let i = 0; i < this.#keys.length; i++) this.#keys[i]! -= start;
  }

  protected override failureReply(part: InFlight, failure: Failure): Buffer {
    return mcFailureReply(failure, part.isWrite);
  }

  protected override merge(output: Output): void {
    const failed = this.#failedParts();
    const isMissAllowed = this.#service.pool.config.onPartialFailure === 'miss' && failed.length < this.parts.length;
    if (failed.length > 0 && !isMissAllowed) {
      const reply = this.#errorOf(failed[0]!);
      output.append(reply, 0, reply.length);
      return;
    }
    this.#service.context.counters.partsMissed += failed.length;
    const parts = this.parts.map((part) => ({ buf: part.bytes!, start: part.start, end: part.end }));
    const { merger } = this.#service;
    const keys = this.#keys;
    const isSound = merger.merge(this.#line, keys, 0, keys.length / 2, this.#owners, parts);
    if (!isSound) {
      this.#onStranger(output, parts);
      return;
    }
    const { ranges, rangeCount } = merger;
    for (let i = 0; i < 3 * rangeCount; i += 3) output.append(parts[ranges[i]!]!.buf, ranges[i + 1]!, ranges[i + 2]!);
    output.append(McReply.end, 0, END_BYTES);
    flushEarly(output);
  }

  /** Indexes of the parts that do not end in END: their node failed, or answered an error behind its last item. */
  #failedParts(): number[] {
    const failed: number[] = [];
    this.parts.forEach(({ bytes, start, end }, part) => {
      if (!endsInEnd(bytes!, start, end)) failed.push(part);
    });
    return failed;
  }

  /** The error line of a part, with the node's name if it does not have it already. */
  #errorOf(part: number): Buffer {
    const { bytes, start, end } = this.parts[part]!;
    const items = new McValueItems();
    let at = start;
    while (items.read(bytes!, at, end)) at = items.itemEnd;
    const line = bytes!.toString('latin1', at, end).trimEnd();
    if (line.startsWith('SERVER_ERROR ringward:')) return Buffer.from(`${line}\r\n`, 'latin1');
    return serverError(`node ${this.#channels[part]!.node.label} answered ${line}`);
  }

  #onStranger(output: Output, parts: readonly McReplyPart[]): void {
    const reply = serverError('a node answered with a key that it was not asked for');
    output.append(reply, 0, reply.length);
    const { merger } = this.#service;
    const strangers = this.#channels.filter((_, part) => merger.isLeftOver(parts[part]!, part));
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

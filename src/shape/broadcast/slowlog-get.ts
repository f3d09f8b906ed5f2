/**
 * SLOWLOG GET: the entries of all nodes, newest first, as many as were asked for. Nodes number their entries each from 0;
 * here an entry's id is its node's number times the nodes, plus the node's place in the pool, so ids stay unique and
 * `id mod nodes` says whose entry it is. The client of an entry is a connection of the proxy.
 */
import type { RespSession } from '../../downstream/resp-session.js';
import type { Output } from '../../io/output.js';
import { itemsOf, numberOf } from '../../protocol/resp/decoder.js';
import { arrayReply, integerReply, type ReplyValue } from '../../protocol/resp/value.js';
import type { RespRequest } from '../request.js';
import { BroadcastGather } from './broadcast-gather.js';

/** As redis-server: without a number, this many. */
const COUNT_DEFAULT = 10;

export class SlowlogGetGather extends BroadcastGather {
  protected override readonly changes = false;
  /** Infinity: all there are. */
  readonly #count: number;

  constructor(session: RespSession, name: string, request: RespRequest) {
    super(session, name);
    const count = request.argc > 2 ? Number(request.text(2)) : COUNT_DEFAULT;
    // What is no number is an error of every node, and then nothing is merged.
    this.#count = count >= 0 ? count : Infinity;
  }

  protected override mergeReplies(output: Output): void {
    const entries: { time: number; value: ReplyValue }[] = [];
    this.parts.forEach((part, node) => {
      for (const entry of itemsOf(this.decode(part))) {
        const [id, time, ...rest] = itemsOf(entry);
        if (id === undefined || time === undefined) continue;
        const unique = integerReply(numberOf(id) * this.nodes.length + node);
        entries.push({ time: numberOf(time), value: arrayReply([unique, time, ...rest]) });
      }
    });
    // The sort is stable, and so each node's own order stays.
    entries.sort((one, other) => other.time - one.time);
    this.appendValue(output, arrayReply(entries.slice(0, this.#count).map(({ value }) => value)));
  }
}

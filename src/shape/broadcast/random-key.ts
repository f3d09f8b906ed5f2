/**
 * RANDOMKEY: a random key of a random node, where a node with more keys is more likely, so that every key is as likely as
 * with one server. Each node is asked for DBSIZE and RANDOMKEY in one go, which saves the second round trip; a node that
 * is empty takes no part. One part of the gather is a number, the next one its key.
 */
import type { Command } from '../../command/command.js';
import type { RespSession } from '../../downstream/resp-session.js';
import type { Output } from '../../io/output.js';
import { numberOf } from '../../protocol/resp/decoder.js';
import { encodeRequest } from '../../protocol/resp/inline.js';
import { nullReply } from '../../protocol/resp/value.js';
import type { InFlight } from '../../upstream/in-flight.js';
import type { UpstreamNode } from '../../upstream/node.js';
import { Outcome, type RespRequest } from '../request.js';
import { BroadcastGather } from './broadcast-gather.js';
import { allHaveRoom, sendToAll } from './send-to-all.js';

const COUNT = encodeRequest(['DBSIZE']);
const COUNT_FRAME = { bytes: COUNT, start: 0, end: COUNT.length };

class RandomKeyGather extends BroadcastGather {
  protected override readonly changes = false;
  readonly #random: () => number;

  constructor(session: RespSession, name: string) {
    super(session, name);
    this.#random = session.context.random;
  }

  protected override nodeOf(part: InFlight): UpstreamNode {
    return this.nodes[Math.floor(this.parts.indexOf(part) / 2)]!;
  }

  protected override mergeReplies(output: Output): void {
    const keys: { part: InFlight; weight: number }[] = [];
    let total = 0;
    for (let i = 0; i < this.parts.length; i += 2) {
      const part = this.parts[i + 1]!;
      if (this.decode(part).type !== 'bulk') continue;
      // A node that became empty or full between the two commands still gave a key.
      const weight = Math.max(1, numberOf(this.decode(this.parts[i]!)));
      keys.push({ part, weight });
      total += weight;
    }
    let left = this.#random() * total;
    for (const { part, weight } of keys) {
      left -= weight;
      if (left >= 0 && part !== keys.at(-1)!.part) continue;
      this.appendPart(output, part);
      return;
    }
    this.appendValue(output, nullReply);
  }
}

export function sendRandomKey(session: RespSession, request: RespRequest, command: Command): Outcome {
  if (!allHaveRoom(session)) return Outcome.stalled;
  const gather = new RandomKeyGather(session, command.name.toUpperCase());
  sendToAll(session.lane.channels, [COUNT_FRAME, request], gather, false, command.index);
  return Outcome.done;
}

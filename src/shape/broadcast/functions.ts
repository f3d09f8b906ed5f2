/**
 * FUNCTION LIST and FUNCTION STATS. Every node has every library, because FUNCTION LOAD goes to all: LIST answers for all
 * nodes when they agree, and names the library and the node when they do not. STATS tells of a function that runs on any
 * node.
 */
import { errorReply } from '../../downstream/resp-errors.js';
import type { Output } from '../../io/output.js';
import { itemsOf, pairsOf, textOf } from '../../protocol/resp/decoder.js';
import { encodeReply } from '../../protocol/resp/encoder.js';
import type { ReplyValue } from '../../protocol/resp/value.js';
import type { InFlight } from '../../upstream/in-flight.js';
import { appendAll, BroadcastGather } from './broadcast-gather.js';

export class FunctionListGather extends BroadcastGather {
  protected override readonly changes = false;

  protected override mergeReplies(output: Output): void {
    const [first, ...others] = this.parts;
    const libraries = this.#librariesOf(first!);
    for (const part of others) {
      const theirs = this.#librariesOf(part);
      const names = new Set([...libraries.keys(), ...theirs.keys()]);
      const odd = [...names].find((name) => libraries.get(name) !== theirs.get(name));
      if (odd === undefined) continue;
      const labels = `${this.nodeOf(first!).label} and ${this.nodeOf(part).label}`;
      const remedy = 'FUNCTION LOAD REPLACE or FUNCTION DELETE makes them the same';
      const text = `ERR ringward: nodes ${labels} do not have the same function library '${odd}'; ${remedy}`;
      appendAll(output, errorReply(text));
      return;
    }
    this.appendPart(output, first!);
  }

  /** By name, what there is to compare. Nodes list libraries and functions in any order. */
  #librariesOf(part: InFlight): Map<string, string> {
    const libraries = new Map<string, string>();
    for (const library of itemsOf(this.decode(part))) {
      const fields = pairsOf(library).map(([name, value]) => [textOf(name), value] as const);
      const name = fields.find(([field]) => field === 'library_name')?.[1];
      const facts = fields.map(([field, value]) => [field, ...comparable(value)]);
      libraries.set(name === undefined ? '' : textOf(name), JSON.stringify(facts));
    }
    return libraries;
  }
}

function comparable(value: ReplyValue): string[] {
  const items = value.type === 'array' || value.type === 'set' ? itemsOf(value) : [value];
  return items.map((item) => encodeReply(item, 3).toString('latin1')).sort();
}

const RUNNING = 'running_script';

export class FunctionStatsGather extends BroadcastGather {
  protected override readonly changes = false;

  protected override mergeReplies(output: Output): void {
    const replies = this.parts.map((part) => pairsOf(this.decode(part)));
    const running = replies.flat().find(([name, value]) => textOf(name) === RUNNING && value.type !== 'null');
    // The first node's, byte for byte, unless another one has something to tell.
    if (running === undefined) {
      this.appendPart(output, this.parts[0]!);
      return;
    }
    const rest = replies[0]!.filter(([name]) => textOf(name) !== RUNNING);
    this.appendValue(output, { type: 'map', entries: [running, ...rest] });
  }
}

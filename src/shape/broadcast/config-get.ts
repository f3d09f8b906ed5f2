/**
 * CONFIG GET: the first node's values. Where another node has a different one, that follows as a parameter of its own,
 * `maxmemory@cache-2`: whoever looks up `maxmemory` finds what it looks for, and a person sees that the nodes differ.
 */
import type { Output } from '../../io/output.js';
import { pairsOf, textOf } from '../../protocol/resp/decoder.js';
import { bulkReply, type ReplyValue } from '../../protocol/resp/value.js';
import { BroadcastGather } from './broadcast-gather.js';

export class ConfigGetGather extends BroadcastGather {
  protected override readonly changes = false;

  protected override mergeReplies(output: Output): void {
    const [first, ...others] = this.parts;
    const entries = [...pairsOf(this.decode(first!))];
    const values = new Map(entries.map(([name, value]) => [textOf(name), textOf(value)]));
    for (const part of others) {
      const { id } = this.nodeOf(part);
      for (const [name, value] of pairsOf(this.decode(part))) {
        const parameter = textOf(name);
        if (values.get(parameter) === textOf(value)) continue;
        const named: ReplyValue = bulkReply(Buffer.from(`${parameter}@${id}`, 'latin1'));
        entries.push([named, value]);
      }
    }
    this.appendValue(output, { type: 'map', entries });
  }
}

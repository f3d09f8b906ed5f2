/** SCRIPT EXISTS: an array of 0 and 1, in which 1 means that every node has it. */
import type { Output } from '../../io/output.js';
import { itemsOf, numberOf } from '../../protocol/resp/decoder.js';
import { arrayReply, integerReply } from '../../protocol/resp/value.js';
import { BroadcastGather } from './broadcast-gather.js';

export class LogicalAndGather extends BroadcastGather {
  protected override readonly changes = false;

  protected override mergeReplies(output: Output): void {
    const lists = this.parts.map((part) => itemsOf(this.decode(part)).map(numberOf));
    const first = lists[0]!;
    const odd = lists.findIndex((list) => list.length !== first.length);
    if (odd >= 0) {
      this.appendMisfit(output, this.parts[odd]!, `a list of ${first.length}`);
      return;
    }
    this.appendValue(output, arrayReply(first.map((_, i) => integerReply(Math.min(...lists.map((list) => list[i]!))))));
  }
}

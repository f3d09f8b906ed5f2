/**
 * FLUSHALL, CONFIG SET, SCRIPT LOAD, ...: what every node must have done. The reply is the first node's. It is not atomic:
 * nodes do it one after the other, and when one of them fails the error says which others have done it.
 */
import type { Output } from '../../io/output.js';
import { BroadcastGather } from './broadcast-gather.js';

export class AllSucceededGather extends BroadcastGather {
  protected override readonly changes = true;

  protected override mergeReplies(output: Output): void {
    const first = this.parts[0]!;
    const type = first.bytes![first.start];
    const other = this.parts.find((part) => part.bytes![part.start] !== type);
    if (other === undefined) this.appendPart(output, first);
    else this.appendMisfit(output, other, `what node ${this.nodeOf(first).label} answered`);
  }
}

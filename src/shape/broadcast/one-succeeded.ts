/**
 * SCRIPT KILL and FUNCTION KILL: done when one node has done it. The reply is the first one that is no error. When there
 * is none, an error that is not the ordinary "nothing runs here" is the one to tell.
 */
import type { Output } from '../../io/output.js';
import { appendAll, BroadcastGather } from './broadcast-gather.js';

export class OneSucceededGather extends BroadcastGather {
  protected override readonly changes = false;

  protected override merge(output: Output): void {
    const done = this.parts.find((part) => !this.isError(part));
    if (done !== undefined) {
      this.appendPart(output, done);
      return;
    }
    const telling = this.parts.filter((part) => !this.errorText(part).startsWith('NOTBUSY'));
    appendAll(output, this.errorOf(telling.length > 0 ? telling : this.parts));
  }

  protected override mergeReplies(): void {
    throw new Error(`${this.name} merges errors as well`);
  }
}

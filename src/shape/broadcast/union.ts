/**
 * KEYS: the arrays of all nodes as one. Only the headers are read; the elements are copied as they are, so a long list
 * costs a copy and no object per key. All lists are in memory at once: `limits.client_output` bounds them together.
 */
import { flushEarly } from '../../io/flush-early.js';
import type { Output } from '../../io/output.js';
import type { InFlight } from '../../upstream/in-flight.js';
import { appendAll, BroadcastGather } from './broadcast-gather.js';

const HEADER = /^\*(\d{1,15})\r\n/;
/** More than a header takes. */
const HEADER_BYTES_MAX = 20;

export class UnionGather extends BroadcastGather {
  protected override readonly changes = false;

  protected override mergeReplies(output: Output): void {
    const headers = this.parts.map(headerOf);
    const odd = headers.indexOf(null);
    if (odd >= 0) {
      this.appendMisfit(output, this.parts[odd]!, 'a list');
      return;
    }
    const total = headers.reduce((sum, header) => sum + Number(header![1]), 0);
    appendAll(output, Buffer.from(`*${total}\r\n`));
    this.parts.forEach(({ bytes, start, end }, i) => output.append(bytes!, start + headers[i]![0].length, end));
    flushEarly(output);
  }
}

function headerOf({ bytes, start, end }: InFlight): RegExpExecArray | null {
  return HEADER.exec(bytes!.toString('latin1', start, Math.min(end, start + HEADER_BYTES_MAX)));
}

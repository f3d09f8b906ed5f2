/**
 * MEMORY DOCTOR, MEMORY MALLOC-STATS, LATENCY DOCTOR, LATENCY GRAPH: reports for people, one behind the other, each under
 * the name of its node. A node that failed has its error in the place of its report: the others' are still of use.
 */
import type { Output } from '../../io/output.js';
import type { InFlight } from '../../upstream/in-flight.js';
import { appendAll, BroadcastGather } from './broadcast-gather.js';

export class TextsGather extends BroadcastGather {
  protected override readonly changes = false;

  protected override merge(output: Output): void {
    if (this.parts.every((part) => this.isError(part))) appendAll(output, this.errorOf(this.parts));
    else this.mergeReplies(output);
  }

  protected override mergeReplies(output: Output): void {
    const text = this.parts
      .map((part) => `# Node ${this.nodeOf(part).label}\n${this.#report(part).trimEnd()}\n`)
      .join('\n');
    this.appendValue(output, { type: 'verbatim', format: 'txt', text });
  }

  #report(part: InFlight): string {
    const value = this.decode(part);
    if (value.type === 'error') return `(error) ${value.text}`;
    return value.type === 'verbatim' ? value.text : value.type === 'bulk' ? Buffer.from(value.value).toString() : '';
  }
}

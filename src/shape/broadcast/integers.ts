/** Integers of all nodes as one: DBSIZE, SLOWLOG LEN and LATENCY RESET are sums, LASTSAVE is the earliest. */
import type { Output } from '../../io/output.js';
import { integerReply } from '../../protocol/resp/value.js';
import { BroadcastGather } from './broadcast-gather.js';

abstract class IntegerGather extends BroadcastGather {
  protected override readonly changes = false;

  protected abstract join(one: bigint, other: bigint): bigint;

  protected override mergeReplies(output: Output): void {
    let joined: bigint | undefined;
    for (const part of this.parts) {
      const reply = this.decode(part);
      if (reply.type !== 'integer') {
        this.appendMisfit(output, part, 'a number');
        return;
      }
      const value = BigInt(reply.value);
      joined = joined === undefined ? value : this.join(joined, value);
    }
    this.appendValue(output, integerReply(joined!));
  }
}

export class SumOfAllGather extends IntegerGather {
  protected override join(one: bigint, other: bigint): bigint {
    return one + other;
  }
}

export class MinOfAllGather extends IntegerGather {
  protected override join(one: bigint, other: bigint): bigint {
    return one < other ? one : other;
  }
}

/**
 * MEMORY STATS: integers are added up over the nodes. What cannot be added, which is every ratio and percentage (all that
 * are no integers) and the bytes per key, is the nodes' mean. Databases that any node has are in it.
 */
import type { Output } from '../../io/output.js';
import { pairsOf, textOf } from '../../protocol/resp/decoder.js';
import { bulkReply, integerReply, type ReplyValue } from '../../protocol/resp/value.js';
import { BroadcastGather } from './broadcast-gather.js';

const MEANS: readonly string[] = ['keys.bytes-per-key'];

export class MemoryStatsGather extends BroadcastGather {
  protected override readonly changes = false;

  protected override mergeReplies(output: Output): void {
    this.appendValue(output, joinMaps(this.parts.map((part) => this.decode(part))));
  }
}

/** Fields in the order in which they are first met. */
function joinMaps(maps: readonly ReplyValue[]): ReplyValue {
  const fields = new Map<string, ReplyValue[]>();
  for (const map of maps) {
    for (const [name, value] of pairsOf(map)) {
      const values = fields.get(textOf(name));
      if (values === undefined) fields.set(textOf(name), [value]);
      else values.push(value);
    }
  }
  const entries = [...fields].map(([name, values]) => [bulkReply(name), joinValues(name, values)] as const);
  return { type: 'map', entries };
}

function joinValues(name: string, values: readonly ReplyValue[]): ReplyValue {
  const first = values[0]!;
  switch (first.type) {
    case 'map':
    case 'array':
      return joinMaps(values);
    case 'integer': {
      const sum = values.reduce((total, value) => total + (value.type === 'integer' ? BigInt(value.value) : 0n), 0n);
      return integerReply(MEANS.includes(name) ? sum / BigInt(values.length) : sum);
    }
    case 'double':
      return { type: 'double', value: mean(values.map((value) => (value.type === 'double' ? value.value : 0))) };
    case 'bulk':
      // RESP2 has no doubles.
      return bulkReply(String(mean(values.map((value) => Number(textOf(value))))));
    default:
      return first;
  }
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

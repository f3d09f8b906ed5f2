/**
 * LATENCY HISTORY, LATEST and HISTOGRAM over several nodes: what one server with all their traffic would tell. Samples are
 * put in the order of their time, the latest of an event is the latest of any node, counts of histograms are added up.
 */
import type { Output } from '../../io/output.js';
import { itemsOf, numberOf, pairsOf, textOf } from '../../protocol/resp/decoder.js';
import { arrayReply, bulkReply, integerReply, type ReplyValue } from '../../protocol/resp/value.js';
import { BroadcastGather } from './broadcast-gather.js';

/** One list of (time, milliseconds) for the event asked for. */
export class LatencyHistoryGather extends BroadcastGather {
  protected override readonly changes = false;

  protected override mergeReplies(output: Output): void {
    const samples = this.parts.flatMap((part) => itemsOf(this.decode(part)));
    const timeOf = (sample: ReplyValue): number => numberOf(itemsOf(sample)[0]);
    this.appendValue(output, arrayReply(samples.sort((one, other) => timeOf(one) - timeOf(other))));
  }
}

/** One (event, time, latest milliseconds, most milliseconds) for each event. */
export class LatencyLatestGather extends BroadcastGather {
  protected override readonly changes = false;

  protected override mergeReplies(output: Output): void {
    const events = new Map<string, { time: number; latest: number; most: number }>();
    for (const part of this.parts) {
      for (const item of itemsOf(this.decode(part))) {
        const [event, ...numbers] = itemsOf(item);
        if (event === undefined) continue;
        const [time = 0, latest = 0, most = 0] = numbers.map(numberOf);
        const known = events.get(textOf(event));
        if (known === undefined) {
          events.set(textOf(event), { time, latest, most });
          continue;
        }
        known.most = Math.max(known.most, most);
        if (time > known.time) Object.assign(known, { time, latest });
      }
    }
    const items = [...events].map(([event, { time, latest, most }]) =>
      arrayReply([bulkReply(event), ...[time, latest, most].map(integerReply)]),
    );
    this.appendValue(output, arrayReply(items));
  }
}

interface Histogram {
  calls: number;
  /** Calls that took at most so many microseconds and more than the next smaller number. */
  readonly buckets: Map<number, number>;
}

/** For each command its calls and a histogram, whose counts are cumulative. */
export class LatencyHistogramGather extends BroadcastGather {
  protected override readonly changes = false;

  protected override mergeReplies(output: Output): void {
    const histograms = new Map<string, Histogram>();
    for (const part of this.parts) {
      for (const [name, value] of pairsOf(this.decode(part))) {
        const command = textOf(name);
        const histogram = histograms.get(command) ?? { calls: 0, buckets: new Map<number, number>() };
        histograms.set(command, histogram);
        addHistogram(histogram, value);
      }
    }
    const entries = [...histograms].map(([name, histogram]) => [bulkReply(name), histogramReply(histogram)] as const);
    this.appendValue(output, { type: 'map', entries });
  }
}

function addHistogram(histogram: Histogram, value: ReplyValue): void {
  const fields = new Map(pairsOf(value).map(([name, field]) => [textOf(name), field]));
  histogram.calls += numberOf(fields.get('calls'));
  const cumulative = fields.get('histogram_usec');
  let before = 0;
  for (const [micros, count] of cumulative === undefined ? [] : pairsOf(cumulative)) {
    const bucket = numberOf(micros);
    histogram.buckets.set(bucket, (histogram.buckets.get(bucket) ?? 0) + numberOf(count) - before);
    before = numberOf(count);
  }
}

function histogramReply({ calls, buckets }: Histogram): ReplyValue {
  let sum = 0;
  const entries = [...buckets]
    .sort(([one], [other]) => one - other)
    .map(([micros, count]) => [integerReply(micros), integerReply((sum += count))] as const);
  return {
    type: 'map',
    entries: [
      [bulkReply('calls'), integerReply(calls)],
      [bulkReply('histogram_usec'), { type: 'map', entries }],
    ],
  };
}

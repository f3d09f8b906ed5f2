/** Records in the order in which their replies will come, linked through the records themselves: O(1), no allocation. */
import type { InFlight } from './in-flight.js';

export class RecordQueue {
  head: InFlight | null = null;
  length = 0;
  #tail: InFlight | null = null;

  push(record: InFlight): void {
    if (this.#tail === null) this.head = record;
    else this.#tail.nextInChannel = record;
    this.#tail = record;
    this.length++;
  }

  /** Takes the head out; `head` must be `record`. */
  shift(record: InFlight): void {
    const next = record.nextInChannel;
    this.head = next;
    if (next === null) this.#tail = null;
    else record.nextInChannel = null;
    this.length--;
  }

  /** Empties the queue; `each` gets every record, already out of it. */
  drain(each: (record: InFlight) => void): void {
    let record = this.head;
    this.head = this.#tail = null;
    this.length = 0;
    while (record !== null) {
      const next: InFlight | null = record.nextInChannel;
      record.nextInChannel = null;
      each(record);
      record = next;
    }
  }
}

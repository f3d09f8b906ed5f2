/**
 * Bytes that came in pieces and are wanted in one: a cut request, a cut reply. Grows by doubling, or at once to what is
 * known to follow (up to 1 MiB ahead of what has come: an announced length alone must not cost memory), so every byte is
 * copied a bounded number of times. Empty, it holds nothing.
 */
const AHEAD_BYTES_MAX = 1 << 20;
const EMPTY = Buffer.alloc(0);

export class GrowingBuffer {
  buffer: Buffer = EMPTY;
  length = 0;

  /** Adds `bytes[start, end)`; `expected` more are known to follow. */
  append(bytes: Buffer, start: number, end: number, expected = 0): void {
    const length = this.length + end - start;
    if (length > this.buffer.length) {
      const ahead = Math.min(Math.max(expected, 0), Math.max(length, AHEAD_BYTES_MAX));
      const grown = Buffer.allocUnsafeSlow(Math.max(length + ahead, this.length * 2, 512));
      this.buffer.copy(grown, 0, 0, this.length);
      this.buffer = grown;
    }
    bytes.copy(this.buffer, this.length, start, end);
    this.length = length;
  }

  /** Drops the first `count` bytes. What is left moves to a new buffer, so slices of the old one stay valid. */
  discard(count: number): void {
    const rest = this.buffer.subarray(count, this.length);
    this.clear();
    if (rest.length > 0) this.append(rest, 0, rest.length);
  }

  /** Gives the buffer away and starts afresh. */
  take(): Buffer {
    const { buffer } = this;
    this.clear();
    return buffer;
  }

  clear(): void {
    this.buffer = EMPTY;
    this.length = 0;
  }
}

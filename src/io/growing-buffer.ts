/**
 * Bytes that came in pieces and are wanted in one: a cut request, a cut reply. Grows by doubling, or at once to what is
 * known to follow (up to 1 MiB or seven times what has come: an announced length alone must not cost memory), so every byte is
 * copied a bounded number of times. Empty, it holds nothing. Its memory is a block of the worker's pool.
 */
import type { BufferPool } from './buffer-pool.js';

const AHEAD_BYTES_MAX = 1 << 20;
/** Or so many times what has come, if that is more: untouched pages cost address space, copying again costs time. */
const AHEAD_FACTOR = 7;
const EMPTY = Buffer.alloc(0);

export class GrowingBuffer {
  buffer: Buffer = EMPTY;
  length = 0;
  readonly #pool: BufferPool;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** Adds `bytes[start, end)`; `expected` more are known to follow. */
  append(bytes: Buffer, start: number, end: number, expected = 0): void {
    const length = this.length + end - start;
    if (length > this.buffer.length) {
      const ahead = Math.min(Math.max(expected, 0), Math.max(length * AHEAD_FACTOR, AHEAD_BYTES_MAX));
      const grown = this.#pool.borrowBlock(Math.max(length + ahead, this.length * 2, 512));
      this.buffer.copy(grown, 0, 0, this.length);
      this.#pool.giveBackBlock(this.buffer);
      this.buffer = grown;
    }
    bytes.copy(this.buffer, this.length, start, end);
    this.length = length;
  }

  /** Drops the first `count` bytes. What is left moves to another block. */
  discard(count: number): void {
    const old = this.buffer;
    const end = this.length;
    this.buffer = EMPTY;
    this.length = 0;
    if (end > count) this.append(old, count, end);
    this.#pool.giveBackBlock(old);
  }

  /** Gives the block away and starts afresh. */
  take(): Buffer {
    const { buffer } = this;
    this.buffer = EMPTY;
    this.clear();
    return buffer;
  }

  clear(): void {
    this.#pool.giveBackBlock(this.buffer);
    this.buffer = EMPTY;
    this.length = 0;
  }
}

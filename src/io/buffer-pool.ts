/**
 * Buffers of two sizes, lent to outputs while they have bytes to send. An idle connection holds none.
 * Bounded: at most `spareMax` of each size wait for the next borrower, the rest is left to the garbage collector.
 */

/** Serves the replies of one turn to one client; many clients may hold one at a time. */
export const SMALL_BYTES = 16 * 1024;
/** Serves requests of all clients to one node, and large values: one write for each read of the same size. */
export const LARGE_BYTES = 64 * 1024;

export class BufferPool {
  /** Buffers lent and not given back. */
  lent = 0;

  readonly #spareMax: number;
  readonly #small: Buffer[] = [];
  readonly #large: Buffer[] = [];

  constructor(spareMax: number) {
    this.#spareMax = spareMax;
  }

  /** A small buffer, or a large one if `bytes` do not fit into a small one (they may not fit into a large one either). */
  borrow(bytes: number): Buffer {
    this.lent++;
    if (bytes > SMALL_BYTES) return this.#large.pop() ?? Buffer.allocUnsafeSlow(LARGE_BYTES);
    return this.#small.pop() ?? Buffer.allocUnsafeSlow(SMALL_BYTES);
  }

  giveBack(buffer: Buffer): void {
    this.lent--;
    const spare = buffer.length === LARGE_BYTES ? this.#large : this.#small;
    if (spare.length < this.#spareMax) spare.push(buffer);
  }
}

/**
 * Buffers that are lent and come back, so that steady traffic allocates none. Two kinds:
 * chunks, which an output fills with many small things and which carry the view that fast copies need (copy.ts);
 * blocks, which hold one large request or reply (GrowingBuffer), in sizes of powers of two.
 * Bounded: of each size at most a set number of bytes waits for the next borrower, the rest is the garbage collector's.
 */

/** Serves the replies of one turn to one client; many clients may hold one at a time. */
export const SMALL_BYTES = 16 * 1024;
/** Serves requests of all clients to one node, and large values: one write for each read of the same size. */
export const LARGE_BYTES = 64 * 1024;
/** Blocks smaller than this are not worth keeping, larger ones are too dear to keep. */
const BLOCK_BYTES_MIN = 16 * 1024;
export const BLOCK_BYTES_MAX = 1024 * 1024;
const BLOCK_SPARE_BYTES_MAX = 8 * 1024 * 1024;

export class Chunk {
  readonly bytes: Buffer;
  /** The same memory. */
  readonly view: DataView;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, size);
  }
}

export class BufferPool {
  /** Chunks lent and not given back. */
  lent = 0;

  readonly #spareMax: number;
  readonly #small: Chunk[] = [];
  readonly #large: Chunk[] = [];
  /** By the power of two of their size. */
  readonly #blocks: Buffer[][] = [];
  /** What `giveBackBlock` takes: nobody else's memory, and nothing twice, may ever be lent. */
  readonly #lentBlocks = new WeakSet<Buffer>();

  /** `spareMax`: chunks of each size that are kept. */
  constructor(spareMax: number) {
    this.#spareMax = spareMax;
  }

  /** A small chunk, or a large one if `bytes` do not fit into a small one (they may not fit into a large one either). */
  borrow(bytes: number): Chunk {
    this.lent++;
    if (bytes > SMALL_BYTES) return this.#large.pop() ?? new Chunk(LARGE_BYTES);
    return this.#small.pop() ?? new Chunk(SMALL_BYTES);
  }

  giveBack(chunk: Chunk): void {
    this.lent--;
    const spare = chunk.bytes.length === LARGE_BYTES ? this.#large : this.#small;
    if (spare.length < this.#spareMax) spare.push(chunk);
  }

  /** A block of at least `bytes`. */
  borrowBlock(bytes: number): Buffer {
    if (bytes < BLOCK_BYTES_MIN || bytes > BLOCK_BYTES_MAX) return Buffer.allocUnsafeSlow(bytes);
    const power = 32 - Math.clz32(bytes - 1);
    const block = this.#blocks[power]?.pop() ?? Buffer.allocUnsafeSlow(2 ** power);
    this.#lentBlocks.add(block);
    return block;
  }

  /** Nobody may look at the block any more. Takes any buffer; only those that were lent as blocks are kept. */
  giveBackBlock(block: Buffer): void {
    const size = block.length;
    if (size < BLOCK_BYTES_MIN || !this.#lentBlocks.delete(block)) return;
    const power = 31 - Math.clz32(size);
    const spare = (this.#blocks[power] ??= []);
    if ((spare.length + 1) * size <= BLOCK_SPARE_BYTES_MAX) spare.push(block);
  }
}

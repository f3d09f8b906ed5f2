/**
 * Received bytes of one connection, taken as lines or as counted blocks in binary strings. Chunks are joined only when what is
 * wanted is there, and a search for a line end resumes where it stopped, so any cut of the bytes costs O(their number).
 */
const LF = 10;
const CR = 13;

export class ByteQueue {
  #chunks: Buffer[] = [];
  #head: Buffer = Buffer.alloc(0);
  #length = 0;
  /** Bytes at the front known to hold no line end. */
  #searched = 0;

  get length(): number {
    return this.#length;
  }

  write(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The next line without its line end; undefined when it is not complete. */
  line(): string | undefined {
    this.#join();
    const end = this.#head.indexOf(LF, this.#searched);
    if (end < 0) {
      this.#searched = this.#head.length;
      return undefined;
    }
    const textEnd = end > 0 && this.#head[end - 1] === CR ? end - 1 : end;
    const text = this.#head.toString('latin1', 0, textEnd);
    this.#advance(end + 1);
    return text;
  }

  /** Exactly `count` bytes; undefined when they are not all there. */
  take(count: number): string | undefined {
    if (this.#length < count) return undefined;
    this.#join();
    const text = this.#head.toString('latin1', 0, count);
    this.#advance(count);
    return text;
  }

  /** Drops up to `count` bytes and returns how many it dropped. */
  discard(count: number): number {
    const dropped = Math.min(count, this.#length);
    this.#join();
    this.#advance(dropped);
    return dropped;
  }

  /** The first bytes, for a look at what an overlong line is. */
  peek(count: number): string {
    this.#join();
    return this.#head.toString('latin1', 0, count);
  }

  #join(): void {
    if (this.#chunks.length === 0) return;
    this.#head =
      this.#head.length === 0 && this.#chunks.length === 1
        ? this.#chunks[0]!
        : Buffer.concat([this.#head, ...this.#chunks]);
    this.#chunks = [];
  }

  #advance(count: number): void {
    this.#head = this.#head.subarray(count);
    this.#length -= count;
    this.#searched = 0;
  }
}

/**
 * The text hashed for a ring point: a fixed prefix and a counter (`cache-1:17`, `cache-1-17`), written into one buffer
 * that is reused for all points of a node. Used while building rings only.
 */
const digitsMax = 16;

export class PointName {
  readonly bytes: Buffer;
  private readonly prefixLength: number;

  constructor(prefix: string) {
    const text = Buffer.from(prefix, 'utf8');
    this.prefixLength = text.length;
    this.bytes = Buffer.alloc(text.length + digitsMax);
    text.copy(this.bytes);
  }

  /** Writes the counter after the prefix; returns where the text ends in `bytes`. */
  number(counter: number): number {
    return this.prefixLength + this.bytes.write(String(counter), this.prefixLength, 'latin1');
  }
}

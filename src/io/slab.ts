/**
 * Memory for replies that came before their turn. A node's replies arrive in one read, but a client's reply may have to
 * wait for another node's; instead of copying each reply away, the rest of the read is copied once into a slab, and
 * every waiting reply keeps a place in it. A slab is reused when the last reply in it has left.
 */

const SLAB_BYTES = 256 * 1024;

export class Slab {
  readonly bytes: Buffer;
  /** The same memory. */
  readonly view: DataView;
  /** Replies that still have a place here. */
  holders = 0;
  used = 0;

  constructor(bytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(bytes);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, bytes);
  }
}

export class SlabPool {
  #current = new Slab(SLAB_BYTES);
  readonly #spare: Slab[] = [];
  readonly #spareMax: number;
  /** Slabs that replies hold, the current one included: a gauge of memory held by waiting replies. */
  inUse = 1;

  constructor(spareMax = 64) {
    this.#spareMax = spareMax;
  }

  /**
   * A slab with room for `bytes` from `slab.used` on; the caller copies, moves `used`, and counts its holders. More
   * than a slab's size gets a slab of its own.
   */
  take(bytes: number): Slab {
    const current = this.#current;
    if (current.used + bytes <= SLAB_BYTES) return current;
    if (bytes > SLAB_BYTES) {
      this.inUse++;
      return new Slab(bytes);
    }
    if (current.holders === 0) {
      current.used = 0;
      return current;
    }
    this.inUse++;
    this.#current = this.#spare.pop() ?? new Slab(SLAB_BYTES);
    return this.#current;
  }

  /** One holder less. */
  release(slab: Slab): void {
    if (--slab.holders > 0) return;
    slab.used = 0;
    if (slab === this.#current) return;
    this.inUse--;
    if (slab.bytes.length === SLAB_BYTES && this.#spare.length < this.#spareMax) this.#spare.push(slab);
  }
}

/**
 * A password that clients must give. Kept as a digest, so that neither a log nor a heap dump shows it by accident, and
 * compared in constant time: the digests are of one length, so nothing tells how much of a guess was right.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

export class Password {
  readonly #digest: Buffer;

  constructor(text: string) {
    this.#digest = digest(Buffer.from(text));
  }

  matches(guess: Uint8Array): boolean {
    return timingSafeEqual(this.#digest, digest(guess));
  }
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

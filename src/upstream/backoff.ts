/**
 * How long to wait before the next attempt to connect: doubling from 50 ms to 1 s, with up to half of it taken off at
 * random so that workers and proxies do not knock in step.
 */
const FIRST_MS = 50;
const LONGEST_MS = 1000;

export class Backoff {
  #attempts = 0;
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Failures since the last success. */
  get attempts(): number {
    return this.#attempts;
  }

  nextDelayMs(): number {
    const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(this.#attempts, 10));
    this.#attempts++;
    return full * (1 - this.#random() / 2);
  }

  reset(): void {
    this.#attempts = 0;
  }
}

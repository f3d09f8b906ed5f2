/** So many in each second, and how many were too many. Time comes from the caller. Used by hub.ts and monitor.ts. */
const WINDOW_MS = 1000;

export class RateWindow {
  readonly #most: number;
  #startedMs = -Infinity;
  #taken = 0;

  /** `most`: in one second. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many of `count` may pass now. */
  take(count: number, nowMs: number): number {
    if (nowMs - this.#startedMs >= WINDOW_MS) {
      this.#startedMs = nowMs;
      this.#taken = 0;
    }
    const passing = Math.min(count, this.#most - this.#taken);
    this.#taken += passing;
    return passing;
  }

  /** True while nothing more passes. */
  isFull(nowMs: number): boolean {
    return this.#taken >= this.#most && nowMs - this.#startedMs < WINDOW_MS;
  }
}

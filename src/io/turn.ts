/**
 * One event-loop turn of a worker: one clock reading, and one flush of every output that was written to.
 *
 * Every read callback calls `begin` first. Bytes for a socket are appended to its Output, which registers here once;
 * when all sockets that were readable in this turn have been served, `setImmediate` flushes them all. Flushing per
 * read instead was measured at 1.8 times the CPU per request without pipelining (docs/decisions/0001-hot-path.md).
 */

/**
 * While sockets become readable faster than the loop turns, the flush waits for up to this many more polls, each only as
 * long as the one before it brought more outputs: requests of more clients then share one write to a node.
 * GET without pipelining, 50 clients: 7.4 instead of 7.9 us of CPU a request; a client that is alone never waits.
 */
export const MORE_POLLS_MAX = 3;

export interface Clock {
  /** Milliseconds from an arbitrary origin; never goes back. */
  now(): number;
}

export const monotonicClock: Clock = { now: () => performance.now() };

export interface Flushable {
  flush(): void;
}

/** Something that has to go on, but not inside the read callback that found out. */
export interface Wakeable {
  wake(): void;
}

export class Turn {
  /** Time of this turn in milliseconds, read once. Valid inside read callbacks and timers that called `begin`. */
  nowMs: number;

  readonly #clock: Clock;
  #hasBegun = false;
  #dirty: Flushable[] = [];
  #spare: Flushable[] = [];
  #sleepers: Wakeable[] = [];
  /** Polls that the flush of this turn has waited for, and outputs that were dirty at the last of them. */
  #polls = 0;
  #dirtyBefore = 1;
  readonly #run = (): void => this.#endOfPoll();

  constructor(clock: Clock = monotonicClock) {
    this.#clock = clock;
    this.nowMs = clock.now();
  }

  /** Opens the turn: reads the clock and books the flush, unless that has been done. */
  begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.nowMs = this.#clock.now();
    setImmediate(this.#run);
  }

  /** Books a flush of `output` at the end of this turn. The output makes sure to ask once. */
  add(output: Flushable): void {
    this.#dirty.push(output);
    if (!this.#hasBegun) this.begin();
  }

  /** Books a call of `wake` at the end of this turn, before the outputs are flushed; from within `wake`, of the next. */
  wakeLater(sleeper: Wakeable): void {
    this.#sleepers.push(sleeper);
    if (!this.#hasBegun) this.begin();
  }

  #endOfPoll(): void {
    if (this.#dirty.length > this.#dirtyBefore && this.#polls < MORE_POLLS_MAX) {
      this.#dirtyBefore = this.#dirty.length;
      this.#polls++;
      setImmediate(this.#run);
      return;
    }
    this.#polls = 0;
    this.#dirtyBefore = 1;
    this.#flush();
  }

  #flush(): void {
    if (this.#sleepers.length > 0) {
      const sleepers = this.#sleepers;
      this.#sleepers = [];
      for (const sleeper of sleepers) sleeper.wake();
    }
    this.#hasBegun = false;
    if (this.#sleepers.length > 0) this.begin();
    const dirty = this.#dirty;
    this.#dirty = this.#spare;
    for (let i = 0; i < dirty.length; i++) dirty[i]!.flush();
    dirty.length = 0;
    this.#spare = dirty;
  }
}

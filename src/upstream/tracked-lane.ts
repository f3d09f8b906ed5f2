/**
 * A lane that one client has to itself because nodes track what it reads: every connection says CLIENT TRACKING ON before
 * its first request, and the invalidations that nodes push come out of it. One for each session that tracks keys in RESP3.
 *
 * The invariant: whatever a connection might have missed, the owner is told to drop everything (`onMissed`). That is when a
 * connection is lost, and with BCAST also when it is there again, since a client then hears of keys that it read elsewhere.
 * Connections open with the first request; with BCAST all at once, because keys that were never read count too. A probe on
 * idle connections finds those that were lost without a word.
 */
import { encodeRequest } from '../protocol/resp/inline.js';
import type { EscortedChannel } from './escorted-channel.js';
import { type Handshake, requiredStep } from './handshake.js';
import { Lane } from './lane.js';
import type { Pool } from './pool.js';

const PROBE_MS = 5000;
const PING = encodeRequest(['PING']);

export interface TrackedLaneOwner {
  /** A node's push, as it came; the buffer is the owner's. */
  onInvalidation(frame: Buffer): void;
  /** Invalidations may have been lost. */
  onMissed(): void;
}

export interface TrackedLaneOptions {
  readonly db: number;
  /** CLIENT TRACKING ON with its options. */
  readonly request: readonly (Buffer | string)[];
  readonly isBroadcast: boolean;
  /** Somebody waits for `settled` before the client hears that it tracks. */
  readonly isAwaited: boolean;
}

export class TrackedLane {
  readonly lane: Lane;
  /** Fulfilled when every connection that opens at once is ready, or could not be had. */
  readonly settled: Promise<void>;
  readonly #pool: Pool;
  readonly #owner: TrackedLaneOwner;
  readonly #options: TrackedLaneOptions;
  readonly #channels: readonly EscortedChannel[];
  readonly #prober: NodeJS.Timeout;
  /** Connections that are awaited. */
  readonly #pending = new Set<number>();
  #onSettled: () => void = () => undefined;
  #isClosed = false;

  constructor(pool: Pool, options: TrackedLaneOptions, owner: TrackedLaneOwner) {
    this.#pool = pool;
    this.#owner = owner;
    this.#options = options;
    const { requests } = pool.handshake(options.db, 3);
    const step = requiredStep('CLIENT TRACKING ON', encodeRequest(options.request));
    this.#channels = pool.nodes.map((_, node) => this.#open(node, { requests: [...requests, step] }));
    this.lane = new Lane(options.db, 3, 0, this.#channels);
    this.#prober = setInterval(() => {
      for (const channel of this.#channels) channel.probe(PING);
    }, PROBE_MS);
    if (options.isBroadcast && options.isAwaited) this.#channels.forEach((_, node) => this.#pending.add(node));
    this.settled = new Promise((resolve) => (this.#onSettled = resolve));
    if (this.#pending.size === 0) this.#onSettled();
    if (options.isBroadcast) for (const channel of this.#channels) channel.connect();
  }

  /** What goes in front of every request that is served from now on. */
  escort(frame: Buffer | null): void {
    for (const channel of this.#channels) channel.escort = frame;
  }

  /** Ends every connection, those with requests in flight once they are answered. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#prober);
    this.#onSettled();
    for (const channel of this.#channels) this.#pool.retireSpecial(channel);
  }

  #open(node: number, handshake: Handshake): EscortedChannel {
    return this.#pool.openEscorted(node, handshake, {
      pushes: {
        takes: 'pushes',
        onPush: (bytes, start, end) => {
          if (!this.#isClosed) this.#owner.onInvalidation(Buffer.from(bytes.subarray(start, end)));
        },
      },
      onReady: () => {
        if (this.#settle(node) || this.#isClosed) return;
        if (this.#options.isBroadcast) this.#owner.onMissed();
      },
      onLost: (failure) => {
        this.#settle(node);
        if (failure.wasReady && !this.#isClosed) this.#owner.onMissed();
      },
    });
  }

  /** True when the connection was awaited: nothing can have been missed before it. */
  #settle(node: number): boolean {
    if (!this.#pending.delete(node)) return false;
    if (this.#pending.size === 0) this.#onSettled();
    return true;
  }
}

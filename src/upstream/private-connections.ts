/**
 * Connections that one client at a time has to itself: for transactions, watched keys and commands that block, whose
 * state must not be seen by others. One of these per pool and worker.
 *
 *   checkOut ──► lent ──checkIn (clean)──► spare ──► lent again, or closed after SPARE_IDLE_MS
 *                  └────discard──► closed
 *
 * The invariant: a connection goes back only when it is as it was after its handshake, with nothing in flight, nothing
 * watched, no transaction open and its own database selected; whoever is not sure of that discards it. Bounded by the
 * pool's `private_connections`; a client that gets none is told so, and `refused` counts it.
 */
import type { WorkerContext } from '../worker-context.js';
import type { Channel } from './channel.js';

const SPARE_IDLE_MS = 30_000;
/** Spare connections that are kept for each node, database and RESP version. */
const SPARE_MAX = 16;

/** Opens a channel that is closed, and not opened again, when its connection is lost. */
export type OpenChannel = (node: number, db: number, respVersion: 2 | 3) => Channel;

interface Spare {
  readonly channel: Channel;
  readonly sinceMs: number;
}

export class PrivateConnections {
  readonly #context: WorkerContext;
  readonly #open: OpenChannel;
  readonly #limit: number;
  /** What each lent channel is, so that it finds its way back. Null: it was lent before a reload, and is not kept. */
  readonly #lent = new Map<Channel, string | null>();
  readonly #spare = new Map<string, Spare[]>();
  #spares = 0;
  /** Whoever was lent a connection before a reload gives it back to those who came after. */
  #successor: PrivateConnections | undefined;

  /** `limit`: lent at once, over all nodes. */
  constructor(context: WorkerContext, open: OpenChannel, limit: number) {
    this.#context = context;
    this.#open = open;
    this.#limit = limit;
  }

  get lent(): number {
    return this.#lent.size;
  }

  get spares(): number {
    return this.#spares;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Null: as many as may be are lent. The channel may not be connected yet; requests that it accepts wait for that. */
  checkOut(node: number, db: number, respVersion: 2 | 3): Channel | null {
    if (this.#lent.size >= this.#limit) {
      this.#context.counters.privateConnectionsRefused++;
      return null;
    }
    const key = `${node}/${db}/${respVersion}`;
    const channel = this.#takeSpare(key) ?? this.#open(node, db, respVersion);
    this.#lent.set(channel, key);
    this.#context.counters.privateConnectionsLent++;
    return channel;
  }

  /** The channel is clean (see above). One that was lost or that still awaits replies is closed instead. */
  checkIn(channel: Channel): void {
    if (this.#successor !== undefined) {
      this.#successor.checkIn(channel);
      return;
    }
    const key = this.#lent.get(channel);
    if (key === undefined) throw new Error(`a private connection to ${channel.node.label} was given back twice`);
    channel.resetRequestTimeout();
    const spares = key === null ? [] : (this.#spare.get(key) ?? []);
    if (key === null || channel.state !== 'ready' || channel.inFlight > 0 || spares.length >= SPARE_MAX) {
      this.discard(channel);
      return;
    }
    this.#lent.delete(channel);
    spares.push({ channel, sinceMs: this.#context.turn.nowMs });
    this.#spare.set(key, spares);
    this.#spares++;
  }

  /** Closes the connection; whatever is in flight on it fails. */
  discard(channel: Channel): void {
    if (this.#successor !== undefined) this.#successor.discard(channel);
    if (!this.#lent.delete(channel)) return;
    channel.close('was closed because its client gave it up');
  }

  isLent(channel: Channel): boolean {
    return this.#successor?.isLent(channel) ?? this.#lent.has(channel);
  }

  /** Called by the worker's coarse timer. */
  sweep(nowMs: number): void {
    for (const channel of this.#lent.keys()) channel.checkDeadline(nowMs);
    for (const [key, spares] of this.#spare) {
      const kept = spares.filter(({ channel, sinceMs }) => {
        if (channel.state === 'ready' && nowMs - sinceMs <= SPARE_IDLE_MS) return true;
        channel.close('is not used any more');
        return false;
      });
      this.#spares -= spares.length - kept.length;
      if (kept.length === 0) this.#spare.delete(key);
      else this.#spare.set(key, kept);
    }
  }

  /** After a reload: what is lent finds its way back to `successor`, where it counts from now on; spares are closed. */
  handOver(successor: PrivateConnections): void {
    for (const channel of this.#lent.keys()) successor.#lent.set(channel, null);
    this.#lent.clear();
    this.#successor = successor;
    this.close();
  }

  close(): void {
    for (const channel of this.#lent.keys()) channel.close('is being closed');
    for (const spares of this.#spare.values()) for (const { channel } of spares) channel.close('is being closed');
    this.#lent.clear();
    this.#spare.clear();
    this.#spares = 0;
  }

  #takeSpare(key: string): Channel | undefined {
    const spares = this.#spare.get(key);
    while (spares !== undefined && spares.length > 0) {
      const { channel } = spares.pop()!;
      this.#spares--;
      if (channel.state === 'ready') return channel;
      channel.close('is not used any more');
    }
    return undefined;
  }
}

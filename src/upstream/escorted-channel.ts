/**
 * A channel that can send a frame of the proxy's own in front of each request, for the one request that is being served:
 * CLIENT CACHING, which speaks of the command behind it. Used by tracked lanes (tracked-lane.ts) alone.
 *
 * The escort is put where the request is taken, so it goes exactly where parts of the request go, and nowhere if the
 * request is refused: left on a connection, it would count for a later command. Its reply is swallowed. A request with its
 * escort may pass `in_flight_per_node` by one.
 */
import type { WorkerContext } from '../worker-context.js';
import { Channel, type ChannelOptions } from './channel.js';
import type { InFlight } from './in-flight.js';

export class EscortedChannel extends Channel {
  /** What goes in front of every request that is taken. Null: nothing. */
  escort: Buffer | null = null;
  readonly #shared: WorkerContext;

  constructor(context: WorkerContext, options: ChannelOptions) {
    super(context, options);
    this.#shared = context;
  }

  protected override put(record: InFlight): void {
    if (this.escort !== null) this.#putOwn(this.escort);
    super.put(record);
  }

  /** Sends a request that no client made, and drops its reply: an idle connection that is lost is noticed by it. */
  probe(request: Buffer): void {
    if (this.state !== 'ready' || this.inFlight > 0) return;
    this.#shared.turn.begin();
    this.#putOwn(request);
  }

  #putOwn(request: Buffer): void {
    const own = this.#shared.records.take();
    own.isSilent = true;
    super.put(own);
    this.output.append(request, 0, request.length);
  }
}

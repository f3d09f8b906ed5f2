/**
 * A client that tracks keys. Its session takes its lanes from here: in RESP3 connections of its own, for which nodes track
 * what passes on them; in RESP2 the shared ones, because there redis-server sends such a client nothing either.
 *
 * Invalidations leave behind all replies in flight, so that an old value never comes after its invalidation. Whenever the
 * connections are exchanged (SELECT, HELLO, other options) or lost, the client is told to drop everything: what the old
 * ones tracked is not known any more. The plain commands of the session keep their short way, except for the one command
 * that a CLIENT CACHING speaks of.
 */
import type { Command } from '../../command/command.js';
import type { RespSession, SessionMode } from '../../downstream/resp-session.js';
import { encodeRequest } from '../../protocol/resp/inline.js';
import type { Lane, LaneSource } from '../../upstream/lane.js';
import { TrackedLane, type TrackedLaneOwner } from '../../upstream/tracked-lane.js';
import { Outcome, type RespRequest } from '../request.js';
import { type TrackingOptions, trackingRequest } from './tracking-options.js';

/** What redis-server sends after FLUSHALL: every key is meant. */
const DROP_ALL = Buffer.from('>2\r\n$10\r\ninvalidate\r\n_\r\n');

export class TrackingMode implements SessionMode, LaneSource, TrackedLaneOwner {
  readonly awaitsPushes = false;
  options: TrackingOptions;
  readonly #session: RespSession;
  #tracked: TrackedLane | null = null;
  #cachingIsGiven = false;
  #isBeginning = false;
  /** Lanes were exchanged while the request was served: the client is told behind its reply. */
  #missedSome = false;

  constructor(session: RespSession, options: TrackingOptions) {
    this.#session = session;
    this.options = options;
  }

  get flag(): string {
    return this.options.isBroadcast ? 'tB' : 't';
  }

  get sparesPlain(): boolean {
    return !this.#cachingIsGiven;
  }

  /** CLIENT CACHING was said, and the command that it is about has not come yet. */
  get cachingIsGiven(): boolean {
    return this.#cachingIsGiven;
  }

  set cachingIsGiven(isGiven: boolean) {
    this.#cachingIsGiven = isGiven;
    this.#session.refreshPlain();
  }

  /** Begins to track. Nothing of the session is in flight. Fulfilled when the client may be told so. */
  async begin(): Promise<void> {
    this.#session.service.pool.trackingClients++;
    this.#session.enterMode('tracking', this);
    this.#isBeginning = true;
    this.#session.useLanesOf(this);
    this.#isBeginning = false;
    await this.#tracked?.settled;
  }

  // ---- as a mode ----

  intercept(_session: RespSession, _request: RespRequest, command: Command): undefined {
    // CLIENT commands do not use CLIENT CACHING up, as in Redis.
    if (!this.#cachingIsGiven || command.name.startsWith('client')) return;
    const { choice } = this.options;
    const answer = choice === 'optin' ? 'YES' : choice === 'optout' ? 'NO' : null;
    this.#tracked?.escort(answer === null ? null : encodeRequest(['CLIENT', 'CACHING', answer]));
  }

  onServed(session: RespSession, outcome: Outcome): void {
    if (this.#missedSome && outcome === Outcome.done) {
      this.#missedSome = false;
      this.onMissed();
    }
    if (!this.#cachingIsGiven || session.lastCommand?.name.startsWith('client') === true) return;
    this.#tracked?.escort(null);
    if (outcome === Outcome.done) this.cachingIsGiven = false;
  }

  onRefused(): void {
    if (this.#cachingIsGiven) this.cachingIsGiven = false;
  }

  /** The session has taken new lanes from here already; what the old ones tracked is lost. */
  onPoolChanged(): void {
    if (!this.#missedSome) return;
    this.#missedSome = false;
    this.onMissed();
  }

  end(session: RespSession): void {
    session.service.pool.trackingClients--;
    session.useLanesOf(session.service.pool);
  }

  // ---- as a source of lanes ----

  checkOut(db: number, respVersion: 2 | 3): Lane {
    const { pool } = this.#session.service;
    this.#missedSome = respVersion === 3 && !this.#isBeginning;
    if (respVersion === 2) return pool.checkOut(db, 2);
    const { isBroadcast } = this.options;
    const request = trackingRequest(this.options);
    this.#tracked = new TrackedLane(pool, { db, request, isBroadcast, isAwaited: this.#isBeginning }, this);
    return this.#tracked.lane;
  }

  checkIn(lane: Lane): void {
    if (this.#tracked?.lane !== lane) {
      this.#session.service.pool.checkIn(lane);
      return;
    }
    this.#tracked.close();
    this.#tracked = null;
  }

  // ---- as the owner of a tracked lane ----

  onInvalidation(frame: Buffer): void {
    this.#session.context.counters.invalidations++;
    this.#session.pushInOrder(frame);
  }

  onMissed(): void {
    this.#session.context.counters.trackingFlushes++;
    this.#session.pushInOrder(DROP_ALL);
  }
}

/**
 * How many clients a pool has and how they left, over all its listeners. Stands between the sessions and the registry,
 * so it costs one call when a client comes and one when it goes.
 */
import type { Session, SessionOwner } from './session.js';

export class ClientCounts implements SessionOwner {
  /** Connected now. */
  clients = 0;
  /** Left by closing their connection. */
  eofs = 0;
  /** Left because their connection failed. */
  errors = 0;
  readonly #registry: SessionOwner;

  constructor(registry: SessionOwner) {
    this.#registry = registry;
  }

  /** Counts a session that has just been made. */
  opened<Kind extends Session>(session: Kind): Kind {
    this.clients++;
    return session;
  }

  onClosed(session: Session): void {
    this.clients--;
    if (session.leftBy === 'error') this.errors++;
    else if (session.leftBy === 'eof') this.eofs++;
    this.#registry.onClosed(session);
  }
}

/**
 * The private connection of one transaction: lent by WATCH or EXEC, given back by EXEC, UNWATCH or DISCARD. Knows what has
 * been changed on it since it was lent, because a connection with another database or RESP version than it was opened
 * with must not go back. Whoever ends it calls `giveBack` or `discard` once; the second call does nothing.
 */
import type { RespSession } from '../../downstream/resp-session.js';
import { encodeRequest } from '../../protocol/resp/inline.js';
import type { Channel } from '../../upstream/channel.js';
import type { PrivateConnections } from '../../upstream/private-connections.js';

/** Connections whose node has shown that it lets us open transactions. */
const provenChannels = new WeakSet<Channel>();

export class TransactionConnection {
  readonly channel: Channel;
  readonly node: number;
  /** Something was changed that its next borrower must not find. */
  isChanged = false;
  /** Given back or discarded: it may be another client's by now. */
  #isOver = false;
  #db: number;
  #respVersion: 2 | 3;
  readonly #connections: PrivateConnections;

  private constructor(channel: Channel, node: number, session: RespSession) {
    this.channel = channel;
    this.node = node;
    this.#db = session.db;
    this.#respVersion = session.respVersion;
    this.#connections = session.service.pool.privateConnections;
  }

  /** Null: none is left. */
  static checkOut(session: RespSession, node: number): TransactionConnection | null {
    const channel = session.service.pool.privateConnections.checkOut(node, session.db, session.respVersion);
    return channel === null ? null : new TransactionConnection(channel, node, session);
  }

  /** True when the node has closed it, and forgotten what was watched. */
  get isLost(): boolean {
    return this.channel.state === 'closed';
  }

  get isProven(): boolean {
    return provenChannels.has(this.channel);
  }

  prove(): void {
    provenChannels.add(this.channel);
  }

  /** Requests that give it the database and RESP version that the session has now. They must be sent, and succeed. */
  followSession(session: RespSession): Buffer[] {
    const requests: Buffer[] = [];
    if (this.#respVersion !== session.respVersion) {
      requests.push(encodeRequest(['HELLO', String(session.respVersion)]));
      this.#respVersion = session.respVersion;
    }
    if (this.#db !== session.db) {
      requests.push(encodeRequest(['SELECT', String(session.db)]));
      this.#db = session.db;
    }
    if (requests.length > 0) this.isChanged = true;
    return requests;
  }

  /** Nothing is watched on it, and no transaction is open. */
  giveBack(): void {
    if (this.isChanged) this.discard();
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#connections.isLent(this.channel)) this.#connections.checkIn(this.channel);
  }

  discard(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#connections.discard(this.channel);
  }
}

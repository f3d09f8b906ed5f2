/**
 * The channels of one pool for one kind of session: same database, same RESP version, same turn among the pool's
 * parallel connections. A session keeps the lane it uses and looks channels up by the node's index, which is what
 * the partitioner answers.
 */
import type { Channel } from './channel.js';

export class Lane {
  readonly db: number;
  readonly respVersion: 2 | 3;
  /** Which of the pool's parallel connections. */
  readonly turn: number;
  /** By node index of the pool's current snapshot. */
  readonly channels: readonly Channel[];
  /** Sessions that use it. An unused lane's connections are closed after a while. */
  sessions = 0;
  unusedSinceMs = 0;

  constructor(db: number, respVersion: 2 | 3, turn: number, channels: readonly Channel[]) {
    this.db = db;
    this.respVersion = respVersion;
    this.turn = turn;
    this.channels = channels;
  }
}

/** Where a session has its lanes from: the pool, unless a mode needs them to be its own. */
export interface LaneSource {
  checkOut(db: number, respVersion: 2 | 3): Lane;
  checkIn(lane: Lane): void;
}

/**
 * The open sessions of one worker: who is connected, how many may be, and which ids they have. Ids are unique over all
 * workers of a proxy, because each worker counts in steps of WORKER_IDS from its own number.
 */
import type { WorkerContext } from '../worker-context.js';
import type { Session, SessionOwner } from './session.js';

/** More than the most workers a configuration can ask for. */
const WORKER_IDS = 256;

export class SessionRegistry implements SessionOwner {
  readonly #context: WorkerContext;
  readonly #sessions = new Set<Session>();
  #nextId: number;
  #onEmpty: (() => void) | undefined;

  constructor(context: WorkerContext) {
    this.#context = context;
    this.#nextId = WORKER_IDS + context.workerId;
  }

  get count(): number {
    return this.#sessions.size;
  }

  get isFull(): boolean {
    return this.#sessions.size >= this.#context.limits.clientsMax;
  }

  takeId(): number {
    const id = this.#nextId;
    this.#nextId += WORKER_IDS;
    return id;
  }

  add(session: Session): void {
    this.#sessions.add(session);
  }

  onClosed(session: Session): void {
    this.#sessions.delete(session);
    if (this.#sessions.size === 0) this.#onEmpty?.();
  }

  [Symbol.iterator](): Iterator<Session> {
    return this.#sessions.values();
  }

  /** Closes clients that neither sent, awaited nor took in anything for too long. Called by the worker's coarse timer. */
  closeIdle(nowMs: number): void {
    const { idleTimeoutMs } = this.#context.limits;
    if (idleTimeoutMs === 0) return;
    for (const session of this.#sessions) {
      session.noteActivity(nowMs);
      if (nowMs - session.lastActiveMs < idleTimeoutMs) continue;
      this.#context.counters.clientsClosedIdle++;
      session.close();
    }
  }

  /** Every session takes no further request and closes once its replies have left; after `timeoutMs` all are closed. */
  async drain(timeoutMs: number): Promise<void> {
    if (this.#sessions.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
      for (const session of this.#sessions) session.endAfterReplies();
    });
    this.#onEmpty = undefined;
    for (const session of this.#sessions) session.close();
  }
}

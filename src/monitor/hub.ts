/**
 * MONITOR over all workers. One hub per worker: requests served here are fed to it as long as anybody monitors, and it
 * hands the lines to the monitors of this worker, and keeps them for other workers until they ask.
 *
 *   request ─► feed ─┬─► monitors of this worker, at once
 *                    └─► a queue for each worker that asks ◄── takeLines, every 50 ms, through the control plane
 *
 * A worker feeds another as long as it is asked: one that died asks no more, and a new one is asked like the others, so the
 * control plane keeps no state. Off, it costs nothing: sessions go their short way, and only `isOn` is looked at elsewhere.
 * Bounded by `monitor_rate` for what a worker feeds, and by QUEUE_CHARS_MAX for what waits for one other worker.
 */
import type { Peers } from '../control/peers.js';
import type { RespSession } from '../downstream/resp-session.js';
import type { RespRequest } from '../shape/request.js';
import type { WorkerContext } from '../worker-context.js';
import { isShown, monitorLine } from './line.js';
import { mayUse, Monitor } from './monitor.js';
import { RateWindow } from './rate-window.js';

const ASK_MS = 50;
/** A worker that has not asked for so long is fed no more. */
const LEASE_MS = 2000;
const QUEUE_CHARS_MAX = 4 * 1024 * 1024;

/** What one worker has for another. */
export interface MonitorBatch {
  readonly lines: readonly string[];
  /** Lines that are missing among them. */
  readonly dropped: number;
}

export interface LinesRequest {
  /** Who asks. */
  readonly workerId: number;
  /** It has no monitors any more. */
  readonly isLast: boolean;
}

interface LineQueue {
  lines: string[];
  chars: number;
  dropped: number;
  askedMs: number;
}

export class MonitorHub {
  /** True while anybody monitors, here or elsewhere. */
  isOn = false;
  readonly #context: WorkerContext;
  readonly #peers: Peers;
  readonly #onSwitch: (isOn: boolean) => void;
  readonly #monitors = new Set<Monitor>();
  /** By the worker that asks. */
  readonly #queues = new Map<number, LineQueue>();
  readonly #fed: RateWindow;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: WorkerContext, peers: Peers, onSwitch: (isOn: boolean) => void) {
    this.#context = context;
    this.#peers = peers;
    this.#onSwitch = onSwitch;
    this.#fed = new RateWindow(context.limits.monitorLinesPerSecond);
  }

  get count(): number {
    return this.#monitors.size;
  }

  /** Fulfilled when every worker feeds this one: what is served from then on will be seen. */
  async prepare(): Promise<void> {
    if (this.#context.workerId !== 0) await this.#ask(false);
  }

  add(monitor: Monitor): void {
    this.#monitors.add(monitor);
    this.#switch();
    if (this.#monitors.size === 1 && this.#context.workerId !== 0) this.#askAgain();
  }

  remove(monitor: Monitor): void {
    if (!this.#monitors.delete(monitor) || this.#monitors.size > 0) return;
    clearTimeout(this.#timer);
    this.#switch();
    if (this.#context.workerId !== 0) void this.#ask(true);
  }

  /** Shows a request that has been served. Its bytes are only looked at. */
  feed(session: RespSession, request: RespRequest): void {
    const { command } = request;
    if (!isShown(command) || (!mayUse(command) && session.mode('monitor', Monitor) !== undefined)) return;
    const { nowMs } = this.#context.turn;
    if (this.#fed.take(1, nowMs) === 0) {
      for (const monitor of this.#monitors) monitor.onDropped(1);
      for (const queue of this.#queues.values()) queue.dropped++;
      return;
    }
    const line = monitorLine(this.#peers.wallClockMicros(), session.db, whereIs(session), request);
    for (const monitor of this.#monitors) monitor.onLines([line]);
    for (const queue of this.#queues.values()) keep(queue, line);
  }

  /** What has been kept for the worker that asks. From the first time on, something is kept for it. */
  takeLines({ workerId, isLast }: LinesRequest): MonitorBatch {
    if (workerId === this.#context.workerId) return { lines: [], dropped: 0 };
    this.#context.turn.begin();
    const { lines, dropped } = this.#queues.get(workerId) ?? { lines: [], dropped: 0 };
    if (isLast) this.#queues.delete(workerId);
    else this.#queues.set(workerId, { lines: [], chars: 0, dropped: 0, askedMs: this.#context.turn.nowMs });
    this.#switch();
    return { lines, dropped };
  }

  /** Called by the worker's coarse timer. */
  sweep(nowMs: number): void {
    if (!this.isOn) return;
    for (const [workerId, queue] of this.#queues) if (nowMs - queue.askedMs > LEASE_MS) this.#queues.delete(workerId);
    this.#switch();
    for (const monitor of this.#monitors) monitor.tellDropped(this.#peers.wallClockMicros(), nowMs);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #switch(): void {
    const isOn = this.#monitors.size > 0 || this.#queues.size > 0;
    if (isOn === this.isOn) return;
    this.isOn = isOn;
    this.#onSwitch(isOn);
  }

  #askAgain(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void this.#ask(false).then(() => {
        if (this.#monitors.size > 0) this.#askAgain();
      });
    }, ASK_MS);
  }

  /** Lines of several workers are put in the order of their times, which their beginnings have. */
  async #ask(isLast: boolean): Promise<void> {
    // A control plane that is gone or slow has no lines; it will be asked again.
    const batches = await this.#peers.collectLines({ workerId: this.#context.workerId, isLast }).catch(() => []);
    this.#context.turn.begin();
    const lines = batches.flatMap((batch) => batch.lines).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const dropped = batches.reduce((sum, batch) => sum + batch.dropped, 0);
    for (const monitor of this.#monitors) {
      if (dropped > 0) monitor.onDropped(dropped);
      if (lines.length > 0) monitor.onLines(lines);
    }
  }
}

function whereIs(session: RespSession): string {
  const { unixPath } = session.service;
  return unixPath === null ? session.remoteAddress : `unix:${unixPath}`;
}

function keep(queue: LineQueue, line: string): void {
  if (queue.chars + line.length > QUEUE_CHARS_MAX) {
    queue.dropped++;
    return;
  }
  queue.lines.push(line);
  queue.chars += line.length;
}

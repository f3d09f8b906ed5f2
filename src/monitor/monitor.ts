/**
 * A client that said MONITOR: what it is sent, and what it may say itself. It is a mode of its session and a member of the
 * worker's hub from +OK until it leaves or says RESET.
 *
 * Lines go out at once, between replies. At most `monitor_rate` pass in a second; the rest are counted, and a line says so
 * when there is room again. A client that does not read is closed by the session at `subscriber_output`.
 */
import type { Command } from '../command/command.js';
import { Flag } from '../command/flags.js';
import { errorReply } from '../downstream/resp-errors.js';
import type { RespSession, SessionMode } from '../downstream/resp-session.js';
import type { Outcome, RespRequest } from '../shape/request.js';
import type { MonitorHub } from './hub.js';
import { droppedLine } from './line.js';
import { RateWindow } from './rate-window.js';

const KEYSPACE = Flag.write | Flag.readonly | Flag.may_replicate;
const NO_KEYSPACE = errorReply("ERR Replica can't interact with the keyspace");

export class Monitor implements SessionMode {
  readonly flag = 'O';
  readonly awaitsPushes = true;
  readonly #session: RespSession;
  readonly #hub: MonitorHub;
  readonly #window: RateWindow;
  #dropped = 0;

  constructor(session: RespSession, hub: MonitorHub) {
    this.#session = session;
    this.#hub = hub;
    this.#window = new RateWindow(session.context.limits.monitorLinesPerSecond);
  }

  /** redis-server counts who monitors as a replica, and says so. */
  intercept(session: RespSession, _request: RespRequest, command: Command): Outcome | undefined {
    return mayUse(command) ? undefined : session.replyError(NO_KEYSPACE);
  }

  end(): void {
    this.#hub.remove(this);
  }

  /** A CLIENT REPLY OFF is for lines too. */
  onLines(lines: readonly string[]): void {
    const session = this.#session;
    if (session.replyMode === 'off' || session.isEnding) return;
    const passing = this.#window.take(lines.length, session.context.turn.nowMs);
    if (passing < lines.length) this.onDropped(lines.length - passing);
    if (passing > 0) this.#send(passing === lines.length ? lines.join('') : lines.slice(0, passing).join(''));
  }

  /** `count` lines are missing. */
  onDropped(count: number): void {
    this.#dropped += count;
    this.#session.context.counters.monitorLinesDropped += count;
  }

  /** Called again and again: tells what is missing as soon as there is room for it. */
  tellDropped(micros: number, nowMs: number): void {
    if (this.#dropped === 0 || this.#window.isFull(nowMs)) return;
    const line = droppedLine(micros, this.#dropped);
    this.#dropped = 0;
    if (this.#session.replyMode !== 'off' && !this.#session.isEnding) this.#send(line);
  }

  #send(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    this.#session.push(bytes, 0, bytes.length);
  }
}

/** What a client that monitors may say. */
export function mayUse(command: Command): boolean {
  return (command.flags & KEYSPACE) === 0;
}

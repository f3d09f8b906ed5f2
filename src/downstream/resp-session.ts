/**
 * A Redis client: its framing and its state (database, RESP version, name, reply mode), which is all the proxy's own.
 *
 * `consume` is the hot loop. A command with one key, whose policy is to pass, goes straight from the read buffer to the
 * output of its node's channel; consecutive frames for the same node are copied as one slice. Everything else (local
 * answers, split commands, several keys, errors) goes through RespService.execute, one file per shape.
 */
import type { Socket } from 'node:net';
import type { Command } from '../command/command.js';
import { inlineToFrame, encodeRequest } from '../protocol/resp/inline.js';
import { encodeReply } from '../protocol/resp/encoder.js';
import { RequestFramer } from '../protocol/resp/request-framer.js';
import { Scan } from '../protocol/resp/scan.js';
import { bulkReply, type ReplyValue } from '../protocol/resp/value.js';
import { Outcome, type RespRequest } from '../shape/request.js';
import { Accept, type Channel } from '../upstream/channel.js';
import type { Failure } from '../upstream/failure.js';
import type { InFlight } from '../upstream/in-flight.js';
import type { Lane, LaneSource } from '../upstream/lane.js';
import type { Pool } from '../upstream/pool.js';
import { OWNED_BYTES_MIN } from '../io/output.js';
import { errorReply, failureReply, UNBALANCED_QUOTES } from './resp-errors.js';
import type { RespService } from './resp-service.js';
import { Session, type SessionOwner } from './session.js';

/**
 * State of a session that makes its requests differ from everybody's: an open transaction, subscriptions, tracking,
 * MONITOR. A session that has any takes no request on the short way; each is shown to `intercept` first.
 */
export interface SessionMode {
  /**
   * Serves `request` in the mode's own way, or leaves it to the others (undefined). `command` is resolved, its number of
   * arguments is right and the client may use it.
   */
  intercept(session: RespSession, request: RespRequest, command: Command): Outcome | undefined;
  /** The request being served was refused before it came to `intercept`: unknown, or a wrong number of arguments. */
  onRefused?(session: RespSession, found: Command | undefined): void;
  /** The request that `intercept` was shown has been served, by whomever, or is stalled and will be shown again. */
  onServed?(session: RespSession, outcome: Outcome): void;
  /** The client has left, or said RESET: whatever the mode holds is given back. The session has dropped it already. */
  end(session: RespSession): void;
  /** Its letter in the `flags` of CLIENT LIST, as Redis has them: x, P, O, t. */
  readonly flag: string;
  /** True when pushes may come. */
  readonly awaitsPushes: boolean;
  /** A reload gave the pool a successor: what the mode remembers of nodes by their index is not true any more. */
  onPoolChanged?(session: RespSession): void;
  /** True when commands may take the short way all the same: `intercept` would leave them alone. */
  readonly sparesPlain?: boolean;
}

const NOTHING = Buffer.alloc(0);

/** What a command answered whose reply does not leave by itself. */
interface Captured {
  now: Buffer;
  later: Promise<Buffer> | null;
}

/** CLIENT REPLY: `skip` drops the reply of the next command only. */
export type ReplyMode = 'on' | 'off' | 'skip-next' | 'skip-this';

export class RespSession extends Session {
  readonly id: number;
  readonly service: RespService;
  lane: Lane;
  name = '';
  libName = '';
  libVersion = '';
  replyMode: ReplyMode = 'on';
  isNoEvict = false;
  isNoTouch = false;
  lastCommand: Command | undefined;
  commands = 0;

  /** By command index, the argument that decides the node of a command that is served on the hot path; 0: it is not. */
  #routedBy: Uint8Array;
  #isLoggedIn: boolean;
  #laneSource: LaneSource;
  /** Where replies of our own go while `capture` serves a command; null: to the client. */
  #captured: Captured | null = null;
  readonly #modes = new Map<string, SessionMode>();
  readonly #framer: RequestFramer;
  /** Frames for one channel that lie one behind the other and are copied together. */
  #runChannel: Channel | null = null;
  #runStart = 0;
  #runEnd = 0;

  constructor(service: RespService, id: number, accepted: Socket, owner: SessionOwner) {
    super(service.context, accepted, owner);
    this.id = id;
    this.service = service;
    this.#laneSource = service.pool;
    this.lane = this.#laneSource.checkOut(service.database, 2);
    this.#isLoggedIn = service.password === null;
    this.#routedBy = this.#isLoggedIn ? service.plainNow : service.nothingPlain;
    this.#framer = new RequestFramer(service.context.limits);
  }

  /** False while the listener's password has not been given: only AUTH, HELLO, QUIT and RESET are served. */
  get isLoggedIn(): boolean {
    return this.#isLoggedIn;
  }

  /** True when `guess` is right for the listener, which is any where it has no password; the session is logged in then. */
  logIn(guess: Uint8Array): boolean {
    if (this.service.password?.matches(guess) === false) return false;
    this.#isLoggedIn = true;
    this.refreshPlain();
    return true;
  }

  logOut(): void {
    this.#isLoggedIn = this.service.password === null;
    this.refreshPlain();
  }

  // ---- modes ----

  /** Which commands take the short way; asked anew when what decides it has changed. */
  refreshPlain(): void {
    const { plainNow, nothingPlain } = this.service;
    let isPlain = this.#isLoggedIn;
    for (const mode of this.#modes.values()) isPlain &&= mode.sparesPlain === true;
    this.#routedBy = isPlain ? plainNow : nothingPlain;
  }

  get modes(): Iterable<SessionMode> {
    return this.#modes.values();
  }

  get hasModes(): boolean {
    return this.#modes.size > 0;
  }

  /** The mode of that name, if the session is in it. A name belongs to one class. */
  mode<Mode extends SessionMode>(name: string, kind: abstract new (...args: never[]) => Mode): Mode | undefined {
    const mode = this.#modes.get(name);
    return mode instanceof kind ? mode : undefined;
  }

  enterMode(name: string, mode: SessionMode): void {
    this.#modes.set(name, mode);
    this.refreshPlain();
  }

  /** Forgets the mode without ending it: its owner has done so. */
  leaveMode(name: string): void {
    this.#modes.delete(name);
    this.refreshPlain();
  }

  endModes(): void {
    const modes = [...this.#modes.values()];
    this.#modes.clear();
    this.refreshPlain();
    for (const mode of modes) mode.end(this);
  }

  override get awaitsPushes(): boolean {
    for (const mode of this.#modes.values()) if (mode.awaitsPushes) return true;
    return false;
  }

  get db(): number {
    return this.lane.db;
  }

  get respVersion(): 2 | 3 {
    return this.lane.respVersion;
  }

  /**
   * Later requests go to the same nodes through connections of another database or RESP version. Only when nothing is in
   * flight (see waitsForReplies): a node may serve the new connection first, and a client would not see its own write.
   */
  switchLane(db: number, respVersion: 2 | 3): void {
    this.#laneSource.checkIn(this.lane);
    this.lane = this.#laneSource.checkOut(db, respVersion);
  }

  /** Lanes come from `source` from now on, the present one too. The same condition. */
  useLanesOf(source: LaneSource): void {
    this.#laneSource.checkIn(this.lane);
    this.#laneSource = source;
    this.lane = source.checkOut(this.db, this.respVersion);
  }

  /** False when its lanes are not those that all sessions share. */
  get sharesLanes(): boolean {
    return this.#laneSource === this.service.pool;
  }

  override onPoolChanged(previous: Pool): void {
    if (this.#laneSource === previous) {
      this.#laneSource = this.service.pool;
      this.lane = this.service.pool.checkOutLike(this.lane);
    } else {
      this.switchLane(this.db, this.respVersion);
    }
    for (const mode of this.modes) mode.onPoolChanged?.(this);
  }

  /** True while replies are awaited: the session waits for them, and the request must be shown again. */
  waitsForReplies(): boolean {
    if (this.head === null) return false;
    this.stallUntilAnswered();
    return true;
  }

  override close(): void {
    if (this.isClosed) return;
    super.close();
    this.endModes();
    this.#laneSource.checkIn(this.lane);
  }

  /** Whether the reply of the request being served is dropped (CLIENT REPLY). */
  get isSilent(): boolean {
    return this.replyMode === 'off' || this.replyMode === 'skip-this';
  }

  /** The request being served has to wait until `channel` has room. */
  waitFor(channel: Channel): void {
    this.stallOn(channel);
  }

  /** The request being served has to wait until `onRelieved` is called. */
  waitForRelief(): void {
    this.stallUntilRelieved();
  }

  // ---- replies of our own, called by shapes; each answers the request being served ----

  /**
   * The reply of a command that the proxy answers itself, for whoever puts it into a reply of its own (EXEC). `serve`
   * answers once, by one of the methods below, and sends nothing to nodes.
   */
  capture(serve: () => Outcome): Buffer | Promise<Buffer> {
    const captured: Captured = { now: NOTHING, later: null };
    this.#captured = captured;
    serve();
    this.#captured = null;
    return captured.later ?? captured.now;
  }

  override reply(bytes: Buffer, isSilent = false): void {
    if (this.#captured === null) super.reply(bytes, isSilent);
    else this.#captured.now = bytes;
  }

  replyBytes(bytes: Buffer): Outcome {
    this.reply(bytes, this.isSilent);
    return Outcome.done;
  }

  replyValue(value: ReplyValue): Outcome {
    return this.replyBytes(encodeReply(value, this.respVersion));
  }

  replyError(bytes: Buffer): Outcome {
    this.context.counters.errorsProxy++;
    return this.replyBytes(bytes);
  }

  /** Argument `index` as a bulk string. */
  replyArgument(request: RespRequest, index: number): Outcome {
    return this.replyBytes(
      encodeReply(bulkReply(request.bytes.subarray(request.args[index * 2], request.args[index * 2 + 1])), 2),
    );
  }

  /** Takes the request's place in the order now and answers when `value` is there. */
  replyLater(value: Promise<ReplyValue>): Outcome {
    const version = this.respVersion;
    const bytes = value
      .catch((error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        return { type: 'error', text: `ERR ringward: ${text}` } as const;
      })
      .then((reply) => encodeReply(reply, version));
    if (this.#captured !== null) {
      this.#captured.later = bytes;
      return Outcome.done;
    }
    const record = this.context.records.take();
    record.isSilent = this.isSilent;
    this.enqueue(record);
    // One such question of a client at a time: it is asked of every worker, and its answer may be long.
    this.stallUntilAnswered();
    void bytes.then((reply) => {
      if (record.session === null) this.context.records.giveBack(record);
      else this.settle(record, reply);
    });
    return Outcome.done;
  }

  protected override get bytesNeeded(): number {
    return this.#framer.bytesNeeded;
  }

  protected override onMoved(offset: number): void {
    this.#framer.rebase(offset);
  }

  protected override failureReply(record: InFlight, failure: Failure): Buffer {
    return failureReply(failure, record.isWrite);
  }

  protected override consume(bytes: Buffer, start: number, end: number): number {
    const framer = this.#framer;
    let pos = start;
    while (pos < end && !this.mustWait) {
      const result = framer.scan(bytes, pos, end);
      if (result === Scan.frame) {
        if (framer.argc > 0 && !this.#serve(bytes, pos)) break;
      } else if (result === Scan.inline) {
        if (!this.#serveInline(bytes, pos, framer.end)) break;
      } else {
        if (result === Scan.error) this.#protocolError(framer.error);
        break;
      }
      pos = framer.end;
      if (this.inFlight >= this.context.limits.clientInFlightMax) this.checkInFlight();
    }
    this.#endRun(bytes);
    return pos;
  }

  /** One frame. False: it has to wait, nothing has been done with it. */
  #serve(bytes: Buffer, start: number): boolean {
    const framer = this.#framer;
    const { service } = this;
    const args = framer.args;
    const command = service.table.find(bytes, args[0]!, args[1]!);
    const argument = command === undefined ? 0 : this.#routedBy[command.index]!;
    if (command !== undefined && argument > 0 && framer.isCanonical && this.replyMode === 'on') {
      const { argc } = framer;
      if (argc >= command.minArgs && argc <= command.maxArgs) {
        const at = argument * 2;
        if (args[at + 1]! - args[at]! <= this.context.limits.keyBytesMax) {
          return this.#forward(
            command,
            bytes,
            start,
            framer.end,
            service.pool.partitioner.nodeOf(bytes, args[at]!, args[at + 1]!),
          );
        }
      }
    }
    this.#endRun(bytes);
    const request = service.request;
    if (framer.isCanonical) {
      request.bytes = bytes;
      request.start = start;
      request.end = framer.end;
      request.args = args;
      request.argc = framer.argc;
    } else {
      this.#reencode(request, bytes);
    }
    const outcome = service.execute(this, request, command);
    framer.shrink();
    return outcome === Outcome.done;
  }

  /** The hot path's end: a record into two queues, the frame's bytes into the run. */
  #forward(command: Command, bytes: Buffer, start: number, end: number, node: number): boolean {
    const channel = this.lane.channels[node]!;
    const record = this.context.records.take();
    record.isWrite = this.service.isWrite[command.index] === 1;
    record.command = command.index;
    const taken = channel.accept(record);
    if (taken !== Accept.taken) return this.#refused(channel, record, taken);
    this.enqueue(record);
    this.lastCommand = command;
    this.commands++;
    this.context.counters.commands++;
    if (channel === this.#runChannel && start === this.#runEnd) {
      this.#runEnd = end;
      return true;
    }
    this.#endRun(bytes);
    if (end - start >= OWNED_BYTES_MIN && this.handOver(channel.output, bytes, start, end)) return true;
    this.#runChannel = channel;
    this.#runStart = start;
    this.#runEnd = end;
    return true;
  }

  /** The channel takes no record: either this request has to wait, or it is answered with an error. */
  #refused(channel: Channel, record: InFlight, why: number): boolean {
    this.context.records.giveBack(record);
    if (why === Accept.congested) {
      this.stallOn(channel);
      return false;
    }
    this.context.counters.errorsUpstream++;
    this.reply(failureReply(channel.failure!, false));
    return true;
  }

  #endRun(bytes: Buffer): void {
    if (this.#runChannel === null) return;
    this.#runChannel.output.append(bytes, this.#runStart, this.#runEnd);
    this.#runChannel = null;
  }

  /** A line as people and health checks type it: becomes a frame of its own, and is served like any other. */
  #serveInline(bytes: Buffer, start: number, end: number): boolean {
    const frame = inlineToFrame(bytes, start, end);
    if (frame === undefined) {
      this.#protocolError('');
      return false;
    }
    if (frame.length === 0) return true;
    this.#endRun(bytes);
    const framer = new RequestFramer(this.context.limits);
    framer.scan(frame, 0, frame.length);
    const request = this.service.request;
    request.bytes = frame;
    request.start = 0;
    request.end = frame.length;
    request.args = framer.args;
    request.argc = framer.argc;
    const command = this.service.table.find(frame, framer.args[0]!, framer.args[1]!);
    return this.service.execute(this, request, command) === Outcome.done;
  }

  /** Line ends that Redis overlooks are made right before the frame goes anywhere: a node may be stricter. */
  #reencode(request: RespRequest, bytes: Buffer): void {
    const { args, argc } = this.#framer;
    const parts: Buffer[] = [];
    for (let i = 0; i < argc; i++) parts.push(bytes.subarray(args[i * 2], args[i * 2 + 1]));
    const frame = encodeRequest(parts);
    const framer = new RequestFramer(this.context.limits);
    framer.scan(frame, 0, frame.length);
    request.bytes = frame;
    request.start = 0;
    request.end = frame.length;
    request.args = framer.args;
    request.argc = argc;
  }

  /** Nothing behind the error can be trusted: say what is wrong, then close. Empty text: quotes are not balanced. */
  #protocolError(text: string): void {
    this.context.counters.errorsProtocol++;
    this.context.counters.clientsClosedProtocol++;
    this.context.logger.info(
      { client: this.remoteAddress, error: text || 'unbalanced quotes' },
      'client closed: bad protocol',
    );
    this.reply(text === '' ? UNBALANCED_QUOTES : errorReply(`ERR ${text}`));
    this.endAfterReplies();
  }
}

/**
 * One pipelined connection to one node: shared by all clients of a worker that use the same database and RESP version,
 * or lent to one of them (private-connections.ts), or for messages that nobody asks for one by one (`pushes`).
 *
 *   idle ──► connecting ──► handshake ──► ready ──► (lost) ──► connecting ...
 *                 └───────────┴──► down ──(back-off)──► connecting
 *
 * Requests are taken in every state but down and closed, and while a lost connection is opened again for the second time
 * and on, because that may take long; until the connection is ready they wait in the output. The invariant that everything
 * rests on: bytes from the socket are matched to records by position alone (reply-intake.ts), hence on any doubt (a
 * timeout, an unparseable reply, a reply nobody asked for) the socket is destroyed and every record in the queue fails. A
 * connection is never reused after that.
 */
import type { Socket } from 'node:net';
import { connectReading } from '../io/reading.js';
import { Output, type OutputOwner } from '../io/output.js';
import type { WorkerContext } from '../worker-context.js';
import type { Failure, FailureKind } from './failure.js';
import type { Handshake } from './handshake.js';
import { HandshakeReader } from './handshake-reader.js';
import type { InFlight } from './in-flight.js';
import type { UpstreamNode } from './node.js';
import { RecordQueue } from './record-queue.js';
import { ReplyIntake, type PushSink, type ReplyScanner } from './reply-intake.js';
import { Backoff } from './backoff.js';

export interface ChannelOptions {
  readonly node: UpstreamNode;
  readonly handshake: Handshake;
  readonly newScanner: () => ReplyScanner;
  /** 0: no limit. */
  readonly connectTimeoutMs: number;
  /** 0: no limit. */
  readonly requestTimeoutMs: number;
  readonly inFlightMax: number;
  /** Who takes frames that answer no request. Without it they break the connection. */
  readonly pushes?: PushSink;
  /** False: a connection that is lost is not opened again, the channel is closed instead. Default: true. */
  readonly reconnects?: boolean;
  /** Told when the connection is ready, and when one that was or should have become ready is lost. */
  readonly onReady?: () => void;
  readonly onLost?: (failure: Failure) => void;
}

export type ChannelState = 'idle' | 'connecting' | 'handshake' | 'ready' | 'down' | 'closed';

/** What `accept` says: taken; refused because the node is down (see `failure`); or come back when `whenRelieved` calls. */
export const Accept = { taken: 0, down: 1, congested: 2 } as const;

/** Somebody who stopped because this channel had enough. */
export interface Waiter {
  onRelieved(): void;
}

/** A connection that lived shorter than this is not opened again at once. */
const STABLE_MS = 1000;

export class Channel implements OutputOwner {
  state: ChannelState = 'idle';
  /** Of the current connection: a new one comes with each. */
  output: Output;
  readonly node: UpstreamNode;
  /** Why the channel is down. */
  failure: Failure | undefined;
  /** When the node last sent anything. */
  lastReadMs = 0;
  /** 0: no limit. Changed while the connection is lent for a request that blocks. */
  requestTimeoutMs: number;

  readonly #context: WorkerContext;
  #options: ChannelOptions;
  readonly #backoff: Backoff;
  readonly #queue = new RecordQueue();
  /** Of the current connection, as the output is. */
  #intake: ReplyIntake;
  #handshake: HandshakeReader;
  #socket: Socket | undefined;
  #countedBytesOut = 0;
  #startedMs = 0;
  #readySinceMs = 0;
  #waiters = new Set<Waiter>();
  #retry: NodeJS.Timeout | undefined;

  constructor(context: WorkerContext, options: ChannelOptions) {
    this.#context = context;
    this.#options = options;
    this.node = options.node;
    this.requestTimeoutMs = options.requestTimeoutMs;
    this.output = new Output(context, this);
    this.#intake = this.#newIntake();
    this.#handshake = this.#newHandshake();
    this.#backoff = new Backoff(context.random);
  }

  /** Records in the queue. */
  get inFlight(): number {
    return this.#queue.length;
  }

  /** True while the node has so much to do for us that clients should wait with more. */
  get isCongested(): boolean {
    return (
      this.#queue.length >= this.#options.inFlightMax ||
      this.output.pendingBytes > this.#context.limits.nodeOutputPauseBytes
    );
  }

  /** True when `count` requests more would be taken: for whoever has several for this node at once. */
  hasRoomFor(count: number): boolean {
    return !this.isCongested && this.#queue.length + count <= this.#options.inFlightMax;
  }

  /**
   * Puts a record into the queue. The caller appends the request's bytes to `output` in the same order, this turn.
   * `isMore`: part of a request of which this channel has just taken another part. It is taken even if that one has filled
   * the channel, because half a request cannot wait.
   */
  accept(record: InFlight, isMore = false): (typeof Accept)[keyof typeof Accept] {
    if (this.state !== 'ready') {
      if (this.state === 'idle') this.connect();
      if (this.state === 'down' || this.state === 'closed' || this.#backoff.attempts > 0) {
        this.node.turnedAway++;
        return Accept.down;
      }
    }
    if (!isMore && this.isCongested) return Accept.congested;
    this.put(record);
    return Accept.taken;
  }

  /** The record is taken, whatever else is in the queue. */
  protected put(record: InFlight): void {
    record.queuedAtMs = this.#context.turn.nowMs;
    this.#queue.push(record);
    this.node.requests++;
  }

  /** A reload changed what may be changed on an open connection. */
  reconfigure(connectTimeoutMs: number, requestTimeoutMs: number, inFlightMax: number): void {
    this.#options = { ...this.#options, connectTimeoutMs, requestTimeoutMs, inFlightMax };
    this.requestTimeoutMs = requestTimeoutMs;
  }

  /**
   * Puts a record into the queue for one more reply, to what has been or is now being sent. Only for who has the
   * connection to itself, inside the read that brought the last reply: it is ready then, and has room for what is small.
   */
  acceptMore(record: InFlight): void {
    record.queuedAtMs = this.#context.turn.nowMs;
    this.#queue.push(record);
  }

  resetRequestTimeout(): void {
    this.requestTimeoutMs = this.#options.requestTimeoutMs;
  }

  /** `waiter` is told once, when this channel has room again or has failed. */
  whenRelieved(waiter: Waiter): void {
    this.#waiters.add(waiter);
    this.output.tellsDrain = true;
  }

  /** Opens the connection ahead of the first request. */
  connect(): void {
    if (this.state !== 'idle' && this.state !== 'down') return;
    clearTimeout(this.#retry);
    this.state = 'connecting';
    this.#startedMs = this.#context.turn.nowMs;
    const socket = connectReading(this.node.connectOptions, this.#context.readBuffer, (bytes, length) => {
      if (this.#socket === socket) this.#onBytes(bytes, length);
    });
    this.#socket = socket;
    socket.on('connect', () => this.#onConnect(socket));
    socket.on('error', (error) => this.#onSocketError(socket, error));
    socket.on('end', () => this.#onSocketError(socket, undefined));
    socket.on('close', () => this.#onSocketError(socket, undefined));
  }

  /** Called by a coarse timer: fails the channel if the oldest request, or connecting, has taken too long. */
  checkDeadline(nowMs: number): void {
    const { requestTimeoutMs } = this;
    const { connectTimeoutMs } = this.#options;
    const { head } = this.#queue;
    const isLate = head !== null && requestTimeoutMs > 0 && nowMs - head.queuedAtMs >= requestTimeoutMs;
    if (isLate) {
      this.node.timeouts++;
      this.#context.counters.upstreamTimeouts++;
    }
    const clause = `did not answer within ${requestTimeoutMs} ms`;
    if (this.state === 'connecting' || this.state === 'handshake') {
      if (connectTimeoutMs > 0 && nowMs - this.#startedMs >= connectTimeoutMs) {
        const missed = this.state === 'connecting' ? 'accept the connection' : `answer ${this.#handshake.awaited}`;
        this.#fail('connect-timeout', `did not ${missed} within ${connectTimeoutMs} ms`);
      } else if (isLate) {
        this.#failWaiting(clause);
      }
    } else if (isLate) {
      this.#fail('timeout', clause);
    }
  }

  /** Ends the connection for good; whatever is in flight fails. */
  close(reason: string): void {
    if (this.state === 'closed') return;
    this.#fail('removed', reason);
    clearTimeout(this.#retry);
    this.state = 'closed';
  }

  /** What the node sent was framed, but cannot be true: `clause` says what. Its connection is closed and opened anew. */
  distrust(clause: string): void {
    if (this.state === 'ready') this.#fail('protocol', clause);
  }

  /** What was sent beside the queue has had no answer for `requestTimeoutMs`: as for a request that is late. */
  timeOut(): void {
    if (this.state !== 'ready') return;
    this.node.timeouts++;
    this.#context.counters.upstreamTimeouts++;
    this.#fail('timeout', `did not answer within ${this.requestTimeoutMs} ms`);
  }

  /** Adds what was sent since the last call to the worker's counter. Called before a report and when a connection ends. */
  countBytesOut(): void {
    const { sentBytes } = this.output;
    const bytes = sentBytes - this.#countedBytesOut;
    this.#context.counters.upstreamBytesOut += bytes;
    this.node.bytesOut += bytes;
    this.#countedBytesOut = sentBytes;
  }

  onDrained(): void {
    this.#relieve();
  }

  onWriteError(error: Error): void {
    this.node.errors++;
    this.#fail('closed', `closed the connection (${error.message})`);
  }

  #onConnect(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.node.connects++;
    this.#context.counters.upstreamConnects++;
    const { requests } = this.#options.handshake;
    this.state = 'handshake';
    this.#handshake = this.#newHandshake();
    socket.write(Buffer.concat(requests.map((step) => step.bytes)));
  }

  #becomeReady(): void {
    const { logger, turn } = this.#context;
    this.state = 'ready';
    this.#readySinceMs = turn.nowMs;
    this.output.attach(this.#socket!);
    if (this.failure === undefined) logger.debug({ node: this.node.id }, `node ${this.node.label} is connected`);
    else logger.info({ node: this.node.id }, `node ${this.node.label} is back`);
    this.failure = undefined;
    this.#options.onReady?.();
  }

  #onSocketError(socket: Socket, error: NodeJS.ErrnoException | undefined): void {
    if (socket !== this.#socket) return;
    this.#context.turn.begin();
    if (this.state === 'connecting') {
      this.#fail('refused', `refused the connection${error?.code === undefined ? '' : ` (${error.code})`}`);
    } else {
      if (error === undefined) this.node.eofs++;
      else this.node.errors++;
      this.#fail('closed', `closed the connection${error?.code === undefined ? '' : ` (${error.code})`}`);
    }
  }

  /** Every read of the socket. */
  #onBytes(bytes: Buffer, length: number): void {
    const { turn, counters } = this.#context;
    turn.begin();
    this.lastReadMs = turn.nowMs;
    counters.upstreamBytesIn += length;
    if (this.state === 'handshake') {
      this.#onHandshakeBytes(bytes, length);
    } else {
      this.node.bytesIn += length;
      this.#intake.read(bytes, length);
    }
    if (this.#waiters.size > 0 && !this.isCongested) this.#relieve();
  }

  #onHandshakeBytes(bytes: Buffer, length: number): void {
    const answer = this.#handshake.read(bytes, length);
    if (answer === false) return;
    const rest = answer === true ? this.#handshake.rest : null;
    this.#handshake.close();
    if (answer === true) this.#becomeReady();
    else this.#fail(answer.kind, answer.clause);
    if (rest !== null && rest.length > 0 && this.state === 'ready') this.#intake.read(rest, rest.length);
  }

  #newIntake(): ReplyIntake {
    return new ReplyIntake(
      this.#context,
      this.#queue,
      this.#options.newScanner(),
      this.#options.pushes ?? null,
      (clause) => this.#fail('protocol', clause),
    );
  }

  #newHandshake(): HandshakeReader {
    const { handshake, newScanner, pushes } = this.#options;
    return new HandshakeReader(handshake, newScanner, this.#context.buffers, pushes !== undefined);
  }

  /** Destroys the connection and fails everything in flight on it; books the next attempt. */
  #fail(kind: FailureKind, clause: string): void {
    if (this.state === 'closed') return;
    const context = this.#context;
    const wasReady = this.state === 'ready';
    const failure: Failure = { kind, node: this.node.id, text: `node ${this.node.label} ${clause}`, wasReady };
    this.#report(failure);
    this.failure = failure;
    this.#socket?.destroy();
    this.#socket = undefined;
    this.countBytesOut();
    this.#countedBytesOut = 0;
    this.output.close();
    this.output = new Output(context, this);
    this.#intake.close();
    this.#intake = this.#newIntake();
    this.#handshake.close();
    const mayRetry = this.#options.reconnects !== false;
    this.state = mayRetry ? 'down' : 'closed';
    if (mayRetry && kind !== 'removed') {
      this.#bookRetry(wasReady && context.turn.nowMs - this.#readySinceMs >= STABLE_MS);
    }
    this.#failRecords(failure);
    this.#relieve();
    this.#options.onLost?.(failure);
  }

  /** The connection is not there in time for what waits for it. Nothing has been sent; the attempt goes on. */
  #failWaiting(clause: string): void {
    this.output.close();
    this.output = new Output(this.#context, this);
    const text = `node ${this.node.label} ${clause}`;
    this.#failRecords({ kind: 'timeout', node: this.node.id, text, wasReady: false });
    this.#relieve();
  }

  #failRecords(failure: Failure): void {
    this.node.failed += this.inFlight;
    this.#queue.drain((record) => {
      if (record.session !== null) record.session.onFailure(record, failure);
      else if (record.gather !== null) record.gather.onPartFailure(record, failure);
      else this.#context.records.giveBack(record);
    });
  }

  /**
   * A connection that was good is opened again at once, so that a node's restart costs no back-off. One that a node ends
   * as soon as it is there (too many clients, for example) was not good: it would be opened in a tight loop.
   */
  #bookRetry(wasGood: boolean): void {
    if (wasGood) this.#backoff.reset();
    const delayMs = wasGood ? 0 : this.#backoff.nextDelayMs();
    if (wasGood) this.state = 'idle';
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#context.turn.begin();
      this.connect();
    }, delayMs);
  }

  /** One log line when a node is lost, and no more until it has been back. */
  #report(failure: Failure): void {
    const { counters, logger } = this.#context;
    if (failure.kind === 'refused' || failure.kind === 'connect-timeout' || failure.kind === 'handshake') {
      this.node.connectFailures++;
      counters.upstreamConnectFailures++;
    }
    if (failure.kind === 'protocol') counters.upstreamProtocolErrors++;
    if (failure.kind === 'connect-timeout') this.node.connectTimeouts++;
    if (['refused', 'protocol', 'handshake'].includes(failure.kind)) this.node.errors++;
    if (failure.kind === 'removed') return;
    // A private connection's loss is its client's news; that of the shared ones says that the node is gone.
    const isNews = this.failure === undefined && this.#options.reconnects !== false;
    logger[isNews ? 'warn' : 'debug']({ node: this.node.id, kind: failure.kind, failed: this.inFlight }, failure.text);
  }

  #relieve(): void {
    if (this.#waiters.size === 0) return;
    const waiters = this.#waiters;
    this.#waiters = new Set();
    for (const waiter of waiters) waiter.onRelieved();
  }
}

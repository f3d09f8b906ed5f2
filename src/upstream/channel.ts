/**
 * One pipelined connection to one node, shared by all clients of a worker that use the same database and RESP version.
 *
 *   idle ──► connecting ──► handshake ──► ready ──► (lost) ──► connecting ...
 *                 └───────────┴──► down ──(back-off)──► connecting
 *
 * Requests are taken in every state but down and closed, and while a lost connection is opened again for the second time
 * and on, because that may take long; until the connection is ready they wait in the output. Replies
 * come in the order of requests, so the queue's head is whose reply is arriving. The invariant that everything rests on:
 * bytes from the socket are matched to records by position alone, hence on any doubt (a timeout, an unparseable reply, a
 * reply nobody asked for) the socket is destroyed and every record in the queue fails. A connection is never reused after that.
 */
import type { Socket } from 'node:net';
import { connectReading } from '../io/reading.js';
import { Output, type OutputOwner } from '../io/output.js';
import type { Slab } from '../io/slab.js';
import { Scan } from '../protocol/resp/scan.js';
import type { WorkerContext } from '../worker-context.js';
import type { Failure, FailureKind } from './failure.js';
import type { Handshake, HandshakeStep } from './handshake.js';
import { Progress, type InFlight } from './in-flight.js';
import type { UpstreamNode } from './node.js';
import { PartialReply } from './partial-reply.js';
import { Backoff } from './backoff.js';

/** Finds the end of a node's reply; RESP and memcached have one each. See ReplyFramer for the contract of the fields. */
export interface ReplyScanner {
  readonly end: number;
  readonly consumed: number;
  readonly type: number;
  readonly error: string;
  /** Body bytes known to be still to come. */
  readonly bytesExpected: number;
  scan(buf: Uint8Array, pos: number, end: number, expect: number): number;
}

export interface ChannelOptions {
  readonly node: UpstreamNode;
  readonly handshake: Handshake;
  readonly newScanner: () => ReplyScanner;
  /** 0: no limit. */
  readonly connectTimeoutMs: number;
  /** 0: no limit. */
  readonly requestTimeoutMs: number;
  readonly inFlightMax: number;
}

export type ChannelState = 'idle' | 'connecting' | 'handshake' | 'ready' | 'down' | 'closed';

/** What `accept` says: taken; refused because the node is down (see `failure`); or come back when `whenRelieved` calls. */
export const Accept = { taken: 0, down: 1, congested: 2 } as const;

/** Somebody who stopped because this channel had enough. */
export interface Waiter {
  onRelieved(): void;
}

const PUSH = 62;
const MINUS = 45;
/** A reply longer than this goes on to its client while it is still coming in, if it is that client's turn. */
const STREAM_BYTES_MIN = 64 * 1024;
/** The replies to a handshake are a few hundred bytes. */
const HANDSHAKE_BYTES_MAX = 64 * 1024;
/** A connection that lived shorter than this is not opened again at once. */
const STABLE_MS = 1000;

export class Channel implements OutputOwner {
  state: ChannelState = 'idle';
  /** Of the current connection: a new one comes with each. */
  output: Output;
  readonly node: UpstreamNode;
  /** Records in the queue. */
  inFlight = 0;
  /** Why the channel is down. */
  failure: Failure | undefined;

  readonly #context: WorkerContext;
  readonly #options: ChannelOptions;
  readonly #backoff: Backoff;
  readonly #partial: PartialReply;
  #head: InFlight | null = null;
  #tail: InFlight | null = null;
  #scanner: ReplyScanner;
  #socket: Socket | undefined;
  #handshakeReplies = 0;
  #countedBytesOut = 0;
  #startedMs = 0;
  #readySinceMs = 0;
  #waiters: Waiter[] = [];
  #retry: NodeJS.Timeout | undefined;
  /** Where the replies of the read in progress are kept that have to wait, and how far they lie from where they were. */
  #holdSlab: Slab | null = null;
  #holdShift = 0;

  constructor(context: WorkerContext, options: ChannelOptions) {
    this.#context = context;
    this.#options = options;
    this.node = options.node;
    this.output = new Output(context, this);
    this.#partial = new PartialReply(context.buffers);
    this.#scanner = options.newScanner();
    this.#backoff = new Backoff(context.random);
  }

  /** True while the node has so much to do for us that clients should wait with more. */
  get isCongested(): boolean {
    return (
      this.inFlight >= this.#options.inFlightMax || this.output.pendingBytes > this.#context.limits.nodeOutputPauseBytes
    );
  }

  /** Puts a record into the queue. The caller appends the request's bytes to `output` in the same order, this turn. */
  accept(record: InFlight): (typeof Accept)[keyof typeof Accept] {
    if (this.state !== 'ready') {
      if (this.state === 'idle') this.connect();
      if (this.state === 'down' || this.state === 'closed' || this.#backoff.attempts > 0) return Accept.down;
    }
    if (this.isCongested) return Accept.congested;
    record.queuedAtMs = this.#context.turn.nowMs;
    if (this.#tail === null) this.#head = record;
    else this.#tail.nextInChannel = record;
    this.#tail = record;
    this.inFlight++;
    this.node.requests++;
    return Accept.taken;
  }

  /** `waiter` is told once, when this channel has room again or has failed. */
  whenRelieved(waiter: Waiter): void {
    this.#waiters.push(waiter);
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
    const { connectTimeoutMs, requestTimeoutMs } = this.#options;
    const head = this.#head;
    const isLate = head !== null && requestTimeoutMs > 0 && nowMs - head.queuedAtMs >= requestTimeoutMs;
    if (isLate) {
      this.node.timeouts++;
      this.#context.counters.upstreamTimeouts++;
    }
    const clause = `did not answer within ${requestTimeoutMs} ms`;
    if (this.state === 'connecting' || this.state === 'handshake') {
      if (connectTimeoutMs > 0 && nowMs - this.#startedMs >= connectTimeoutMs) {
        this.#fail('connect-timeout', `did not accept the connection within ${connectTimeoutMs} ms`);
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

  /** Adds what was sent since the last call to the worker's counter. Called before a report and when a connection ends. */
  countBytesOut(): void {
    const { sentBytes } = this.output;
    this.#context.counters.upstreamBytesOut += sentBytes - this.#countedBytesOut;
    this.#countedBytesOut = sentBytes;
  }

  onDrained(): void {
    this.#relieve();
  }

  onWriteError(error: Error): void {
    this.#fail('closed', `closed the connection (${error.message})`);
  }

  #onConnect(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.node.connects++;
    this.#context.counters.upstreamConnects++;
    const { requests } = this.#options.handshake;
    if (requests.length === 0) {
      this.#becomeReady();
      return;
    }
    this.state = 'handshake';
    this.#handshakeReplies = 0;
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
  }

  #onSocketError(socket: Socket, error: NodeJS.ErrnoException | undefined): void {
    if (socket !== this.#socket) return;
    this.#context.turn.begin();
    if (this.state === 'connecting') {
      this.#fail('refused', `refused the connection${error?.code === undefined ? '' : ` (${error.code})`}`);
    } else {
      this.#fail('closed', `closed the connection${error?.code === undefined ? '' : ` (${error.code})`}`);
    }
  }

  /** Every read of the socket. The loop serves whole replies; what is cut at the end is kept by PartialReply. */
  #onBytes(bytes: Buffer, length: number): void {
    const context = this.#context;
    context.turn.begin();
    context.counters.upstreamBytesIn += length;
    let pos = 0;
    if (this.state === 'handshake') pos = this.#onHandshakeBytes(bytes, length);
    else if (this.#partial.isActive) pos = this.#resumePartial(bytes, length);
    if (pos < 0) return;
    const scanner = this.#scanner;
    while (pos < length) {
      const record = this.#head;
      if (record === null) {
        this.#fail('protocol', `sent ${length - pos} bytes that nobody asked for`);
        break;
      }
      const result = scanner.scan(bytes, pos, length, record.expect);
      if (result !== Scan.frame) {
        if (result === Scan.more) this.#keepPartial(record, bytes, pos, length);
        else this.#fail('protocol', `sent what is no reply: ${scanner.error}`);
        break;
      }
      if (scanner.type === PUSH) {
        this.#fail('protocol', 'sent a push message that nobody asked for');
        break;
      }
      this.#dequeue(record);
      const session = record.session;
      if (session !== null && session.head === record)
        session.deliver(record, bytes, pos, scanner.end - record.fenceBytes);
      else this.#hold(record, bytes, pos, scanner.end - record.fenceBytes, length);
      pos = scanner.end;
    }
    if (this.#holdSlab !== null) {
      context.slabs.release(this.#holdSlab);
      this.#holdSlab = null;
    }
    if (this.#waiters.length > 0 && !this.isCongested) this.#relieve();
  }

  #dequeue(record: InFlight): void {
    const next = record.nextInChannel;
    this.#head = next;
    if (next === null) this.#tail = null;
    else record.nextInChannel = null;
    this.inFlight--;
  }

  /**
   * Keeps a reply that has to wait. The first one in a read copies everything up to the read's end into a slab at once;
   * the others of the same read find their bytes there, moved by #holdShift. The read itself counts as a holder until
   * it is over, lest a client that is closed half-way frees the slab under the rest.
   */
  #hold(record: InFlight, bytes: Buffer, start: number, end: number, readEnd: number): void {
    const context = this.#context;
    if (record.session === null && record.gather === null) {
      if (!record.isSilent) context.counters.repliesDropped++;
      context.records.giveBack(record);
      return;
    }
    let slab = this.#holdSlab;
    if (slab === null) {
      slab = context.slabs.take(readEnd - start);
      bytes.copy(slab.bytes, slab.used, start, readEnd);
      this.#holdShift = slab.used - start;
      slab.used += readEnd - start;
      slab.holders++;
      this.#holdSlab = slab;
    }
    slab.holders++;
    record.slab = slab;
    record.bytes = slab.bytes;
    record.start = start + this.#holdShift;
    record.end = end + this.#holdShift;
    this.#settle(record);
  }

  /** The record's reply is whole and kept in the record: tell whoever waits for it. */
  #settle(record: InFlight): void {
    record.progress = Progress.ready;
    if (record.session !== null) record.session.onHeld(record);
    else if (record.gather !== null) record.gather.onPart(record);
    else this.#context.records.giveBack(record);
  }

  /** The read ends inside the reply of `record`. */
  #keepPartial(record: InFlight, bytes: Buffer, pos: number, length: number): void {
    const { consumed, bytesExpected } = this.#scanner;
    const partial = this.#partial;
    if (this.#scanner.type === PUSH) {
      this.#fail('protocol', 'sent a push message that nobody asked for');
      return;
    }
    if (bytesExpected > STREAM_BYTES_MIN && this.#startStream(record)) {
      this.#stream(record, bytes, pos, consumed);
      partial.append(bytes, consumed, length, 0);
      return;
    }
    partial.append(bytes, pos, length, bytesExpected);
    partial.consumed = consumed - pos;
  }

  /** Goes on with a cut reply. Returns where the next reply starts in `bytes`, -1 if there is nothing left to do. */
  #resumePartial(bytes: Buffer, length: number): number {
    const record = this.#head!;
    const partial = this.#partial;
    const scanner = this.#scanner;
    const kept = partial.length;
    const isStraight = partial.isStreaming && kept === 0;
    if (!isStraight) partial.append(bytes, 0, length, scanner.bytesExpected - length);
    const buffer = isStraight ? bytes : partial.buffer;
    const end = isStraight ? length : partial.length;
    const from = isStraight ? 0 : partial.consumed;
    const result = scanner.scan(buffer, from, end, record.expect);
    if (result === Scan.error) {
      this.#fail('protocol', `sent what is no reply: ${scanner.error}`);
      return -1;
    }
    if (scanner.type === PUSH) {
      this.#fail('protocol', 'sent a push message that nobody asked for');
      return -1;
    }
    if (result === Scan.frame) {
      if (partial.isStreaming) this.#endStream(record, buffer, scanner.end);
      else this.#deliverPartial(record, scanner.end);
      partial.clear();
      return scanner.end - (isStraight ? 0 : kept);
    }
    const { consumed } = scanner;
    if (partial.isStreaming || (end + scanner.bytesExpected > STREAM_BYTES_MIN && this.#startStream(record))) {
      const rest = Buffer.from(buffer.subarray(consumed, end));
      this.#stream(record, buffer, 0, consumed);
      partial.clear();
      partial.isStreaming = true;
      partial.append(rest, 0, rest.length, 0);
    } else {
      partial.consumed = consumed;
      if (end > this.#context.limits.clientOutputBytesMax) this.#abandon(record);
    }
    return -1;
  }

  /** A gathered reply is whole. The gathering buffer goes with it. */
  #deliverPartial(record: InFlight, end: number): void {
    this.#dequeue(record);
    record.bytes = this.#partial.take();
    record.start = 0;
    record.end = end - record.fenceBytes;
    const session = record.session;
    if (session !== null && session.head === record) session.deliverOwn(record);
    else this.#settle(record);
  }

  /** Whether the reply may go to its client before it is whole: it is that client's turn, or nobody wants it. */
  #startStream(record: InFlight): boolean {
    const session = record.session;
    if (session === null && record.gather !== null) return false;
    if (session !== null && (session.head !== record || record.gather !== null)) return false;
    record.progress = Progress.streaming;
    this.#partial.isStreaming = true;
    this.#context.counters.repliesStreamed++;
    return true;
  }

  #stream(record: InFlight, bytes: Buffer, start: number, end: number): void {
    if (record.session !== null && !record.isSilent) record.session.stream(bytes, start, end);
  }

  #endStream(record: InFlight, bytes: Buffer, end: number): void {
    this.#dequeue(record);
    this.#stream(record, bytes, 0, end - record.fenceBytes);
    if (record.session === null) this.#context.records.giveBack(record);
    else record.session.finish(record);
  }

  /** Too much has gathered for a client whose turn it is not: the client goes, the rest of the reply is dropped. */
  #abandon(record: InFlight): void {
    const session = record.session ?? record.gather?.session ?? null;
    session?.closeOverLimit();
    record.gather = null;
    this.#startStream(record);
    this.#partial.clear();
    this.#partial.isStreaming = true;
    this.#partial.isActive = true;
  }

  /** Swallows the handshake's replies. Returns where the bytes behind them start, -1 while there are none. */
  #onHandshakeBytes(bytes: Buffer, length: number): number {
    const partial = this.#partial;
    const kept = partial.length;
    partial.append(bytes, 0, length, 0);
    if (partial.length > HANDSHAKE_BYTES_MAX) {
      this.#fail('handshake', `sent ${partial.length} bytes in answer to the handshake`);
      return -1;
    }
    const { requests } = this.#options.handshake;
    let from = partial.consumed;
    while (this.#handshakeReplies < requests.length) {
      const result = this.#scanner.scan(partial.buffer, from, partial.length, 0);
      if (result === Scan.more) {
        partial.consumed = from;
        this.#scanner = this.#options.newScanner();
        return -1;
      }
      const step = requests[this.#handshakeReplies]!;
      if (result === Scan.error || this.#scanner.type === MINUS) {
        const text = partial.buffer.toString('latin1', from, Math.min(partial.length, from + 200)).split('\r\n')[0]!;
        const clause = refusalOf(step, text, result === Scan.error);
        if (clause !== undefined) {
          this.#fail('handshake', clause);
          return -1;
        }
      }
      this.#handshakeReplies++;
      from = this.#scanner.end;
    }
    const left = partial.length - from;
    partial.clear();
    if (left > 0) {
      // No request has been sent yet, so a client's record must not take these for its reply.
      this.#fail('protocol', `sent ${left} bytes that nobody asked for`);
      return -1;
    }
    this.#becomeReady();
    return from - kept;
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
    this.#scanner = this.#options.newScanner();
    this.#partial.clear();
    this.state = 'down';
    if (kind !== 'removed') this.#bookRetry(wasReady && context.turn.nowMs - this.#readySinceMs >= STABLE_MS);
    this.#failRecords(failure);
    this.#relieve();
  }

  /** The connection is not there in time for what waits for it. Nothing has been sent; the attempt goes on. */
  #failWaiting(clause: string): void {
    this.output.close();
    this.output = new Output(this.#context, this);
    const text = `node ${this.node.label} ${clause}`;
    this.#failRecords({ kind: 'timeout', node: this.node.id, text, wasReady: false });
    this.#relieve();
  }

  /** Empties the queue. */
  #failRecords(failure: Failure): void {
    let record = this.#head;
    this.#head = this.#tail = null;
    this.inFlight = 0;
    while (record !== null) {
      const next: InFlight | null = record.nextInChannel;
      record.nextInChannel = null;
      if (record.session !== null) record.session.onFailure(record, failure);
      else if (record.gather !== null) record.gather.onPartFailure(record, failure);
      else this.#context.records.giveBack(record);
      record = next;
    }
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
    if (failure.kind === 'removed') return;
    const isNews = this.failure === undefined;
    logger[isNews ? 'warn' : 'debug']({ node: this.node.id, kind: failure.kind, failed: this.inFlight }, failure.text);
  }

  #relieve(): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.onRelieved();
  }
}

/**
 * Why an error reply to a step of the handshake makes the connection useless; undefined when it does not. What a node
 * answers to anything until it is logged in, or before it closes the connection, is such a reason at any step.
 */
function refusalOf(step: HandshakeStep, text: string, isGarbage: boolean): string | undefined {
  if (text.startsWith('-NOAUTH')) return 'asks for a password, and the configuration has none';
  if (!step.isRequired && !isGarbage && !text.startsWith('-ERR max number of clients')) return undefined;
  return `refused ${step.name}: ${text.replace(/^-/, '')}`;
}

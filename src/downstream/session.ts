/**
 * One client connection, whatever its protocol: reply order, output, and when not to read.
 *
 * Replies leave in the order of requests. Each request has a record in this queue until its reply has left; only the
 * head's reply may go out, later ones are kept in their records (`onHeld`) and follow when the head is done (`finish`).
 *
 *   socket ─► onBytes ─► consume (protocol) ─► channel queues ─► ... ─► deliver / onHeld / onFailure ─► output ─► socket
 *
 * The session stops reading (is stalled) when its own replies pile up, when too many of its requests are in flight, or
 * when a node it sends to has enough; what was read and not yet served waits in `input`. The invariant: a session is in
 * the registry from start to close, and close happens once.
 */
import type { Socket } from 'node:net';
import { GrowingBuffer } from '../io/growing-buffer.js';
import { BLOCK_BYTES_MAX } from '../io/buffer-pool.js';
import { Output, OWNED_BYTES_MIN, type OutputOwner } from '../io/output.js';
import { readAccepted } from '../io/reading.js';
import type { Failure } from '../upstream/failure.js';
import { Progress, type InFlight } from '../upstream/in-flight.js';
import type { Channel, Waiter } from '../upstream/channel.js';
import type { Pool } from '../upstream/pool.js';
import type { WorkerContext } from '../worker-context.js';

/** Who keeps the list of sessions. */
export interface SessionOwner {
  onClosed(session: Session): void;
}

/** Bytes that are read from a client that waits in a blocking command, before it is not read any more. */
const BLOCKED_INPUT_BYTES_MAX = 256 * 1024;

export abstract class Session implements OutputOwner, Waiter {
  /** First record whose reply has not left. Channels compare with it on every reply. */
  head: InFlight | null = null;
  /** Requests whose replies have not left. */
  inFlight = 0;
  isClosed = false;
  /** How the client went, when it was the client: by closing, or by a connection that failed. */
  leftBy: 'eof' | 'error' | undefined;
  readonly output: Output;
  readonly context: WorkerContext;
  readonly connectedMs: number;
  /** When the client last sent or took something, or was seen to await something. */
  lastActiveMs: number;

  #tail: InFlight | null = null;
  /** Bytes of replies that are kept in records of this session. */
  #heldBytes = 0;
  #socket: Socket;
  readonly #input: GrowingBuffer;
  #isStalled = false;
  #isPaused = false;
  /** No more requests are taken; the connection closes when the replies have left. */
  #isEnding = false;
  #isWoken = false;
  #endsWhenServed = false;
  #closesWhenDrained = false;
  /** Stalled until nothing is in flight, not only until less is. */
  #waitsForAll = false;
  /** Stalled by a request that may take for ever: the client is still read, so that its leaving is noticed. */
  #isBlocked = false;
  /** Pushes that came while a reply was half-way out. */
  #pushed: Buffer[] | null = null;
  #countedBytesOut = 0;
  /** What had been sent when `noteActivity` looked last. */
  #notedBytesOut = 0;
  readonly #owner: SessionOwner;

  constructor(context: WorkerContext, accepted: Socket, owner: SessionOwner) {
    this.context = context;
    this.#owner = owner;
    this.connectedMs = this.lastActiveMs = context.turn.nowMs;
    this.output = new Output(context, this);
    this.#input = new GrowingBuffer(context.buffers);
    this.#socket = readAccepted(accepted, context.readBuffer, (bytes, length) => this.#onBytes(bytes, length));
    this.output.attach(this.#socket);
    this.#socket.on('end', () => {
      this.leftBy ??= 'eof';
      if (this.#isBlocked || this.awaitsPushes) this.close();
      else this.endAfterReplies();
    });
    this.#socket.on('error', () => {
      this.leftBy = 'error';
      this.close();
    });
    this.#socket.on('close', () => this.close());
  }

  /**
   * Serves requests in `bytes[start, end)` and returns where it stopped: before a request that is cut, or that has to
   * wait because the session is stalled. The bytes are valid during the call only; `handOver` keeps a large request.
   */
  protected abstract consume(bytes: Buffer, start: number, end: number): number;

  /** What was at `offset` when `consume` stopped is now at 0 of another buffer. */
  protected abstract onMoved(offset: number): void;

  /** Bytes that the cut request is known to need in all, 0 if that is not known. */
  protected abstract get bytesNeeded(): number;

  /** The error reply for a request that a failed node does not answer any more. */
  protected abstract failureReply(record: InFlight, failure: Failure): Buffer;

  get remoteAddress(): string {
    const { remoteAddress, remotePort } = this.#socket;
    return remoteAddress === undefined ? 'unix' : `${remoteAddress}:${remotePort}`;
  }

  get localAddress(): string {
    const { localAddress, localPort } = this.#socket;
    return localAddress === undefined ? 'unix' : `${localAddress}:${localPort}`;
  }

  get isStalled(): boolean {
    return this.#isStalled;
  }

  /** True while the client waits in a command that blocks. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** True when the client may get bytes that it did not ask for one by one: it is then never idle. */
  get awaitsPushes(): boolean {
    return false;
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Bytes read and not yet served. */
  get inputBytes(): number {
    return this.#input.length;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  // ---- replies, called by channels ----

  /** The head's whole reply lies in `bytes[start, end)`, valid during the call. */
  deliver(record: InFlight, bytes: Buffer, start: number, end: number): void {
    if (!record.isSilent) this.output.append(bytes, start, end);
    this.finish(record);
  }

  /** The head's whole reply lies in the record. */
  deliverOwn(record: InFlight): void {
    this.#appendHeld(record);
    this.finish(record);
  }

  /** A piece of the head's reply, more to come. */
  stream(bytes: Buffer, start: number, end: number): void {
    this.output.append(bytes, start, end);
    this.#checkOutput();
  }

  /** The head is done: drops it, and sends what waited behind it. */
  finish(record: InFlight): void {
    const records = this.context.records;
    if (this.#pushed !== null) this.#sendPushed();
    let next = record.nextInSession;
    records.giveBack(record);
    let done = 1;
    while (next !== null && next.progress === Progress.ready) {
      const ready: InFlight = next;
      this.#heldBytes -= ready.end - ready.start;
      this.#appendHeld(ready);
      next = ready.nextInSession;
      records.giveBack(ready);
      done++;
    }
    this.head = next;
    if (next === null) this.#tail = null;
    this.inFlight -= done;
    if (this.output.pendingBytes > this.context.limits.clientOutputPauseBytes) this.#checkOutput();
    if (next === null && this.#isEnding) this.#end();
    else if (this.#isStalled) this.#considerResuming();
  }

  /** A reply came before its turn and lies in its record. */
  onHeld(record: InFlight): void {
    this.context.counters.repliesHeld++;
    this.#heldBytes += record.end - record.start;
    if (this.#heldBytes > this.context.limits.clientOutputBytesMax) this.closeOverLimit();
  }

  /** The record's node failed before it answered. */
  onFailure(record: InFlight, failure: Failure): void {
    const { counters } = this.context;
    counters.errorsUpstream++;
    if (record.progress === Progress.streaming) {
      this.close();
      this.context.records.giveBack(record);
      return;
    }
    this.settle(record, this.failureReply(record, failure));
  }

  /** Answers `record` with bytes of our own: a failure, a merged reply, a reply that had to be waited for. */
  settle(record: InFlight, reply: Buffer): void {
    record.bytes = reply;
    record.start = 0;
    record.end = reply.length;
    record.progress = Progress.ready;
    if (this.head === record) this.deliverOwn(record);
    else this.onHeld(record);
  }

  /** A part of a split request came before the others and waits for them. */
  onPartHeld(bytes: number): void {
    this.#heldBytes += bytes;
    if (this.#heldBytes > this.context.limits.clientOutputBytesMax) this.closeOverLimit();
  }

  /** Every part of a split request is there; `bytes` of replies are in them, of which `held` were counted before. */
  onGathered(record: InFlight, bytes: number, held: number): void {
    this.#heldBytes -= held;
    record.start = 0;
    record.end = bytes;
    record.progress = Progress.ready;
    if (this.head === record) this.deliverOwn(record);
    else this.onHeld(record);
  }

  // ---- pushes ----

  /**
   * Sends bytes that are no reply: a message, a line of MONITOR. They go out at once, but never inside a reply that is
   * half-way out. A client that does not read them is closed at `subscriber_output`.
   */
  push(bytes: Buffer, start: number, end: number): void {
    if (this.isClosed || this.#isEnding) return;
    if (this.#isStreaming) this.#keepPush(Buffer.from(bytes.subarray(start, end)));
    else this.output.append(bytes, start, end);
    this.#countPush();
  }

  /** As `push`, of a large message that goes to many: nobody writes to `bytes` any more, so that all can share them. */
  pushShared(bytes: Buffer): void {
    if (this.isClosed || this.#isEnding) return;
    if (this.#isStreaming) this.#keepPush(bytes);
    else this.output.appendOwned(bytes, null);
    this.#countPush();
  }

  get #isStreaming(): boolean {
    return this.head !== null && this.head.progress === Progress.streaming;
  }

  #keepPush(bytes: Buffer): void {
    (this.#pushed ??= []).push(bytes);
    this.#heldBytes += bytes.length;
  }

  #countPush(): void {
    this.context.counters.pushesSent++;
    const waiting = this.output.pendingBytes + this.#heldBytes;
    if (waiting > this.context.limits.subscriberOutputBytesMax) this.#closeOverPushes();
  }

  /** As `push`, for what must not overtake a reply that is on its way: it leaves behind those of all requests in flight. */
  pushInOrder(bytes: Buffer): void {
    if (this.isClosed) return;
    if (this.head === null || this.#isBlocked) {
      this.push(bytes, 0, bytes.length);
      return;
    }
    this.context.counters.pushesSent++;
    this.reply(bytes);
  }

  #sendPushed(): void {
    for (const bytes of this.#pushed!) {
      this.#heldBytes -= bytes.length;
      this.output.append(bytes, 0, bytes.length);
    }
    this.#pushed = null;
  }

  #closeOverPushes(): void {
    this.context.counters.clientsClosedPushes++;
    this.context.logger.warn(
      { client: this.remoteAddress, limit: this.context.limits.subscriberOutputBytesMax },
      'client closed: the messages that wait for it passed the limit',
    );
    this.close();
  }

  // ---- requests, called by protocols ----

  /** Puts a record behind all others: its reply is the next to leave after theirs. */
  enqueue(record: InFlight): void {
    record.session = this;
    if (this.#tail === null) this.head = record;
    else this.#tail.nextInSession = record;
    this.#tail = record;
    this.inFlight++;
  }

  /** Replies at once, in its place in the order. The bytes are copied if they leave at once, else kept. */
  reply(bytes: Buffer, isSilent = false): void {
    if (this.head === null) {
      if (!isSilent) this.output.append(bytes, 0, bytes.length);
      return;
    }
    const record = this.context.records.take();
    this.enqueue(record);
    record.isSilent = isSilent;
    this.settle(record, bytes);
  }

  /** True when no further request may be served now. Checked before each. */
  protected get mustWait(): boolean {
    return (
      this.#isStalled ||
      this.#isEnding ||
      this.isClosed ||
      this.output.pendingBytes > this.context.limits.clientOutputPauseBytes
    );
  }

  /** Stops serving until replies have left, if too many are awaited. Checked after each request. */
  protected checkInFlight(): void {
    if (this.inFlight >= this.context.limits.clientInFlightMax) this.#stall();
  }

  /** Stops serving until `channel` has room. */
  protected stallOn(channel: Channel): void {
    this.#stall();
    channel.whenRelieved(this);
  }

  /** Stops serving until somebody calls `onRelieved`, who has been told to; earlier if replies leave. */
  protected stallUntilRelieved(): void {
    this.#stall();
  }

  /**
   * Stops serving until nothing is in flight: for a request that changes where later ones go. Called after the request
   * has its place in the order and before anything can answer it: an answer that has left wakes nobody.
   */
  stallUntilAnswered(): void {
    this.#waitsForAll = true;
    this.#stall();
  }

  /** As `stallUntilAnswered`, for a request whose answer may never come: the client is still read meanwhile. */
  stallBlocked(): void {
    this.#isBlocked = true;
    this.stallUntilAnswered();
  }

  /** No request after this one is served; the connection closes when every reply has left. */
  endAfterReplies(): void {
    if (this.isClosed || this.#isEnding) return;
    if (this.#isStalled) {
      // Requests that were read before the client's half-close are still served.
      this.#endsWhenServed = true;
      return;
    }
    this.#isEnding = true;
    if (this.head === null) this.#end();
  }

  /**
   * Sends a large request without copying it, if it lies in a buffer of this session that can be given away: one that
   * holds nothing else, or one so large that the pool would not take it back. False: the caller copies.
   */
  handOver(output: Output, bytes: Buffer, start: number, end: number): boolean {
    const input = this.#input;
    if (end - start < OWNED_BYTES_MIN || bytes !== input.buffer) return false;
    if (bytes.length > BLOCK_BYTES_MAX) {
      output.appendOwned(bytes.subarray(start, end), null);
      return true;
    }
    if (start > 0 || end < input.length) return false;
    const block = input.take();
    output.appendOwned(block.subarray(0, end), block);
    return true;
  }

  /** As `endAfterReplies`, but what has been read and not yet served is dropped. */
  endUnserved(): void {
    if (this.isClosed || this.#isEnding) return;
    this.#isEnding = true;
    this.#input.clear();
    if (this.head === null) this.#end();
  }

  /** The pool behind this session's service has taken the place of `previous`: requests from now on go there. */
  abstract onPoolChanged(previous: Pool): void;

  // ---- flow control ----

  onRelieved(): void {
    if (this.#isStalled) this.#wakeLater();
  }

  onDrained(): void {
    if (this.#closesWhenDrained) this.close();
    else if (this.#isStalled) this.#considerResuming();
  }

  onWriteError(): void {
    this.close();
  }

  /** Run by the turn, outside any read callback: serves what was left, then reads on. */
  wake(): void {
    this.#isWoken = false;
    if (this.isClosed || !this.#isStalled) return;
    this.#isStalled = false;
    this.#isBlocked = false;
    this.#consumeInput();
    if (this.#hasStopped()) return;
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#socket.resume();
    }
    if (this.#endsWhenServed) this.endAfterReplies();
  }

  /** A call and not a property: what it reads changes under whoever asks twice. */
  #hasStopped(): boolean {
    return this.isClosed || this.#isStalled;
  }

  #stall(): void {
    if (this.#isStalled) return;
    this.#isStalled = true;
    this.output.tellsDrain = true;
    if (!this.#waitsForAll) this.context.counters.clientPauses++;
    if (!this.#isBlocked) this.#pause();
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  #considerResuming(): void {
    const { limits } = this.context;
    if (this.#waitsForAll && this.head !== null) return;
    this.#waitsForAll = false;
    if (this.inFlight * 2 > limits.clientInFlightMax) return;
    if (this.output.pendingBytes * 2 > limits.clientOutputPauseBytes) {
      this.output.tellsDrain = true;
      return;
    }
    this.#wakeLater();
  }

  #wakeLater(): void {
    if (this.#isWoken) return;
    this.#isWoken = true;
    this.context.turn.wakeLater(this);
  }

  /** Replies pile up because the client does not read them: first its requests wait, in the end it is closed. */
  #checkOutput(): void {
    const { limits } = this.context;
    const waiting = this.output.pendingBytes + this.#heldBytes;
    if (waiting > limits.clientOutputBytesMax) this.closeOverLimit();
    else if (this.output.pendingBytes > limits.clientOutputPauseBytes) this.#stall();
  }

  closeOverLimit(): void {
    this.context.counters.clientsClosedOutput++;
    this.context.logger.warn(
      { client: this.remoteAddress, limit: this.context.limits.clientOutputBytesMax },
      'client closed: the replies that wait for it passed the limit',
    );
    this.close();
  }

  // ---- bytes ----

  /** A client that awaits a reply, or is still taking one in, is not idle. Called by the timer that closes idle clients. */
  noteActivity(nowMs: number): void {
    const { sentBytes } = this.output;
    if (this.head !== null || this.awaitsPushes || sentBytes !== this.#notedBytesOut) this.lastActiveMs = nowMs;
    this.#notedBytesOut = sentBytes;
  }

  /** Adds what was sent since the last call to the worker's counter. Called before a report and at the end. */
  countBytesOut(): void {
    const { sentBytes } = this.output;
    this.context.counters.clientBytesOut += sentBytes - this.#countedBytesOut;
    this.#countedBytesOut = sentBytes;
  }

  #onBytes(bytes: Buffer, length: number): void {
    if (this.isClosed || this.#isEnding) return;
    const { turn, counters } = this.context;
    turn.begin();
    this.lastActiveMs = turn.nowMs;
    counters.clientBytesIn += length;
    if (this.#input.length > 0 || this.#isStalled) {
      const needed = this.bytesNeeded;
      this.#input.append(bytes, 0, length, needed - this.#input.length - length);
      if (!this.#isStalled) this.#consumeInput();
      else if (this.#input.length > BLOCKED_INPUT_BYTES_MAX) this.#pause();
      return;
    }
    const served = this.consume(bytes, 0, length);
    if (served < length && !this.#isOver()) {
      this.onMoved(served);
      this.#input.append(bytes, served, length, this.bytesNeeded - (length - served));
    }
    this.#checkOwnReplies();
  }

  #isOver(): boolean {
    return this.isClosed || this.#isEnding;
  }

  #consumeInput(): void {
    const input = this.#input;
    if (input.length === 0) return;
    const served = this.consume(input.buffer, 0, input.length);
    if (this.isClosed || this.#isEnding) {
      input.clear();
    } else if (served > 0) {
      this.onMoved(served);
      if (input.length > 0) input.discard(served);
    }
    this.#checkOwnReplies();
  }

  /** Replies that no node gave pass no `finish`. A client that is leaving is sent no more, and closes when it has them. */
  #checkOwnReplies(): void {
    if (this.output.pendingBytes > this.context.limits.clientOutputPauseBytes && !this.#isOver()) this.#checkOutput();
  }

  #appendHeld(record: InFlight): void {
    if (record.gather !== null) {
      record.gather.writeTo(record.isSilent ? null : this.output);
      return;
    }
    if (record.isSilent) return;
    const bytes = record.bytes!;
    const { start, end } = record;
    if (record.slab !== null || end - start < OWNED_BYTES_MIN) {
      this.output.append(bytes, start, end);
      return;
    }
    record.bytes = null;
    this.output.appendOwned(bytes.subarray(start, end), bytes);
  }

  // ---- the end ----

  #end(): void {
    this.output.flush();
    if (this.output.pendingBytes === 0) {
      this.close();
    } else {
      this.#closesWhenDrained = true;
      this.output.tellsDrain = true;
    }
  }

  /** Closes the connection now. Requests in flight stay in their channels' queues; their replies will be dropped. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.countBytesOut();
    this.output.close();
    this.#input.clear();
    this.#socket.destroy();
    let record = this.head;
    this.head = this.#tail = null;
    while (record !== null) {
      const next: InFlight | null = record.nextInSession;
      record.nextInSession = null;
      record.session = null;
      if (record.gather !== null) record.gather.onSessionClosed();
      if (record.progress === Progress.ready || record.gather !== null) this.context.records.giveBack(record);
      record = next;
    }
    this.inFlight = 0;
    this.#heldBytes = 0;
    this.#pushed = null;
    this.#owner.onClosed(this);
  }
}

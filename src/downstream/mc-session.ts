/**
 * A memcached client: its framing, and what the proxy does with each request.
 *
 * `consume` is the hot loop. A request with one key and a reply goes straight from the read buffer to the output of its
 * node's channel, with a record that says which kind of reply to expect; consecutive requests for the same node are
 * copied as one slice. Everything else goes through McService.execute. memcached has no state per connection, so there
 * is none here either.
 */
import type { Socket } from 'node:net';
import { Mc } from '../protocol/memcache/commands.js';
import { McRequestFramer } from '../protocol/memcache/request-framer.js';
import { McScan } from '../protocol/memcache/scan.js';
import { serverError } from '../protocol/memcache/replies.js';
import { OWNED_BYTES_MIN, type Output } from '../io/output.js';
import { Outcome } from '../shape/request.js';
import { Accept, type Channel } from '../upstream/channel.js';
import type { Failure } from '../upstream/failure.js';
import type { InFlight } from '../upstream/in-flight.js';
import type { Lane } from '../upstream/lane.js';
import { mcFailureReply } from './mc-errors.js';
import type { McService } from './mc-service.js';
import { refused } from '../shape/memcache/send.js';
import { Session, type SessionOwner } from './session.js';

export class McSession extends Session {
  readonly service: McService;
  lane: Lane;
  /** After a whole frame: what the request being served is. */
  readonly framer: McRequestFramer;

  /** Requests for one channel that lie one behind the other and are copied together. */
  #runChannel: Channel | null = null;
  #runStart = 0;
  #runEnd = 0;
  /** Bytes that the request at the start of the input needs, if it is cut inside its data. */
  #bytesNeeded = 0;

  constructor(service: McService, accepted: Socket, owner: SessionOwner) {
    super(service.context, accepted, owner);
    this.service = service;
    this.lane = service.pool.checkOut(0, 2);
    this.framer = new McRequestFramer(service.requestLimits);
  }

  override close(): void {
    if (this.isClosed) return;
    super.close();
    this.service.pool.checkIn(this.lane);
  }

  override onPoolChanged(): void {
    this.lane = this.service.pool.checkOutLike(this.lane);
  }

  // ---- for shapes ----

  /** Index of the node of the request's first key; a base64 key routes by what it decodes to. */
  nodeOfKey(bytes: Buffer): number {
    const { framer } = this;
    const { partitioner } = this.service.pool;
    if (framer.decodedKeyLength > 0) return partitioner.nodeOf(framer.decodedKey, 0, framer.decodedKeyLength);
    const at = 2 * framer.firstKey;
    return partitioner.nodeOf(bytes, framer.args[at]!, framer.args[at + 1]!);
  }

  /** The request being served has to wait until `channel` has room. */
  waitFor(channel: Channel): Outcome {
    this.stallOn(channel);
    return Outcome.stalled;
  }

  /** Sends part of a request on, a large one without copying it where that can be. */
  appendRequest(output: Output, bytes: Buffer, start: number, end: number): void {
    if (end - start >= OWNED_BYTES_MIN && this.handOver(output, bytes, start, end)) return;
    output.append(bytes, start, end);
  }

  /** Takes the request's place in the order now and answers when `value` is there. */
  replyLater(value: Promise<Buffer>): Outcome {
    const record = this.context.records.take();
    this.enqueue(record);
    // One such question of a client at a time: it is asked of every worker or node, and its answer may be long.
    this.stallUntilAnswered();
    const settle = (reply: Buffer): void => {
      if (record.session === null) this.context.records.giveBack(record);
      else this.settle(record, reply);
    };
    value.then(settle, (error: unknown) => settle(serverError(error instanceof Error ? error.message : String(error))));
    return Outcome.done;
  }

  // ---- replies ----

  override deliver(record: InFlight, bytes: Buffer, start: number, end: number): void {
    if (record.hiddenStart !== 0) hideIfQuiet(record, bytes, start);
    super.deliver(record, bytes, start, end);
  }

  override deliverOwn(record: InFlight): void {
    if (record.hiddenStart !== 0) hideIfQuiet(record, record.bytes!, record.start);
    super.deliverOwn(record);
  }

  override onHeld(record: InFlight): void {
    if (record.hiddenStart !== 0) hideIfQuiet(record, record.bytes!, record.start);
    super.onHeld(record);
  }

  // ---- bytes ----

  protected override get bytesNeeded(): number {
    return this.#bytesNeeded;
  }

  /** The framer tells by the offset it is called with that the bytes have moved. */
  protected override onMoved(): void {
    return;
  }

  protected override failureReply(record: InFlight, failure: Failure): Buffer {
    return mcFailureReply(failure, record.isWrite);
  }

  protected override consume(bytes: Buffer, start: number, end: number): number {
    const { framer } = this;
    let pos = start;
    this.#bytesNeeded = 0;
    while (pos < end && !this.mustWait) {
      const result = framer.next(bytes, pos, end);
      if (result === McScan.more) {
        pos = framer.frameStart;
        if (framer.needBytes > 0) this.#bytesNeeded = end - pos + framer.needBytes;
        break;
      }
      if (result === McScan.error) {
        this.#endRun(bytes);
        this.service.refuse(this, bytes);
      } else if (!this.#serve(bytes)) break;
      pos = framer.frameEnd;
      if (this.inFlight >= this.context.limits.clientInFlightMax) this.checkInFlight();
    }
    this.#endRun(bytes);
    return pos;
  }

  /** One request. False: it has to wait, nothing has been done with it. */
  #serve(bytes: Buffer): boolean {
    const { framer, service } = this;
    const { command } = framer;
    if (
      service.isPlain[command] === 1 &&
      framer.keyCount === 1 &&
      !framer.noreply &&
      !framer.quiet &&
      framer.decodedKeyLength === 0
    ) {
      const at = 2 * framer.firstKey;
      const node = service.pool.partitioner.nodeOf(bytes, framer.args[at]!, framer.args[at + 1]!);
      if (!this.#forward(bytes, node)) return false;
    } else {
      this.#endRun(bytes);
      if (service.execute(this, bytes) === Outcome.stalled) return false;
    }
    this.context.counters.commands++;
    // Of gets memcached counts the keys.
    this.context.mcCommands[command]! += framer.keyCount > 1 ? framer.keyCount : 1;
    return true;
  }

  /** The hot path's end: a record into two queues, the frame's bytes into the run. */
  #forward(bytes: Buffer, node: number): boolean {
    const { framer } = this;
    const { command, frameStart, frameEnd } = framer;
    const channel = this.lane.channels[node]!;
    const record = this.context.records.take();
    record.isWrite = this.service.isWrite[command] === 1 || (command === Mc.mg && framer.isWrite);
    record.command = command;
    record.expect = this.service.replyKind[command]!;
    const taken = channel.accept(record);
    if (taken !== Accept.taken) {
      this.context.records.giveBack(record);
      this.#endRun(bytes);
      return refused(this, channel, taken) === Outcome.done;
    }
    this.enqueue(record);
    if (channel === this.#runChannel && frameStart === this.#runEnd) {
      this.#runEnd = frameEnd;
      return true;
    }
    this.#endRun(bytes);
    if (frameEnd - frameStart >= OWNED_BYTES_MIN && this.handOver(channel.output, bytes, frameStart, frameEnd)) {
      return true;
    }
    this.#runChannel = channel;
    this.#runStart = frameStart;
    this.#runEnd = frameEnd;
    return true;
  }

  #endRun(bytes: Buffer): void {
    if (this.#runChannel === null) return;
    this.#runChannel.output.append(bytes, this.#runStart, this.#runEnd);
    this.#runChannel = null;
  }
}

/** Makes the reply silent if it is the one that flag q of its request hides. */
function hideIfQuiet(record: InFlight, bytes: Buffer, start: number): void {
  if (bytes.readUInt16BE(start) === record.hiddenStart) record.isSilent = true;
}

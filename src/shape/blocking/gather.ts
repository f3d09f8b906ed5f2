/**
 * A command that waits at its node, on a connection that its client has to itself.
 *
 *   to the node:    CLIENT ID | BLPOP key 0            answered: the id at once, the command when it may
 *   CLIENT UNBLOCK: CLIENT UNBLOCK id on a shared connection, after which the node answers the command itself
 *
 * The node ends the wait for CLIENT UNBLOCK, because only it knows whether a value has been taken for the client already: a
 * connection that was closed instead would lose that value. A client that leaves does lose it, as it does at a
 * redis-server; its connection is closed at once, which ends the wait there. A connection whose command was answered is
 * clean and goes back.
 */
import { failureReply } from '../../downstream/resp-errors.js';
import type { RespSession } from '../../downstream/resp-session.js';
import type { Output } from '../../io/output.js';
import { encodeRequest } from '../../protocol/resp/inline.js';
import { Accept, type Channel } from '../../upstream/channel.js';
import type { Failure } from '../../upstream/failure.js';
import type { InFlight } from '../../upstream/in-flight.js';
import { Gather } from '../gather.js';
import type { RespRequest } from '../request.js';

const CLIENT_ID = encodeRequest(['CLIENT', 'ID']);

/** What CLIENT UNBLOCK makes of the wait: its timeout, or an error. */
export type UnblockReason = 'TIMEOUT' | 'ERROR';

/** The command at one node. */
interface Call {
  readonly channel: Channel;
  readonly node: number;
  /** Replies that are still to come before that of the command. */
  prefaces: number;
  /** The connection's id at the node, once it has said so. */
  id: string | undefined;
  isOver: boolean;
}

export class BlockingGather extends Gather {
  readonly #client: RespSession;
  readonly #isWrite: boolean;
  /** One for each part. */
  readonly #calls: Call[] = [];
  #unblock: UnblockReason | undefined;
  #onOver: ((isAnswered: boolean) => void)[] = [];

  constructor(session: RespSession, isWrite: boolean) {
    super(session, false);
    this.#client = session;
    this.#isWrite = isWrite;
  }

  /** Sent before the command, one reply each. */
  protected get prefaces(): readonly Buffer[] {
    return [CLIENT_ID];
  }

  /** Sends the request on connections that were lent for it. `deadlineMs` 0: it may take for ever. */
  ask(channels: readonly Channel[], nodes: readonly number[], request: RespRequest, deadlineMs: number): void {
    const { prefaces } = this;
    channels.forEach((channel, i) => {
      this.#calls.push({ channel, node: nodes[i]!, prefaces: prefaces.length, id: undefined, isOver: false });
      this.addPart(this.#isWrite).command = request.command.index;
    });
    // Every part is there before the first may fail: the whole is complete when none is missing.
    const parts = [...this.parts];
    channels.forEach((channel, i) => {
      channel.requestTimeoutMs = deadlineMs;
      if (channel.accept(parts[i]!) !== Accept.taken) {
        this.onPartFailure(parts[i]!, { ...channel.failure!, wasReady: false });
        return;
      }
      for (const bytes of prefaces) channel.output.append(bytes, 0, bytes.length);
      channel.output.append(request.bytes, request.start, request.end);
    });
  }

  /** Asks the nodes to end the wait. The promise tells whether the command has been answered, for whatever reason. */
  unblock(reason: UnblockReason): Promise<boolean> {
    this.#unblock = reason;
    for (const call of this.#calls) this.#sendUnblock(call);
    return new Promise((resolve) => this.#onOver.push(resolve));
  }

  /** Only behind the id's reply: the node has certainly got the command then. */
  #sendUnblock({ id, channel: waiting, isOver }: Call): void {
    if (this.#unblock === undefined || id === undefined || isOver) return;
    // By the node itself: its place in the list may be another one since the client began to wait.
    const channel = this.#client.lane.channels.find(({ node }) => node === waiting.node);
    if (channel === undefined) {
      // The node has left the configuration, and nothing but this connection leads to it.
      this.#client.service.pool.privateConnections.discard(waiting);
      return;
    }
    const record = this.#client.context.records.take();
    record.isSilent = true;
    if (channel.accept(record) !== Accept.taken) {
      this.#client.context.records.giveBack(record);
      return;
    }
    const request = encodeRequest(['CLIENT', 'UNBLOCK', id, this.#unblock]);
    channel.output.append(request, 0, request.length);
  }

  protected override onPartReady(part: InFlight): void {
    const call = this.#calls[this.parts.indexOf(part)]!;
    if (call.isOver) return;
    if (call.prefaces > 0) {
      call.id ??= /^:(\d+)\r\n$/.exec(part.bytes!.toString('latin1', part.start, part.end))?.[1];
      call.prefaces--;
      this.renew(part);
      call.channel.acceptMore(part);
      this.#sendUnblock(call);
      return;
    }
    call.isOver = true;
    this.#client.service.pool.privateConnections.checkIn(call.channel);
  }

  protected override failureReply(part: InFlight, failure: Failure): Buffer {
    const call = this.#calls[this.parts.indexOf(part)]!;
    call.isOver = true;
    this.#client.service.pool.privateConnections.discard(call.channel);
    return failureReply(failure, this.#isWrite);
  }

  protected override merge(output: Output): void {
    const { bytes, start, end } = this.parts[0]!;
    output.append(bytes!, start, end);
  }

  protected override onReleased(): void {
    const isAnswered = this.#calls.every(({ isOver }) => isOver);
    for (const { channel, isOver } of this.#calls) {
      if (!isOver) this.#client.service.pool.privateConnections.discard(channel);
    }
    for (const tell of this.#onOver) tell(isAnswered);
    this.#onOver = [];
  }
}

/**
 * SCAN over all nodes: one node after the other, and the cursor carries which (scan-cursor.ts). The proxy keeps nothing
 * between two calls, so a scan goes on after a reconnect, at another worker or another proxy.
 *
 * Each node gives its guarantee (a key that is there from the start to the end of the scan is returned at least once), and
 * no node is left out: one that is down is an error that names it. The request goes to the node with the node's cursor in
 * the place of the client's; in its reply the cursor is exchanged and the bytes of the keys stay as they are.
 * Cost: one Gather, one short copy of the request, the reply is held until it is whole.
 */
import type { Command } from '../command/command.js';
import { badScanCursor, errorReply, failureReply, largeScanCursor } from '../downstream/resp-errors.js';
import type { RespSession } from '../downstream/resp-session.js';
import type { Output } from '../io/output.js';
import { Accept } from '../upstream/channel.js';
import type { Failure } from '../upstream/failure.js';
import type { InFlight } from '../upstream/in-flight.js';
import { Gather } from './gather.js';
import { Outcome, type RespRequest } from './request.js';
import { cursorAfter, placeOf, type ScanPlace } from './scan-cursor.js';
import { forwardWhole } from './send.js';
import type { Shape } from './shape.js';

/** @throws RangeError for a command that this shape does not serve. */
export function scanShape(command: Command): Shape {
  if (command.name !== 'scan') throw new RangeError(`no shape for ${command.name}`);
  return (session, request) => {
    const { nodes } = session.service.pool;
    if (nodes.length === 1) return forwardWhole(session, request, 0, false);
    const place = placeOf(request.text(1), nodes.length);
    return place === undefined ? session.replyError(badScanCursor) : scanNode(session, request, place);
  };
}

function scanNode(session: RespSession, request: RespRequest, place: ScanPlace): Outcome {
  const channel = session.lane.channels[place.node]!;
  if (channel.isCongested) {
    session.waitFor(channel);
    return Outcome.stalled;
  }
  const gather = new ScanGather(session, place.node);
  const part = gather.addPart(false);
  part.command = request.command.index;
  if (channel.accept(part) !== Accept.taken) {
    gather.failPart(0, { ...channel.failure!, wasReady: false });
    return Outcome.done;
  }
  const { bytes, start, end, args } = request;
  // Everything in front of the cursor's length, and everything behind the cursor, is the client's own.
  channel.output.append(bytes, start, args[1]! + 2);
  const cursor = Buffer.from(`$${place.nodeCursor.length}\r\n${place.nodeCursor}`, 'latin1');
  channel.output.append(cursor, 0, cursor.length);
  channel.output.append(bytes, args[3]!, end);
  return Outcome.done;
}

/** "*2", the cursor as a bulk of digits, and what comes behind it. */
const REPLY_START = /^\*2\r\n\$\d{1,2}\r\n(\d{1,20})\r\n/;
/** More than REPLY_START can match. */
const REPLY_START_BYTES_MAX = 40;
const MINUS = 45;

class ScanGather extends Gather {
  readonly #node: number;
  readonly #service: RespSession['service'];

  constructor(session: RespSession, node: number) {
    super(session, false);
    this.#node = node;
    this.#service = session.service;
    this.isSilent = session.isSilent;
  }

  protected override failureReply(_part: InFlight, failure: Failure): Buffer {
    return failureReply(failure, false);
  }

  protected override merge(output: Output): void {
    const { bytes, start, end } = this.parts[0]!;
    if (bytes![start] === MINUS) {
      output.append(bytes!, start, end);
      return;
    }
    const { nodes } = this.#service.pool;
    const { label } = nodes[this.#node]!;
    const found = REPLY_START.exec(bytes!.toString('latin1', start, Math.min(end, start + REPLY_START_BYTES_MAX)));
    if (found === null) {
      this.#refuse(output, errorReply(`ERR ringward: node ${label} answered SCAN with something that is no cursor`));
      return;
    }
    const cursor = cursorAfter(this.#node, found[1]!, nodes.length);
    if (cursor === undefined) {
      this.#refuse(output, largeScanCursor(label, found[1]!));
      return;
    }
    const head = Buffer.from(`*2\r\n$${cursor.length}\r\n${cursor}\r\n`, 'latin1');
    output.append(head, 0, head.length);
    output.append(bytes!, start + found[0].length, end);
  }

  #refuse(output: Output, reply: Buffer): void {
    output.append(reply, 0, reply.length);
  }
}

/**
 * The commands between MULTI and EXEC: frames for the node one behind the other as the client sent them, and beside them
 * what the proxy does itself when the transaction has run. Remembers the node of the first key, and the first key of
 * another node, of which EXEC tells. Bounded by `transaction_commands` and `transaction_size`.
 */
import type { Command } from '../../command/command.js';
import { extractKeys, KeyList } from '../../command/keys.js';
import { errorReply, keyTooLong } from '../../downstream/resp-errors.js';
import type { RespSession } from '../../downstream/resp-session.js';
import { GrowingBuffer } from '../../io/growing-buffer.js';
import { RequestFramer } from '../../protocol/resp/request-framer.js';
import { localShape } from '../local/local.js';
import { RespRequest } from '../request.js';
import { needsOneNode, notInside, treatmentOf } from './treatment.js';

/** Something to do when the transaction has run, behind its first `position` commands for the node. */
export type Special =
  | { readonly kind: 'select'; readonly position: number; readonly db: number }
  | { readonly kind: 'local'; readonly position: number; serve(session: RespSession): Buffer | Promise<Buffer> };

/** A key or channel and the node that has it. */
export interface Placed {
  readonly name: string;
  readonly node: number;
}

const keys = new KeyList();

export class CommandQueue {
  /** All commands, the proxy's own included. */
  count = 0;
  /** Those for the node. */
  nodeCommands = 0;
  /** What decided the node. */
  first: Placed | null = null;
  /** What lies on another node than `first`: the transaction cannot run. */
  crossing: Placed | null = null;
  readonly specials: Special[] = [];
  readonly frames: GrowingBuffer;
  #bytes = 0;

  constructor(session: RespSession) {
    this.frames = new GrowingBuffer(session.context.buffers);
  }

  /** Queues the request, or returns the error that dooms the transaction. */
  add(session: RespSession, request: RespRequest, command: Command): Buffer | null {
    const problem = this.#limitProblem(session, request) ?? this.#enqueue(session, request, command);
    if (problem === null) this.count++;
    return problem;
  }

  /** What was queued is not needed any more. */
  clear(): void {
    this.frames.clear();
    this.specials.length = 0;
  }

  #limitProblem(session: RespSession, request: RespRequest): Buffer | null {
    const { limits, counters } = session.context;
    this.#bytes += request.end - request.start;
    const text =
      this.count >= limits.transactionCommandsMax
        ? `more than ${limits.transactionCommandsMax} commands`
        : this.#bytes > limits.transactionBytesMax
          ? `more than ${limits.transactionBytesMax} bytes of commands`
          : null;
    if (text === null) return null;
    counters.transactionsOverLimit++;
    return errorReply(`ERR ringward: the transaction has ${text}`);
  }

  #enqueue(session: RespSession, request: RespRequest, command: Command): Buffer | null {
    const treatment = treatmentOf(command);
    switch (treatment.kind) {
      case 'node':
        return this.#placeKeys(session, request, command) ?? this.#forward(request);
      case 'channel':
        this.#place(session, request, 1);
        return this.#forward(request);
      case 'all_nodes': {
        const { length } = session.service.pool.nodes;
        return length > 1 ? needsOneNode(command, length) : this.#forward(request);
      }
      case 'select':
        return this.#select(session, request, command);
      case 'local':
        if (!isPossible(session, request, command)) return notInside(command);
        return this.#local(request, command);
      case 'nested':
      case 'refused':
        return treatment.error;
      case 'now':
        throw new RangeError(`${command.name} is never queued`);
    }
  }

  #forward({ bytes, start, end }: RespRequest): null {
    this.nodeCommands++;
    this.frames.append(bytes, start, end);
    return null;
  }

  #placeKeys(session: RespSession, request: RespRequest, command: Command): Buffer | null {
    const { bytes, args, argc } = request;
    const { keyBytesMax } = session.context.limits;
    // Where the keys cannot be told the request is malformed, and its node says so in the reply of EXEC.
    const count = extractKeys(command, bytes, args, argc, keys);
    for (let i = 0; i < count; i++) {
      const position = keys.positions[i]!;
      const length = args[position * 2 + 1]! - args[position * 2]!;
      if (length > keyBytesMax) return keyTooLong(length, keyBytesMax);
      this.#place(session, request, position);
    }
    return null;
  }

  #place(session: RespSession, request: RespRequest, position: number): void {
    const { bytes, args } = request;
    const node = session.service.pool.partitioner.nodeOf(bytes, args[position * 2]!, args[position * 2 + 1]!);
    if (this.first === null) this.first = { name: request.text(position), node };
    else if (node !== this.first.node) this.crossing ??= { name: request.text(position), node };
  }

  /** A database that the proxy knows is the node's to select; for any other the proxy has the error. */
  #select(session: RespSession, request: RespRequest, command: Command): null {
    const text = request.text(1);
    if (!/^(?:0|[1-9]\d{0,8})$/.test(text) || Number(text) >= session.service.pool.config.databases) {
      return this.#local(request, command);
    }
    this.specials.push({ kind: 'select', position: this.nodeCommands, db: Number(text) });
    return this.#forward(request);
  }

  #local(request: RespRequest, command: Command): null {
    const frame = Buffer.from(request.bytes.subarray(request.start, request.end));
    const shape = localShape(command);
    this.specials.push({
      kind: 'local',
      position: this.nodeCommands,
      serve: (session) => session.capture(() => shape(session, requestOf(session, frame, command))),
    });
    return null;
  }
}

/** False for what would change how the replies behind it look, in the middle of the reply of EXEC. */
function isPossible(session: RespSession, request: RespRequest, command: Command): boolean {
  if (command.name === 'client|reply') return !['OFF', 'SKIP'].includes(request.word(2));
  if (command.name !== 'hello' || request.argc === 1) return true;
  const version = request.text(1);
  return version === String(session.respVersion) || (version !== '2' && version !== '3');
}

function requestOf(session: RespSession, frame: Buffer, command: Command): RespRequest {
  const framer = new RequestFramer(session.context.limits);
  framer.scan(frame, 0, frame.length);
  const request = new RespRequest();
  request.bytes = frame;
  request.end = frame.length;
  request.args = framer.args;
  request.argc = framer.argc;
  request.command = command;
  return request;
}

/**
 * Swallows the replies to a connection's handshake, before any request is sent on it.
 */
import type { BufferPool } from '../io/buffer-pool.js';
import { GrowingBuffer } from '../io/growing-buffer.js';
import { Scan } from '../protocol/resp/scan.js';
import type { FailureKind } from './failure.js';
import type { Handshake, HandshakeStep } from './handshake.js';
import type { ReplyScanner } from './reply-intake.js';

/** The replies to a handshake are a few hundred bytes. */
const HANDSHAKE_BYTES_MAX = 64 * 1024;
const LINE_SHOWN_BYTES_MAX = 200;

/** Why the connection is of no use; `clause` follows the node's name. */
export interface Refusal {
  readonly kind: FailureKind;
  readonly clause: string;
}

export class HandshakeReader {
  readonly #steps: readonly HandshakeStep[];
  readonly #newScanner: () => ReplyScanner;
  readonly #buffer: GrowingBuffer;
  readonly #mayBePushed: boolean;
  #done = 0;
  #from = 0;

  /** `mayBePushed`: what a node sends behind the replies may be pushes, which `rest` then has. */
  constructor(handshake: Handshake, newScanner: () => ReplyScanner, buffers: BufferPool, mayBePushed = false) {
    this.#mayBePushed = mayBePushed;
    this.#steps = handshake.requests;
    this.#newScanner = newScanner;
    this.#buffer = new GrowingBuffer(buffers);
  }

  /** Takes one read. True: every reply is there; false: more are to come; else why the connection is refused. */
  read(bytes: Buffer, length: number): boolean | Refusal {
    const buffer = this.#buffer;
    buffer.append(bytes, 0, length);
    if (buffer.length > HANDSHAKE_BYTES_MAX) {
      return { kind: 'handshake', clause: `sent ${buffer.length} bytes in answer to the handshake` };
    }
    while (this.#done < this.#steps.length) {
      const step = this.#steps[this.#done]!;
      const scanner = this.#newScanner();
      const result = scanner.scan(buffer.buffer, this.#from, buffer.length, step.expect);
      if (result === Scan.more) return false;
      const line = this.#line();
      const clause = result === Scan.error ? `refused ${step.name}: ${line}` : step.refusalOf(line);
      if (clause !== undefined) return { kind: 'handshake', clause };
      this.#done++;
      this.#from = scanner.end;
    }
    // No request has been sent yet, so a client's record must not take what is left for its reply.
    const left = buffer.length - this.#from;
    return left === 0 || this.#mayBePushed || { kind: 'protocol', clause: `sent ${left} bytes that nobody asked for` };
  }

  /** A copy of what came behind the last reply; empty unless pushes may come. */
  get rest(): Buffer {
    return Buffer.from(this.#buffer.buffer.subarray(this.#from, this.#buffer.length));
  }

  /** The step whose reply is awaited. */
  get awaited(): string {
    return this.#steps[this.#done]?.name ?? '';
  }

  close(): void {
    this.#buffer.clear();
  }

  /** The first line of the reply being looked at, or what the log can bear of it. */
  #line(): string {
    const end = Math.min(this.#buffer.length, this.#from + LINE_SHOWN_BYTES_MAX);
    return this.#buffer.buffer.toString('latin1', this.#from, end).split('\r\n')[0]!;
  }
}

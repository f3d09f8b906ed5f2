/**
 * WAIT and WAITAOF: every node is asked, and the smallest of their numbers is true of all of them. What a client wrote went
 * over shared connections, and a node counts what the asking connection has seen up to its last command: a PING before
 * WAIT makes that everything so far.
 */
import { errorReply } from '../../downstream/resp-errors.js';
import type { RespSession } from '../../downstream/resp-session.js';
import type { Output } from '../../io/output.js';
import { encodeRequest } from '../../protocol/resp/inline.js';
import { BlockingGather } from './gather.js';

const MINUS = 45;
const PING = encodeRequest(['PING']);

export class WaitGather extends BlockingGather {
  readonly #isAof: boolean;

  /** `isAof`: the nodes answer two numbers. */
  constructor(session: RespSession, isAof: boolean) {
    super(session, false);
    this.#isAof = isAof;
  }

  protected override get prefaces(): readonly Buffer[] {
    return [...super.prefaces, PING];
  }

  protected override merge(output: Output): void {
    const error = this.parts.find((part) => part.bytes![part.start] === MINUS);
    if (error !== undefined) {
      output.append(error.bytes!, error.start, error.end);
      return;
    }
    const form = this.#isAof ? /^\*2\r\n:(\d{1,15})\r\n:(\d{1,15})\r\n$/ : /^:(\d{1,15})\r\n$/;
    const found = this.parts.map(({ bytes, start, end }) => form.exec(bytes!.toString('latin1', start, end)));
    let reply: Buffer;
    if (found.includes(null)) {
      reply = errorReply('ERR ringward: a node answered something that is no number of replicas');
    } else {
      const least = (group: number): number => Math.min(...found.map((numbers) => Number(numbers![group])));
      reply = Buffer.from(this.#isAof ? `*2\r\n:${least(1)}\r\n:${least(2)}\r\n` : `:${least(1)}\r\n`, 'latin1');
    }
    output.append(reply, 0, reply.length);
  }
}

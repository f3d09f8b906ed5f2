/**
 * A command that went to every node, one part each in the order of the pool's nodes, and what its failures become. One
 * subclass per way of merging; they see only replies that are no errors, unless they ask for those.
 *
 * An error that all nodes agree on is the nodes' own, byte for byte: a wrong option reads as it does from one server. Any
 * other error names the node, and for a command that changes something also who has done it: nothing is taken back.
 */
import type { RespSession } from '../../downstream/resp-session.js';
import { errorReply, partialFailure } from '../../downstream/resp-errors.js';
import type { Output } from '../../io/output.js';
import { decodeReply } from '../../protocol/resp/decoder.js';
import { encodeReply } from '../../protocol/resp/encoder.js';
import type { ReplyValue } from '../../protocol/resp/value.js';
import type { Failure } from '../../upstream/failure.js';
import type { InFlight } from '../../upstream/in-flight.js';
import type { UpstreamNode } from '../../upstream/node.js';
import { Gather } from '../gather.js';

const MINUS = 45;
const BANG = 33;

export abstract class BroadcastGather extends Gather {
  protected readonly nodes: readonly UpstreamNode[];
  protected readonly respVersion: 2 | 3;
  /** Upper case, as errors call it. */
  protected readonly name: string;
  /** Told once, when the parts are done with: whoever lent connections takes them back. */
  whenReleased: (() => void) | undefined;
  /** Of parts whose node did not answer. */
  readonly #failures = new Map<InFlight, Failure>();

  /** `changes`: the command changes something, so an error must say where it has been done. */
  protected abstract readonly changes: boolean;

  constructor(session: RespSession, name: string) {
    super(session);
    this.nodes = session.service.pool.nodes;
    this.respVersion = session.respVersion;
    this.name = name;
    this.isSilent = session.isSilent;
  }

  /** What the client gets, from replies that are no errors. The values are views into the parts. */
  protected abstract mergeReplies(output: Output): void;

  protected override merge(output: Output): void {
    const error = this.#verdict();
    if (error === undefined) this.mergeReplies(output);
    else appendAll(output, error);
  }

  protected override failureReply(part: InFlight, failure: Failure): Buffer {
    this.#failures.set(part, failure);
    return errorReply(`ERR ringward: ${failure.text}`);
  }

  protected override onReleased(): void {
    const { whenReleased } = this;
    this.whenReleased = undefined;
    whenReleased?.();
  }

  /** The node that was asked for `part`. */
  protected nodeOf(part: InFlight): UpstreamNode {
    return this.nodes[this.parts.indexOf(part)]!;
  }

  protected isError(part: InFlight): boolean {
    const type = part.bytes![part.start];
    return type === MINUS || type === BANG;
  }

  /** The error of the whole; undefined when every part succeeded. */
  #verdict(): Buffer | undefined {
    const failed = this.parts.filter((part) => this.isError(part));
    return failed.length === 0 ? undefined : this.errorOf(failed);
  }

  /** What an error says when the parts `failed` did not succeed; the first of them is told in full. */
  protected errorOf(failed: readonly InFlight[]): Buffer {
    const first = failed[0]!;
    if (failed.length === this.parts.length && this.#failures.size === 0 && failed.every((part) => same(part, first))) {
      return Buffer.from(first.bytes!.subarray(first.start, first.end));
    }
    const idOf = (part: InFlight): string => this.nodeOf(part).id;
    const named = (parts: readonly InFlight[]): string[] => [...new Set(parts.map(idOf))];
    const firstNode = idOf(first);
    return partialFailure({
      ...this.#told(first),
      failed: named(failed).filter((id) => id !== firstNode),
      done: this.changes ? named(this.parts.filter((part) => !this.isError(part))) : null,
    });
  }

  #told(part: InFlight): { code: string; clause: string } {
    const failure = this.#failures.get(part);
    if (failure !== undefined) {
      const outcome = this.changes && failure.wasReady ? '; the outcome there is unknown' : '';
      return { code: 'ERR', clause: `${failure.text}${outcome}` };
    }
    const text = this.errorText(part);
    return {
      code: /^[A-Z]+(?= )/.exec(text)?.[0] ?? 'ERR',
      clause: `node ${this.nodeOf(part).label} answered ${text}`,
    };
  }

  /** The text of a part that is an error, without its dash. */
  protected errorText(part: InFlight): string {
    const value = decodeReply(part.bytes!, part.start, part.end);
    return value.type === 'error' ? value.text : '';
  }

  protected decode(part: InFlight): ReplyValue {
    return decodeReply(part.bytes!, part.start, part.end);
  }

  protected appendPart(output: Output, part: InFlight): void {
    output.append(part.bytes!, part.start, part.end);
  }

  protected appendValue(output: Output, value: ReplyValue): void {
    appendAll(output, encodeReply(value, this.respVersion));
  }

  /** A node answered, but not with what the command answers. */
  protected appendMisfit(output: Output, part: InFlight, what: string): void {
    const text = `ERR ringward: node ${this.nodeOf(part).label} answered ${this.name} with something that is not ${what}`;
    appendAll(output, errorReply(text));
  }
}

export function appendAll(output: Output, bytes: Buffer): void {
  output.append(bytes, 0, bytes.length);
}

/** True when both parts have the same bytes. */
export function same(one: InFlight, other: InFlight): boolean {
  return one.bytes!.compare(other.bytes!, other.start, other.end, one.start, one.end) === 0;
}

/**
 * McReplyFramer as channels want it. A channel shows only the bytes that have not been scanned (what lies before
 * `consumed` may be on its way to the client already), while the framer counts from the start of the reply: this keeps
 * the distance between the two. One per memcached connection; no allocation per reply.
 */
import type { McReplyKindId } from '../protocol/memcache/commands.js';
import { McReplyFramer, type McReplyLimits } from '../protocol/memcache/reply-framer.js';
import { McScan } from '../protocol/memcache/scan.js';
import { Scan } from '../protocol/resp/scan.js';
import type { ReplyScanner } from './reply-intake.js';

export class McReplyScanner implements ReplyScanner {
  end = 0;
  consumed = 0;
  /** memcached has no push messages, and no handshake whose error must be told from its success. */
  readonly type = 0;
  error = '';
  bytesExpected = 0;

  readonly #framer: McReplyFramer;
  /** Bytes of the reply in progress that lie before `consumed`. */
  #before = 0;

  constructor(limits: McReplyLimits) {
    this.#framer = new McReplyFramer(limits);
  }

  /** `expect` is the kind of reply that the request at the head of the queue gets, the same on every call for it. */
  scan(buf: Uint8Array, pos: number, end: number, expect: number): number {
    const framer = this.#framer;
    const start = pos - this.#before;
    const result = framer.next(buf, start, end, expect as McReplyKindId);
    if (result === McScan.frame) {
      this.end = framer.replyEnd;
      this.#before = 0;
      return Scan.frame;
    }
    if (result === McScan.error) {
      this.error = framer.errorText;
      return Scan.error;
    }
    this.consumed = framer.resumeAt;
    this.#before = framer.resumeAt - start;
    this.bytesExpected = framer.needBytes;
    return Scan.more;
  }
}

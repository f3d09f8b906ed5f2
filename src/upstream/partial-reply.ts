/**
 * The reply that the last read of a channel cut in two. Either it is gathered here until it is whole, or it streams: what
 * has been scanned is on its way to the client and only the unscanned rest of a line is kept.
 */
import { GrowingBuffer } from '../io/growing-buffer.js';

export class PartialReply extends GrowingBuffer {
  isActive = false;
  isStreaming = false;
  /** Bytes before this have been scanned. */
  consumed = 0;

  override append(bytes: Buffer, start: number, end: number, expected = 0): void {
    super.append(bytes, start, end, expected);
    this.isActive = true;
  }

  override clear(): void {
    super.clear();
    this.isActive = false;
    this.isStreaming = false;
    this.consumed = 0;
  }
}

/**
 * One request as the command shapes see it: byte ranges of the read buffer, valid only during the call. One object per
 * worker, filled anew for each request that does not take the fast path.
 */
import type { Command } from '../command/command.js';

export class RespRequest {
  bytes: Buffer = Buffer.alloc(0);
  /** The whole frame is `bytes[start, end)`, an array of bulk strings with clean line ends. */
  start = 0;
  end = 0;
  /** Start and end of each argument, in pairs. */
  args: Int32Array = new Int32Array(0);
  argc = 0;
  command!: Command;

  /** Argument `index` as text, one character per byte. */
  text(index: number): string {
    return this.bytes.toString('latin1', this.args[index * 2], this.args[index * 2 + 1]);
  }

  /** Argument `index` in upper case, for options. */
  word(index: number): string {
    return this.text(index).toUpperCase();
  }
}

/** What became of a request: `stalled` means that nothing was done and it must be shown again later. */
export const Outcome = { done: 0, stalled: 1 } as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/**
 * What a framer answers after looking at some bytes. Plain numbers: one is returned per frame on the hot path.
 */
export const Scan = {
  /** A whole frame lies before `framer.end`. */
  frame: 0,
  /** The bytes end inside a frame: call again when more have come. */
  more: 1,
  /** The bytes break the protocol: `framer.error` holds the text for the peer; the framer must not be used again. */
  error: 2,
  /** A whole inline request line lies before `framer.end` (request framer only). */
  inline: 3,
} as const;

export type ScanResult = (typeof Scan)[keyof typeof Scan];

/**
 * What the memcached framers answer after looking at some bytes. Plain numbers: one is returned per frame on the hot
 * path. Unlike in RESP an error does not end the stream by itself: memcached answers most bad lines and reads on, so the
 * framer says with `fatal` and `inDoubt` whether to.
 */
export const McScan = {
  /** A whole frame lies in [frameStart, frameEnd) or [replyStart, replyEnd). */
  frame: 0,
  /** The bytes end inside a frame: call again when more have come. */
  more: 1,
  /** A bad frame. The framer's error fields say what to answer and where to go on. */
  error: 2,
} as const;

export type McScanResult = (typeof McScan)[keyof typeof McScan];

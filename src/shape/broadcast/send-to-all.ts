/**
 * Sends frames to every node of a session's lane, as parts of one Gather. Nothing is sent before every channel has room:
 * a request that has to wait leaves no node with a part of it. A node that is down fails its part at once.
 */
import type { RespSession } from '../../downstream/resp-session.js';
import { Accept, type Channel } from '../../upstream/channel.js';
import type { Failure } from '../../upstream/failure.js';
import type { Gather } from '../gather.js';

/** A whole request: `bytes[start, end)`. */
export interface Frame {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** True when every channel has room; otherwise the session will be woken when the full one has. */
export function allHaveRoom(session: RespSession): boolean {
  for (const channel of session.lane.channels) {
    if (!channel.isCongested) continue;
    session.waitFor(channel);
    return false;
  }
  return true;
}

/** Every frame to every channel, which has room; the parts are in the order of the channels, then of the frames. */
export function sendToAll(
  channels: readonly Channel[],
  frames: readonly Frame[],
  gather: Gather,
  isWrite: boolean,
  command: number,
): void {
  const failed: [part: number, failure: Failure][] = [];
  let part = 0;
  for (const channel of channels) {
    for (const frame of frames) {
      const record = gather.addPart(isWrite);
      record.command = command;
      const isMore = frame !== frames[0];
      if (channel.accept(record, isMore) === Accept.taken) channel.output.append(frame.bytes, frame.start, frame.end);
      else failed.push([part, { ...channel.failure!, wasReady: false }]);
      part++;
    }
  }
  for (const [index, failure] of failed) gather.failPart(index, failure);
}

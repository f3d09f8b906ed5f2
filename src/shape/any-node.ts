/** Commands without a key that any node can answer: they pass to the first node that is up. */
import type { Command } from '../command/command.js';
import { Flag } from '../command/flags.js';
import type { RespSession } from '../downstream/resp-session.js';
import { forwardWhole } from './send.js';
import type { Shape } from './shape.js';

export function anyNode(command: Command): Shape {
  const isWrite = (command.flags & Flag.readonly) === 0;
  return (session, request) => forwardWhole(session, request, nodeThatIsUp(session), isWrite);
}

/** The first node of the session's pool whose connection is up or on its way; 0 when none is. */
export function nodeThatIsUp(session: RespSession): number {
  const { channels } = session.lane;
  for (let i = 0; i < channels.length; i++) {
    const { state } = channels[i]!;
    if (state !== 'down' && state !== 'closed') return i;
  }
  return 0;
}

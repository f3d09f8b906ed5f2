/** Commands about one server, which a proxy over many cannot carry out. */
import { Mc, type McCommand } from '../../protocol/memcache/commands.js';
import { McError, clientError } from '../../protocol/memcache/replies.js';
import { Outcome } from '../request.js';
import type { McShape } from './shape.js';

export function refusedShape({ id, name }: McCommand): McShape {
  const reply =
    id === Mc.shutdown
      ? McError.shutdownDisabled
      : clientError(`${name} is about one server: send it to the node itself`);
  return (session) => {
    session.context.counters.errorsProxy++;
    if (!session.framer.noreply) session.reply(reply);
    return Outcome.done;
  };
}

/** COMMAND and its subcommands, from the proxy's own table: what is refused is not announced. */
import { commandReply } from '../../command/introspection.js';
import type { Shape } from '../shape.js';

const answer: Shape = (session, request) =>
  session.replyValue(
    commandReply(session.service.table, request.command, {
      bytes: request.bytes,
      offsets: request.args,
      argc: request.argc,
    }),
  );

export const commandCommands: Readonly<Record<string, Shape>> = {
  command: answer,
  'command|count': answer,
  'command|docs': answer,
  'command|getkeys': answer,
  'command|getkeysandflags': answer,
  'command|info': answer,
  'command|list': answer,
};

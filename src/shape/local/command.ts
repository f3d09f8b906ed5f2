/**
 * COMMAND and its subcommands, from the proxy's own table and what it has learnt beside it: what is refused is not
 * announced, and what nobody has asked for yet is not known.
 */
import { commandReply, type KnownCommands } from '../../command/introspection.js';
import type { RespService } from '../../downstream/resp-service.js';
import type { Shape } from '../shape.js';

const answer: Shape = (session, request) =>
  session.replyValue(
    commandReply(knownTo(session.service), request.command, {
      bytes: request.bytes,
      offsets: request.args,
      argc: request.argc,
    }),
  );

function knownTo({ table, learnt }: RespService): KnownCommands {
  const { commands } = learnt;
  if (commands.length === 0) return table;
  return {
    commands: [...table.commands, ...commands.flatMap((command) => [command, ...command.subcommands])],
    topLevel: [...table.topLevel, ...commands],
    findByName: (name) => table.findByName(name) ?? learnt.findByName(name),
    resolve: (bytes, offsets, argc) => table.resolve(bytes, offsets, argc) ?? learnt.resolve(bytes, offsets, argc),
  };
}

export const commandCommands: Readonly<Record<string, Shape>> = {
  command: answer,
  'command|count': answer,
  'command|docs': answer,
  'command|getkeys': answer,
  'command|getkeysandflags': answer,
  'command|info': answer,
  'command|list': answer,
};

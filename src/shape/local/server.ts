/**
 * What the proxy says of itself where a server would: its role, its modules, and that it is no Redis Cluster, although it
 * has several nodes. Clients ask these to find out how to speak to it; the answers agree with HELLO and INFO.
 */
import type { Command } from '../../command/command.js';
import { errorReply } from '../../downstream/resp-errors.js';
import { arrayReply, bulkReply, integerReply } from '../../protocol/resp/value.js';
import type { Shape } from '../shape.js';

const NO_CLUSTER = errorReply('ERR This instance has cluster support disabled');
const MASTER = arrayReply([bulkReply('master'), integerReply(0), arrayReply([])]);
const NO_MODULES = arrayReply([]);

const clusterDisabled: Shape = (session) => session.replyError(NO_CLUSTER);

export const serverCommands: Readonly<Record<string, Shape>> = {
  role: (session) => session.replyValue(MASTER),
  'module|list': (session) => session.replyValue(NO_MODULES),
};

/** READONLY, ASKING and every subcommand of CLUSTER. Undefined for other commands. */
export function clusterShape(command: Command): Shape | undefined {
  return command.group === 'cluster' && !command.hasSubcommands ? clusterDisabled : undefined;
}

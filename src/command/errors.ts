/**
 * Error texts about the command itself, as redis-server 7.0 words them: unknown command, unknown subcommand, wrong number
 * of arguments. Also the refusal of a command that this release does not serve. Used by the session, off the hot path.
 * Texts are without the leading dash and line end, one character per byte (latin1), and hold no line break. What they
 * quote of the client's bytes is cut at 128 bytes and at a NUL, so a bad request cannot flood or split a reply.
 * Reference: processCommand and rejectCommandFormat in redis-server's server.c.
 */
import type { Command } from './command.js';

/** Redis quotes at most this much of a name, and of all the arguments together. */
const QUOTED_MAX = 128;

/** At most `max` characters of `text`, not beyond a NUL (Redis prints it as a C string). */
function quoted(text: string, max: number): string {
  const shown = text.slice(0, max);
  const nul = shown.indexOf('\0');
  return nul < 0 ? shown : shown.slice(0, nul);
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, ' ');
}

/** For a name that is no command; `args` are the name and the arguments after it, latin1. Those past 43 never show. */
export function unknownCommand(args: readonly string[]): string {
  let rest = '';
  for (let i = 1; i < args.length && rest.length < QUOTED_MAX; i++) {
    rest += `'${quoted(args[i]!, QUOTED_MAX - rest.length)}' `;
  }
  return oneLine(`ERR unknown command '${quoted(args[0] ?? '', QUOTED_MAX)}', with args beginning with: ${rest}`);
}

/** For a container followed by a `word` (latin1) that is none of its subcommands. */
export function unknownSubcommand(container: Command, word: string): string {
  return oneLine(`ERR unknown subcommand '${quoted(word, QUOTED_MAX)}'. Try ${container.name.toUpperCase()} HELP.`);
}

/** For a number of arguments that `command` does not accept. A refused EXEC says that it discards its transaction. */
export function wrongArity(command: Command): string {
  const text = `wrong number of arguments for '${command.name}' command`;
  return command.name === 'exec' ? `EXECABORT Transaction discarded because of: ${text}` : `ERR ${text}`;
}

/** For a command that is refused; `reason` is that of its policy. */
export function unsupported(command: Command, reason: string): string {
  return `ERR ringward: command '${command.name}' is not supported: ${reason}`;
}

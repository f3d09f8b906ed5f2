/**
 * What a client sees through the proxy and would not see at one redis-server, for commands that are served: the whole
 * list. docs/commands.md prints it, and the tests that compare replies byte for byte leave out the commands that it
 * names and no other. Limits that are errors (CROSSSLOT, refused commands) have chapters of their own on that page.
 */
export interface Difference {
  /** Full names, as in the table; empty for what concerns no command in particular. */
  readonly commands: readonly string[];
  readonly text: string;
}

export const differences: readonly Difference[] = [
  { commands: ['info'], text: 'is about the proxy, with a line for each node.' },
  {
    commands: ['client|id', 'client|info', 'client|list', 'client|kill'],
    text: 'are about clients of the proxy. Their ids are not ids of any node.',
  },
  {
    commands: ['command', 'command|count', 'command|docs', 'command|getkeysandflags', 'command|info', 'command|list'],
    text: 'describe the commands of this page as the newest servers do, whatever the nodes are.',
  },
  {
    commands: ['scan'],
    text: 'over several nodes has cursors of its own: one that no `SCAN` has answered may be an error.',
  },
  {
    commands: ['evalsha', 'evalsha_ro', 'script|exists'],
    text: 'may find a script that its node had lost: the proxy remembers scripts and loads them again.',
  },
  { commands: ['command|getkeys'], text: 'may find other keys in a request that its command would refuse.' },
  { commands: [], text: '`HELP`, of any command, lists the subcommands that are served.' },
  {
    commands: [],
    text:
      '`HELLO` has the id of the client at the proxy, and the version of Redis that the proxy follows. When it is refused, ' +
      'it has changed nothing: Redis before 7.2 may have set the name. `TIME` is the clock of the proxy.',
  },
  {
    commands: [],
    text:
      'The number of arguments is checked by what the newest servers take. A node that is too old for a command, or for ' +
      'its arguments, is asked only when the number is right, and says so itself.',
  },
];

/** Every command that a difference names. */
export const differingCommands: ReadonlySet<string> = new Set(differences.flatMap((each) => each.commands));

/**
 * docs/commands.md, written from the table and the policies: every command, how it is handled, and its limits.
 * Used by scripts/generate-command-docs.mjs and by the test that fails when the page is stale. Pure text.
 */
import type { Command } from './command.js';
import type { CommandTable } from './lookup.js';
import type { HandlingKind } from './handling.js';
import { handlingOf, isScript } from './policy.js';

const introduction = `# Commands

This page lists every Redis command that Ringward knows and what it does with it. It is written by
\`node scripts/generate-command-docs.mjs\` from the command table, the same one that the proxy runs on.

| handling  | what happens                                                                                 |
| --------- | -------------------------------------------------------------------------------------------- |
| single    | The command has one key. It passes unchanged to the node that owns the key.                  |
| same node | The command may have several keys. It passes when one node owns them all, else \`CROSSSLOT\`.  |
| split     | The keys may be on several nodes. Each node gets its part, and the replies are put together. |
| channels  | Goes to the nodes of its channels: see [publish and subscribe](pubsub.md).                   |
| proxy     | The proxy answers itself; no node sees the command.                                          |
| refused   | The client gets \`ERR ringward: command '…' is not supported yet: …\` with the reason.         |

Keys share a node for certain when the pool has a \`hash_tag\` and they share it: with \`{}\`, so do
\`{user:1}:name\` and \`{user:1}:mail\`.

## Limits

- A split command is not atomic: another client may see one node's part done and another's not yet. When a node fails, its
  part fails, and the reply is that error; the other parts have been done.
- Connections to nodes are shared, so nothing that changes a connection reaches them. Transactions and blocking commands
  are refused. Subscriptions have connections of their own: [publish and subscribe](pubsub.md).
- Scripts and functions pass by the keys that they declare. Keys that they use without declaring them are looked up on the
  same node, whoever owns them.
- A command that this page does not have gets Redis's own error for an unknown command.
- \`COMMAND\`, \`COMMAND DOCS\` and \`COMMAND LIST\` tell only of commands that are not refused. \`COMMAND GETKEYS\` knows all.
`;

const kindNames: Readonly<Record<HandlingKind, string>> = {
  single: 'single',
  same_node: 'same node',
  split: 'split',
  broadcast: 'all nodes',
  scan: 'all nodes, in turn',
  transaction: 'transaction',
  blocking: 'own connection',
  pubsub: 'channels',
  script: 'script',
  any_node: 'one node',
  local: 'proxy',
  unsupported: 'refused',
};

/** What a reader must know about single commands. */
const notes: Readonly<Record<string, string>> = {
  sort: '`BY` and `GET` patterns are looked up on the node of the key',
  sort_ro: '`BY` and `GET` patterns are looked up on the node of the key',
  mset: 'not atomic across nodes',
  msetnx: 'all or nothing, so it is never split',
  move: 'the other database of the same node',
  copy: '`DB` means the other database of the same node',
  select: "kept by the proxy, per client; the client's commands use that database of every node",
  'client|list': 'clients of the proxy',
  'client|kill': 'clients of the proxy',
  'client|info': 'the client of the proxy',
  info: 'about the proxy',
  reset: 'resets what the proxy keeps for the client',
};

function noteOf(command: Command): string {
  const { mayBlock, note } = handlingOf(command);
  if (note !== '') return note;
  if (mayBlock) return 'without `BLOCK`';
  if (isScript(command) && handlingOf(command).kind === 'same_node') return 'needs at least one key';
  return notes[command.name] ?? '';
}

function title(command: Command): string {
  return `\`${command.name.replace('|', ' ').toUpperCase()}\``;
}

function arityText(command: Command): string {
  return command.arity < 0 ? `${command.minArgs} or more` : String(command.arity);
}

function servedTable(commands: readonly Command[]): string {
  const rows = commands.map((command) => {
    const cells = [
      title(command),
      command.since,
      arityText(command),
      kindNames[handlingOf(command).kind],
      noteOf(command),
    ];
    return `| ${cells.join(' | ')} |`.replace('|  |', '| |');
  });
  return ['| command | since | arguments | handling | limits |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

/** Values of `items` by the text that `key` gives, in order of first appearance. */
function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** The whole page as Markdown. Containers are left out: their subcommands are listed. */
export function renderCommandPage(table: CommandTable): string {
  const commands = table.commands.filter((command) => !command.hasSubcommands || command.minArgs === 1);
  const isRefused = (command: Command): boolean => handlingOf(command).kind === 'unsupported';
  const served = commands.filter((command) => !isRefused(command));
  const refused = commands.filter(isRefused);
  const sections = [
    introduction,
    '<!-- prettier-ignore-start -->\n',
    `## Served\n\n${served.length} commands, by group.\n`,
  ];
  for (const [group, members] of [...groupBy(served, (command) => command.group)].sort(([a], [b]) =>
    a < b ? -1 : 1,
  )) {
    sections.push(`### ${group.replace('_', ' ')}\n\n${servedTable(members)}\n`);
  }
  sections.push(`## Refused\n\n${refused.length} commands, by reason.\n`);
  for (const [reason, members] of groupBy(refused, (command) => handlingOf(command).reason)) {
    sections.push(`**Because ${reason}**: ${members.map(title).join(', ')}.\n`);
  }
  sections.push('<!-- prettier-ignore-end -->\n');
  return sections.join('\n');
}

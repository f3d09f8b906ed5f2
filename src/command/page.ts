/**
 * docs/commands.md, written from the table and the policies: every command, how it is handled, and its limits.
 * Used by scripts/generate-command-docs.mjs and by the test that fails when the page is stale. Pure text.
 */
import type { Command } from './command.js';
import { differences } from './differences.js';
import type { CommandTable } from './lookup.js';
import type { HandlingKind } from './handling.js';
import { handlingOf } from './policy.js';

const introduction = `# Commands

This page lists every Redis command that Ringward knows and what it does with it. It is written by
\`node scripts/generate-command-docs.mjs\` from the command table, the same one that the proxy runs on.

| handling           | what happens                                                                                 |
| ------------------ | -------------------------------------------------------------------------------------------- |
| single             | The command has one key. It passes unchanged to the node that owns the key.                  |
| same node          | The command may have several keys. It passes when one node owns them all, else \`CROSSSLOT\`.  |
| split              | The keys may be on several nodes. Each node gets its part, and the replies are put together. |
| script             | Passes to the node that owns all its keys; without keys to the pool's \`keyless_scripts\`.     |
| all nodes          | Every node gets it, and the replies are put together: see below.                             |
| one node           | The first node that is up answers for all.                                                   |
| all nodes, in turn | One node after the other; the cursor says which.                                             |
| transaction        | See [transactions](#transactions).                                                           |
| own connection     | May block: its client has a connection to the node to itself meanwhile.                      |
| channels           | Goes to the nodes of its channels: see [publish and subscribe](pubsub.md).                   |
| proxy              | The proxy answers itself; no node sees the command.                                          |
| refused            | The client gets \`ERR ringward: command '…' is not supported: …\` with the reason.             |

Keys share a node for certain when the pool has a \`hash_tag\` and they share it: with \`{}\`, so do
\`{user:1}:name\` and \`{user:1}:mail\`.

## All nodes

- With one node, its reply passes as it is. With several, numbers are added up, lists put together, and \`OK\` means that
  every node said so. What else a command does stands beside it in the tables.
- It is not atomic: each node does it when it comes to it. When a node is down, or refuses, the others have done it all
  the same; the reply is an error that names the node and, where something changes, those that have done it:
  \`ERR ringward: node n1 (10.0.0.1:6379) refused the connection (ECONNREFUSED); done by n0, n2\`. A node's own error keeps
  its code (\`NOPERM ringward: node n1 … answered NOPERM …\`). An error that all nodes agree on passes as it is.
- It uses the client's database, and comes behind what the client has sent before.
- A pool with \`admin_commands: refuse\` refuses those of the categories \`@admin\` and \`@dangerous\`.
- \`SCRIPT KILL\`, \`FUNCTION KILL\` and \`FUNCTION STATS\` go to each node on a private connection, since a busy node reads no
  other. That is one for each node, of the pool's \`private_connections\`.

## Limits

- A split command is not atomic: another client may see one node's part done and another's not yet. When a node fails, its
  part fails, and the reply is that error; the other parts have been done.
- In a pool with \`cross_node_reads: true\`, nine commands that only read are computed by the proxy when their keys are on
  several nodes: \`SINTER\`, \`SUNION\`, \`SDIFF\`, \`SINTERCARD\`, \`ZUNION\`, \`ZINTER\`, \`ZDIFF\`, \`ZINTERCARD\` and
  \`PFCOUNT\`. The replies are those of Redis 7.0. It is not atomic: each node is asked at its own moment, and a write in
  between may be seen on one node and not on another. The nodes' replies for one command may have
  \`cross_node_read_size\` bytes in all, and when one of the nodes fails, the reply is that error. What writes
  (\`SINTERSTORE\`, \`PFMERGE\`, \`RENAME\`, \`COPY\`, \`LMOVE\`, \`MSETNX\`, \`SORT\` with \`STORE\`, ...) gets \`CROSSSLOT\`
  always.
- Connections to nodes are shared, so nothing that changes a connection reaches them. Transactions and commands that
  block take a connection that their client has to itself meanwhile; \`private_connections\` bounds how many there are.
  Subscriptions have connections of their own: [publish and subscribe](pubsub.md).
- A command that blocks and has several keys needs them on one node. The client is read while it waits: when it leaves, so
  does its place in the node's queue. \`timeouts.request\` counts from the end of the command's own timeout.
- Scripts and functions pass by the keys that they declare. Keys that they use without declaring them are looked up on the
  same node, whoever owns them.
- The proxy remembers scripts that pass through it (\`limits.script_cache_size\`, per worker and pool) and loads them into a
  node before an \`EVALSHA\` that goes there on a new connection. So \`EVALSHA\` works on a node that was restarted, or that
  the first \`EVAL\` did not go to. Workers tell each other what \`SCRIPT LOAD\` brought, not what \`EVAL\` did. A script that a
  worker does not know gets the node's \`NOSCRIPT\`. If a node's scripts were flushed behind the proxy, \`EVALSHA\` is repeated
  once, and then runs after what its client sent behind it. Inside a transaction nothing is repeated.
- \`SCAN\` goes through the nodes one after the other; a key that stays is returned at least once. Its cursors are larger than
  a node's own (times 1024, plus the node's index), up to 64 bits. They may be used at any proxy with the same list of nodes
  in the same order. A node that is down is an error, not a gap.
- A command that this page does not have is looked up in the nodes' own \`COMMAND INFO\`: with keys it passes to the node of
  its keys, without keys to any node, unless it is administrative, may block, publishes, concerns all nodes, or may change
  the state of a connection. The nodes of a pool must know the same commands. A worker asks at most 16 such questions at
  once and 200 a second; names beyond that, and names that no node knows, get Redis's own error for an unknown command.
  New subcommands of commands that this page has are unknown. \`COMMAND\` tells of learnt commands once they have been used.
- \`COMMAND\`, \`COMMAND DOCS\` and \`COMMAND LIST\` tell only of commands that are not refused. \`COMMAND GETKEYS\` knows all.

## Transactions

Between \`MULTI\` and \`EXEC\` the proxy queues commands, with Redis's own checks; \`EXEC\` sends them to one node as one real
transaction. So it is as atomic as there, and its keys must share a node, those of \`WATCH\` included: otherwise \`EXEC\` answers
\`EXECABORT\` and names two keys that are apart, and nothing has been done.

- When the node is lost before it has answered, the outcome is unknown, and the error says so; an \`EXECABORT\` always means
  that nothing was done. When the connection with the watched keys is lost, \`EXEC\` answers \`EXECABORT\`.
- What the proxy answers itself (\`CLIENT\`, \`COMMAND\`, \`INFO\`, \`AUTH\`) is done when the node has run the others, and its
  reply has its place among theirs. \`SELECT\` works.
- Refused inside: \`HELLO\` with another version, \`CLIENT REPLY OFF\` and \`SKIP\`, subscribing, and commands that concern all nodes
  unless the pool has one node.
- \`transaction_commands\` and \`transaction_size\` bound what one client may queue.
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

const acrossNodes = 'over several nodes with `cross_node_reads`';

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
  sinter: acrossNodes,
  sunion: acrossNodes,
  sdiff: acrossNodes,
  sintercard: acrossNodes,
  zunion: acrossNodes,
  zinter: acrossNodes,
  zdiff: acrossNodes,
  zintercard: acrossNodes,
  pfcount: acrossNodes,
  info: "about the proxy; `INFO <node-id> [section ...]`: that node's own",
  reset: 'resets what the proxy keeps for the client',
};

/** Names as people write them, joined by commas. */
function namesOf(commands: readonly string[]): string {
  return commands.map((name) => `\`${name.replace('|', ' ').toUpperCase()}\``).join(', ');
}

function differencesSection(): string {
  const items = differences.map(
    ({ commands, text }) => `- ${commands.length > 0 ? `${namesOf(commands)} ` : ''}${text}`,
  );
  return `## Differences from one redis-server

For keys that share a tag, a served command is answered with the bytes that one redis-server would have sent, errors and
RESP3 included. Redis itself leaves some things open: the order of members of a hash table, random choices, and what the
clock says. Beyond that and the limits above, these are all the differences that a client can see:

${items.join('\n')}
`;
}

function noteOf(command: Command): string {
  const { note } = handlingOf(command);
  if (note !== '') return note;
  return notes[command.name] ?? '';
}

function title(command: Command): string {
  return namesOf([command.name]);
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
    differencesSection(),
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

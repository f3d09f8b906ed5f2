/**
 * get, gets, gat and gats of several keys: cut by node and merged; whole, when one node has all keys.
 *
 *   get a b c d     a, b, d on node 1, c on node 2
 *   node 1: "get" + slice(" a b") + slice(" d") + CR LF      node 2: "get" + slice(" c") + CR LF
 *
 * Each node gets its keys in the client's order, duplicates too, as slices of the client's own line; the time of a gat
 * comes with the command. A part's line is never longer than the client's, so it keeps memcached's limit of 2048 bytes
 * (for gat) because the client's did. Cost: one copy of the line, and per key its owner and one merge step.
 */
import type { McSession } from '../../downstream/mc-session.js';
import { McReplyKind } from '../../protocol/memcache/commands.js';
import { Accept, type Channel } from '../../upstream/channel.js';
import { Outcome } from '../request.js';
import { flushEarly } from '../../io/flush-early.js';
import { GetGather } from './get-gather.js';
import { forwardTo } from './send.js';
import type { McShape } from './shape.js';

const LINE_END = Buffer.from('\r\n', 'latin1');

export const splitGet: McShape = (session, bytes) => {
  const { framer, service } = session;
  const { keyCount } = framer;
  const owners = new Int32Array(keyCount);
  const nodes = findOwners(session, bytes, owners);
  // A gat without a key is legal in memcached; any node answers its END.
  if (nodes.length <= 1) return forwardTo(session, bytes, nodes[0] ?? 0);
  const channels = nodes.map((node) => session.lane.channels[node]!);
  for (const channel of channels) if (channel.isCongested) return session.waitFor(channel);
  const gather = new GetGather(session, bytes, owners, channels);
  const isWrite = service.isWrite[framer.command] === 1;
  const isTaken: boolean[] = [];
  for (const channel of channels) {
    const part = gather.addPart(isWrite);
    part.command = framer.command;
    part.expect = McReplyKind.values;
    isTaken.push(channel.accept(part) === Accept.taken);
  }
  appendLines(session, bytes, owners, channels, isTaken);
  for (const channel of channels) flushEarly(channel.output);
  channels.forEach((channel, part) => {
    if (!isTaken[part]!) gather.failPart(part, { ...channel.failure!, wasReady: false });
  });
  return Outcome.done;
};

/** Fills in the part that each key belongs to; the result is the node of each part. */
function findOwners(session: McSession, bytes: Buffer, owners: Int32Array): number[] {
  const { framer, service } = session;
  const { args, firstKey } = framer;
  const { partOfNode } = service;
  const { partitioner } = service.pool;
  const nodes: number[] = [];
  for (let i = 0; i < owners.length; i++) {
    const at = 2 * (firstKey + i);
    const node = partitioner.nodeOf(bytes, args[at]!, args[at + 1]!);
    let part = partOfNode[node]!;
    if (part === 0) {
      part = nodes.push(node);
      partOfNode[node] = part;
    }
    owners[i] = part - 1;
  }
  for (const node of nodes) partOfNode[node] = 0;
  return nodes;
}

/** Each node's line: the command and, for gat, the time; its keys, neighbours as one slice; the line end. */
function appendLines(
  session: McSession,
  bytes: Buffer,
  owners: Int32Array,
  channels: readonly Channel[],
  isTaken: readonly boolean[],
): void {
  const { args, firstKey } = session.framer;
  const headStart = args[0]!;
  const headEnd = args[2 * firstKey - 1]!;
  for (let part = 0; part < channels.length; part++) {
    if (isTaken[part]!) channels[part]!.output.append(bytes, headStart, headEnd);
  }
  let i = 0;
  while (i < owners.length) {
    const part = owners[i]!;
    // The space before a key is there in the client's line, behind the argument before it.
    const from = args[2 * (firstKey + i)]! - 1;
    do i++;
    while (i < owners.length && owners[i] === part);
    if (isTaken[part]!) channels[part]!.output.append(bytes, from, args[2 * (firstKey + i) - 1]!);
  }
  for (let part = 0; part < channels.length; part++) {
    if (isTaken[part]!) channels[part]!.output.append(LINE_END, 0, LINE_END.length);
  }
}

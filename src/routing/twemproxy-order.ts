/**
 * twemproxy's order of servers: by the length of the name, then its bytes. It decides the slots of `modula` and which of
 * two equal `ketama` points wins. Nodes of weight 0, which twemproxy does not have, are left out.
 */
import { activeIndexes, type RoutedNode } from './distribution.js';

export function ringName(node: RoutedNode): string {
  return node.name ?? node.id;
}

/** Indexes of the nodes that own something, in twemproxy's order; equal names keep the order given. */
export function twemproxyOrder(nodes: readonly RoutedNode[]): number[] {
  const names = nodes.map((node) => Buffer.from(ringName(node), 'utf8'));
  return activeIndexes(nodes).sort((a, b) => names[a]!.length - names[b]!.length || names[a]!.compare(names[b]!));
}

/**
 * The recorded placements of twemproxy (test/data/README.md says how they were obtained), read and typed.
 * Used by the tests of hashes, ketama and modula.
 */
import { readFileSync } from 'node:fs';
import type { RoutedNode } from '../../../src/routing/distribution.js';

export type TwemproxyDistribution = 'ketama' | 'modula';

interface Vectors {
  readonly pools: Readonly<
    Record<string, { readonly servers: readonly string[]; readonly hash_tag: string | null; readonly ejected?: string }>
  >;
  readonly keys_hex: readonly string[];
  readonly hash_values: Readonly<Record<string, readonly number[]>>;
  /** pool → hash → distribution → one digit per key */
  readonly placement: Readonly<
    Record<string, Readonly<Record<string, Readonly<Partial<Record<TwemproxyDistribution, string>>>>>>
  >;
  readonly special_names: {
    readonly servers: readonly string[];
    readonly ring_names_in_stats_order: readonly string[];
    readonly key_to_ring_name: Readonly<Record<string, string>>;
  };
  readonly float32_rounding: {
    readonly n25: Readonly<Record<string, number>>;
    readonly w5: Readonly<Record<string, number>>;
  };
}

export const vectors = JSON.parse(
  readFileSync(new URL('../../data/twemproxy-placement.json', import.meta.url), 'utf8'),
) as Vectors;

export const vectorKeys: readonly Buffer[] = vectors.keys_hex.map((hex) => Buffer.from(hex, 'hex'));

/** `host:port:weight[ name]` as a node; the naming rules of the importer, as far as these vectors need them. */
export function nodeOfServer(server: string): RoutedNode {
  const [address = '', given] = server.split(' ');
  const cut = address.lastIndexOf(':');
  const hostPort = address.slice(0, cut);
  const implied = hostPort.startsWith('/') ? `${hostPort}:` : hostPort.replace(/:11211$/, '');
  return { id: hostPort, weight: Number(address.slice(cut + 1)), name: given ?? implied };
}

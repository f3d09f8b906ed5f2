/**
 * What a reload changes, as people and the API read it: one entry per field that differs, with its path in the file's
 * terms of names and ids (`pools.main.nodes.cache-3.weight`), never its position, so that an inserted node is one entry.
 * Secrets show that they changed, not what they are. Pure.
 */
import type { Config } from './schema.js';
import { showValue } from './show-value.js';

export interface Change {
  readonly path: string;
  /** As text; undefined where there was, or will be, nothing. */
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** Most changes that are told one by one. */
export const CHANGES_SHOWN_MAX = 50;

/** Every field in which the two differ. */
export function diffConfig(before: Config, after: Config): readonly Change[] {
  const changes: Change[] = [];
  compare('', before, after, changes);
  return changes;
}

/** One line for the log: `pools.main.nodes.cache-3.weight: 1 -> 2`. */
export function describeChange({ path, from, to }: Change): string {
  if (from === undefined) return `${path}: added${to === '{…}' ? '' : ` ${to}`}`;
  if (to === undefined) return `${path}: removed`;
  return `${path}: ${from} -> ${to}`;
}

function compare(path: string, before: unknown, after: unknown, changes: Change[]): void {
  if (Object.is(before, after)) return;
  const [old, next] = [fieldsOf(before), fieldsOf(after)];
  if (old === null || next === null) {
    changes.push({ path, from: textOf(path, before), to: textOf(path, after) });
    return;
  }
  for (const name of new Set([...old.keys(), ...next.keys()])) {
    const inner = path === '' ? name : `${path}.${name}`;
    if (!old.has(name)) changes.push({ path: inner, from: undefined, to: textOf(inner, next.get(name)) });
    else if (!next.has(name)) changes.push({ path: inner, from: textOf(inner, old.get(name)), to: undefined });
    else compare(inner, old.get(name), next.get(name), changes);
  }
}

/** The fields of an object, or the items of a list by the name that each has. Null: it has no inside. */
function fieldsOf(value: unknown): Map<string, unknown> | null {
  if (Array.isArray(value)) return new Map(value.map((item: unknown, index) => [nameOf(item) ?? String(index), item]));
  if (typeof value !== 'object' || value === null) return null;
  return new Map(Object.entries(value));
}

function nameOf(item: unknown): string | undefined {
  const { id, name } = Object(item) as { id?: unknown; name?: unknown };
  if (typeof id === 'string') return id;
  return typeof name === 'string' ? name : undefined;
}

function textOf(path: string, value: unknown): string {
  if (/(^|\.)(password|auth)$/.test(path)) return value === null ? 'none' : '[secret]';
  return typeof value === 'object' && value !== null ? '{…}' : showValue(value);
}

/**
 * One thing that is wrong in a configuration file: where, and what. Collected while loading, then printed one a line.
 */

/** Keys and indexes from the root of the document to the value that is meant. */
export type Path = readonly (string | number)[];

export interface Problem {
  readonly path: Path;
  /** What is wrong, without the path. One line. */
  readonly message: string;
  /** Point at the key instead of its value: for keys that should not be there. */
  readonly atKey?: boolean;
  /** Byte offset in the text when the problem is the text itself (YAML syntax), instead of a path. */
  readonly offset?: number;
}

/** `pools.main.nodes[1].weight`; the root is the empty string. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** The value at a path of plain data, or undefined. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

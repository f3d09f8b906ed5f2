/**
 * From zod's issues to our problems: one sentence each, in one form (`expected WHAT, got VALUE`), with the nearest legal
 * word for a mistyped key or choice. Legal keys are read from the JSON Schema, so there is no second list of them.
 */
import { z } from 'zod';
import { nearest } from './nearest.js';
import { valueAt, type Path, type Problem } from './problem.js';
import { configSchema } from './schema.js';
import { showKind, showValue } from './show-value.js';

type Issue = z.core.$ZodIssue;

const NOUNS: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

/** The problems that one issue stands for: an issue about unknown keys names several. `data` is what was validated. */
export function explainIssue(issue: Issue, data: unknown): readonly Problem[] {
  const path = issue.path as Path;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(path, key), atKey: true }));
    case 'invalid_key':
      return [{ path, message: issue.issues[0]?.message ?? 'not a legal name', atKey: true }];
    default:
      return [{ path, message: explainValue(issue, valueAt(data, path), shown(path)) }];
  }
}

function explainValue(issue: Issue, value: unknown, show: (value: unknown) => string): string {
  if (value === undefined && issue.code !== 'custom') return 'missing';
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${NOUNS[issue.expected] ?? issue.expected}, got ${show(value)}`;
    case 'invalid_value': {
      const words = issue.values.map(String);
      const expected = words.length === 1 ? words[0]! : `one of ${words.join(', ')}`;
      return `expected ${expected}, got ${show(value)}${didYouMean(String(value), words)}`;
    }
    case 'too_small':
    case 'too_big':
      return explainBound(issue, value, show);
    default:
      return issue.message;
  }
}

function explainBound(
  issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  value: unknown,
  show: (value: unknown) => string,
): string {
  const limit = issue.code === 'too_small' ? issue.minimum : issue.maximum;
  const bound = `${issue.code === 'too_small' ? 'at least' : 'at most'} ${limit}`;
  const plural = limit === 1 ? '' : 's';
  switch (issue.origin) {
    case 'array':
      return `expected ${bound} list item${plural}, got ${Array.isArray(value) ? value.length : show(value)}`;
    case 'string':
      return `expected ${bound} character${plural}, got ${typeof value === 'string' ? value.length : show(value)}`;
    default:
      return `expected ${bound}, got ${show(value)}`;
  }
}

/** Values below `auth`, and passwords, may be secrets: their kind is shown, never their text. */
function shown(path: Path): (value: unknown) => string {
  return path.includes('auth') || path.at(-1) === 'password' ? showKind : showValue;
}

function unknownKey(path: Path, key: string): string {
  return `unknown key${didYouMean(key, keysAt(path))}`;
}

function didYouMean(word: string, candidates: readonly string[]): string {
  const found = nearest(word, candidates);
  return found === null ? '' : `; did you mean "${found}"?`;
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
}

function keysAt(path: Path): readonly string[] {
  let node: SchemaNode | undefined = z.toJSONSchema(configSchema, { io: 'input' }) as SchemaNode;
  for (const step of path) {
    const other: SchemaNode | boolean | undefined = node?.additionalProperties;
    node =
      typeof step === 'number'
        ? node?.items
        : (node?.properties?.[step] ?? (typeof other === 'object' ? other : undefined));
  }
  return Object.keys(node?.properties ?? {});
}

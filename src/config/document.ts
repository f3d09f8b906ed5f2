/**
 * A YAML file with positions: parses the text, finds what YAML itself allows and we do not (a key given twice, a key that
 * is not a word), and tells the line and column of any path. Used by load.ts only.
 * Aliases are followed, and `yaml` bounds their expansion, so a small file cannot grow without limit.
 */
import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument, type Document, type Node, type Pair } from 'yaml';
import type { Path, Problem } from './problem.js';

export interface YamlFile {
  /** Plain data, or undefined when there are syntax errors. */
  readonly data: unknown;
  readonly problems: readonly Problem[];
  /** 1-based line and column of a problem. */
  positionOf(problem: Problem): { readonly line: number; readonly column: number };
}

/** Parses one YAML 1.2 document. Never throws for bad text: what is wrong is in `problems`. */
export function parseYaml(text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const positionOf = (problem: Problem) => {
    const offset = problem.offset ?? offsetOf(document, problem.path, problem.atKey === true);
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const syntax = [...document.errors, ...document.warnings].map((error): Problem => ({
    path: [],
    message: `not valid YAML: ${firstLine(error.message)}`,
    offset: error.pos[0],
  }));
  if (syntax.length > 0) return { data: undefined, problems: syntax, positionOf };

  const problems: Problem[] = [];
  checkKeys(document.contents, [], lines, problems);
  try {
    return { data: document.toJS({ maxAliasCount: 100 }) as unknown, problems, positionOf };
  } catch (error) {
    // Unknown or excessive aliases: the only trouble that shows up on conversion.
    const message = `not valid YAML: ${firstLine(error instanceof Error ? error.message : String(error))}`;
    return { data: undefined, problems: [...problems, { path: [], message }], positionOf };
  }
}

/** Reports keys that are not words or not new, and takes the former out of the document: plain data cannot hold them. */
function checkKeys(node: unknown, path: Path, lines: LineCounter, problems: Problem[]): void {
  if (isSeq(node)) node.items.forEach((item, index) => checkKeys(item, [...path, index], lines, problems));
  if (!isMap(node)) return;
  const firstLines = new Map<string, number>();
  node.items = node.items.filter((pair) => {
    const name = keyText(pair);
    const offset = rangeStart(pair.key) ?? rangeStart(node) ?? 0;
    const before = firstLines.get(name);
    if (name === '' || name === '__proto__') {
      problems.push({ path, message: 'a key must be a word', offset });
      return false;
    }
    if (before === undefined) firstLines.set(name, lines.linePos(offset).line);
    else problems.push({ path: [...path, name], message: `duplicate key, first given on line ${before}`, offset });
    checkKeys(pair.value, [...path, name], lines, problems);
    return true;
  });
}

/** The key as plain data will have it; empty for keys that are lists, mappings or nothing. */
function keyText(pair: Pair): string {
  const key = isScalar(pair.key) ? pair.key.value : null;
  return typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean' ? String(key) : '';
}

/** Offset of the node at `path`, else of its nearest ancestor that exists. */
function offsetOf(document: Document, path: Path, atKey: boolean): number {
  let node: unknown = document.contents;
  let offset = rangeStart(node) ?? 0;
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    let keyOffset: number | undefined;
    if (isMap(node)) {
      const pair = node.items.findLast((item) => keyText(item) === step);
      if (pair === undefined) return offset;
      keyOffset = rangeStart(pair.key);
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
    } else {
      return offset;
    }
    const last = depth === path.length - 1;
    offset = (last && atKey ? keyOffset : (rangeStart(node) ?? keyOffset)) ?? offset;
  }
  return offset;
}

function rangeStart(node: unknown): number | undefined {
  return (node as Node | null)?.range?.[0];
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

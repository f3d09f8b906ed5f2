/**
 * The YAML of a twemproxy file, which is a strict subset: one document, a block mapping of pools, each a block mapping
 * of keys to scalars with exactly one block sequence of scalars in it. No markers, directives, flow style, anchors,
 * aliases, tags or empty scalars. Every scalar is text. What nutcracker's own three passes over the file refuse
 * (nc_conf.c: documents, tokens, structure) is refused here, with a place; load.ts gives the entries their meaning.
 */
import {
  LineCounter,
  Parser,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type CST,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLError,
} from 'yaml';

/** A text of the file and where it begins, as an offset. */
export interface Text {
  readonly text: string;
  readonly offset: number;
}

/** One key of a pool. nutcracker reads `key: value` and a sequence of one alike; most keys have exactly one value. */
export interface Directive {
  readonly key: Text;
  readonly values: readonly Text[];
}

export interface Block {
  readonly name: Text;
  readonly directives: readonly Directive[];
}

/** Something wrong, or worth saying, at an offset of the file. `path` is such as `alpha.servers[1]`, or empty. */
export interface Finding {
  readonly offset: number;
  readonly path: string;
  readonly message: string;
}

export interface TwemproxyDocument {
  readonly blocks: readonly Block[];
  readonly findings: readonly Finding[];
  positionOf(offset: number): { readonly line: number; readonly column: number };
}

const MARKERS: Readonly<Record<string, string>> = {
  directive: 'a directive (%)',
  'doc-start': 'a document start (---)',
  'doc-end': 'a document end (...)',
};

/** What ends a line in YAML 1.1, which libyaml follows, and no longer in 1.2. Each is as long as the \n put in its place. */
const OLD_BREAKS = /\r(?!\n)|[\u0085\u2028\u2029]/g;

/** Parses a file's text. Never throws: what is wrong is in `findings`, and then `blocks` may lack parts. */
export function parseTwemproxyYaml(source: string): TwemproxyDocument {
  const text = source.replace(OLD_BREAKS, '\n');
  const findings: Finding[] = [];
  const report: Report = (offset, path, message) => void findings.push({ offset, path, message });
  for (const token of new Parser().parse(text)) checkToken(token, report);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: 'failsafe',
    version: '1.1',
    merge: false,
    prettyErrors: false,
    keepSourceTokens: true,
    uniqueKeys: false,
  });
  for (const error of [...document.errors, ...document.warnings]) {
    if (!isTolerated(error)) report(error.pos[0], '', `not valid YAML: ${error.message.split('\n', 1)[0]!}`);
  }
  const blocks = findings.length > 0 ? [] : readRoot(document.contents, report);
  return {
    blocks,
    findings,
    positionOf: (offset) => {
      const { line, col } = lines.linePos(offset);
      return { line: Math.max(1, line), column: Math.max(1, col) };
    },
  };
}

type Report = (offset: number, path: string, message: string) => void;

/** libyaml lets a comment follow a quoted scalar without a blank between them. */
function isTolerated(error: YAMLError): boolean {
  return error.code === 'MISSING_CHAR' && error.message.startsWith('Comments must be separated');
}

function checkToken(token: CST.Token, report: Report): void {
  const found = MARKERS[token.type];
  if (found !== undefined) report(offsetOfToken(token), '', `twemproxy does not allow ${found}`);
  if (token.type !== 'document') return;
  for (const part of token.start) {
    const marker = MARKERS[part.type];
    if (marker !== undefined) report(part.offset, '', `twemproxy does not allow ${marker}`);
  }
}

function offsetOfToken(token: CST.Token): number {
  return 'offset' in token ? token.offset : 0;
}

function readRoot(root: unknown, report: Report): Block[] {
  if (root === null || root === undefined || (isScalar(root) && root.source === '')) {
    report(0, '', 'the file has no pools');
    return [];
  }
  if (!isBlockMap(root, '', 'pool names and their blocks', report)) return [];
  return root.items.flatMap((pair) => {
    const name = readScalar(pair.key, '', 'a pool name', report);
    if (name === null) return [];
    if (!isBlockMap(pair.value, name.text, 'a block of keys below the pool name', report, name.offset)) return [];
    return [{ name, directives: readDirectives(pair.value.items, name, report) }];
  });
}

function readDirectives(pairs: readonly Pair[], pool: Text, report: Report): Directive[] {
  let sequences = 0;
  const directives = pairs.flatMap((pair): Directive[] => {
    const key = readScalar(pair.key, pool.text, 'a key', report);
    if (key === null) return [];
    const path = `${pool.text}.${key.text}`;
    if (!isSeq(pair.value)) {
      const value = readScalar(pair.value, path, 'a value', report, key.offset);
      return value === null ? [] : [{ key, values: [value] }];
    }
    if (!isPlain(pair.value, path, report)) return [];
    if (pair.value.flow === true)
      report(offsetOf(pair.value) ?? key.offset, path, 'twemproxy does not allow [...]; write "- item" lines');
    checkItemTabs(pair.value.srcToken, path, report);
    if (++sequences > 1) report(key.offset, path, 'a pool has only one list, its servers');
    const values = pair.value.items.flatMap((item, index) => {
      const value = readScalar(item, `${path}[${index}]`, 'a text', report, key.offset);
      return value === null ? [] : [value];
    });
    return [{ key, values }];
  });
  if (sequences === 0) report(pool.offset, pool.text, 'the pool has no list of servers ("- host:port:weight" lines)');
  return directives;
}

/** libyaml takes no tab between the dash of an item and its text. */
function checkItemTabs(token: CST.Token | undefined, path: string, report: Report): void {
  if (token?.type !== 'block-seq') return;
  for (const [index, { start }] of token.items.entries()) {
    const dash = start.findIndex(({ type }) => type === 'seq-item-ind');
    const tab = start.slice(dash + 1).find(({ type, source }) => type === 'space' && source.includes('\t'));
    if (tab !== undefined) report(tab.offset, `${path}[${index}]`, 'a tab behind "-"; use blanks');
  }
}

function isBlockMap(node: unknown, path: string, expected: string, report: Report, offset = 0): node is YAMLMap {
  if (!isMap(node)) {
    report(offsetOf(node) ?? offset, path, `expected ${expected}`);
    return false;
  }
  if (!isPlain(node, path, report)) return false;
  if (node.flow !== true) return true;
  report(offsetOf(node) ?? offset, path, 'twemproxy does not allow {...}; write one "key: value" a line');
  return false;
}

/** A scalar that is not empty, or null when something is wrong with it. */
function readScalar(node: unknown, path: string, what: string, report: Report, offset = 0): Text | null {
  if (isAlias(node)) {
    report(offsetOf(node) ?? offset, path, 'twemproxy does not allow aliases (*)');
    return null;
  }
  if (!isScalar(node)) {
    const found = isMap(node) ? 'a block' : isSeq(node) ? 'a list' : 'nothing';
    report(offsetOf(node) ?? offset, path, `expected ${what}, got ${found}`);
    return null;
  }
  const at = offsetOf(node) ?? offset;
  if (!isPlain(node, path, report)) return null;
  const text = typeof node.value === 'string' ? node.value : '';
  if (text === '') report(at, path, `expected ${what}, got an empty one`);
  else if (text.includes('\0')) report(at, path, `${what} with a NUL character`);
  else return { text, offset: at };
  return null;
}

/** No anchor, no tag. */
function isPlain(node: Node, path: string, report: Report): boolean {
  const { anchor, tag } = node as { anchor?: string; tag?: string };
  const found = anchor !== undefined ? 'anchors (&)' : tag !== undefined ? 'tags (!)' : undefined;
  if (found !== undefined) report(offsetOf(node) ?? 0, path, `twemproxy does not allow ${found}`);
  return found === undefined;
}

function offsetOf(node: unknown): number | undefined {
  return (node as Node | null)?.range?.[0];
}

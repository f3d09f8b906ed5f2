/**
 * Which of the two kinds of file a text is. A Ringward file has `listeners` and `pools` at its root; a twemproxy file has
 * pool names there, and below each a block with `listen` or `servers`. Errors repeat what the file was taken for, so
 * that a slip in one kind is not read as nonsense of the other.
 */
import { isMap, isScalar, isSeq, parseDocument, type YAMLMap } from 'yaml';

export type FileKind = 'ringward' | 'twemproxy';

export interface Recognition {
  readonly kind: FileKind;
  /** Why, as a clause: `it has the key "pools"`. */
  readonly why: string;
  /** False when neither kind was found and the file is taken for a Ringward file for want of better. */
  readonly isSure: boolean;
}

const RINGWARD_KEYS = ['listeners', 'pools'];

/** Looks at the structure, or at the lines when the text is not YAML. Never throws. */
export function recognise(text: string): Recognition {
  const document = parseDocument(text, { schema: 'failsafe', uniqueKeys: false, logLevel: 'silent' });
  const root = document.contents;
  if (!isMap(root)) return recogniseLines(text);
  for (const { key, value } of (root as YAMLMap).items) {
    const mark = isMap(value) ? markOfPool(value) : undefined;
    if (mark !== undefined) return sure('twemproxy', `"${nameOf(key)}" is a block with "${mark}"`);
  }
  const own = (root as YAMLMap).items.map(({ key }) => nameOf(key)).find((name) => RINGWARD_KEYS.includes(name));
  return own === undefined ? recogniseLines(text) : sure('ringward', `it has the key "${own}"`);
}

/** A Ringward pool may be called `listen` or `servers`, but is a mapping then. */
function markOfPool(block: YAMLMap): string | undefined {
  const found = block.items.find(({ key, value }) => {
    const name = nameOf(key);
    return (name === 'listen' && (isScalar(value) || isSeq(value))) || (name === 'servers' && !isMap(value));
  });
  return found === undefined ? undefined : nameOf(found.key);
}

function recogniseLines(text: string): Recognition {
  if (/^(?:listeners|pools)[ \t]*:/m.test(text)) return sure('ringward', 'a line begins with "listeners:" or "pools:"');
  const mark = /^[ \t]+(listen|servers)[ \t]*:/m.exec(text)?.[1];
  if (mark !== undefined) return sure('twemproxy', `it has an indented line "${mark}:"`);
  return { kind: 'ringward', why: 'no block of it has "listen" or "servers"', isSure: false };
}

function sure(kind: FileKind, why: string): Recognition {
  return { kind, why, isSure: true };
}

function nameOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : '';
}

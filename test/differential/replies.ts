/**
 * When two replies to the same request are alike. The same bytes are; beyond that, only what Redis leaves open may differ,
 * and only for the commands named here: the order of members of a hash table, a clock, a random choice. Types that are
 * stored in order (listpack, intset) are compared in order, so the caller says how the key is encoded.
 */
import type { Words } from '../integration/embedded-grammar.js';

interface Value {
  /** The first line, with its CRLF. */
  readonly head: string;
  readonly body: string;
  readonly items: readonly Value[];
}

function parseValue(reply: string, at: number): { readonly value: Value; readonly end: number } {
  const lineEnd = reply.indexOf('\r\n', at) + 2;
  const head = reply.slice(at, lineEnd);
  const count = Number(head.slice(1));
  if ('$!='.includes(head[0]!)) {
    const end = count < 0 ? lineEnd : lineEnd + count + 2;
    return { value: { head, body: reply.slice(lineEnd, end), items: [] }, end };
  }
  const items: Value[] = [];
  let end = lineEnd;
  if ('*~>%'.includes(head[0]!)) {
    for (let left = head.startsWith('%') ? 2 * count : count; left > 0; left--) {
      const item = parseValue(reply, end);
      items.push(item.value);
      end = item.end;
    }
  }
  return { value: { head, body: '', items }, end };
}

function parse(reply: string): Value {
  return parseValue(reply, 0).value;
}

function textOf(value: Value): string {
  return value.head + value.body + value.items.map(textOf).join('');
}

/** The items in groups of `size`, sorted. */
function sorted(items: readonly Value[], size: number): string {
  const groups: string[] = [];
  for (let i = 0; i < items.length; i += size)
    groups.push(
      items
        .slice(i, i + size)
        .map(textOf)
        .join(''),
    );
  return groups.sort().join('');
}

function textOfSorted(value: Value): string {
  return value.head + value.body + value.items.map(textOfSorted).sort().join('');
}

/** Replies without an order, and how many items belong together. `hashed`: only when the key is a hash table. */
const UNORDERED: Readonly<Record<string, { readonly size: 1 | 2; readonly when: 'hashed' | 'always' }>> = {
  smembers: { size: 1, when: 'hashed' },
  hkeys: { size: 1, when: 'hashed' },
  hvals: { size: 1, when: 'hashed' },
  hgetall: { size: 2, when: 'hashed' },
  sort: { size: 1, when: 'hashed' },
  sort_ro: { size: 1, when: 'hashed' },
  sinter: { size: 1, when: 'always' },
  sunion: { size: 1, when: 'always' },
  sdiff: { size: 1, when: 'always' },
  spop: { size: 1, when: 'always' },
  keys: { size: 1, when: 'always' },
  'config|get': { size: 2, when: 'always' },
};

/** Lists of lists, of which none has an order. */
const UNORDERED_THROUGHOUT = new Set(['function|list', 'function|stats']);

/** A cursor, and members that have no order in a hash table. The database is one. */
const SCANS: Readonly<Record<string, 1 | 2>> = { scan: 1, sscan: 1, hscan: 2, zscan: 2 };

/**
 * Chosen at random, or measured: the type and the number of items must agree. Small integers are objects that all keys of a
 * server share, and so is their idle time.
 */
const RANDOM = new Set([
  ...['srandmember', 'hrandfield', 'zrandmember', 'randomkey'],
  ...['memory|usage', 'object|idletime', 'time'],
]);

/** How far apart two clock readings may be, in the unit of the reply. Only positive numbers are times. */
const TIMES: Readonly<Record<string, number>> = {
  ttl: 10,
  pttl: 10_000,
  expiretime: 10,
  pexpiretime: 10_000,
};

/** Numbers in the middle of replies that are clocks, or ids of the server. */
const MASKS: Readonly<Record<string, readonly [RegExp, string]>> = {
  hello: [/((?:id\r\n:)|(?:version\r\n\$\d+\r\n))[\d.]+/g, '$1N'],
  'xinfo|consumers': [/(\r\n(?:idle|inactive)\r\n):\d+/g, '$1:N'],
  // Times of entries and consumers in milliseconds.
  'xinfo|stream': [/(\r\n:)\d{13}(?=\r\n)/g, '$1N'],
  // The third of four: how long ago the entry was delivered.
  xpending: [/:\d+(\r\n:\d+)/g, ':N$1'],
};

/** Commands whose comparison depends on the encoding of their first key. */
export function asksEncoding(name: string): boolean {
  return UNORDERED[name]?.when === 'hashed' || (name in SCANS && name !== 'scan') || name === 'dump';
}

export function listedReplies(): string[] {
  return [UNORDERED, SCANS, TIMES, MASKS]
    .flatMap((each) => Object.keys(each))
    .concat(...RANDOM, ...UNORDERED_THROUGHOUT, 'dump');
}

function isAlikeTime(expected: string, actual: string, apartMax: number): boolean {
  const [one, other] = [expected, actual].map((reply) => Number(reply.slice(1)));
  if (!expected.startsWith(':') || !actual.startsWith(':')) return false;
  return one! >= 0 && other! >= 0 && Math.abs(one! - other!) <= apartMax;
}

function isAlikeUnordered(expected: string, actual: string, size: number): boolean {
  const [one, other] = [parse(expected), parse(actual)];
  // A RESP3 map counts its pairs, and so do they here; a set or an array of one.
  return one.head === other.head && sorted(one.items, size) === sorted(other.items, size);
}

function isAlikeScan(cursor: string, expected: string, actual: string, size: number): boolean {
  const [one, other] = [parse(expected), parse(actual)];
  if (one.head !== '*2\r\n' || other.head !== one.head) return false;
  const [ends, ended] = [one, other].map((each) => each.items[0]!.body === '0\r\n');
  // A part of a scan shows whatever that table has there.
  if (cursor !== '0' || !ends! || !ended!) return true;
  const [members, others] = [one.items[1]!, other.items[1]!];
  return members.head === others.head && sorted(members.items, size) === sorted(others.items, size);
}

/** The types of the reply and of its items, with the number of the latter. */
function shapeOf(value: Value): string {
  const isNull = value.head === '$-1\r\n' || value.head === '*-1\r\n' || value.head.startsWith('_');
  if (isNull || '*~>%'.includes(value.head[0]!)) return value.head + value.items.map(shapeOf).join('');
  return value.head[0]!;
}

/**
 * True when `actual` is as good as `expected`, which redis-server gave. `encoding` is its reply to OBJECT ENCODING of the
 * first key before that; it is needed when `asksEncoding` says so.
 */
export function isAlike(name: string, words: Words, expected: string, actual: string, encoding = ''): boolean {
  if (expected === actual) return true;
  if (expected.startsWith('-') || actual.startsWith('-')) return false;
  const isSort = name === 'sort' || name === 'sort_ro';
  // SORT turns a small sorted set into a large one before it reads it.
  const isHashed = (isSort ? /hashtable|skiplist|listpack/ : /hashtable|skiplist/).test(encoding);
  const order = UNORDERED[name];
  if (order !== undefined && (order.when === 'always' || isHashed)) {
    // Sorted is sorted; but BY a pattern without `*` means not at all, and BY missing keys leaves it open.
    if (isSort && !words.some((word) => word.toLowerCase() === 'by')) return false;
    return isAlikeUnordered(expected, actual, order.size);
  }
  const scanned = SCANS[name];
  if (scanned !== undefined && (isHashed || name === 'scan')) {
    return isAlikeScan(words[name === 'scan' ? 1 : 2]!, expected, actual, scanned);
  }
  if (UNORDERED_THROUGHOUT.has(name)) return textOfSorted(parse(expected)) === textOfSorted(parse(actual));
  if (RANDOM.has(name)) return shapeOf(parse(expected)) === shapeOf(parse(actual));
  // The members of a table in its order; a stream with times in it.
  if (name === 'dump') return (isHashed || encoding.includes('stream')) && parse(expected).head === parse(actual).head;
  const apartMax = TIMES[name];
  if (apartMax !== undefined) return isAlikeTime(expected, actual, apartMax);
  const mask = MASKS[name];
  return mask !== undefined && expected.replace(...mask) === actual.replace(...mask);
}

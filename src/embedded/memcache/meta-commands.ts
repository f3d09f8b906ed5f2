/**
 * memcached's meta commands mg, ms, md, ma, mn and me. Texts and quirks are those of 1.6.18; later versions differ in small things
 * (more flags, quiet misses of md), which the documentation of the node lists.
 */
import { BAD_FORMAT, KEY_MAX_BYTES, NON_NUMERIC, TOO_LARGE } from './connection.js';
import type { Connection, TextCommand } from './connection.js';
import { addDelta, storeItem } from './item-changes.js';
import type { StoreMode, StoreOutcome } from './item-changes.js';
import { memcachedBytes } from './item-store.js';
import type { Item, ItemStore } from './item-store.js';
import { OPAQUE_TOO_LONG, keyAnswer, opaqueAnswer, parseMetaFlags } from './meta-flags.js';
import type { MetaFlags } from './meta-flags.js';
import { parseInt32 } from './numbers.js';
import { slabClassOf } from './slab-class.js';

/** Words of a line with its end, as memcached counts them. */
const WORDS_MAX = 19;
const TOO_MANY_FLAGS = 'CLIENT_ERROR options flags are too long';
const BAD_FLAG = 'CLIENT_ERROR invalid or duplicate flag';
const LENGTH_MAX = 2 ** 31 - 3;

/** What a flag adds to the answer; undefined for a token that is refused. */
type FlagAnswer = (token: string) => string | undefined;

/** The answer's flags in the order of the request's, or the error line. */
function flagAnswers(flags: MetaFlags, answerOf: FlagAnswer): { readonly text: string } | { readonly error: string } {
  let text = '';
  for (const token of flags.tokens) {
    const part = token.startsWith('O') ? opaqueAnswer(token) : answerOf(token);
    if (part === undefined) return { error: OPAQUE_TOO_LONG };
    text += part;
  }
  return { text };
}

/** The flags of answers that show no item: the key as it was asked, and the opaque token. */
function requestAnswers(flags: MetaFlags): ReturnType<typeof flagAnswers> {
  return flagAnswers(flags, (token) => (token.startsWith('k') ? keyAnswer(flags.key, flags.keyIsBinary) : ''));
}

function timeLeft(item: Item, store: ItemStore): string {
  // memcached prints the difference as an unsigned number, also when it is negative.
  return item.expiresAt === 0 ? '-1' : String((item.expiresAt - store.nowS) >>> 0);
}

/** Flags of a line whose key and length fit, or undefined after the error was answered. */
function metaFlags(
  connection: Connection,
  words: readonly string[],
  from: number,
  errorOf: (line: string) => string,
): MetaFlags | undefined {
  const key = words[1]!;
  if (key.length > KEY_MAX_BYTES) {
    connection.answer(BAD_FORMAT);
    return undefined;
  }
  if (words.length > WORDS_MAX) {
    connection.answer(TOO_MANY_FLAGS);
    return undefined;
  }
  const flags = parseMetaFlags(connection.store, key, words.slice(from));
  if (typeof flags !== 'string') return flags;
  connection.answer(errorOf(flags));
  return undefined;
}

function metaGet(connection: Connection, words: readonly string[]): void {
  const { store } = connection;
  const flags = metaFlags(connection, words, 2, (line) => line);
  if (!flags) return;
  store.counters.gets += 1;
  let item = store.get(flags.key);
  if (item) store.counters.hits += 1;
  let won = false;
  if (!item && flags.vivifyAt !== undefined) {
    item = store.put(flags.key, { value: '' });
    won = true;
  }
  const created = won;
  const found = item;
  if (!found) {
    const answers = requestAnswers(flags);
    if ('error' in answers) connection.answer(answers.error);
    else if (!flags.quiet) connection.answer(`EN${answers.text}`);
    return;
  }
  const answers = flagAnswers(flags, (token) => {
    if (token.startsWith('T')) found.expiresAt = flags.expiresAt!;
    if (token.startsWith('N') && created) found.expiresAt = flags.vivifyAt!;
    const expiresBefore = found.expiresAt !== 0 && found.expiresAt < flags.recacheAt;
    if (token.startsWith('R') && expiresBefore && !found.tokenSent && !created) won = true;
    return itemAnswer(token, found, flags.key, store);
  });
  if ('error' in answers) {
    connection.answer(answers.error);
    return;
  }
  const tail = winAnswer(found, won);
  if (!flags.noUpdate) store.used(found);
  if (!flags.value) connection.answer(`HD${answers.text}${tail}`);
  else connection.send(`VA ${found.value.length}${answers.text}${tail}\r\n${found.value}\r\n`);
}

function itemAnswer(token: string, item: Item, key: string, store: ItemStore): string {
  switch (token[0]) {
    case 's':
      return ` s${item.value.length}`;
    case 't':
      return ` t${timeLeft(item, store)}`;
    case 'c':
      return ` c${item.cas}`;
    case 'f':
      return ` f${item.flags}`;
    case 'l':
      return ` l${store.nowS - item.lastAccess}`;
    case 'h':
      return ` h${item.fetched ? 1 : 0}`;
    case 'k':
      return keyAnswer(key, item.keyIsBinary);
    default:
      return '';
  }
}

/** W: this reader should fetch the value anew. Z: another was told so. X: the value is stale. */
function winAnswer(item: Item, wonAlready: boolean): string {
  const sent = item.tokenSent ? ' Z' : '';
  const stale = item.stale ? ' X' : '';
  const won = wonAlready || (item.stale && !item.tokenSent);
  if (won) item.tokenSent = true;
  return `${sent}${stale}${won ? ' W' : ''}`;
}

const SET_MODES: ReadonlyMap<string | undefined, StoreMode> = new Map<string | undefined, StoreMode>([
  [undefined, 'set'],
  ['S', 'set'],
  ['E', 'add'],
  ['A', 'append'],
  ['P', 'prepend'],
  ['R', 'replace'],
]);
const SET_LINES: Readonly<Record<StoreOutcome, string>> = {
  stored: 'HD',
  'not-stored': 'NS',
  exists: 'EX',
  'not-found': 'NF',
};

function metaSet(connection: Connection, words: readonly string[]): void {
  const { store } = connection;
  const length = words[2] === undefined ? undefined : parseInt32(words[2]);
  if (words[1]!.length > KEY_MAX_BYTES || length === undefined || length < 0 || length > LENGTH_MAX) {
    connection.answer(BAD_FORMAT);
    return;
  }
  const refuse = (line: string): void => {
    connection.skipData(length);
    connection.answer(line);
  };
  const flags = words.length > WORDS_MAX ? TOO_MANY_FLAGS : parseMetaFlags(store, words[1]!, words.slice(3));
  if (typeof flags === 'string') {
    refuse(flags);
    return;
  }
  const answers = requestAnswers(flags);
  const plainMode = SET_MODES.get(flags.mode);
  if (!plainMode || 'error' in answers) {
    refuse(plainMode && 'error' in answers ? answers.error : 'CLIENT_ERROR invalid mode for ms M token');
    return;
  }
  const isConditional = flags.cas !== undefined && (plainMode === 'set' || plainMode === 'replace');
  const mode = isConditional ? 'cas' : plainMode;
  if (!store.fits(flags.key, flags.clientFlags, length)) {
    if (mode === 'set') store.delete(flags.key);
    refuse(TOO_LARGE);
    return;
  }
  connection.expectData(length, (value) => finishMetaSet(connection, flags, mode, value));
}

function finishMetaSet(connection: Connection, flags: MetaFlags, mode: StoreMode, value: string | undefined): void {
  const { store } = connection;
  store.counters.sets += 1;
  if (value === undefined) {
    connection.answer('CLIENT_ERROR bad data chunk');
    return;
  }
  const { key, keyIsBinary, clientFlags, stale: acceptsStale } = flags;
  const expiresAt = flags.expiresAt ?? 0;
  const cas = flags.cas ?? 0n;
  const { outcome, item } = storeItem(store, {
    ...{ key, value, flags: clientFlags, expiresAt, mode, cas, acceptsStale, keyIsBinary },
  });
  const answers = flagAnswers(flags, (token) => {
    if (token.startsWith('k')) return keyAnswer(key, keyIsBinary);
    return token.startsWith('c') ? ` c${item?.cas ?? 0n}` : '';
  });
  if (outcome === 'stored' && flags.quiet) return;
  if ('text' in answers) connection.answer(`${SET_LINES[outcome]}${answers.text}`);
}

function metaDelete(connection: Connection, words: readonly string[]): void {
  const { store } = connection;
  const flags = metaFlags(connection, words, 2, () => BAD_FLAG);
  if (!flags) return;
  const answers = requestAnswers(flags);
  if ('error' in answers) {
    connection.answer(answers.error);
    return;
  }
  const item = store.get(flags.key);
  if (!item) {
    connection.answer(`NF${answers.text}`);
    return;
  }
  if (flags.cas !== undefined && flags.cas !== item.cas) {
    connection.answer(`EX${answers.text}`);
    return;
  }
  if (flags.stale) {
    if (flags.expiresAt !== undefined) item.expiresAt = flags.expiresAt;
    item.stale = true;
    // The next reader is told to fetch, even if one was told before.
    item.tokenSent = false;
    item.cas = store.nextCas();
  } else store.delete(flags.key);
  if (!flags.quiet) connection.answer(`HD${answers.text}`);
}

const INCREMENT_MODES: ReadonlyMap<string | undefined, boolean> = new Map<string | undefined, boolean>([
  [undefined, true],
  ['I', true],
  ['+', true],
  ['D', false],
  ['-', false],
]);

function metaArithmetic(connection: Connection, words: readonly string[]): void {
  const { store } = connection;
  const flags = metaFlags(connection, words, 2, () => BAD_FLAG);
  if (!flags) return;
  const increment = INCREMENT_MODES.get(flags.mode);
  if (increment === undefined) {
    connection.answer('CLIENT_ERROR invalid mode for ma M token');
    return;
  }
  const { key } = flags;
  let result = addDelta(store, key, { increment, delta: flags.delta, cas: flags.cas ?? 0n });
  let created = false;
  if (result.outcome === 'not-found' && flags.vivifyAt !== undefined) {
    const text = flags.initial.toString();
    result = { outcome: 'done', text, item: store.put(key, { value: text }) };
    created = true;
  }
  if (result.outcome === 'non-numeric') {
    connection.answer(NON_NUMERIC);
    return;
  }
  if (result.outcome !== 'done') {
    const answers = requestAnswers(flags);
    const line = result.outcome === 'exists' ? 'EX' : 'NF';
    connection.answer('error' in answers ? answers.error : `${line}${answers.text}`);
    return;
  }
  const { item, text } = result;
  const answers = flagAnswers(flags, (token) => {
    if (token.startsWith('T')) item.expiresAt = flags.expiresAt!;
    if (token.startsWith('N') && created) item.expiresAt = flags.vivifyAt!;
    if (token.startsWith('t')) return ` t${timeLeft(item, store)}`;
    if (token.startsWith('c')) return ` c${item.cas}`;
    return token.startsWith('k') ? keyAnswer(key, flags.keyIsBinary) : '';
  });
  if ('error' in answers) connection.answer(answers.error);
  else if (flags.quiet && !created)
    return; // an item that is created is shown even to a quiet client
  else if (flags.value) connection.send(`VA ${text.length}${answers.text}\r\n${text}\r\n`);
  else connection.answer(`HD${answers.text}`);
}

/** What memcached's internals say of an item; the slab class is the one its size would have there. */
function metaDebug(connection: Connection, words: readonly string[]): void {
  const { store } = connection;
  const flags = words[1] === undefined ? BAD_FORMAT : parseMetaFlags(store, words[1], words.slice(2, 3));
  if (typeof flags === 'string' || flags.key.length > KEY_MAX_BYTES) {
    connection.answer(BAD_FORMAT);
    return;
  }
  const item = store.get(flags.key);
  if (!item) {
    connection.answer('EN');
    return;
  }
  const size = memcachedBytes(flags.key, item.flags, item.value.length);
  const expires = item.expiresAt === 0 ? -1 : store.nowS - item.expiresAt;
  const key = item.keyIsBinary ? Buffer.from(flags.key, 'latin1').toString('base64') : flags.key;
  connection.answer(
    `ME ${key} exp=${expires} la=${store.nowS - item.lastAccess} cas=${item.cas} ` +
      `fetch=${item.fetched ? 'yes' : 'no'} cls=${slabClassOf(size)} size=${size}`,
  );
}

export const META_COMMANDS: Readonly<Record<string, TextCommand>> = {
  mg: { wordsMin: 2, wordsMax: Infinity, run: metaGet },
  ms: { wordsMin: 2, wordsMax: Infinity, run: metaSet },
  md: { wordsMin: 2, wordsMax: Infinity, run: metaDelete },
  ma: { wordsMin: 2, wordsMax: Infinity, run: metaArithmetic },
  mn: { wordsMin: 1, wordsMax: Infinity, run: (connection) => connection.answer('MN') },
  me: { wordsMin: 1, wordsMax: Infinity, run: metaDebug },
};

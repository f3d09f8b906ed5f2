/**
 * memcached's classic text commands. Texts, limits and the order of checks are those of 1.6.18, quirks included: the comparison
 * in test/integration/embedded-memcached.test.ts holds them to it.
 */
import { BAD_FORMAT, KEY_MAX_BYTES, NON_NUMERIC, TOO_LARGE, VERSION } from './connection.js';
import type { Connection, TextCommand } from './connection.js';
import { addDelta, storeItem } from './item-changes.js';
import type { StoreMode, StoreOutcome } from './item-changes.js';
import { parseFlags, parseInt32, parseUint64 } from './numbers.js';
import { stats } from './stats.js';

const STORE_LINES: Readonly<Record<StoreOutcome, string>> = {
  stored: 'STORED',
  'not-stored': 'NOT_STORED',
  exists: 'EXISTS',
  'not-found': 'NOT_FOUND',
};
const BAD_TIME = 'CLIENT_ERROR invalid exptime argument';
const BAD_DELETE = `${BAD_FORMAT}.  Usage: delete <key> [noreply]`;
const LENGTH_MAX = 2 ** 31 - 3;

/** Answers unless the line ends with noreply. */
function replier(connection: Connection, words: readonly string[]): (line: string) => void {
  return words.at(-1) === 'noreply' ? () => undefined : (line) => connection.answer(line);
}

function retrieval(withCas: boolean, withTouch: boolean): TextCommand['run'] {
  return (connection, words) => {
    const { store } = connection;
    const seconds = withTouch ? parseInt32(words[1]!) : 0;
    if (seconds === undefined) {
      connection.answer(BAD_TIME);
      return;
    }
    const keys = words.slice(withTouch ? 2 : 1);
    // One key too long loses the whole answer.
    if (keys.some((key) => key.length > KEY_MAX_BYTES)) {
      connection.answer(BAD_FORMAT);
      return;
    }
    for (const key of keys) {
      const item = store.get(key);
      store.counters.gets += 1;
      if (!item) continue;
      store.counters.hits += 1;
      if (withTouch) {
        item.expiresAt = store.timeOf(seconds);
        store.counters.touches += 1;
      }
      store.used(item);
      const cas = withCas ? ` ${item.cas}` : '';
      connection.send(`VALUE ${key} ${item.flags} ${item.value.length}${cas}\r\n${item.value}\r\n`);
    }
    connection.answer('END');
  };
}

function storage(mode: StoreMode): TextCommand['run'] {
  return (connection, words) => {
    const { store } = connection;
    const reply = replier(connection, words);
    const [, key, flagsText, timeText, lengthText, casText] = words as [string, string, string, string, string, string];
    const flags = parseFlags(flagsText);
    const seconds = parseInt32(timeText);
    const length = parseInt32(lengthText);
    const cas = mode === 'cas' ? parseUint64(casText) : 0n;
    const bad = flags === undefined || seconds === undefined || length === undefined || cas === undefined;
    // The data line that follows is then taken for a command: memcached does not skip it.
    if (bad || key.length > KEY_MAX_BYTES || length < 0 || length > LENGTH_MAX) {
      reply(BAD_FORMAT);
      return;
    }
    if (!store.fits(key, flags, length)) {
      // The old value must not outlive a set that failed.
      if (mode === 'set') store.delete(key);
      connection.skipData(length);
      reply(TOO_LARGE);
      return;
    }
    const expiresAt = store.timeOf(seconds);
    connection.expectData(length, (value) => {
      store.counters.sets += 1;
      if (value === undefined) {
        reply('CLIENT_ERROR bad data chunk');
        return;
      }
      const request = { key, value, flags, expiresAt, mode, cas, acceptsStale: false, keyIsBinary: false };
      reply(STORE_LINES[storeItem(store, request).outcome]);
    });
  };
}

function arithmetic(increment: boolean): TextCommand['run'] {
  return (connection, words) => {
    const reply = replier(connection, words);
    const [, key, deltaText] = words as [string, string, string];
    if (key.length > KEY_MAX_BYTES) {
      reply(BAD_FORMAT);
      return;
    }
    const delta = parseUint64(deltaText);
    if (delta === undefined) {
      reply('CLIENT_ERROR invalid numeric delta argument');
      return;
    }
    const result = addDelta(connection.store, key, { increment, delta, cas: 0n });
    if (result.outcome === 'done') reply(result.text);
    else reply(result.outcome === 'non-numeric' ? NON_NUMERIC : 'NOT_FOUND');
  };
}

function deletion(connection: Connection, words: readonly string[]): void {
  const { store } = connection;
  const reply = replier(connection, words.slice(2));
  const key = words[1]!;
  const options = words.slice(2).join(' ');
  if (!['', '0', 'noreply', '0 noreply'].includes(options)) {
    reply(BAD_DELETE);
    return;
  }
  if (key.length > KEY_MAX_BYTES) {
    reply(BAD_FORMAT);
    return;
  }
  const found = store.get(key) !== undefined;
  if (found) store.delete(key);
  reply(found ? 'DELETED' : 'NOT_FOUND');
}

function touch(connection: Connection, words: readonly string[]): void {
  const { store } = connection;
  const reply = replier(connection, words);
  const [, key, timeText] = words as [string, string, string];
  if (key.length > KEY_MAX_BYTES) {
    reply(BAD_FORMAT);
    return;
  }
  const seconds = parseInt32(timeText);
  if (seconds === undefined) {
    reply(BAD_TIME);
    return;
  }
  const item = store.get(key);
  if (item) {
    item.expiresAt = store.timeOf(seconds);
    store.used(item);
  }
  store.counters.touches += 1;
  reply(item ? 'TOUCHED' : 'NOT_FOUND');
}

function flushAll(connection: Connection, words: readonly string[]): void {
  const reply = replier(connection, words);
  const given = words[1] === undefined || (words[1] === 'noreply' && words.length === 2) ? '0' : words[1];
  const delayS = parseInt32(given);
  if (delayS === undefined) {
    reply(BAD_TIME);
    return;
  }
  connection.store.flush(delayS);
  reply('OK');
}

/** There is no log to make more or less talkative: a number is accepted, as clients expect, and changes nothing. */
function verbosity(connection: Connection, words: readonly string[]): void {
  replier(connection, words)(parseUint64(words[1]!) === undefined ? BAD_FORMAT : 'OK');
}

const storageRow = (mode: StoreMode): TextCommand =>
  mode === 'cas' ? { wordsMin: 6, wordsMax: 7, run: storage(mode) } : { wordsMin: 5, wordsMax: 6, run: storage(mode) };

export const CLASSIC_COMMANDS: Readonly<Record<string, TextCommand>> = {
  get: { wordsMin: 2, wordsMax: Infinity, run: retrieval(false, false) },
  gets: { wordsMin: 2, wordsMax: Infinity, run: retrieval(true, false) },
  gat: { wordsMin: 2, wordsMax: Infinity, run: retrieval(false, true) },
  gats: { wordsMin: 2, wordsMax: Infinity, run: retrieval(true, true) },
  set: storageRow('set'),
  add: storageRow('add'),
  replace: storageRow('replace'),
  append: storageRow('append'),
  prepend: storageRow('prepend'),
  cas: storageRow('cas'),
  incr: { wordsMin: 3, wordsMax: 4, run: arithmetic(true) },
  decr: { wordsMin: 3, wordsMax: 4, run: arithmetic(false) },
  delete: { wordsMin: 2, wordsMax: 4, run: deletion },
  touch: { wordsMin: 3, wordsMax: 4, run: touch },
  flush_all: { wordsMin: 1, wordsMax: 3, run: flushAll },
  verbosity: { wordsMin: 2, wordsMax: 3, run: verbosity },
  version: { wordsMin: 1, wordsMax: Infinity, run: (connection) => connection.answer(`VERSION ${VERSION}`) },
  stats: { wordsMin: 1, wordsMax: Infinity, run: stats },
  quit: { wordsMin: 1, wordsMax: Infinity, run: (connection) => connection.end() },
};

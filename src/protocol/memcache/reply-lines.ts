/**
 * The first words of the lines that a memcached server answers, as small numbers, and which of them may answer what.
 * Used by the reply framer: a line that cannot answer the request at the head of the queue means that the stream is out
 * of step, and the connection must go.
 */
import { McReplyKind } from './commands.js';

/** What a reply line says. Below `hit` classic, from there on meta; errors come first so that one comparison finds them. */
export const McAnswer = {
  unknown: 0,
  error: 1,
  clientError: 2,
  serverError: 3,
  stored: 4,
  notStored: 5,
  exists: 6,
  notFound: 7,
  deleted: 8,
  touched: 9,
  ok: 10,
  version: 11,
  number: 12,
  end: 13,
  value: 14,
  stat: 15,
  reset: 16,
  hit: 17,
  valueHit: 18,
  miss: 19,
  metaNotFound: 20,
  metaNotStored: 21,
  metaExists: 22,
  debug: 23,
  noOp: 24,
} as const;

export type McAnswerId = (typeof McAnswer)[keyof typeof McAnswer];

/** Whole lines, or the words that a line begins with when more may follow behind a space. */
const WORDS: readonly (readonly [word: string, answer: McAnswerId, mayGoOn: boolean])[] = [
  ['HD', McAnswer.hit, true],
  ['VA', McAnswer.valueHit, true],
  ['EN', McAnswer.miss, true],
  ['NF', McAnswer.metaNotFound, true],
  ['NS', McAnswer.metaNotStored, true],
  ['EX', McAnswer.metaExists, true],
  ['ME', McAnswer.debug, true],
  ['MN', McAnswer.noOp, false],
  ['OK', McAnswer.ok, true],
  ['END', McAnswer.end, false],
  ['STAT', McAnswer.stat, true],
  ['ITEM', McAnswer.stat, true],
  ['VALUE', McAnswer.value, true],
  ['RESET', McAnswer.reset, false],
  ['ERROR', McAnswer.error, true],
  ['STORED', McAnswer.stored, false],
  ['EXISTS', McAnswer.exists, false],
  ['PREFIX', McAnswer.stat, true],
  ['ERROR:', McAnswer.error, true],
  ['DELETED', McAnswer.deleted, false],
  ['TOUCHED', McAnswer.touched, false],
  ['VERSION', McAnswer.version, true],
  ['NOT_FOUND', McAnswer.notFound, false],
  ['NOT_STORED', McAnswer.notStored, false],
  ['CLIENT_ERROR', McAnswer.clientError, true],
  ['SERVER_ERROR', McAnswer.serverError, true],
];

interface Word {
  readonly bytes: Uint8Array;
  readonly answer: McAnswerId;
  readonly mayGoOn: boolean;
}

const WORD_LENGTH_MAX = 12;
const BY_LENGTH: readonly (readonly Word[])[] = Array.from({ length: WORD_LENGTH_MAX + 1 }, (_, length) =>
  WORDS.filter(([word]) => word.length === length).map(([word, answer, mayGoOn]) => ({
    bytes: Uint8Array.from(word, (char) => char.charCodeAt(0)),
    answer,
    mayGoOn,
  })),
);

const SPACE = 32;

/** A number and the spaces that memcached 1.6 pads a shorter result of decr with. */
function isNumber(buf: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && buf[at]! >= 48 && buf[at]! <= 57) at++;
  if (at === start) return false;
  while (at < end && buf[at] === SPACE) at++;
  return at === end;
}

/** Which answer the line buf[start, end), without its line end, gives. */
export function readAnswer(buf: Uint8Array, start: number, end: number): McAnswerId {
  let at = start;
  while (at < end && buf[at] !== SPACE && at - start <= WORD_LENGTH_MAX) at++;
  const length = at - start;
  if (length > WORD_LENGTH_MAX) return isNumber(buf, start, end) ? McAnswer.number : McAnswer.unknown;
  const words = BY_LENGTH[length]!;
  for (let w = 0; w < words.length; w++) {
    const word = words[w]!;
    let i = 0;
    while (i < length && buf[start + i] === word.bytes[i]) i++;
    if (i === length) return word.mayGoOn || at === end ? word.answer : McAnswer.unknown;
  }
  return isNumber(buf, start, end) ? McAnswer.number : McAnswer.unknown;
}

const bits = (answers: readonly McAnswerId[]): number =>
  answers.reduce<number>((mask, answer) => mask | (1 << answer), 0);
const ERRORS = bits([McAnswer.error, McAnswer.clientError, McAnswer.serverError]);
const META = bits([
  ...[McAnswer.hit, McAnswer.valueHit, McAnswer.miss, McAnswer.metaNotFound, McAnswer.metaNotStored],
  // OK stood for HD in memcached 1.6.0 to 1.6.10.
  ...[McAnswer.metaExists, McAnswer.debug, McAnswer.ok],
]);

/** Bit masks of the answers that may open a reply, by McReplyKind. Errors always may, but where nothing is expected. */
export const ANSWERS_OF_KIND: Int32Array = new Int32Array(12);
const allow = (kind: number, mask: number): void => {
  ANSWERS_OF_KIND[kind] = mask | ERRORS;
};
allow(McReplyKind.store, bits([McAnswer.stored, McAnswer.notStored, McAnswer.exists, McAnswer.notFound]));
allow(McReplyKind.arithmetic, bits([McAnswer.number, McAnswer.notFound]));
allow(McReplyKind.delete, bits([McAnswer.deleted, McAnswer.notFound]));
allow(McReplyKind.touch, bits([McAnswer.touched, McAnswer.notFound]));
allow(McReplyKind.values, bits([McAnswer.value, McAnswer.end]));
allow(McReplyKind.meta, META);
allow(McReplyKind.fence, bits([McAnswer.noOp]));
allow(McReplyKind.fencedMeta, META | bits([McAnswer.noOp]));
allow(McReplyKind.ok, bits([McAnswer.ok]));
allow(McReplyKind.version, bits([McAnswer.version]));
allow(McReplyKind.stats, bits([McAnswer.stat, McAnswer.end, McAnswer.reset, McAnswer.ok]));

/** Whether the answer is ERROR, CLIENT_ERROR or SERVER_ERROR. */
export function isErrorAnswer(answer: McAnswerId): boolean {
  return answer >= McAnswer.error && answer <= McAnswer.serverError;
}

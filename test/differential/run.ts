/**
 * One sequence of requests, sent to all subjects as pipelines, and what differs in their replies. State builds up within a
 * sequence; the keys are put back every `CASES_PER_FILL` cases. Only the first difference of a sequence is told, since
 * later ones may follow from it.
 */
import { redisTable } from '../../src/command/redis-table.js';
import { handlingOf } from '../../src/command/policy.js';
import type { Words } from '../integration/embedded-grammar.js';
import { type RawClient, encodeCommand } from '../support/wire.js';
import { ALL_KEYS, FILL } from './keyspace.js';
import { asksEncoding, isAlike } from './replies.js';
import { type Case, commandOf, withTag } from './placement.js';
import { type Subject, type Subjects, differingData, prepare } from './subjects.js';

const CASES_PER_FILL = 40;
const SHOWN_MAX_BYTES = 300;
const SHOWN_BEFORE_MAX = 8;

export interface Sequence {
  readonly cases: readonly Case[];
  readonly version: 2 | 3;
  /** Before each key. When it is empty, keys are on any nodes. */
  readonly tag: string;
}

export interface Outcome {
  /** Replies that were compared, of all proxies together. */
  readonly compared: number;
  /** Commands that redis-server answered with something else than an error. */
  readonly succeeded: ReadonlySet<string>;
  readonly difference: string | undefined;
}

/** Words are binary strings. */
export function encodeWords(requests: readonly Words[]): Buffer {
  return Buffer.concat(requests.map((words) => encodeCommand(...words.map((word) => Buffer.from(word, 'latin1')))));
}

/** A request as it is sent, and what its reply is judged by. */
interface Sent {
  readonly words: Words;
  readonly name: string;
  /** The command that the case is meant for, when this is its own request. */
  readonly target: string;
  /** True when the request before asks for the encoding of this one's key. */
  readonly hasEncoding: boolean;
}

function sent(words: Words, target = '', hasEncoding = false): Sent {
  return { words, name: commandOf(words)?.name ?? '', target, hasEncoding };
}

/** What a case must not leave behind for the next one. */
function undoings(name: string, version: number): readonly Words[] {
  if (name === 'select') return [['select', '0']];
  // Redis 7.0 keeps the name that a refused HELLO gave; later versions and the proxy do not.
  if (name === 'hello')
    return [
      ['hello', String(version)],
      ['client', 'setname', ''],
    ];
  if (name === 'reset') return [['hello', String(version)]];
  if (name === 'multi') return [['discard']];
  if (name === 'watch') return [['unwatch']];
  return [];
}

function isServed(name: string): boolean {
  const command = redisTable.findByName(name);
  return command !== undefined && handlingOf(command).kind !== 'unsupported';
}

function sentOf({ command, requests }: Case, { version, tag }: Sequence): Sent[] {
  const list: Sent[] = [];
  for (const plainWords of requests) {
    const words = withTag(plainWords, tag);
    const name = commandOf(words)?.name ?? '';
    const hasEncoding = asksEncoding(name);
    if (hasEncoding) list.push(sent(['object', 'encoding', words[1]!]));
    list.push(sent(words, command.name === name ? name : '', hasEncoding));
  }
  const names = new Set(list.map(({ name }) => name));
  const after = [...names].flatMap((name) => undoings(name, version)).filter(([word]) => isServed(word!));
  return [...list, ...after.map((words) => sent(words))];
}

/** Replies in order, as binary strings; what went wrong in place of the first that did not come. */
async function replies(client: RawClient, count: number): Promise<string[]> {
  const received: string[] = [];
  const reads = Array.from({ length: count }, () => client.readReply());
  for (const result of await Promise.allSettled(reads)) {
    if (result.status === 'fulfilled') received.push(result.value.toString('latin1'));
    else return [...received, `(no reply: ${String(result.reason)})`];
  }
  return received;
}

function shown(text: string): string {
  const json = JSON.stringify(text);
  return json.length > SHOWN_MAX_BYTES ? `${json.slice(0, SHOWN_MAX_BYTES)}... (${text.length} bytes)` : json;
}

function lineOf(words: Words): string {
  return words.map((word) => (/^[\w.:{}-]+$/.test(word) ? word : shown(word))).join(' ');
}

/** The last requests before `index` that have a key in common with it; for one without keys, the last without. */
function before(history: readonly Sent[], index: number, tag: string): string[] {
  const names = new Set(ALL_KEYS.map((key) => tag + key).filter((key) => key !== ''));
  const keysOf = (words: Words): Words => words.slice(1).filter((word) => names.has(word));
  const own = keysOf(history[index]!.words);
  const related = history.slice(0, index).filter(({ words }) => {
    const keys = keysOf(words);
    return own.length === 0 ? keys.length === 0 : keys.some((key) => own.includes(key));
  });
  return related.slice(-SHOWN_BEFORE_MAX).map(({ words }) => `    ${lineOf(words)}`);
}

interface Comparison {
  compared: number;
  readonly succeeded: Set<string>;
}

/** Compares the replies of one pipeline; the index of the first that differs, or -1. */
function firstDifference(
  requests: readonly Sent[],
  expected: readonly string[],
  actual: readonly string[],
  seen: Comparison,
): number {
  return requests.findIndex(({ words, name, target, hasEncoding }, i) => {
    const [want = '(nothing)', got = '(nothing)'] = [expected[i], actual[i]];
    if (target !== '' && !want.startsWith('-')) seen.succeeded.add(target);
    seen.compared += 1;
    return !isAlike(name, words, want, got, hasEncoding ? expected[i - 1] : '');
  });
}

async function compareClients(
  clients: readonly RawClient[],
  sequence: Sequence,
  subjects: readonly Subject[],
  seen: Comparison,
): Promise<string | undefined> {
  const { cases, version, tag } = sequence;
  const history: Sent[] = [];
  const fill = [...FILL.map((words) => sent(withTag(words, tag)))];
  let pipeline: Sent[] = [sent(['hello', String(version)])];
  for (let at = 0; at < cases.length; at += CASES_PER_FILL) {
    pipeline.push(...fill, ...cases.slice(at, at + CASES_PER_FILL).flatMap((each) => sentOf(each, sequence)));
    const bytes = encodeWords(pipeline.map(({ words }) => words));
    for (const client of clients) client.send(bytes);
    const [expected = [], ...others] = await Promise.all(clients.map((client) => replies(client, pipeline.length)));
    for (const [i, actual] of others.entries()) {
      const index = firstDifference(pipeline, expected, actual, seen);
      if (index < 0) continue;
      return [
        `${subjects[i + 1]!.name}, RESP${version}, keys behind "${tag}"`,
        `  request:  ${lineOf(pipeline[index]!.words)}`,
        `  expected: ${shown(expected[index] ?? '(nothing)')}`,
        `  actual:   ${shown(actual[index] ?? '(nothing)')}`,
        '  before it:',
        ...before([...history, ...pipeline], history.length + index, tag),
      ].join('\n');
    }
    history.push(...pipeline);
    pipeline = [];
  }
  return undefined;
}

/** With one tag all data is on one node, and must be the data of the plain server. */
async function compareData({ plain, proxies }: Subjects, tag: string): Promise<string | undefined> {
  for (const proxy of proxies) {
    const lines = await differingData(plain, proxy);
    if (lines.length > 0) return [`${proxy.name}, keys behind "${tag}": other data in the end`, ...lines].join('\n  ');
  }
  return undefined;
}

export async function runSequence(all: Subjects, sequence: Sequence): Promise<Outcome> {
  const subjects = [all.plain, ...all.proxies];
  await Promise.all(subjects.map(prepare));
  const clients = await Promise.all(subjects.map((subject) => subject.connect()));
  const seen: Comparison = { compared: 0, succeeded: new Set() };
  try {
    let difference = await compareClients(clients, sequence, subjects, seen);
    if (difference === undefined && sequence.tag !== '') difference = await compareData(all, sequence.tag);
    return { ...seen, difference };
  } finally {
    for (const client of clients) client.destroy();
  }
}

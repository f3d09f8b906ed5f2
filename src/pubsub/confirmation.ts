/**
 * What a client gets for SUBSCRIBE, UNSUBSCRIBE and their likes: one frame for each name, with the number of subscriptions
 * that it has then. An array in RESP2, a push in RESP3; CLIENT REPLY OFF does not stop it, as in redis-server.
 */
import { encodeRequest } from '../protocol/resp/inline.js';
import { TopicKind } from './topic.js';

const PREFIXES: Readonly<Record<TopicKind, string>> = {
  [TopicKind.channel]: '',
  [TopicKind.pattern]: 'p',
  [TopicKind.shard]: 's',
};

/** The word of a request to a node, and of its answer. */
export function wordOf(kind: TopicKind, isSubscribing: boolean): string {
  return `${PREFIXES[kind]}${isSubscribing ? 'subscribe' : 'unsubscribe'}`;
}

/** A request to a node, which answers it with one confirmation. */
export function topicRequest(kind: TopicKind, isSubscribing: boolean, name: Buffer): Buffer {
  return encodeRequest([wordOf(kind, isSubscribing), name]);
}

/** Gathers the confirmations of one request. */
export class Confirmations {
  readonly #pieces: Buffer[] = [];
  readonly #head: string;
  readonly #null: string;

  constructor(kind: TopicKind, isSubscribing: boolean, respVersion: 2 | 3) {
    const word = wordOf(kind, isSubscribing);
    this.#head = `${respVersion === 3 ? '>' : '*'}3\r\n$${word.length}\r\n${word}\r\n`;
    this.#null = respVersion === 3 ? '_\r\n' : '$-1\r\n';
  }

  /** `name` is null when all were to be ended and there were none. It may be a view: it is copied by `bytes`. */
  add(name: Buffer | null, count: number): void {
    if (name === null) {
      this.#pieces.push(Buffer.from(`${this.#head}${this.#null}:${count}\r\n`, 'latin1'));
      return;
    }
    this.#pieces.push(Buffer.from(`${this.#head}$${name.length}\r\n`, 'latin1'), name);
    this.#pieces.push(Buffer.from(`\r\n:${count}\r\n`, 'latin1'));
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}

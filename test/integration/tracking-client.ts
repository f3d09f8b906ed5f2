/** A client that caches what it reads and drops what nodes invalidate, as client libraries do: a model for tests. */
import { type RawClient, type Argument } from '../support/wire.js';

const PUSH = '>2\r\n$10\r\ninvalidate\r\n';

export class TrackingClient {
  readonly raw: RawClient;
  /** By key, the reply to GET. */
  readonly cache = new Map<string, string>();
  /** What has been invalidated since `takeInvalidated`; `*` stands for everything. */
  #invalidated = new Set<string>();

  constructor(raw: RawClient) {
    this.raw = raw;
  }

  static async open(raw: RawClient, ...options: readonly string[]): Promise<TrackingClient> {
    const client = new TrackingClient(raw);
    await client.call('HELLO', 3);
    const reply = await client.call('CLIENT', 'TRACKING', 'ON', ...options);
    if (reply !== '+OK\r\n') throw new Error(reply);
    return client;
  }

  async call(...words: readonly Argument[]): Promise<string> {
    this.raw.sendCommand(...words);
    return this.nextReply();
  }

  /** The next reply; pushes on the way to it are taken in. */
  async nextReply(): Promise<string> {
    for (;;) {
      const frame = (await this.raw.readReply()).toString('latin1');
      if (!frame.startsWith('>')) return frame;
      this.#onPush(frame);
    }
  }

  /** Waits for one push. */
  async nextPush(): Promise<void> {
    const frame = (await this.raw.readReply()).toString('latin1');
    if (!frame.startsWith('>')) throw new Error(`a reply instead of a push: ${frame}`);
    this.#onPush(frame);
  }

  /** Reads `keys` all at once, and caches each value when it comes. */
  async read(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.raw.sendCommand('GET', key);
    for (const key of keys) this.cache.set(key, await this.nextReply());
  }

  takeInvalidated(): string[] {
    const keys = [...this.#invalidated].sort();
    this.#invalidated = new Set();
    return keys;
  }

  #onPush(frame: string): void {
    if (!frame.startsWith(PUSH)) throw new Error(`an unknown push: ${frame}`);
    const body = frame.slice(PUSH.length);
    if (body === '_\r\n') {
      this.cache.clear();
      this.#invalidated.add('*');
      return;
    }
    const keys = body.split('\r\n').slice(2, -1).filter((_, i) => i % 2 === 0); // prettier-ignore
    for (const key of keys) {
      this.cache.delete(key);
      this.#invalidated.add(key);
    }
  }
}

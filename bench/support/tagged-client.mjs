/**
 * One client of the soak run: it sends random pipelines over keys of its own, and knows the bytes of every reply before
 * it comes, because nobody else touches its keys and one connection's requests are served in order. So a reply that is
 * lost, doubled, out of order or somebody else's shows at its first wrong byte. Values carry the client's number and the
 * number of the request that wrote them.
 */
import { connect } from 'node:net';

const KEYS = 12;
const PIPELINE_MAX = 32;
/** Larger than the proxy's read buffer, so that some replies are cut and some stream through. */
const LARGE_BYTES_MAX = 150_000;
/** One value in so many is a large one. */
const LARGE_EVERY = 2000;
const PADDING = 'abcdefghijklmnopqrstuvwxyz'.repeat(Math.ceil(LARGE_BYTES_MAX / 26));

/** A small repeatable generator (mulberry32), so that a failure can be run again with its seed. */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function frame(...words) {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
}

function bulk(value) {
  return value === undefined ? '$-1\r\n' : `$${value.length}\r\n${value}\r\n`;
}

export class TaggedClient {
  /** Requests sent and requests whose replies have come, of this connection. */
  sent = 0;
  answered = 0;
  isClosed = false;

  #id;
  #random;
  #socket;
  #values = new Map();
  #counts = new Map();
  /** Replies to come, as { bytes, requests }. */
  #expected = [];
  #at = 0;
  #onIdle;
  #onFailure;

  /** `onIdle(client)` is called when every reply has come, `onFailure(text)` at the first byte that is wrong. */
  constructor({ port, id, random, onIdle, onFailure }) {
    this.#id = id;
    this.#random = random;
    this.#onIdle = onIdle;
    this.#onFailure = onFailure;
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#socket.on('connect', () => {
      if (!this.isClosed) onIdle(this);
    });
    this.#socket.on('data', (piece) => this.#check(piece));
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      if (!this.isClosed) onFailure(`client ${id} was closed with ${this.sent - this.answered} replies to come`);
      this.isClosed = true;
    });
  }

  /** Sends up to `max` requests as one piece; returns how many. */
  sendPipeline(max) {
    const count = Math.min(max, 1 + Math.floor(this.#random() * PIPELINE_MAX));
    let requests = '';
    let replies = '';
    for (let i = 0; i < count; i++) {
      const [request, reply] = this.#next();
      requests += request;
      replies += reply;
      this.sent++;
    }
    this.#expected.push({ bytes: Buffer.from(replies, 'latin1'), requests: count });
    this.#socket.write(requests, 'latin1');
    return count;
  }

  /** Leaves without a word, whatever is in flight. */
  kill() {
    this.isClosed = true;
    this.#socket.resetAndDestroy();
  }

  /** One request and its reply. */
  #next() {
    const chance = this.#random();
    const key = this.#key();
    if (chance < 0.35) return [frame('GET', key), bulk(this.#values.get(key))];
    if (chance < 0.65) {
      const isLarge = this.#random() < 1 / LARGE_EVERY;
      const padding = PADDING.slice(0, Math.floor(this.#random() * (isLarge ? LARGE_BYTES_MAX : 120)));
      const value = `${this.#id}:${this.sent}:${padding}`;
      this.#values.set(key, value);
      return [frame('SET', key, value, 'EX', '120'), '+OK\r\n'];
    }
    if (chance < 0.8) {
      const keys = Array.from({ length: 1 + Math.floor(this.#random() * 8) }, () => this.#key());
      return [frame('MGET', ...keys), `*${keys.length}\r\n${keys.map((one) => bulk(this.#values.get(one))).join('')}`];
    }
    if (chance < 0.9) {
      const keys = [key, this.#key(), this.#key()];
      const found = keys.filter((one) => this.#values.delete(one)).length;
      return [frame('DEL', ...keys), `:${found}\r\n`];
    }
    const counter = `n:${key}`;
    const count = (this.#counts.get(counter) ?? 0) + 1;
    this.#counts.set(counter, count);
    return [frame('INCR', counter), `:${count}\r\n`];
  }

  #key() {
    return `${this.#id}:${Math.floor(this.#random() * KEYS)}`;
  }

  #check(piece) {
    if (this.isClosed) return;
    let at = 0;
    while (at < piece.length) {
      const head = this.#expected[0];
      if (head === undefined) {
        this.#fail(`${piece.length - at} bytes that nobody asked for`, piece, at);
        return;
      }
      const count = Math.min(piece.length - at, head.bytes.length - this.#at);
      if (piece.compare(head.bytes, this.#at, this.#at + count, at, at + count) !== 0) {
        const wanted = head.bytes.toString('latin1', this.#at, this.#at + Math.min(count, 200));
        this.#fail(`a wrong reply; wanted ${JSON.stringify(wanted)}`, piece, at);
        return;
      }
      at += count;
      this.#at += count;
      if (this.#at < head.bytes.length) continue;
      this.#expected.shift();
      this.#at = 0;
      this.answered += head.requests;
    }
    if (this.#expected.length === 0) this.#onIdle(this);
  }

  #fail(what, piece, at) {
    const got = piece.toString('latin1', at, Math.min(piece.length, at + 200));
    this.#onFailure(`client ${this.#id} after ${this.answered} replies: ${what}; got ${JSON.stringify(got)}`);
  }
}

/**
 * A raw TCP client for tests that care about bytes: what was sent, in which pieces, and exactly what came back.
 * Reads wait for the bytes they name and fail at a deadline with what did arrive, so no test needs a sleep. To show that
 * nothing more comes, send a request with a known answer (PING) and check that its reply is the next one.
 * Replies are found by a resumable scan, so a large value costs O(its bytes).
 */
import { type Socket, connect } from 'node:net';

const READ_DEADLINE_MS = 10_000;
const SHOWN_MAX_BYTES = 400;

export interface RawClient {
  /** The socket below, for tests that need pause(), resetAndDestroy() or the local address. */
  readonly socket: Socket;
  /** Resolves when the connection is closed, by either side and for any reason. */
  readonly closed: Promise<void>;
  /** Writes the bytes as one piece. Strings are latin1, so `\xff` is one byte. */
  send(bytes: string | Uint8Array): void;
  /** Sends one RESP request: an array of bulk strings. */
  sendCommand(...args: readonly Argument[]): void;
  /** Sends one RESP request and reads one reply, as raw bytes in latin1. */
  call(...args: readonly Argument[]): Promise<string>;
  /** Exactly `count` bytes. */
  readBytes(count: number): Promise<Buffer>;
  /** One line without its CRLF. */
  readLine(): Promise<string>;
  /** Everything up to and with `marker`, such as `END\r\n`. */
  readUntil(marker: string): Promise<string>;
  /** One complete RESP2 or RESP3 value of any type, raw. */
  readReply(): Promise<Buffer>;
  /** `count` complete values. A push or an attribute counts as one of its own (an attribute with the value after it). */
  readReplies(count: number): Promise<Buffer[]>;
  /** All bytes that come until the peer closes. */
  readToEnd(): Promise<Buffer>;
  /** Bytes received and not read yet, now. */
  unread(): Buffer;
  /** Closes the sending side; replies may still come. */
  end(): void;
  /** Drops the connection at once. */
  destroy(): void;
}

export type Argument = string | number | Uint8Array;

/** One request as clients send it: an array of bulk strings. */
export function encodeCommand(...args: readonly Argument[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = typeof arg === 'object' ? Buffer.from(arg) : Buffer.from(String(arg));
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

/** Received bytes from `start` to `end` of one growing buffer; `advance` gives the room back. */
class Inbox {
  #bytes = Buffer.allocUnsafe(16_384);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  append(piece: Uint8Array): void {
    if (this.#end + piece.length > this.#bytes.length) {
      const size = Math.max(this.#bytes.length, 2 * (this.length + piece.length));
      const grown = Buffer.allocUnsafe(size);
      this.#bytes.copy(grown, 0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
      this.#bytes = grown;
    }
    this.#bytes.set(piece, this.#end);
    this.#end += piece.length;
  }

  view(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  take(count: number): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(this.#start, this.#start + count));
    this.#start += count;
    return taken;
  }
}

/** Finds the end of one RESP value; remembers its place between calls while bytes are missing. */
class ReplyScan {
  #at = 0;
  #pending = 1;

  /** Length of the complete value at the start of `bytes`, or -1 while it is incomplete. */
  lengthIn(bytes: Buffer): number {
    while (this.#pending > 0) {
      if (this.#at >= bytes.length) return -1;
      const end = bytes.indexOf('\r\n', this.#at, 'latin1');
      if (end < 0) return -1;
      this.#enter(bytes, end);
    }
    return this.#at <= bytes.length ? this.#at : -1;
  }

  #enter(bytes: Buffer, end: number): void {
    const type = String.fromCharCode(bytes[this.#at]!);
    const header = bytes.toString('latin1', this.#at + 1, end);
    this.#at = end + 2;
    this.#pending--;
    if ('+-:_#,('.includes(type)) return;
    const count = Number(header);
    if (!'$!=*~>%|'.includes(type) || !Number.isInteger(count)) {
      throw new Error(`not a RESP value: ${JSON.stringify((type + header).slice(0, SHOWN_MAX_BYTES))}`);
    }
    if (count < 0) return;
    if ('$!='.includes(type)) this.#at += count + 2;
    else if (type === '%') this.#pending += 2 * count;
    else if (type === '|') this.#pending += 2 * count + 1;
    else this.#pending += count;
  }
}

interface Waiter {
  /** Bytes to take once they are there, or -1. */
  readonly measure: (bytes: Buffer) => number;
  readonly atEnd: boolean;
  readonly resolve: (bytes: Buffer) => void;
  readonly reject: (error: Error) => void;
  readonly what: string;
  timer: NodeJS.Timeout | undefined;
}

/** Reads in the order they were asked for: only the first waiter looks at the bytes. */
class ReadQueue {
  readonly #inbox = new Inbox();
  readonly #waiters: Waiter[] = [];
  #closed = false;

  append(piece: Uint8Array): void {
    this.#inbox.append(piece);
    this.#serve();
  }

  close(): void {
    this.#closed = true;
    this.#serve();
  }

  unread(): Buffer {
    return Buffer.from(this.#inbox.view());
  }

  read(what: string, measure: (bytes: Buffer) => number, atEnd = false): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { measure, atEnd, resolve, reject, what, timer: undefined };
      waiter.timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(new Error(`no ${what} within ${READ_DEADLINE_MS} ms; ${this.#received()}`));
      }, READ_DEADLINE_MS);
      this.#waiters.push(waiter);
      this.#serve();
    });
  }

  #serve(): void {
    for (let waiter = this.#waiters[0]; waiter !== undefined; waiter = this.#waiters[0]) {
      let length: number;
      try {
        length = waiter.atEnd && this.#closed ? this.#inbox.length : waiter.measure(this.#inbox.view());
      } catch (error) {
        this.#waiters.shift();
        clearTimeout(waiter.timer);
        waiter.reject(error instanceof Error ? error : new Error(String(error)));
        continue;
      }
      if (length < 0 && !this.#closed) return;
      this.#waiters.shift();
      clearTimeout(waiter.timer);
      if (length >= 0) waiter.resolve(this.#inbox.take(length));
      else waiter.reject(new Error(`closed before ${waiter.what}; ${this.#received()}`));
    }
  }

  #received(): string {
    const bytes = this.#inbox.view();
    return `${bytes.length} bytes unread: ${JSON.stringify(bytes.toString('latin1', 0, SHOWN_MAX_BYTES))}`;
  }
}

function measureLine(bytes: Buffer): number {
  const end = bytes.indexOf('\r\n', 0, 'latin1');
  return end < 0 ? -1 : end + 2;
}

function asClient(socket: Socket): RawClient {
  const reads = new ReadQueue();
  socket.on('data', (piece) => reads.append(piece));
  socket.on('error', () => undefined); // a reset is seen as `closed`, and by the reads that wait
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      reads.close();
      resolve();
    });
  });
  const send = (bytes: string | Uint8Array): void => {
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  };
  const readReply = (): Promise<Buffer> => {
    const scan = new ReplyScan();
    return reads.read('complete RESP reply', (bytes) => scan.lengthIn(bytes));
  };
  return {
    socket,
    closed,
    send,
    sendCommand: (...args) => send(encodeCommand(...args)),
    call: async (...args) => {
      send(encodeCommand(...args));
      return (await readReply()).toString('latin1');
    },
    readBytes: (count) => reads.read(`${count} bytes`, (bytes) => (bytes.length >= count ? count : -1)),
    readLine: async () => (await reads.read('line', measureLine)).toString('latin1').slice(0, -2),
    readUntil: async (marker) => {
      const found = await reads.read(JSON.stringify(marker), (bytes) => {
        const at = bytes.indexOf(marker, 0, 'latin1');
        return at < 0 ? -1 : at + marker.length;
      });
      return found.toString('latin1');
    },
    readReply,
    readReplies: (count) => Promise.all(Array.from({ length: count }, readReply)),
    readToEnd: () => reads.read('end of the connection', () => -1, true),
    unread: () => reads.unread(),
    end: () => socket.end(),
    destroy: () => socket.destroy(),
  };
}

/** Connects to a loopback port (or a Unix socket path) and resolves once connected. */
export function connectRaw(target: number | string): Promise<RawClient> {
  return new Promise((resolve, reject) => {
    const socket =
      typeof target === 'number' ? connect({ host: '127.0.0.1', port: target }) : connect({ path: target });
    socket.setNoDelay(true);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(asClient(socket));
    });
  });
}

/**
 * Bytes on their way to one socket, client or node. Appending copies into a borrowed buffer; the turn's flush sends it
 * with one write and gives the buffer back. Order is the order of appending.
 *
 *   append ──► current (borrowed, filling) ──► full (list of chunks) ──► socket
 *
 * `socket._write` is called directly: it is the documented hook of stream.Writable, and what it skips is the stream's
 * own queue and its nextTick per write, which this class replaces (docs/decisions/0001-hot-path.md has the figures).
 * Nobody else may write to the socket. Only one write is under way; while it waits for the kernel, bytes gather here,
 * counted in `pendingBytes`, and the owner stops whoever fills it (limits are the owner's, because the remedy is).
 */
import type { Socket } from 'node:net';
import { copyBytes } from './bytes.js';
import type { BufferPool } from './buffer-pool.js';
import type { Turn } from './turn.js';

/** From this size on a caller's own buffer is queued as it is instead of being copied. */
export const OWNED_BYTES_MIN = 32 * 1024;

/** What stream.Writable passes as the encoding of a chunk that is a Buffer; the types know text encodings only. */
const BUFFER = 'buffer' as BufferEncoding;

/** Who is told what becomes of the bytes. */
export interface OutputOwner {
  /** Everything appended has been handed to the kernel. Told once for each time that `tellsDrain` is set. */
  onDrained(): void;
  /** The socket refused the bytes; it is being destroyed. */
  onWriteError(error: Error): void;
}

export class Output {
  /** Bytes appended and not yet accepted by the kernel. */
  pendingBytes = 0;
  /** Bytes handed to the socket since the start. */
  sentBytes = 0;
  /** The owner waits for `onDrained`. */
  tellsDrain = false;

  readonly #turn: Turn;
  readonly #pool: BufferPool;
  readonly #owner: OutputOwner;
  #socket: Socket | undefined;
  #current: Buffer | undefined;
  #length = 0;
  /** Chunks before `current`: borrowed ones and owned ones. Undefined while there are none. */
  #full: Chunk[] | undefined;
  #isBooked = false;
  #isWriting = false;
  #isSynchronous = false;
  #writingBytes = 0;
  #lent: Buffer | undefined;
  #isClosed = false;
  readonly #onWritten = (error?: Error | null): void => this.#written(error);

  constructor(turn: Turn, pool: BufferPool, owner: OutputOwner) {
    this.#turn = turn;
    this.#pool = pool;
    this.#owner = owner;
  }

  /** Bytes may be appended before there is a socket; they leave once it is here. */
  attach(socket: Socket): void {
    this.#socket = socket;
    if (this.pendingBytes > 0) this.#book();
  }

  /** Copies `source[start, end)`. */
  append(source: Buffer, start: number, end: number): void {
    if (this.#isClosed) return;
    const bytes = end - start;
    let current = this.#current;
    if (current === undefined) {
      current = this.#current = this.#pool.borrow(bytes);
      this.#length = 0;
    }
    if (this.#length + bytes > current.length) {
      this.#appendLong(source, start, end);
      return;
    }
    copyBytes(source, start, end, current, this.#length);
    this.#length += bytes;
    this.pendingBytes += bytes;
    if (!this.#isBooked) this.#book();
  }

  /** Queues `chunk` without copying; the caller gives it up. */
  appendOwned(chunk: Buffer): void {
    if (this.#isClosed || chunk.length === 0) return;
    this.#seal();
    (this.#full ??= []).push({ bytes: chunk, isBorrowed: false });
    this.pendingBytes += chunk.length;
    if (!this.#isBooked) this.#book();
  }

  /** Sends what there is. Called by the turn; also on purpose before a socket is ended. */
  flush(): void {
    this.#isBooked = false;
    if (this.#isClosed || this.#isWriting || this.#socket === undefined) return;
    this.#send();
    if (this.tellsDrain) this.#tellDrain();
  }

  /** Gives every buffer back and drops what was not sent. Bytes in the kernel's or libuv's hands stay there. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#full !== undefined) {
      for (const chunk of this.#full) if (chunk.isBorrowed) this.#pool.giveBack(chunk.bytes);
      this.#full = undefined;
    }
    if (this.#current !== undefined) this.#pool.giveBack(this.#current);
    this.#current = undefined;
    this.pendingBytes = 0;
  }

  #book(): void {
    this.#isBooked = true;
    this.#turn.add(this);
  }

  /** Fills the borrowed buffer, then goes on in further ones. */
  #appendLong(source: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end) {
      this.#current ??= this.#pool.borrow(end - at);
      const bytes = Math.min(end - at, this.#current.length - this.#length);
      copyBytes(source, at, at + bytes, this.#current, this.#length);
      this.#length += bytes;
      at += bytes;
      if (this.#length === this.#current.length) this.#seal();
    }
    this.pendingBytes += end - start;
    if (!this.#isBooked) this.#book();
  }

  /** Moves the buffer being filled to the list, so that what comes next stands behind it. */
  #seal(): void {
    const current = this.#current;
    if (current !== undefined && this.#length > 0) {
      (this.#full ??= []).push({ bytes: current, length: this.#length, isBorrowed: true });
      this.#current = undefined;
    }
    this.#length = 0;
  }

  /** Hands chunks to the socket until one has to wait or none is left. */
  #send(): void {
    while (!this.#isWriting && !this.#isClosed) {
      let chunk: Buffer;
      const full = this.#full;
      if (full !== undefined) {
        const head = full.shift()!;
        if (full.length === 0) this.#full = undefined;
        chunk = head.isBorrowed ? head.bytes.subarray(0, head.length) : head.bytes;
        this.#lent = head.isBorrowed ? head.bytes : undefined;
      } else if (this.#current !== undefined && this.#length > 0) {
        chunk = this.#current.subarray(0, this.#length);
        this.#lent = this.#current;
        this.#current = undefined;
        this.#length = 0;
      } else {
        return;
      }
      this.#isWriting = true;
      this.#isSynchronous = true;
      this.#writingBytes = chunk.length;
      this.#socket!._write(chunk, BUFFER, this.#onWritten);
      this.#isSynchronous = false;
    }
  }

  #written(error: Error | null | undefined): void {
    this.#isWriting = false;
    if (this.#lent !== undefined) {
      this.#pool.giveBack(this.#lent);
      this.#lent = undefined;
    }
    if (this.#isClosed) return;
    if (error) {
      this.close();
      this.#owner.onWriteError(error);
      return;
    }
    this.sentBytes += this.#writingBytes;
    this.pendingBytes -= this.#writingBytes;
    if (this.#isSynchronous) return;
    this.#send();
    if (this.tellsDrain) this.#tellDrain();
  }

  #tellDrain(): void {
    if (this.pendingBytes > 0 || this.#isClosed) return;
    this.tellsDrain = false;
    this.#owner.onDrained();
  }
}

type Chunk =
  | { readonly bytes: Buffer; readonly length: number; readonly isBorrowed: true }
  | { readonly bytes: Buffer; readonly length?: never; readonly isBorrowed: false };

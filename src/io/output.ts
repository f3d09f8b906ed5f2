/**
 * Bytes on their way to one socket, client or node. Appending copies into a borrowed chunk; the turn's flush sends it
 * with one write and gives the chunk back. Order is the order of appending.
 *
 *   append ──► current (borrowed, filling) ──► full (list of pieces) ──► socket
 *
 * `socket._write` and `_writev` are called directly: they are the documented hooks of stream.Writable, and what that
 * skips is the stream's own queue and its nextTick per write, which this class replaces (docs/decisions/0001-hot-path.md).
 * Nobody else may write to the socket. Only one write is under way; while it waits for the kernel, bytes gather here,
 * counted in `pendingBytes`, and the owner stops whoever fills it (limits are the owner's, because the remedy is).
 */
import type { Socket } from 'node:net';
import { LARGE_BYTES, type BufferPool, type Chunk } from './buffer-pool.js';
import type { Copier } from './copy.js';
import type { Turn } from './turn.js';

/** From this size on a caller's own buffer is queued as it is instead of being copied. */
export const OWNED_BYTES_MIN = 16 * 1024;

/** Most pieces that go to the kernel in one call. */
const PIECES_MAX = 64;

/** What stream.Writable passes as the encoding of a chunk that is a Buffer; the types know text encodings only. */
const BUFFER = 'buffer' as BufferEncoding;

/** Who is told what becomes of the bytes. */
export interface OutputOwner {
  /** Everything appended has been handed to the kernel. Told once for each time that `tellsDrain` is set. */
  onDrained(): void;
  /** The socket refused the bytes; it is being destroyed. */
  onWriteError(error: Error): void;
}

/** What outputs of one worker share. */
export interface OutputMemory {
  readonly turn: Turn;
  readonly buffers: BufferPool;
  readonly copier: Copier;
}

/** Part of what waits to be written, and what to give back when it has been. */
interface Piece {
  readonly bytes: Buffer;
  readonly chunk: Chunk | null;
  readonly block: Buffer | null;
}

export class Output {
  /** Bytes appended and not yet accepted by the kernel. */
  pendingBytes = 0;
  /** Bytes handed to the kernel since the start. */
  sentBytes = 0;
  /** The owner waits for `onDrained`. */
  tellsDrain = false;

  readonly #memory: OutputMemory;
  readonly #owner: OutputOwner;
  #socket: Socket | undefined;
  #current: Chunk | null = null;
  #length = 0;
  /** Pieces before `current`. Null while there are none. */
  #full: Piece[] | null = null;
  #isBooked = false;
  #isWriting = false;
  #isSynchronous = false;
  #isClosed = false;
  #writingBytes = 0;
  /** What the write under way has borrowed. */
  #lentChunk: Chunk | null = null;
  #lentPieces: readonly Piece[] | null = null;
  readonly #onWritten = (error?: Error | null): void => this.#written(error);

  constructor(memory: OutputMemory, owner: OutputOwner) {
    this.#memory = memory;
    this.#owner = owner;
  }

  /** Bytes may be appended before there is a socket; they leave once it is here. */
  attach(socket: Socket): void {
    this.#socket = socket;
    if (this.pendingBytes > 0) this.#book();
  }

  /** Copies `source[start, end)`. */
  append(source: Buffer, start: number, end: number): void {
    const bytes = end - start;
    const current = this.#current;
    if (current === null || this.#length + bytes > current.bytes.length) {
      this.#appendLong(source, start, end);
      return;
    }
    this.#memory.copier.copy(source, start, end, current, this.#length);
    this.#length += bytes;
    this.pendingBytes += bytes;
    if (!this.#isBooked) this.#book();
  }

  /**
   * A chunk with room for `bytes` more from `claimedAt` on, for writing many small things without a call for each;
   * `commit` says how many were written. Null: too many for one chunk, append them. Nothing may be appended in between.
   */
  claim(bytes: number): Chunk | null {
    if (this.#isClosed || bytes > LARGE_BYTES) return null;
    if (this.#current !== null && this.#length + bytes > this.#current.bytes.length) this.#seal();
    if (this.#current === null) {
      this.#current = this.#memory.buffers.borrow(bytes);
      this.#length = 0;
    }
    return this.#current;
  }

  get claimedAt(): number {
    return this.#length;
  }

  commit(bytes: number): void {
    this.#length += bytes;
    this.pendingBytes += bytes;
    if (!this.#isBooked && bytes > 0) this.#book();
  }

  /** Queues `bytes` without copying; the caller gives them up. `block`: the pool's block that they lie in, if any. */
  appendOwned(bytes: Buffer, block: Buffer | null): void {
    if (this.#isClosed || bytes.length === 0) {
      if (block !== null) this.#memory.buffers.giveBackBlock(block);
      return;
    }
    this.#seal();
    (this.#full ??= []).push({ bytes, chunk: null, block });
    this.pendingBytes += bytes.length;
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
    if (this.#full !== null) this.#giveBack(this.#full);
    this.#full = null;
    if (this.#current !== null) this.#memory.buffers.giveBack(this.#current);
    this.#current = null;
    this.pendingBytes = 0;
  }

  #book(): void {
    this.#isBooked = true;
    this.#memory.turn.add(this);
  }

  /** Fills the borrowed chunk, then goes on in further ones. */
  #appendLong(source: Buffer, start: number, end: number): void {
    if (this.#isClosed) return;
    let at = start;
    while (at < end) {
      if (this.#current === null) {
        this.#current = this.#memory.buffers.borrow(end - at);
        this.#length = 0;
      }
      const room = this.#current.bytes.length - this.#length;
      const bytes = Math.min(end - at, room);
      this.#memory.copier.copy(source, at, at + bytes, this.#current, this.#length);
      this.#length += bytes;
      at += bytes;
      if (bytes === room) this.#seal();
    }
    this.pendingBytes += end - start;
    if (!this.#isBooked) this.#book();
  }

  /** Moves the chunk being filled to the list, so that what comes next stands behind it. */
  #seal(): void {
    const chunk = this.#current;
    if (chunk === null || this.#length === 0) return;
    (this.#full ??= []).push({ bytes: chunk.bytes.subarray(0, this.#length), chunk, block: null });
    this.#current = null;
    this.#length = 0;
  }

  /** Hands bytes to the socket until a write has to wait or none are left. */
  #send(): void {
    while (!this.#isWriting && !this.#isClosed && this.pendingBytes > 0) {
      this.#isSynchronous = true;
      if (this.#full === null) this.#writeCurrent();
      else this.#writePieces();
      this.#isSynchronous = false;
    }
  }

  #writeCurrent(): void {
    const chunk = this.#current!;
    this.#lentChunk = chunk;
    this.#writingBytes = this.#length;
    this.#current = null;
    this.#isWriting = true;
    this.#socket!._write(chunk.bytes.subarray(0, this.#length), BUFFER, this.#onWritten);
  }

  #writePieces(): void {
    this.#seal();
    const full = this.#full!;
    const pieces = full.length <= PIECES_MAX ? full : full.slice(0, PIECES_MAX);
    this.#full = full.length <= PIECES_MAX ? null : full.slice(PIECES_MAX);
    this.#lentPieces = pieces;
    this.#writingBytes = pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#isWriting = true;
    if (pieces.length === 1) {
      this.#socket!._write(pieces[0]!.bytes, BUFFER, this.#onWritten);
      return;
    }
    const list = pieces.map(({ bytes }) => ({ chunk: bytes, encoding: BUFFER }));
    this.#socket!._writev!(Object.assign(list, { allBuffers: true }), this.#onWritten);
  }

  #giveBack(pieces: readonly Piece[]): void {
    const { buffers } = this.#memory;
    for (const { chunk, block } of pieces) {
      if (chunk !== null) buffers.giveBack(chunk);
      if (block !== null) buffers.giveBackBlock(block);
    }
  }

  #written(error: Error | null | undefined): void {
    this.#isWriting = false;
    if (this.#lentChunk !== null) this.#memory.buffers.giveBack(this.#lentChunk);
    if (this.#lentPieces !== null) this.#giveBack(this.#lentPieces);
    this.#lentChunk = null;
    this.#lentPieces = null;
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

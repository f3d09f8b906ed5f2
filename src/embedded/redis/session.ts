/**
 * One connection to an embedded Redis node: bytes in, commands run, one write per read event.
 * A client that does not read its replies is paused: past HIGH_WATER_BYTES no further command runs until the socket drains.
 * A malformed request gets its error and the connection ends; so does output past the writer's bound.
 */
import type { Socket } from 'node:net';
import { ProtocolError } from '../../errors.js';
import type { Client, CommandRow, ServerFacts } from './command.js';
import { CommandError, OUT_OF_MEMORY } from './command-error.js';
import { findCommand } from './command-table.js';
import type { Database } from './database.js';
import { OutputOverflow, ReplyWriter } from './reply-writer.js';
import { RequestDecoder } from './request-decoder.js';
import type { Store } from './store.js';

const HIGH_WATER_BYTES = 1024 * 1024;
const ARGUMENTS_MAX = 1024 * 1024;
/** Below the longest string of the engine (2^29 − 24). */
const BULK_MAX_BYTES = 512 * 1024 * 1024 - 1024;
const REQUEST_MAX_BYTES_LEAST = 64 * 1024 * 1024;
/** What an argument costs besides its bytes, for the memory check. */
const ARGUMENT_BYTES = 64;

export class Session implements Client {
  readonly id: number;
  readonly store: Store;
  readonly server: ServerFacts;
  readonly reply: ReplyWriter;
  db: Database;
  dbIndex = 0;
  name = '';
  closing = false;
  readonly #socket: Socket;
  readonly #decoder: RequestDecoder;

  constructor(id: number, socket: Socket, store: Store, server: ServerFacts) {
    this.id = id;
    this.store = store;
    this.server = server;
    this.#socket = socket;
    this.db = store.databases[0]!;
    // A request that carries one value of the largest size, and a reply that carries a few, must pass.
    const maxBytes = Math.max(2 * store.maxMemoryBytes, REQUEST_MAX_BYTES_LEAST);
    this.reply = new ReplyWriter(maxBytes);
    this.#decoder = new RequestDecoder({
      argumentsMax: ARGUMENTS_MAX,
      bulkMaxBytes: Math.min(BULK_MAX_BYTES, maxBytes),
      requestMaxBytes: maxBytes,
    });
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('drain', () => this.#onDrain());
  }

  #onData(chunk: Buffer): void {
    if (this.closing) return;
    this.#decoder.write(chunk);
    this.#run();
  }

  #onDrain(): void {
    if (!this.closing) this.#run();
  }

  #run(): void {
    this.store.readClock();
    try {
      while (this.#socket.writableLength < HIGH_WATER_BYTES) {
        const request = this.#decoder.next();
        if (!request) break;
        if (request.length > 0 && !this.#execute(request)) break;
        if (this.reply.pendingBytes > HIGH_WATER_BYTES) this.#flush();
      }
    } catch (error) {
      this.#onFailure(error);
    }
    this.#flush();
    if (this.closing) this.#socket.end();
    else if (this.#socket.writableLength >= HIGH_WATER_BYTES) this.#socket.pause();
    else this.#socket.resume();
  }

  #onFailure(error: unknown): void {
    this.closing = true;
    if (error instanceof ProtocolError) this.reply.error(error.message);
    else if (error instanceof OutputOverflow) {
      this.reply.take();
      this.#socket.destroy(error);
    } else throw error;
  }

  /** False when the connection ends with this request. */
  #execute(args: readonly string[]): boolean {
    const mark = this.reply.mark();
    this.store.counters.commands += 1;
    try {
      const command = findCommand(args);
      if (command.flags.includes('denyoom')) this.#checkMemory(command, args);
      command.run(this, args);
      this.store.evictToFit();
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      this.reply.rewind(mark);
      this.reply.error(error.message);
    }
    return !this.closing;
  }

  /** What could never fit is refused; what fits after others leave is stored, and `evictToFit` makes them leave. */
  #checkMemory(command: CommandRow, args: readonly string[]): void {
    let bytes = 0;
    for (const argument of args) bytes += argument.length + ARGUMENT_BYTES;
    if (command.flags.includes('grow')) bytes += this.db.peek(args[command.keys[0]]!)?.bytes ?? 0;
    if (bytes > this.store.maxMemoryBytes) throw new CommandError(OUT_OF_MEMORY);
  }

  #flush(): void {
    if (this.reply.pendingBytes === 0) return;
    const parts = this.reply.take();
    if (parts.length > 1) this.#socket.cork();
    for (const part of parts) this.#socket.write(part, 'latin1');
    if (parts.length > 1) this.#socket.uncork();
  }
}

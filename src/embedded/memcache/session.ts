/**
 * One connection to an embedded memcached node: lines and data blocks in, commands run, one write per read event.
 * A client that does not read is paused until the socket drains. What waits is bounded: a line by LINE_MAX_BYTES, a data block by
 * the item size (larger ones are skipped as they arrive), and answers by one command's worth over HIGH_WATER_BYTES.
 */
import type { Socket } from 'node:net';
import { ByteQueue } from './byte-queue.js';
import { CLASSIC_COMMANDS } from './classic-commands.js';
import type { Connection, NodeFacts, TextCommand } from './connection.js';
import type { ItemStore } from './item-store.js';
import { META_COMMANDS } from './meta-commands.js';

const HIGH_WATER_BYTES = 1024 * 1024;
/** Past this only a multi-key get may go on, as in memcached. */
const LINE_PLAIN_MAX_BYTES = 2048;
const LINE_MAX_BYTES = 1024 * 1024;
const OUTPUT_MAX_BYTES = 256 * 1024 * 1024;

const COMMANDS: ReadonlyMap<string, TextCommand> = new Map(Object.entries({ ...CLASSIC_COMMANDS, ...META_COMMANDS }));

interface AwaitedData {
  readonly bytes: number;
  readonly done: (value: string | undefined) => void;
}

export class Session implements Connection {
  readonly store: ItemStore;
  readonly facts: NodeFacts;
  readonly #socket: Socket;
  readonly #input = new ByteQueue();
  #awaited: AwaitedData | undefined;
  #skipBytes = 0;
  #output: string[] = [];
  #outputBytes = 0;
  #ended = false;

  constructor(socket: Socket, store: ItemStore, facts: NodeFacts) {
    this.#socket = socket;
    this.store = store;
    this.facts = facts;
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('drain', () => this.#onDrain());
  }

  answer(line: string): void {
    this.send(`${line}\r\n`);
  }

  send(bytes: string): void {
    if (this.#ended) return;
    this.#output.push(bytes);
    this.#outputBytes += bytes.length;
    // A get of one large item under many repetitions of its key would otherwise grow without end.
    if (this.#outputBytes > OUTPUT_MAX_BYTES) {
      this.#output = [];
      this.#ended = true;
      this.#socket.destroy();
    }
  }

  expectData(bytes: number, done: AwaitedData['done']): void {
    this.#awaited = { bytes, done };
  }

  skipData(bytes: number): void {
    this.#skipBytes = bytes + 2;
  }

  end(): void {
    this.#flush();
    this.#ended = true;
    this.#socket.end();
  }

  #onData(chunk: Buffer): void {
    if (this.#ended) return;
    this.#input.write(chunk);
    this.#run();
  }

  #onDrain(): void {
    if (!this.#ended) this.#run();
  }

  #run(): void {
    this.store.readClock();
    while (this.#socket.writableLength < HIGH_WATER_BYTES && this.#step()) {
      if (this.#outputBytes > HIGH_WATER_BYTES) this.#flush();
    }
    this.#flush();
    if (this.#socket.writableLength >= HIGH_WATER_BYTES) this.#socket.pause();
    else this.#socket.resume();
  }

  /** One command, data block or skipped piece; false when bytes are missing or the connection ended. */
  #step(): boolean {
    if (this.#ended) return false;
    if (this.#skipBytes > 0) {
      this.#skipBytes -= this.#input.discard(this.#skipBytes);
      return this.#skipBytes === 0;
    }
    if (this.#awaited) return this.#takeData(this.#awaited);
    const line = this.#input.line();
    if (line === undefined) {
      this.#checkLineLength();
      return false;
    }
    this.#execute(line);
    return true;
  }

  #takeData({ bytes, done }: AwaitedData): boolean {
    const block = this.#input.take(bytes + 2);
    if (block === undefined) return false;
    this.#awaited = undefined;
    done(block.endsWith('\r\n') ? block.slice(0, -2) : undefined);
    return true;
  }

  #checkLineLength(): void {
    if (this.#input.length <= LINE_PLAIN_MAX_BYTES) return;
    const isGet = /^ {0,100}gets? /.test(this.#input.peek(LINE_PLAIN_MAX_BYTES));
    if (!isGet || this.#input.length > LINE_MAX_BYTES) this.end();
  }

  #execute(line: string): void {
    const words = line.split(' ').filter((word) => word !== '');
    const command = COMMANDS.get(words[0] ?? '');
    if (!command || words.length < command.wordsMin || words.length > command.wordsMax) {
      this.answer('ERROR');
      return;
    }
    command.run(this, words);
  }

  #flush(): void {
    if (this.#output.length === 0) return;
    // Small answers go as one string; the engine joins them for less than a system call costs.
    if (this.#outputBytes < HIGH_WATER_BYTES) this.#socket.write(this.#output.join(''), 'latin1');
    else for (const part of this.#output) this.#socket.write(part, 'latin1');
    this.#output = [];
    this.#outputBytes = 0;
  }
}

/**
 * The commands of one pool that the table lacks: asked of a node by COMMAND INFO when a client first names one, and kept.
 *
 *   unknown name ─► fresh answer? ─► served, or unknown ─► no: COMMAND INFO to the first node that is up; its client waits
 *
 * An answer counts for the connection that it came by, because a node that was started again may be another version; "no
 * such command" counts for UNKNOWN_MS at most. Clients that send names at random must not become load on nodes, so there
 * are at most ASKED_MAX questions at once and ASKED_PER_SECOND; beyond that a name is unknown (`command_lookups_refused`).
 * Nodes of a pool are taken to know the same commands. Only requests with unknown names pay for any of this.
 */
import { LRUCache } from 'lru-cache';
import type { Command } from '../command/command.js';
import { createLearnt, readEntry } from '../command/learnt.js';
import type { CommandTable } from '../command/lookup.js';
import { redisTable } from '../command/redis-table.js';
import { type Decoded, decodePlain } from '../protocol/resp/plain-reply.js';
import { encodeRequest } from '../protocol/resp/inline.js';
import type { Channel } from '../upstream/channel.js';
import type { Failure } from '../upstream/failure.js';
import { ask, type Asker } from '../upstream/question.js';
import type { Output } from '../io/output.js';
import type { WorkerContext } from '../worker-context.js';

/** Names kept, of commands that exist and of those that do not, each. */
const NAMES_MAX = 1024;
const NAME_BYTES_MAX = 128;
const ASKED_MAX = 16;
const ASKED_PER_SECOND = 200;
const UNKNOWN_MS = 60_000;
/** How long a node that failed to answer is not asked again about the same name. */
const FAILED_MS = 1000;
/** A node that has not answered by then is not waited for, whatever its connection's own deadline. */
const ANSWER_MS = 5000;

/** Who waits for an answer, and is told once. */
export interface NameWaiter {
  onRelieved(): void;
}

interface Answer {
  /** Null: the node knows no such command, or failed. */
  readonly command: Command | null;
  readonly failure: Failure | null;
  readonly channel: Channel;
  readonly output: Output;
  readonly atMs: number;
}

/** `waits`: the waiter will be told; `full`: nothing was asked, come back when the channel has room. */
export type Lookup = Command | Failure | 'unknown' | 'waits' | 'full';

export class LearntCommands {
  readonly #context: WorkerContext;
  readonly #table: CommandTable;
  readonly #known = new LRUCache<string, Answer>({ max: NAMES_MAX });
  readonly #unknown = new LRUCache<string, Answer>({ max: NAMES_MAX });
  readonly #asked = new Map<string, Set<NameWaiter>>();
  #nextIndex: number;
  #secondStartMs = -1000;
  #askedThisSecond = 0;

  constructor(context: WorkerContext, table: CommandTable = redisTable) {
    this.#context = context;
    this.#table = table;
    this.#nextIndex = table.commands.length;
  }

  /** Commands that the table lacks, learnt so far. A name that a node gave to a command of the table is not one. */
  get commands(): readonly Command[] {
    const commands: Command[] = [];
    for (const { command } of this.#known.values()) {
      if (command !== null && command.index >= this.#table.commands.length) commands.push(command);
    }
    return commands;
  }

  /** What `name` means, without asking anybody. */
  findNow(name: string): Command | undefined {
    return this.#known.peek(name.toLowerCase())?.command ?? undefined;
  }

  /** What `name` means; if no node has been asked, the one behind `channel` is, and `waiter` is told. */
  find(name: string, channel: Channel, waiter: NameWaiter): Lookup {
    // COMMAND INFO would take `config|get` for a subcommand; as the name of a command it is none.
    if (name.length > NAME_BYTES_MAX || name === '' || name.includes('|')) return 'unknown';
    const key = name.toLowerCase();
    const known = this.#known.get(key);
    if (known !== undefined && isCurrent(known)) return known.command!;
    const unknown = this.#unknown.get(key);
    if (unknown !== undefined && this.#stillCounts(unknown)) return unknown.failure ?? 'unknown';
    const waiters = this.#asked.get(key);
    if (waiters !== undefined) {
      waiters.add(waiter);
      return 'waits';
    }
    if (!this.#mayAsk()) {
      this.#context.counters.commandLookupsRefused++;
      return known?.command ?? 'unknown';
    }
    return this.#ask(key, channel, waiter);
  }

  /** By full name, as `CommandTable.findByName`. */
  findByName(name: string): Command | undefined {
    const [word = '', sub] = name.split('|');
    const command = this.findNow(word);
    return sub === undefined || command === undefined ? command : this.findSub(command, sub);
  }

  /** As `CommandTable.resolve`. */
  resolve(bytes: Uint8Array, offsets: Int32Array, argc: number): Command | undefined {
    const text = (i: number): string =>
      Buffer.from(bytes.subarray(offsets[2 * i], offsets[2 * i + 1])).toString('latin1');
    const command = this.findNow(text(0));
    return command?.hasSubcommands === true && argc > 1 ? this.findSub(command, text(1)) : command;
  }

  /** The subcommand of a learnt container. */
  findSub(container: Command, word: string): Command | undefined {
    const lower = word.toLowerCase();
    return container.subcommands.find((sub) => sub.word === lower);
  }

  #stillCounts(answer: Answer): boolean {
    const ageMs = this.#context.turn.nowMs - answer.atMs;
    return answer.failure === null ? ageMs < UNKNOWN_MS && isCurrent(answer) : ageMs < FAILED_MS;
  }

  #mayAsk(): boolean {
    const { nowMs } = this.#context.turn;
    if (nowMs - this.#secondStartMs >= 1000) {
      this.#secondStartMs = nowMs;
      this.#askedThisSecond = 0;
    }
    return this.#asked.size < ASKED_MAX && this.#askedThisSecond < ASKED_PER_SECOND;
  }

  #ask(key: string, channel: Channel, waiter: NameWaiter): Lookup {
    const waiters = new Set<NameWaiter>();
    const { output } = channel;
    const settle = (command: Command | null, failure: Failure | null): void => {
      // A reply after the deadline: somebody may have asked again meanwhile.
      if (this.#asked.get(key) !== waiters) return;
      clearTimeout(timer);
      this.#asked.delete(key);
      this.#keep(key, { command, failure, channel, output, atMs: this.#context.turn.nowMs });
      for (const one of waiters) one.onRelieved();
    };
    const asker: Asker = {
      onReply: (bytes, start, end) => settle(this.#commandIn(bytes, start, end), null),
      onFailure: (failure) => settle(null, failure),
    };
    this.#asked.set(key, waiters);
    const timer = setTimeout(() => {
      this.#context.turn.begin();
      const text = `node ${channel.node.label} did not say within ${ANSWER_MS} ms whether it has the command`;
      settle(null, { kind: 'timeout', node: channel.node.id, text, wasReady: false });
    }, ANSWER_MS).unref();
    const request = encodeRequest(['COMMAND', 'INFO', Buffer.from(key, 'latin1')]);
    if (!ask(this.#context, channel, request, asker)) {
      clearTimeout(timer);
      this.#asked.delete(key);
      return 'full';
    }
    this.#askedThisSecond++;
    this.#context.counters.commandsLookedUp++;
    if (this.#asked.get(key) === waiters) {
      waiters.add(waiter);
      return 'waits';
    }
    // The node is down and said so at once.
    return this.#known.get(key)?.command ?? this.#unknown.get(key)?.failure ?? 'unknown';
  }

  #keep(key: string, answer: Answer): void {
    const known = this.#known.get(key);
    if (answer.command !== null) {
      this.#known.set(key, answer);
      this.#unknown.delete(key);
    } else if (answer.failure !== null && known !== undefined) {
      // What was true of the node before is the best guess; its request will find out.
      this.#known.set(key, { ...known, channel: answer.channel, output: answer.channel.output });
    } else {
      this.#known.delete(key);
      this.#unknown.set(key, answer);
    }
  }

  /** The one command of a COMMAND INFO reply. One of the table, if the node gave that another name. */
  #commandIn(bytes: Buffer, start: number, end: number): Command | null {
    const reply = decodePlain(bytes, start, end);
    const entry = Array.isArray(reply) ? readEntry((reply as readonly Decoded[])[0]) : undefined;
    if (entry === undefined) return null;
    const known = this.#table.findByName(entry.row.name);
    if (known !== undefined && known.container === undefined) return known;
    return createLearnt(entry, () => this.#nextIndex++);
  }
}

/** True while the connection that the answer came by lives. */
function isCurrent(answer: Answer): boolean {
  return answer.channel.output === answer.output;
}

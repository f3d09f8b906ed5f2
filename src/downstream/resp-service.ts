/**
 * What all Redis sessions of one listener share: the pool they use, the command table compiled for the fast path, and
 * the dispatch of every request that is not on it.
 */
import { acceptsArgc, type Command } from '../command/command.js';
import { unknownCommand, unknownSubcommand, wrongArity } from '../command/errors.js';
import { Flag } from '../command/flags.js';
import { KeyShape } from '../command/command.js';
import type { CommandTable } from '../command/lookup.js';
import { redisTable } from '../command/redis-table.js';
import { handlingOf } from '../command/policy.js';
import { nodeThatIsUp } from '../shape/any-node.js';
import { Outcome, RespRequest } from '../shape/request.js';
import { shapeOf } from '../shape/shapes.js';
import type { Shape } from '../shape/shape.js';
import type { MonitorHub } from '../monitor/hub.js';
import { PlanPool } from '../shape/plan.js';
import { SplitPlan } from '../shape/split.js';
import type { ListenerConfig } from '../config/listener.js';
import { Password } from '../security/password.js';
import type { Pool } from '../upstream/pool.js';
import type { SubscriptionHub } from '../pubsub/hub.js';
import type { WorkerContext } from '../worker-context.js';
import type { ScriptCache } from '../shape/script-cache.js';
import type { LearntCommands, Lookup } from './learnt-commands.js';
import { errorReply, failureReply, NO_AUTH } from './resp-errors.js';
import type { RespSession } from './resp-session.js';
import type { SessionRegistry } from './registry.js';
import type { Peers } from '../control/peers.js';

/** Longest list of arguments that an unknown-command error quotes; more is never shown. */
const QUOTED_ARGS_MAX = 44;

/** What a worker has learnt about one pool, whichever listener it came by. */
export interface PoolMemory {
  readonly scripts: ScriptCache;
  readonly learnt: LearntCommands;
  readonly subscriptions: SubscriptionHub;
}

export class RespService {
  readonly context: WorkerContext;
  readonly listener: string;
  /** The listener's path, if it has one and no port. */
  readonly unixPath: string | null;
  pool: Pool;
  readonly registry: SessionRegistry;
  readonly peers: Peers;
  readonly monitors: MonitorHub;
  readonly subscriptions: SubscriptionHub;
  readonly table: CommandTable = redisTable;
  /**
   * By command index, the argument that decides the node of a command with nothing else to look at: its only key, or a
   * channel. The session forwards such a command itself. 0: it does not.
   */
  readonly routedBy: Uint8Array;
  /** What sessions without modes use: `routedBy`, or nothing while every request is watched (MONITOR). */
  plainNow: Uint8Array;
  /** The same, all 0: for sessions that have not logged in, so that none of their requests takes the short way. */
  readonly nothingPlain: Uint8Array;
  /** What clients must log in with first. Null: nothing. */
  password: Password | null;
  /** The database that sessions start in. */
  database: number;
  /** By command index, 1: the command may change data. */
  readonly isWrite: Uint8Array;
  readonly scripts: ScriptCache;
  readonly learnt: LearntCommands;
  /** The request being served. One is enough: requests are served one at a time. */
  readonly request = new RespRequest();
  /** How split commands are cut. */
  plans: PlanPool<SplitPlan>;
  /** Scratch for short protocol lines. */
  readonly scratch = Buffer.alloc(64);

  /** By command index; those of learnt commands are made when they are first used. */
  readonly #shapes: Shape[];
  readonly #learntShapes = new WeakMap<Command, Shape>();

  constructor(
    context: WorkerContext,
    listener: ListenerConfig,
    pool: Pool,
    registry: SessionRegistry,
    peers: Peers,
    monitors: MonitorHub,
    memory: PoolMemory,
  ) {
    this.context = context;
    this.listener = listener.name;
    this.unixPath = listener.bind.kind === 'unix' ? listener.bind.path : null;
    this.monitors = monitors;
    this.password = listener.password === null ? null : new Password(listener.password);
    this.database = listener.database;
    this.pool = pool;
    this.registry = registry;
    this.peers = peers;
    this.plans = new PlanPool(() => new SplitPlan(pool.nodes.length));
    this.scripts = memory.scripts;
    this.learnt = memory.learnt;
    this.subscriptions = memory.subscriptions;
    const { commands } = this.table;
    this.routedBy = Uint8Array.from(commands, routedBy);
    this.plainNow = this.routedBy;
    this.nothingPlain = new Uint8Array(commands.length);
    this.isWrite = Uint8Array.from(commands, (command) => ((command.flags & Flag.readonly) === 0 ? 1 : 0));
    this.#shapes = commands.map((command) => shapeOf(command));
  }

  /** After a reload: sessions that come from now on find the listener's new settings. */
  reconfigure(listener: ListenerConfig): void {
    this.password = listener.password === null ? null : new Password(listener.password);
    this.database = listener.database;
  }

  /** After a reload: its sessions must be told next (Session.onPoolChanged). */
  usePool(pool: Pool): void {
    this.pool = pool;
    this.plans = new PlanPool(() => new SplitPlan(pool.nodes.length));
  }

  /** Serves any request; `found` is what its first word names, undefined for an unknown command. */
  execute(session: RespSession, request: RespRequest, found: Command | undefined): Outcome {
    if (session.replyMode === 'skip-next') session.replyMode = 'skip-this';
    const named = found ?? this.#learn(session, request);
    if (named === Outcome.stalled) {
      if (session.replyMode === 'skip-this') session.replyMode = 'skip-next';
      return Outcome.stalled;
    }
    const command = named === Outcome.done ? undefined : this.#resolve(session, request, named);
    if (command === undefined) {
      if (session.replyMode === 'skip-this') session.replyMode = 'on';
      return Outcome.done;
    }
    if (!session.isLoggedIn && (command.flags & Flag.no_auth) === 0) {
      if (session.replyMode === 'skip-this') session.replyMode = 'on';
      session.replyError(NO_AUTH);
      return Outcome.done;
    }
    session.lastCommand = command;
    request.command = command;
    const intercepted = session.hasModes ? this.#intercept(session, request, command) : undefined;
    const outcome = intercepted ?? this.#shapeFor(command)(session, request);
    if (session.hasModes) for (const mode of session.modes) mode.onServed?.(session, outcome);
    if (this.monitors.isOn && outcome === Outcome.done) this.monitors.feed(session, request);
    if (outcome === Outcome.done) {
      session.commands++;
      this.context.counters.commands++;
      if (session.replyMode === 'skip-this') session.replyMode = 'on';
    } else if (session.replyMode === 'skip-this') {
      session.replyMode = 'skip-next';
    }
    return outcome;
  }

  /** Every request is shown to MONITOR clients from now on, or none is. The sessions must be told (`refreshPlain`). */
  watchAll(isWatched: boolean): void {
    this.plainNow = isWatched ? this.nothingPlain : this.routedBy;
  }

  #intercept(session: RespSession, request: RespRequest, command: Command): Outcome | undefined {
    for (const mode of session.modes) {
      const outcome = mode.intercept(session, request, command);
      if (outcome !== undefined) return outcome;
    }
    return undefined;
  }

  #shapeFor(command: Command): Shape {
    const shape = this.#shapes[command.index] ?? this.#learntShapes.get(command);
    if (shape !== undefined) return shape;
    const made = shapeOf(command);
    this.#learntShapes.set(command, made);
    return made;
  }

  /**
   * The command whose name the table lacks, if the nodes have it. Otherwise an Outcome: the client has its error, or waits
   * until a node has answered.
   */
  #learn(session: RespSession, request: RespRequest): Command | Outcome {
    if (isHttp(request)) {
      this.#refuseHttp(session);
      return Outcome.done;
    }
    const lookup = this.#lookUp(session, request.text(0));
    if (lookup === 'unknown') {
      this.#refuse(session, undefined, unknownCommand(this.#quoted(request)));
      return Outcome.done;
    }
    if (lookup === 'waits') {
      session.waitForRelief();
      return Outcome.stalled;
    }
    if (lookup === 'full') return Outcome.stalled;
    if ('arity' in lookup) return lookup;
    this.context.counters.errorsUpstream++;
    for (const mode of session.modes) mode.onRefused?.(session, undefined);
    session.reply(failureReply(lookup, false), session.isSilent);
    return Outcome.done;
  }

  #lookUp(session: RespSession, name: string): Lookup {
    // Nobody asks a node on behalf of a client that has not logged in.
    if (!session.isLoggedIn) return this.learnt.findNow(name) ?? 'unknown';
    const channel = session.lane.channels[nodeThatIsUp(session)]!;
    const lookup = this.learnt.find(name, channel, session);
    if (lookup === 'full') session.waitFor(channel);
    return lookup;
  }

  /** The command or subcommand, once its name and its number of arguments are right; else the client has its error. */
  #resolve(session: RespSession, request: RespRequest, found: Command): Command | undefined {
    let command = found;
    if (command.hasSubcommands && request.argc > 1) {
      const sub =
        command.index < this.table.commands.length
          ? this.table.findSub(command, request.bytes, request.args[2]!, request.args[3]!)
          : this.learnt.findSub(command, request.text(1));
      if (sub === undefined) {
        this.#refuse(session, undefined, unknownSubcommand(command, request.text(1)));
        return;
      }
      command = sub;
    }
    if (!acceptsArgc(command, request.argc)) {
      this.#refuse(session, command, wrongArity(command));
      return;
    }
    return command;
  }

  #refuse(session: RespSession, found: Command | undefined, text: string): undefined {
    this.context.counters.errorsProxy++;
    for (const mode of session.modes) mode.onRefused?.(session, found);
    session.reply(errorReply(text), session.isSilent);
  }

  /** As redis-server does: no answer, and whatever the page has put into the request's body is not served. */
  #refuseHttp(session: RespSession): undefined {
    this.context.counters.clientsClosedProtocol++;
    this.context.logger.warn(
      { client: session.remoteAddress },
      'client closed: it sent POST or Host:, so a web page may be using its browser to reach the cache',
    );
    session.endAfterReplies();
  }

  #quoted(request: RespRequest): string[] {
    const args: string[] = [];
    for (let i = 0; i < Math.min(request.argc, QUOTED_ARGS_MAX); i++) args.push(request.text(i));
    return args;
  }
}

/** An HTTP request reads as inline commands, one of which is its Host header. */
function isHttp(request: RespRequest): boolean {
  const bytes = request.args[1]! - request.args[0]!;
  return (bytes === 4 || bytes === 5) && /^(post|host:)$/i.test(request.text(0));
}

function routedBy(command: Command): number {
  if (command.hasSubcommands || command.container !== undefined) return 0;
  const { kind, routedBy: argument } = handlingOf(command);
  return kind === 'single' && command.keyShape === KeyShape.single ? command.firstKey : argument;
}

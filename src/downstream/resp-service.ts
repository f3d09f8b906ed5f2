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
import { Outcome, RespRequest } from '../shape/request.js';
import { shapeOf } from '../shape/shapes.js';
import type { Shape } from '../shape/shape.js';
import { SplitPlanPool } from '../shape/split.js';
import type { ListenerConfig } from '../config/listener.js';
import { Password } from '../security/password.js';
import type { Pool } from '../upstream/pool.js';
import type { SubscriptionHub } from '../pubsub/hub.js';
import type { WorkerContext } from '../worker-context.js';
import { errorReply, NO_AUTH } from './resp-errors.js';
import type { RespSession } from './resp-session.js';
import type { SessionRegistry } from './registry.js';
import type { Peers } from '../control/peers.js';

/** Longest list of arguments that an unknown-command error quotes; more is never shown. */
const QUOTED_ARGS_MAX = 44;

export class RespService {
  readonly context: WorkerContext;
  readonly listener: string;
  pool: Pool;
  readonly registry: SessionRegistry;
  readonly peers: Peers;
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
  readonly password: Password | null;
  /** The database that sessions start in. */
  readonly database: number;
  /** By command index, 1: the command may change data. */
  readonly isWrite: Uint8Array;
  /** The request being served. One is enough: requests are served one at a time. */
  readonly request = new RespRequest();
  /** How split commands are cut. */
  readonly plans: SplitPlanPool;
  /** Scratch for short protocol lines. */
  readonly scratch = Buffer.alloc(64);

  readonly #shapes: readonly Shape[];

  constructor(
    context: WorkerContext,
    listener: ListenerConfig,
    pool: Pool,
    registry: SessionRegistry,
    peers: Peers,
    subscriptions: SubscriptionHub,
  ) {
    this.context = context;
    this.listener = listener.name;
    this.password = listener.password === null ? null : new Password(listener.password);
    this.database = listener.database;
    this.pool = pool;
    this.registry = registry;
    this.peers = peers;
    this.subscriptions = subscriptions;
    this.plans = new SplitPlanPool(pool.nodes.length);
    const { commands } = this.table;
    this.routedBy = Uint8Array.from(commands, routedBy);
    this.plainNow = this.routedBy;
    this.nothingPlain = new Uint8Array(commands.length);
    this.isWrite = Uint8Array.from(commands, (command) => ((command.flags & Flag.readonly) === 0 ? 1 : 0));
    this.#shapes = commands.map((command) => shapeOf(command));
  }

  /** Serves any request; `found` is what its first word names, undefined for an unknown command. */
  execute(session: RespSession, request: RespRequest, found: Command | undefined): Outcome {
    if (session.replyMode === 'skip-next') session.replyMode = 'skip-this';
    const command = this.#resolve(session, request, found);
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
    const outcome = intercepted ?? this.#shapes[command.index]!(session, request);
    if (outcome === Outcome.done) {
      session.commands++;
      this.context.counters.commands++;
      if (session.replyMode === 'skip-this') session.replyMode = 'on';
    } else if (session.replyMode === 'skip-this') {
      session.replyMode = 'skip-next';
    }
    return outcome;
  }

  #intercept(session: RespSession, request: RespRequest, command: Command): Outcome | undefined {
    for (const mode of session.modes) {
      const outcome = mode.intercept(session, request, command);
      if (outcome !== undefined) return outcome;
    }
    return undefined;
  }

  /** The command or subcommand, once its name and its number of arguments are right; else the client has its error. */
  #resolve(session: RespSession, request: RespRequest, found: Command | undefined): Command | undefined {
    let command = found;
    if (command === undefined) {
      if (isHttp(request)) {
        this.#refuseHttp(session);
        return;
      }
      this.#refuse(session, unknownCommand(this.#quoted(request)));
      return;
    }
    if (command.hasSubcommands && request.argc > 1) {
      const sub = this.table.findSub(command, request.bytes, request.args[2]!, request.args[3]!);
      if (sub === undefined) {
        this.#refuse(session, unknownSubcommand(command, request.text(1)));
        return;
      }
      command = sub;
    }
    if (!acceptsArgc(command, request.argc)) {
      this.#refuse(session, wrongArity(command));
      return;
    }
    return command;
  }

  #refuse(session: RespSession, text: string): undefined {
    this.context.counters.errorsProxy++;
    for (const mode of session.modes) mode.onRefused?.();
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

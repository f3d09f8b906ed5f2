/**
 * What all memcached sessions of one listener share: the pool they use, the command table compiled for the fast path, and
 * the dispatch of every request that is not on it.
 */
import type { Peers } from '../control/peers.js';
import { MC_COMMANDS, type McReplyKindId } from '../protocol/memcache/commands.js';
import { McMerger } from '../protocol/memcache/merge.js';
import { MC_REQUEST_LIMITS, type McRequestLimits } from '../protocol/memcache/request-line.js';
import { deleteRefusedValue } from '../shape/memcache/delete-refused.js';
import { GetPlan } from '../shape/memcache/get-plan.js';
import type { McShape } from '../shape/memcache/shape.js';
import { mcShapeOf } from '../shape/memcache/shapes.js';
import { PlanPool } from '../shape/plan.js';
import type { Outcome } from '../shape/request.js';
import type { Pool } from '../upstream/pool.js';
import type { WorkerContext } from '../worker-context.js';
import type { McSession } from './mc-session.js';

export class McService {
  readonly context: WorkerContext;
  pool: Pool;
  readonly peers: Peers;
  requestLimits: McRequestLimits;
  /** By command id, 1: goes to the node of its key when it has one key. */
  readonly isPlain: Uint8Array;
  /** By command id, 1: changes data. Of mg only with certain flags: ask the framer. */
  readonly isWrite: Uint8Array;
  /** By command id: what a node answers. */
  readonly replyKind: readonly McReplyKindId[];
  plans: PlanPool<GetPlan>;
  readonly merger = new McMerger();

  readonly #shapes: readonly McShape[];

  constructor(context: WorkerContext, pool: Pool, peers: Peers) {
    this.context = context;
    this.pool = pool;
    this.peers = peers;
    this.requestLimits = requestLimitsOf(pool, context);
    this.isPlain = Uint8Array.from(MC_COMMANDS, ({ route }) => (route === 'key' || route === 'split' ? 1 : 0));
    this.isWrite = Uint8Array.from(MC_COMMANDS, ({ isWrite }) => (isWrite ? 1 : 0));
    this.replyKind = MC_COMMANDS.map(({ replyKind }) => replyKind);
    this.plans = new PlanPool(() => new GetPlan(pool.nodes.length));
    this.#shapes = MC_COMMANDS.map((command) => mcShapeOf(command));
  }

  /** After a reload: its sessions must be told next (Session.onPoolChanged). Those that are open keep their limits. */
  usePool(pool: Pool): void {
    this.pool = pool;
    this.plans = new PlanPool(() => new GetPlan(pool.nodes.length));
    this.requestLimits = requestLimitsOf(pool, this.context);
  }

  /** Serves any request that has passed the framer. */
  execute(session: McSession, bytes: Buffer): Outcome {
    return this.#shapes[session.framer.command]!(session, bytes);
  }

  /**
   * Answers a request that the framer refused, with memcached's own text. Where it is in doubt what the bytes behind it
   * are, commands or the refused request's data, the connection ends: a value must never be run as commands.
   */
  refuse(session: McSession, bytes: Buffer): void {
    const { framer } = session;
    const { counters, logger } = this.context;
    counters.errorsProtocol++;
    session.reply(framer.errorReply);
    if (framer.swallowBytes > 0) deleteRefusedValue(session, bytes);
    if (!framer.fatal && !framer.inDoubt) return;
    counters.clientsClosedProtocol++;
    const error = framer.errorReply.toString('latin1').trimEnd();
    logger.info({ client: session.remoteAddress, error }, 'client closed: bad protocol');
    session.endAfterReplies();
  }
}

function requestLimitsOf(pool: Pool, context: WorkerContext): McRequestLimits {
  const { requestBytesMax } = context.limits;
  return { ...MC_REQUEST_LIMITS, valueBytesMax: Math.min(pool.config.valueBytesMax, requestBytesMax) };
}

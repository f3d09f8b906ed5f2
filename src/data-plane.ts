/**
 * One worker's share of the work: its listeners, sessions, pools and connections. Built from a Config; the control plane
 * starts it, asks it for reports and drains it. Nothing in here waits for another worker.
 */
import type { Config, ListenerConfig } from './config/schema.js';
import { ClientCounts } from './downstream/client-counts.js';
import { Listener, type ListenerProtocol } from './downstream/listener.js';
import { SessionRegistry } from './downstream/registry.js';
import { MC_TOO_MANY_CLIENTS } from './downstream/mc-errors.js';
import { McService } from './downstream/mc-service.js';
import { McSession } from './downstream/mc-session.js';
import { RespService } from './downstream/resp-service.js';
import { RespSession } from './downstream/resp-session.js';
import { TOO_MANY_CLIENTS } from './downstream/resp-errors.js';
import { BufferPool } from './io/buffer-pool.js';
import { Copier } from './io/copy.js';
import { READ_BUFFER_BYTES } from './io/reading.js';
import { SlabPool } from './io/slab.js';
import { Turn } from './io/turn.js';
import type { Logger } from './log.js';
import { WorkerCounters } from './metrics/counters.js';
import { MC_COMMANDS } from './protocol/memcache/commands.js';
import { MC_REPLY_LIMITS } from './protocol/memcache/reply-framer.js';
import { ReplyFramer } from './protocol/resp/reply-framer.js';
import { SubscriptionHub } from './pubsub/hub.js';
import type { ReplyScanner } from './upstream/reply-intake.js';
import { InFlightPool } from './upstream/in-flight.js';
import { McReplyScanner } from './upstream/mc-reply-scanner.js';
import { Pool } from './upstream/pool.js';
import type { WorkerContext } from './worker-context.js';
import type { KillRequest, KillResult, Peers } from './control/peers.js';
import { clientFacts, isMeant, type ClientFacts, type WorkerReport } from './control/report.js';

/** Spare output buffers of each size that a worker keeps. */
const SPARE_BUFFERS_MAX = 256;
/** How often deadlines are looked at. A deadline is met at most this much late. */
const SWEEP_MS = 20;
/** Longest line of a reply (an error, a number): beyond it the node does not speak RESP. */
const REPLY_LINE_BYTES_MAX = 1024 * 1024;

export interface ListenerAddress {
  readonly name: string;
  readonly protocol: string;
  readonly address: string;
}

export class DataPlane {
  readonly context: WorkerContext;
  readonly registry: SessionRegistry;
  readonly #config: Config;
  readonly #pools = new Map<string, Pool>();
  /** By pool name; Redis pools have one. */
  readonly #hubs = new Map<string, SubscriptionHub>();
  /** By pool name. */
  readonly #clients = new Map<string, ClientCounts>();
  readonly #listeners: Listener[] = [];
  readonly #peers: Peers;
  #sweeper: NodeJS.Timeout | undefined;
  #idleCheckedMs = 0;

  constructor(config: Config, workerId: number, logger: Logger, peers: Peers) {
    this.#config = config;
    this.#peers = peers;
    const slabs = new SlabPool();
    const buffers = new BufferPool(SPARE_BUFFERS_MAX);
    const readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
    this.context = {
      workerId,
      turn: new Turn(),
      buffers,
      copier: new Copier(readBuffer),
      slabs,
      records: new InFlightPool(slabs, buffers),
      readBuffer,
      counters: new WorkerCounters(),
      mcCommands: new Float64Array(MC_COMMANDS.length),
      logger,
      random: Math.random,
      limits: config.limits,
    };
    this.registry = new SessionRegistry(this.context);
    for (const pool of config.pools) {
      this.#addPool(pool);
      this.#clients.set(pool.name, new ClientCounts(this.registry));
    }
    for (const listener of config.listeners) {
      this.#listeners.push(new Listener(this.context, listener, this.registry, this.#protocolOf(listener)));
    }
  }

  /** @throws EnvironmentError when an address cannot be had; what listened already is closed again. */
  async start(): Promise<ListenerAddress[]> {
    const addresses: ListenerAddress[] = [];
    try {
      for (const listener of this.#listeners) {
        const address = await listener.listen();
        addresses.push({ name: listener.config.name, protocol: listener.config.protocol, address });
      }
    } catch (error) {
      this.stop();
      throw error;
    }
    this.context.turn.begin();
    for (const pool of this.#pools.values()) pool.preconnect(this.#homeOf(pool));
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    return addresses;
  }

  /** Takes no new clients, answers what has been asked, closes. Resolves when the last client is gone. */
  async drain(): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    this.context.turn.begin();
    await this.registry.drain(this.#config.drainTimeoutMs);
    this.stop();
  }

  /** Closes everything now. */
  stop(): void {
    for (const listener of this.#listeners) listener.close();
    for (const session of this.registry) session.close();
    clearInterval(this.#sweeper);
    for (const pool of this.#pools.values()) pool.close();
  }

  report(): WorkerReport {
    const { context } = this;
    context.turn.begin();
    for (const session of this.registry) session.countBytesOut();
    for (const pool of this.#pools.values()) pool.countBytesOut();
    return {
      workerId: context.workerId,
      pid: process.pid,
      counters: Object.assign(new WorkerCounters(), context.counters),
      mcCommands: Array.from(context.mcCommands),
      clients: this.registry.count,
      rssBytes: process.memoryUsage.rss(),
      cpuUserMicros: process.cpuUsage().user,
      cpuSystemMicros: process.cpuUsage().system,
      nodes: [...this.#pools.values()].flatMap((pool) => pool.report()),
      topics: [...this.#hubs.values()].map((hub) => hub.counts),
      pools: [...this.#clients].map(([pool, { clients, eofs, errors }]) => {
        return { pool, clients, clientEofs: eofs, clientErrors: errors };
      }),
    };
  }

  /** The Redis clients of this worker. */
  clientFacts(): ClientFacts[] {
    this.context.turn.begin();
    return this.#respSessions().map(clientFacts);
  }

  /** Closes the clients that match, the one who asks only after its reply (its session sees to that). */
  killClients(request: KillRequest): KillResult {
    this.context.turn.begin();
    const doomed = this.#respSessions().filter((session) => isMeant(clientFacts(session), request));
    for (const session of doomed) if (session.id !== request.callerId) session.close();
    return { killed: doomed.length, killsCaller: doomed.some((session) => session.id === request.callerId) };
  }

  #respSessions(): RespSession[] {
    return [...this.registry].filter((session) => session instanceof RespSession);
  }

  #addPool(config: Config['pools'][number]): void {
    const pool = new Pool(this.context, config, () => this.#newScanner(config));
    this.#pools.set(config.name, pool);
    if (config.protocol === 'redis') this.#hubs.set(config.name, new SubscriptionHub(this.context, pool));
  }

  #newScanner(pool: Config['pools'][number]): ReplyScanner {
    const { replyNestingMax: nestingMax, bulkBytesMax } = this.context.limits;
    if (pool.protocol === 'redis') return new ReplyFramer({ nestingMax, lineBytesMax: REPLY_LINE_BYTES_MAX });
    // Values are counted, not held, so one that another way of writing made longer than value_size may pass.
    return new McReplyScanner({ ...MC_REPLY_LIMITS, valueBytesMax: Math.max(pool.valueBytesMax, bulkBytesMax) });
  }

  #protocolOf(listener: ListenerConfig): ListenerProtocol {
    const pool = this.#pools.get(listener.pool)!;
    const clients = this.#clients.get(listener.pool)!;
    if (pool.config.protocol === 'memcached') {
      const service = new McService(this.context, pool, this.#peers);
      return {
        tooManyClients: MC_TOO_MANY_CLIENTS,
        openSession: (accepted) => clients.opened(new McSession(service, accepted, clients)),
      };
    }
    const hub = this.#hubs.get(listener.pool)!;
    const service = new RespService(this.context, listener, pool, this.registry, this.#peers, hub);
    return {
      tooManyClients: TOO_MANY_CLIENTS,
      openSession: (accepted) => clients.opened(new RespSession(service, this.registry.takeId(), accepted, clients)),
    };
  }

  /** The database that the pool's first listener starts its sessions in. */
  #homeOf(pool: Pool): number {
    return this.#config.listeners.find((listener) => listener.pool === pool.config.name)?.database ?? 0;
  }

  #sweep(): void {
    const { turn } = this.context;
    turn.begin();
    for (const pool of this.#pools.values()) pool.sweep(turn.nowMs);
    for (const hub of this.#hubs.values()) hub.sweep(turn.nowMs);
    if (turn.nowMs - this.#idleCheckedMs < 1000) return;
    this.#idleCheckedMs = turn.nowMs;
    this.registry.closeIdle(turn.nowMs);
  }
}

/**
 * One worker's share of the work: its listeners, sessions, pools and connections. Built from a Config; the control plane
 * starts it, asks it for reports, reloads and drains it. Nothing in here waits for another worker.
 *
 * A reload has two steps, so that all workers do it or none: `prepareReload` opens the new addresses, which may fail;
 * `commitReload` takes over everything, which cannot.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Config, PoolConfig } from './config/schema.js';
import { ClientCounts } from './downstream/client-counts.js';
import { Front } from './downstream/front.js';
import { Listener } from './downstream/listener.js';
import { SessionRegistry } from './downstream/registry.js';
import { LearntCommands } from './downstream/learnt-commands.js';
import { RespSession } from './downstream/resp-session.js';
import { MonitorHub } from './monitor/hub.js';
import { BlockingGather } from './shape/blocking/gather.js';
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
import { ScriptCache } from './shape/script-cache.js';
import { InFlightPool } from './upstream/in-flight.js';
import { McReplyScanner } from './upstream/mc-reply-scanner.js';
import { Pool } from './upstream/pool.js';
import type { WorkerContext } from './worker-context.js';
import type { KillRequest, KillResult, Peers, SharedScript, UnblockRequest } from './control/peers.js';
import { clientFacts, isMeant, type ClientFacts, type WorkerReport } from './control/report.js';

/** Spare output buffers of each size that a worker keeps. */
const SPARE_BUFFERS_MAX = 256;
/** How often deadlines are looked at. A deadline is met at most this much late. */
const SWEEP_MS = 20;
/** Longest line of a reply (an error, a number): beyond it the node does not speak RESP. */
const REPLY_LINE_BYTES_MAX = 1024 * 1024;

/** A configuration that waits for `commitReload`, and the addresses that were opened for it, by listener name. */
interface PreparedReload {
  readonly config: Config;
  readonly listeners: ReadonlyMap<string, Listener>;
}

export interface ListenerAddress {
  readonly name: string;
  readonly protocol: string;
  readonly address: string;
}

export class DataPlane {
  readonly context: WorkerContext;
  readonly registry: SessionRegistry;
  readonly monitors: MonitorHub;
  #config: Config;
  readonly #pools = new Map<string, Pool>();
  /** By pool name; Redis pools have one. */
  readonly #hubs = new Map<string, SubscriptionHub>();
  /** By pool name. */
  readonly #clients = new Map<string, ClientCounts>();
  /** Both by listener name. */
  readonly #listeners = new Map<string, Listener>();
  readonly #fronts = new Map<string, Front>();
  #prepared: PreparedReload | undefined;
  /** Pools that no listener leads to any more, whose last clients are leaving. */
  readonly #leaving = new Map<Pool, ClientCounts>();
  /** By name of the redis pool. */
  readonly #scripts = new Map<string, ScriptCache>();
  readonly #learnt = new Map<string, LearntCommands>();
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
    this.monitors = new MonitorHub(this.context, peers, (isOn) => this.#watchAll(isOn));
    for (const pool of config.pools) this.#addPool(pool);
    for (const listener of config.listeners) {
      this.#listeners.set(listener.name, new Listener(this.context, listener, this.registry));
    }
    this.#setFronts();
  }

  /** @throws EnvironmentError when an address cannot be had; what listened already is closed again. */
  async start(): Promise<ListenerAddress[]> {
    try {
      for (const listener of this.#listeners.values()) await listener.listen();
    } catch (error) {
      this.stop();
      throw error;
    }
    this.context.turn.begin();
    for (const [name, pool] of this.#pools) pool.preconnect(this.#homeOf(name));
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    return this.#addresses();
  }

  /**
   * Opens the addresses that `config` has and this worker does not listen on. Nothing else changes yet.
   * @throws EnvironmentError when one cannot be had; none is left open then.
   */
  async prepareReload(config: Config): Promise<void> {
    this.abortReload();
    const listeners = new Map<string, Listener>();
    this.#prepared = { config, listeners };
    try {
      for (const listener of config.listeners) {
        if (this.#listeners.get(listener.name)?.listensFor(listener) === true) continue;
        const opened = new Listener(this.context, listener, this.registry);
        await opened.listen();
        listeners.set(listener.name, opened);
      }
    } catch (error) {
      this.abortReload();
      throw error;
    }
  }

  abortReload(): void {
    for (const listener of this.#prepared?.listeners.values() ?? []) listener.close();
    this.#prepared = undefined;
  }

  /** Takes over the configuration that was prepared; requests in flight end as they began. */
  commitReload(): ListenerAddress[] {
    if (this.#prepared === undefined) throw new Error('no reload was prepared');
    const { config, listeners } = this.#prepared;
    this.#prepared = undefined;
    const before = this.#config;
    this.#config = config;
    this.context.turn.begin();
    this.context.limits = config.limits;
    this.context.logger.level = config.log.level;
    for (const pool of config.pools) {
      const isSame = isDeepStrictEqual(
        pool,
        before.pools.find(({ name }) => name === pool.name),
      );
      if (!isSame) this.#replacePool(pool);
    }
    for (const [name, listener] of this.#listeners) {
      const stays = config.listeners.some((one) => one.name === name) && !listeners.has(name);
      if (stays) continue;
      listener.close();
      this.#listeners.delete(name);
    }
    for (const [name, listener] of listeners) this.#listeners.set(name, listener);
    this.#setFronts();
    this.#dropPools();
    return this.#addresses();
  }

  /** Sessions go on with the successor; those of a pool that speaks another protocol now end with their front. */
  #replacePool(config: PoolConfig): void {
    const old = this.#pools.get(config.name);
    if (old?.config.protocol !== config.protocol) {
      if (old !== undefined) this.#leaving.set(old, this.#clients.get(config.name)!);
      this.#addPool(config);
      this.#pools.get(config.name)!.preconnect(this.#homeOf(config.name));
      return;
    }
    const successor = this.#newPool(config, old);
    this.#pools.set(config.name, successor);
    for (const front of this.#fronts.values()) if (front.pool === old) front.usePool(successor);
    old.retire(successor);
    this.#hubs.get(config.name)?.usePool(successor);
  }

  /** Gives every listener of the configuration the front that leads to its pool. */
  #setFronts(): void {
    const old = new Map(this.#fronts);
    this.#fronts.clear();
    for (const config of this.#config.listeners) {
      const pool = this.#pools.get(config.pool)!;
      let front = old.get(config.name);
      if (front?.pool === pool) {
        front.reconfigure(config);
        old.delete(config.name);
      } else {
        const made = { context: this.context, registry: this.registry, peers: this.#peers, monitors: this.monitors };
        const memory = {
          scripts: this.#scripts.get(config.pool),
          learnt: this.#learnt.get(config.pool),
          subscriptions: this.#hubs.get(config.pool),
        };
        front = new Front({ ...made, ...memory }, config, pool, this.#clients.get(config.pool)!);
      }
      front.watchAll(this.monitors.isOn);
      this.#fronts.set(config.name, front);
      this.#listeners.get(config.name)!.serve(config, front.protocol);
    }
    for (const front of old.values()) front.end();
  }

  #dropPools(): void {
    for (const [name, pool] of this.#pools) {
      if (this.#config.pools.some((one) => one.name === name)) continue;
      this.#leaving.set(pool, this.#clients.get(name)!);
      this.#pools.delete(name);
      this.#clients.delete(name);
      this.#hubs.delete(name);
      this.#scripts.delete(name);
      this.#learnt.delete(name);
    }
  }

  #addresses(): ListenerAddress[] {
    return [...this.#listeners.values()].map(({ config: { name, protocol }, address }) => ({
      name,
      protocol,
      address,
    }));
  }

  /** Takes no new clients, answers what has been asked, closes. Resolves when the last client is gone. */
  async drain(): Promise<void> {
    for (const listener of this.#listeners.values()) listener.close();
    this.context.turn.begin();
    await this.registry.drain(this.#config.drainTimeoutMs);
    this.stop();
  }

  /** Closes everything now. */
  stop(): void {
    for (const listener of this.#listeners.values()) listener.close();
    for (const session of this.registry) session.close();
    this.monitors.close();
    clearInterval(this.#sweeper);
    for (const pool of this.#pools.values()) pool.close();
    for (const pool of this.#leaving.keys()) pool.close();
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
      monitorClients: this.monitors.count,
      trackingClients: [...this.#pools.values()].reduce((sum, { trackingClients }) => sum + trackingClients, 0),
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

  learnScript({ pool, text }: SharedScript): void {
    const bytes = Buffer.from(text, 'latin1');
    this.#scripts.get(pool)?.learn(bytes, 0, bytes.length);
  }

  forgetScripts(pool: string): void {
    this.#scripts.get(pool)?.forgetAll();
  }

  /** 1 when the client is one of this worker's and waited in a command that blocks, which has been answered now. */
  async unblockClient({ id, reason }: UnblockRequest): Promise<number> {
    this.context.turn.begin();
    const session = this.#respSessions().find((one) => one.id === id);
    const waiting = session?.isBlocked === true ? session.head?.gather : undefined;
    return waiting instanceof BlockingGather && (await waiting.unblock(reason)) ? 1 : 0;
  }

  #respSessions(): RespSession[] {
    return [...this.registry].filter((session) => session instanceof RespSession);
  }

  /** MONITOR was asked for, or nobody monitors any more. */
  #watchAll(isWatched: boolean): void {
    for (const front of this.#fronts.values()) front.watchAll(isWatched);
    for (const session of this.#respSessions()) session.refreshPlain();
  }

  #addPool(config: PoolConfig): void {
    this.#pools.set(config.name, this.#newPool(config));
    this.#clients.set(config.name, new ClientCounts(this.registry));
    if (config.protocol === 'memcached') return;
    this.#hubs.set(config.name, new SubscriptionHub(this.context, this.#pools.get(config.name)!));
    this.#scripts.set(config.name, new ScriptCache(this.context.counters, this.#config.limits.scriptCacheBytesMax));
    this.#learnt.set(config.name, new LearntCommands(this.context));
  }

  #newPool(config: PoolConfig, predecessor?: Pool): Pool {
    return new Pool(this.context, config, () => this.#newScanner(config), predecessor);
  }

  #newScanner(pool: PoolConfig): ReplyScanner {
    const { replyNestingMax: nestingMax, bulkBytesMax } = this.context.limits;
    if (pool.protocol === 'redis') return new ReplyFramer({ nestingMax, lineBytesMax: REPLY_LINE_BYTES_MAX });
    // Values are counted, not held, so one that another way of writing made longer than value_size may pass.
    return new McReplyScanner({ ...MC_REPLY_LIMITS, valueBytesMax: Math.max(pool.valueBytesMax, bulkBytesMax) });
  }

  /** The database that the pool's first listener starts its sessions in. */
  #homeOf(pool: string): number {
    return this.#config.listeners.find((listener) => listener.pool === pool)?.database ?? 0;
  }

  #sweep(): void {
    const { turn } = this.context;
    turn.begin();
    for (const pool of this.#pools.values()) pool.sweep(turn.nowMs);
    for (const [pool, { clients }] of this.#leaving) {
      pool.sweep(turn.nowMs);
      if (clients > 0) continue;
      this.#leaving.delete(pool);
      pool.close();
    }
    for (const hub of this.#hubs.values()) hub.sweep(turn.nowMs);
    this.monitors.sweep(turn.nowMs);
    if (turn.nowMs - this.#idleCheckedMs < 1000) return;
    this.#idleCheckedMs = turn.nowMs;
    this.registry.closeIdle(turn.nowMs);
  }
}

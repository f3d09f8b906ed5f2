/**
 * What the clients of one listener see: the service that their sessions share, and the pool behind it. A reload may give
 * it other settings (`reconfigure`) or the pool's successor (`usePool`); the open sessions stay.
 */
import type { ListenerConfig } from '../config/listener.js';
import type { Peers } from '../control/peers.js';
import type { LearntCommands } from './learnt-commands.js';
import type { ScriptCache } from '../shape/script-cache.js';
import type { MonitorHub } from '../monitor/hub.js';
import type { SubscriptionHub } from '../pubsub/hub.js';
import type { Pool } from '../upstream/pool.js';
import type { WorkerContext } from '../worker-context.js';
import type { ClientCounts } from './client-counts.js';
import type { ListenerProtocol } from './listener.js';
import { MC_TOO_MANY_CLIENTS } from './mc-errors.js';
import { McService } from './mc-service.js';
import { McSession } from './mc-session.js';
import type { SessionRegistry } from './registry.js';
import { TOO_MANY_CLIENTS } from './resp-errors.js';
import { RespService } from './resp-service.js';
import { RespSession } from './resp-session.js';
import type { Session } from './session.js';

/** What all fronts of a worker are made with. */
export interface FrontContext {
  readonly context: WorkerContext;
  readonly registry: SessionRegistry;
  readonly peers: Peers;
  readonly monitors: MonitorHub;
  /** Of the pool, when it is a redis pool. */
  readonly scripts: ScriptCache | undefined;
  readonly learnt: LearntCommands | undefined;
  readonly subscriptions: SubscriptionHub | undefined;
}

export class Front {
  /** What its listener does with a connection. */
  readonly protocol: ListenerProtocol;
  readonly #registry: SessionRegistry;
  readonly #service: RespService | McService;

  /** `clients` counts the sessions of the pool. */
  constructor(made: FrontContext, config: ListenerConfig, pool: Pool, clients: ClientCounts) {
    const { context, registry, peers, monitors, scripts, learnt, subscriptions } = made;
    this.#registry = registry;
    if (pool.config.protocol === 'memcached') {
      const service = new McService(context, pool, peers);
      this.#service = service;
      this.protocol = {
        tooManyClients: MC_TOO_MANY_CLIENTS,
        openSession: (accepted) => clients.opened(new McSession(service, accepted, clients)),
      };
    } else {
      const service = new RespService(context, config, pool, registry, peers, monitors, {
        scripts: scripts!,
        learnt: learnt!,
        subscriptions: subscriptions!,
      });
      this.#service = service;
      this.protocol = {
        tooManyClients: TOO_MANY_CLIENTS,
        openSession: (accepted) => clients.opened(new RespSession(service, registry.takeId(), accepted, clients)),
      };
    }
  }

  /** See RespService.watchAll; memcached has no MONITOR. */
  watchAll(isWatched: boolean): void {
    if (this.#service instanceof RespService) this.#service.watchAll(isWatched);
  }

  get pool(): Pool {
    return this.#service.pool;
  }

  /** Settings of the listener that its sessions know; those that are open keep what they have done (logged in, say). */
  reconfigure(config: ListenerConfig): void {
    if (this.#service instanceof RespService) this.#service.reconfigure(config);
  }

  usePool(successor: Pool): void {
    const previous = this.pool;
    this.#service.usePool(successor);
    for (const session of this.#sessions()) session.onPoolChanged(previous);
  }

  /** The listener is gone, or leads elsewhere: its clients get the replies that they wait for, and are closed. */
  end(): void {
    for (const session of this.#sessions()) session.endAfterReplies();
  }

  #sessions(): Session[] {
    const isOurs = (session: Session): boolean =>
      (session instanceof RespSession || session instanceof McSession) && session.service === this.#service;
    return [...this.#registry].filter(isOurs);
  }
}

/**
 * A data plane behind a link: what the control plane may ask of a worker, and what the worker may ask of the others
 * through it. The same code serves in a worker process and in the only process.
 */
import type { Config } from '../config/schema.js';
import { DataPlane, type ListenerAddress } from '../data-plane.js';
import type { Logger } from '../log.js';
import { Link, type Methods, type Port } from './link.js';
import type { KillRequest, KillResult, Peers, ProxyReport, SharedScript, UnblockRequest } from './peers.js';
import type { LinesRequest, MonitorBatch } from '../monitor/hub.js';
import type { ClientFacts } from './report.js';

/** Sessions wait at most this long for what other workers have to say. */
const PEER_TIMEOUT_MS = 2000;

export interface StartOrder {
  readonly config: Config;
  readonly workerId: number;
}

export class WorkerHost {
  readonly #link: Link;
  readonly #logger: Logger;
  #plane: DataPlane | undefined;

  constructor(port: Port, logger: Logger) {
    this.#logger = logger;
    this.#link = new Link(port, this.#methods());
  }

  #methods(): Methods {
    return {
      start: (order: StartOrder): Promise<ListenerAddress[]> => {
        this.#plane = new DataPlane(order.config, order.workerId, this.#logger, this.#peers());
        return this.#plane.start();
      },
      prepareReload: (config: Config) => this.#plane?.prepareReload(config),
      abortReload: () => this.#plane?.abortReload(),
      commitReload: () => this.#plane?.commitReload(),
      drain: () => this.#plane?.drain(),
      stop: () => this.#plane?.stop(),
      report: () => this.#plane?.report(),
      clients: () => this.#plane?.clientFacts() ?? [],
      kill: (request: KillRequest) => this.#plane?.killClients(request),
      lines: (request: LinesRequest) => this.#plane?.monitors.takeLines(request) ?? { lines: [], dropped: 0 },
      learnScript: (script: SharedScript) => this.#plane?.learnScript(script),
      forgetScripts: (pool: string) => this.#plane?.forgetScripts(pool),
      unblock: (request: UnblockRequest) => this.#plane?.unblockClient(request) ?? 0,
    };
  }

  #peers(): Peers {
    return {
      listClients: () => this.#link.call<readonly ClientFacts[]>('listClients', undefined, PEER_TIMEOUT_MS),
      killClients: (request) => this.#link.call<KillResult>('killClients', request, PEER_TIMEOUT_MS),
      unblockClient: (request) => this.#link.call<number>('unblockClient', request, PEER_TIMEOUT_MS),
      report: () => this.#link.call<ProxyReport>('report', undefined, PEER_TIMEOUT_MS),
      collectLines: (request) => this.#link.call<MonitorBatch[]>('collectLines', request, PEER_TIMEOUT_MS),
      shareScript: (script) => this.#link.call('shareScript', script, PEER_TIMEOUT_MS),
      forgetScripts: (pool) => this.#link.call('forgetScripts', pool, PEER_TIMEOUT_MS),
      wallClockMicros: () => (performance.timeOrigin + performance.now()) * 1000,
    };
  }
}

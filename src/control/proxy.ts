/**
 * A running proxy: the control plane with its data planes, in this process (`workers: 0`) or in worker processes.
 * `serve`, `demo` and tests start it here and see no difference between the two.
 */
import { diffConfig } from '../config/diff.js';
import type { Config } from '../config/schema.js';
import type { ListenerAddress } from '../data-plane.js';
import { hostname } from 'node:os';
import { EnvironmentError } from '../errors.js';
import type { Logger } from '../log.js';
import { joinedPorts, Link, LinkError, type Methods } from './link.js';
import type { KillRequest, KillResult, ProxyReport, SharedScript, UnblockRequest } from './peers.js';
import type { LinesRequest, MonitorBatch } from '../monitor/hub.js';
import type { ClientFacts, WorkerReport } from './report.js';
import { keepFixed, reloadWorkers, type ReloadResult } from './reload.js';
import { removeStaleSocket } from './stale-socket.js';
import { StatsServer } from '../twemproxy/stats-server.js';
import { statsText } from '../twemproxy/stats-text.js';
import { VERSION } from '../version.js';
import { Supervisor } from './supervisor.js';
import { WorkerHost } from './worker-host.js';

export interface RunningProxy {
  readonly addresses: readonly ListenerAddress[];
  /** Takes no new clients, answers what is in flight (at most `timeouts.drain`), closes. */
  stop(): Promise<void>;
  /** Takes over `config` without closing a client. One at a time. @throws when an address cannot be had. */
  reload(config: Config): Promise<ReloadResult>;
}

export interface ProxyOptions {
  readonly logger: Logger;
  /** For INFO. */
  readonly configFile?: string;
}

/** How long the control plane waits for one worker's answer; a worker that is busier than that is left out. */
const WORKER_TIMEOUT_MS = 1000;

/** @throws EnvironmentError when an address cannot be had; nothing is left running then. */
export async function startProxy(config: Config, options: ProxyOptions): Promise<RunningProxy> {
  const control = new ControlPlane(config, options);
  try {
    return await control.start();
  } catch (error) {
    if (error instanceof LinkError && error.remoteName === 'EnvironmentError')
      throw new EnvironmentError(error.message);
    throw error;
  }
}

/** What is started, in this process or in others. */
type Workers = Pick<RunningProxy, 'addresses' | 'stop'>;

class ControlPlane {
  #config: Config;
  #epoch = 1;
  readonly #options: ProxyOptions;
  readonly #startedAtMs = performance.timeOrigin + performance.now();
  #supervisor: Supervisor | undefined;
  #local: Link | undefined;

  constructor(config: Config, options: ProxyOptions) {
    this.#config = config;
    this.#options = options;
  }

  async start(): Promise<RunningProxy> {
    const stats = this.#config.stats === null ? undefined : new StatsServer(this.#config.stats, () => this.#stats());
    // Before the workers: what cannot be had must fail before clients are taken.
    const bound = stats === undefined ? [] : [{ name: 'stats', protocol: 'stats', address: await stats.listen() }];
    try {
      const workers = await this.#startWorkers();
      const stopAll = async (): Promise<void> => {
        await workers.stop();
        stats?.close();
      };
      return { addresses: [...workers.addresses, ...bound], stop: stopAll, reload: (config) => this.#reload(config) };
    } catch (error) {
      stats?.close();
      throw error;
    }
  }

  async #reload(wanted: Config): Promise<ReloadResult> {
    const before = this.#config;
    const { config, needsRestart } = keepFixed(before, wanted);
    const addresses = await reloadWorkers(this.#links(), before, config);
    this.#config = config;
    this.#supervisor?.use(config);
    this.#epoch++;
    return { epoch: this.#epoch, changes: diffConfig(before, config), needsRestart, addresses };
  }

  async #startWorkers(): Promise<Workers> {
    for (const { bind } of this.#config.listeners) if (bind.kind === 'unix') await removeStaleSocket(bind.path);
    if (this.#config.workers === 0) return this.#startLocal();
    const supervisor = new Supervisor(this.#config, this.#options.logger, this.#methods());
    this.#supervisor = supervisor;
    const addresses = await supervisor.start();
    return { addresses, stop: () => supervisor.stop() };
  }

  async #startLocal(): Promise<Workers> {
    const [ours, theirs] = joinedPorts();
    new WorkerHost(theirs, this.#options.logger);
    const link = new Link(ours, this.#methods());
    this.#local = link;
    const addresses = await link.call<readonly ListenerAddress[]>('start', { config: this.#config, workerId: 0 }, 0);
    return { addresses, stop: () => link.call('drain', undefined, 0) };
  }

  /** What data planes may ask. */
  #methods(): Methods {
    return {
      listClients: async () => (await this.#askAll<readonly ClientFacts[]>('clients', undefined)).flat(),
      killClients: async (request: KillRequest): Promise<KillResult> => {
        const results = await this.#askAll<KillResult>('kill', request);
        return {
          killed: results.reduce((sum, { killed }) => sum + killed, 0),
          killsCaller: results.some(({ killsCaller }) => killsCaller),
        };
      },
      unblockClient: async (request: UnblockRequest): Promise<number> =>
        (await this.#askAll<number>('unblock', request)).reduce((sum, unblocked) => sum + unblocked, 0),
      report: () => this.#report(),
      collectLines: (request: LinesRequest) => this.#askAll<MonitorBatch>('lines', request),
      // The answers say nothing, but that they are there.
      shareScript: (script: SharedScript) => this.#askAll('learnScript', script),
      forgetScripts: (pool: string) => this.#askAll('forgetScripts', pool),
    };
  }

  async #stats(): Promise<string> {
    return statsText({
      report: await this.#report(),
      hostName: hostname(),
      version: VERSION,
      listeners: this.#config.listeners.length,
      nowMs: performance.timeOrigin + performance.now(),
    });
  }

  async #report(): Promise<ProxyReport> {
    return {
      clusterName: this.#config.clusterName,
      startedAtMs: this.#startedAtMs,
      pid: process.pid,
      configFile: this.#options.configFile ?? '',
      workers: await this.#askAll<WorkerReport>('report', undefined),
      configEpoch: this.#epoch,
      workerRestarts: this.#supervisor?.restarts ?? 0,
    };
  }

  #links(): readonly Link[] {
    return this.#supervisor?.links ?? (this.#local === undefined ? [] : [this.#local]);
  }

  /** The answers of all workers that give one in time. */
  async #askAll<Result>(method: string, argument: unknown): Promise<Result[]> {
    const answers = await Promise.allSettled(
      this.#links().map((link) => link.call<Result>(method, argument, WORKER_TIMEOUT_MS)),
    );
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  }
}

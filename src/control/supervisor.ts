/**
 * Worker processes: forks them, replaces one that dies (with a growing pause, so that a worker that cannot live does not
 * spin), and stops them. Everybody else goes on serving meanwhile: node:cluster hands new connections to those that are left.
 */
import cluster, { type Worker } from 'node:cluster';
import type { Config } from '../config/schema.js';
import type { ListenerAddress } from '../data-plane.js';
import type { Logger } from '../log.js';
import { Link, type Methods } from './link.js';
import { reloadWorkers } from './reload.js';
import { LOG_SETTINGS } from './worker.js';

/** A worker that lived shorter than this counts as failing. */
const STABLE_MS = 10_000;
const RESTART_PAUSE_FIRST_MS = 100;
const RESTART_PAUSE_MAX_MS = 10_000;
/** A worker that does not start within this is given up. */
const START_TIMEOUT_MS = 30_000;

interface Seat {
  readonly workerId: number;
  worker: Worker | undefined;
  link: Link | undefined;
  failures: number;
  startedMs: number;
}

export class Supervisor {
  restarts = 0;
  #config: Config;
  readonly #logger: Logger;
  readonly #methods: Methods;
  readonly #seats: Seat[] = [];
  /** Workers open the log file anew too. Without a log file the signal keeps its usual effect. */
  readonly #onHangUp = (): void => {
    for (const { worker } of this.#seats) worker?.process.kill('SIGHUP');
  };
  #isStopping = false;

  constructor(config: Config, logger: Logger, methods: Methods) {
    this.#config = config;
    this.#logger = logger;
    this.#methods = methods;
  }

  /** The links of the workers that are alive. */
  get links(): readonly Link[] {
    return this.#seats.flatMap(({ link }) => (link === undefined ? [] : [link]));
  }

  /** Rejects when a worker cannot start (an address in use, for example); the others are stopped then. */
  async start(): Promise<readonly ListenerAddress[]> {
    cluster.setupPrimary({ args: [], silent: false });
    if (this.#config.log.file !== null) process.on('SIGHUP', this.#onHangUp);
    for (let workerId = 1; workerId <= this.#config.workers; workerId++) {
      this.#seats.push({ workerId, worker: undefined, link: undefined, failures: 0, startedMs: 0 });
    }
    try {
      const [first] = await Promise.all(this.#seats.map((seat) => this.#fork(seat)));
      return first!;
    } catch (error) {
      this.kill();
      throw error;
    }
  }

  /** Workers that are forked from now on start with `config`, and those that are just starting take it over. */
  use(config: Config): void {
    this.#config = config;
  }

  /** Drains every worker and waits until all have gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(
      this.#seats.map(async ({ worker, link }) => {
        if (worker === undefined || link === undefined) return;
        await link.call('drain', undefined, this.#config.drainTimeoutMs + 1000).catch(() => undefined);
        await this.#end(worker);
      }),
    );
  }

  /** Ends every worker at once. */
  kill(): void {
    this.#isStopping = true;
    for (const { worker } of this.#seats) worker?.process.kill('SIGKILL');
  }

  #end(worker: Worker): Promise<void> {
    return new Promise((resolve) => {
      if (worker.isDead()) {
        resolve();
        return;
      }
      worker.once('exit', () => resolve());
      worker.disconnect();
    });
  }

  #fork(seat: Seat): Promise<readonly ListenerAddress[]> {
    const config = this.#config;
    const worker = cluster.fork({ [LOG_SETTINGS]: JSON.stringify(this.#config.log) });
    // Node drops what reaches a worker before it listens, so posts wait for its first message, which says that it does.
    const early: unknown[] = [];
    let isListening = false;
    const send = (message: unknown): void => {
      if (worker.isConnected()) worker.send(message as object, () => undefined);
    };
    worker.once('message', () => {
      isListening = true;
      for (const message of early.splice(0)) send(message);
    });
    const port = {
      post: (message: unknown) => {
        if (isListening) send(message);
        else early.push(message);
      },
      onMessage: (listener: (message: unknown) => void) => void worker.on('message', listener),
    };
    const link = new Link(port, this.#methods);
    seat.worker = worker;
    seat.startedMs = performance.now();
    worker.on('error', (error) => this.#logger.error({ err: error, worker: seat.workerId }, 'worker failed'));
    worker.once('exit', (code, signal) => this.#onExit(seat, link, code, signal));
    return link
      .call<readonly ListenerAddress[]>('start', { config, workerId: seat.workerId }, START_TIMEOUT_MS)
      .then(async (addresses) => {
        seat.link = link;
        // A reload while this worker started has passed it by.
        if (config !== this.#config) await reloadWorkers([link], config, this.#config);
        return addresses;
      });
  }

  #onExit(seat: Seat, link: Link, code: number | null, signal: string | null): void {
    link.close();
    seat.worker = undefined;
    seat.link = undefined;
    if (this.#isStopping) return;
    const lived = performance.now() - seat.startedMs;
    seat.failures = lived < STABLE_MS ? seat.failures + 1 : 0;
    const pauseMs = Math.min(RESTART_PAUSE_MAX_MS, RESTART_PAUSE_FIRST_MS * 2 ** Math.min(seat.failures, 10));
    this.#logger.error({ worker: seat.workerId, code, signal, pauseMs }, 'worker died, starting another');
    setTimeout(() => {
      if (this.#isStopping) return;
      this.restarts++;
      this.#fork(seat).catch((error: unknown) => {
        this.#logger.error({ err: error, worker: seat.workerId }, 'worker could not start');
        seat.worker?.process.kill('SIGKILL');
      });
    }, pauseMs);
  }
}

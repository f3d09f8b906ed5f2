/**
 * The life of a running proxy, shared by `serve` and `demo`: start, say where it listens, reload on SIGHUP, wait for
 * SIGTERM or SIGINT, drain, leave. A second signal leaves at once with code 1. Signals are caught from before the start, so that one which
 * arrives early is not lost. Rejects when the start fails; the caller prints why.
 */
import { CHANGES_SHOWN_MAX, describeChange } from '../config/diff.js';
import type { Config } from '../config/schema.js';
import { startProxy, type RunningProxy } from '../control/proxy.js';
import type { Logger } from '../log.js';

export interface LifecycleOptions {
  /** Where the configuration came from, for what the proxy says about itself. */
  readonly configFile?: string;
  /** Reads the configuration again when SIGHUP asks for it; throws with one line per problem when it cannot be used. */
  readonly loadAgain?: () => Config;
  /** After every listener is bound. */
  readonly onListening?: (proxy: RunningProxy) => void;
  /** After the proxy has drained and closed. */
  readonly onStopped?: () => Promise<void>;
}

/** Resolves when the proxy has stopped after a signal. */
export async function runUntilSignal(config: Config, logger: Logger, options: LifecycleOptions = {}): Promise<void> {
  const signalled = firstSignal();
  const { configFile, loadAgain, onListening, onStopped } = options;
  const hangUps = loadAgain === undefined ? undefined : new HangUps();
  const proxy = await startProxy(config, { logger, ...(configFile === undefined ? {} : { configFile }) });
  for (const { name, protocol, address } of proxy.addresses) {
    logger.info({ listener: name, protocol, address }, 'listening');
  }
  if (loadAgain !== undefined) hangUps?.attach(() => reload(proxy, loadAgain, logger));
  onListening?.(proxy);
  const signal = await signalled;
  logger.info({ signal, drainTimeoutMs: config.drainTimeoutMs }, 'stopping');
  await proxy.stop();
  await onStopped?.();
  logger.info('stopped');
}

/**
 * Reloads on SIGHUP, one after the other: however many signals come during one, one more follows it. Listens from the
 * start of the process on, because the signal would end it otherwise; what comes before `attach` is done then.
 */
class HangUps {
  #reload: (() => Promise<void>) | undefined;
  #isRunning = false;
  #isWanted = false;

  constructor() {
    process.on('SIGHUP', () => {
      this.#isWanted = true;
      void this.#run();
    });
  }

  attach(reload: () => Promise<void>): void {
    this.#reload = reload;
    void this.#run();
  }

  async #run(): Promise<void> {
    if (this.#isRunning || this.#reload === undefined) return;
    this.#isRunning = true;
    while (this.#isWanted) {
      this.#isWanted = false;
      await this.#reload();
    }
    this.#isRunning = false;
  }
}

/** Whatever is wrong with the new configuration, the old one stays, and one line says why. */
async function reload(proxy: RunningProxy, loadAgain: () => Config, logger: Logger): Promise<void> {
  try {
    const { epoch, changes, needsRestart, addresses } = await proxy.reload(loadAgain());
    for (const { name, protocol, address } of addresses) {
      logger.info({ listener: name, protocol, address }, 'listening');
    }
    if (needsRestart.length > 0) logger.warn({ fields: needsRestart }, 'these changes take a restart');
    const shown = changes.slice(0, CHANGES_SHOWN_MAX).map(describeChange);
    logger.info({ epoch, changes: shown, changed: changes.length }, 'configuration reloaded');
  } catch (error) {
    logger.error(
      { reason: error instanceof Error ? error.message : String(error) },
      'configuration not reloaded: the old one stays',
    );
  }
}

/** The first SIGTERM or SIGINT. Any later one ends the process. */
function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let count = 0;
    const onSignal = (signal: NodeJS.Signals): void => {
      count += 1;
      if (count > 1) process.exit(1);
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

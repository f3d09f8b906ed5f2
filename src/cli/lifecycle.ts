/**
 * The life of a running proxy, shared by `serve` and `demo`: start, say where it listens, wait for SIGTERM or SIGINT,
 * drain, leave. A second signal leaves at once with code 1. Signals are caught from before the start, so that one which
 * arrives early is not lost. Rejects when the start fails; the caller prints why.
 */
import type { Config } from '../config/schema.js';
import { startProxy, type RunningProxy } from '../control/proxy.js';
import type { Logger } from '../log.js';

export interface LifecycleOptions {
  /** Where the configuration came from, for what the proxy says about itself. */
  readonly configFile?: string;
  /** After every listener is bound. */
  readonly onListening?: (proxy: RunningProxy) => void;
  /** After the proxy has drained and closed. */
  readonly onStopped?: () => Promise<void>;
}

/** Resolves when the proxy has stopped after a signal. */
export async function runUntilSignal(config: Config, logger: Logger, options: LifecycleOptions = {}): Promise<void> {
  const signalled = firstSignal();
  const { configFile, onListening, onStopped } = options;
  const proxy = await startProxy(config, { logger, ...(configFile === undefined ? {} : { configFile }) });
  for (const { name, protocol, address } of proxy.addresses) {
    logger.info({ listener: name, protocol, address }, 'listening');
  }
  onListening?.(proxy);
  const signal = await signalled;
  logger.info({ signal, drainTimeoutMs: config.drainTimeoutMs }, 'stopping');
  await proxy.stop();
  await onStopped?.();
  logger.info('stopped');
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

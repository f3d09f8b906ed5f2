/**
 * The main function of a worker process: a data plane behind the IPC channel of node:cluster. It ends when its control
 * plane does, so that no worker is ever left behind, and leaves signals to the control plane, which drains it.
 */
import { createLogger, type LogSettings } from '../log.js';
import type { Port } from './link.js';
import { WorkerHost } from './worker-host.js';

/** Environment variable that carries the log settings to workers, as JSON. */
export const LOG_SETTINGS = 'RINGWARD_WORKER_LOG';

export function runWorker(): void {
  const port: Port = {
    post: (message) => void process.send?.(message),
    onMessage: (listener) => void process.on('message', listener),
  };
  process.on('SIGTERM', () => undefined);
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit(0));
  const settings = JSON.parse(process.env[LOG_SETTINGS] ?? '{"level":"info","format":"json"}') as LogSettings;
  new WorkerHost(port, createLogger(settings));
  // Supervisor holds its messages back until this one.
  port.post({ type: 'listening' });
}

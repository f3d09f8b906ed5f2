/**
 * A reload over all workers: the new addresses are opened everywhere, and only when that has worked everywhere does any
 * worker take over the new configuration. What a running process cannot change is left as it is, and said by name.
 */
import { removeStaleSocket } from './stale-socket.js';
import type { Config } from '../config/schema.js';
import type { ListenerAddress } from '../data-plane.js';
import { type Change, diffConfig } from '../config/diff.js';
import type { Link } from './link.js';

export interface ReloadResult {
  /** Counts configurations since the start, which is 1. */
  readonly epoch: number;
  readonly changes: readonly Change[];
  /** Fields that differ and keep their old values until the process is started anew. */
  readonly needsRestart: readonly string[];
  readonly addresses: readonly ListenerAddress[];
}

/** A worker that does not answer within this is too busy to be changed. */
const WORKER_TIMEOUT_MS = 10_000;

/** `next` with the old values of what only a new process can change, and the paths of those that differ. */
export function keepFixed(before: Config, next: Config): { readonly config: Config; readonly needsRestart: string[] } {
  const config: Config = {
    ...next,
    workers: before.workers,
    stats: before.stats,
    log: { ...before.log, level: next.log.level },
  };
  return { config, needsRestart: diffConfig(config, next).map(({ path }) => path) };
}

/** @throws what the first worker that cannot open an address says; no worker has changed anything then. */
export async function reloadWorkers(links: readonly Link[], before: Config, next: Config): Promise<ListenerAddress[]> {
  const known = new Set(before.listeners.map(({ bind }) => (bind.kind === 'unix' ? bind.path : '')));
  for (const { bind } of next.listeners) {
    if (bind.kind === 'unix' && !known.has(bind.path)) await removeStaleSocket(bind.path);
  }
  const prepared = await Promise.allSettled(links.map((link) => link.call('prepareReload', next, WORKER_TIMEOUT_MS)));
  const failed = prepared.find((one) => one.status === 'rejected');
  if (failed !== undefined) {
    await Promise.allSettled(links.map((link) => link.call('abortReload', undefined, WORKER_TIMEOUT_MS)));
    throw failed.reason;
  }
  const committed = await Promise.all(
    links.map((link) => link.call<ListenerAddress[]>('commitReload', undefined, WORKER_TIMEOUT_MS)),
  );
  return committed[0] ?? [];
}

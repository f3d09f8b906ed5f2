/**
 * Looks up the names that a twemproxy file listens on, as nutcracker does when it reads one. Apart from the loader
 * because that is synchronous. Used by `check`; `serve` finds out when it listens.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { LoadedFile } from '../config/load.js';
import { ConfigError } from '../errors.js';

/** nutcracker refuses a file with a `listen` name that does not resolve. @throws {ConfigError} as it does. */
export async function lookUpListenNames({ listenNames }: LoadedFile): Promise<void> {
  const problems: string[] = [];
  for (const { host, where } of listenNames) {
    if (isIP(host) !== 0) continue;
    try {
      await lookup(host);
    } catch (error) {
      problems.push(`${where}: the name "${host}" does not resolve (${(error as NodeJS.ErrnoException).code})`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
}

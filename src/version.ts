/**
 * Versions that the proxy tells. `REDIS_VERSION` is the version of Redis whose commands and texts the proxy follows:
 * client libraries switch features on by it. `MEMCACHED_VERSION` is the same for memcached.
 */
import { readFileSync } from 'node:fs';

/** The version in package.json, which lies one level above both dist/ and src/. */
function readPackageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

export const VERSION: string = readPackageVersion();
export const REDIS_VERSION = '7.0.15';
export const MEMCACHED_VERSION = '1.6.18';

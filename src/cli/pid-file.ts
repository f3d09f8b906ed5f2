/**
 * The pid file of `serve`: written before the proxy starts, so that a path that cannot be written fails at once, and
 * removed when the process ends, however it ends short of SIGKILL. Holds the bare pid, as init scripts expect.
 */
import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { EnvironmentError } from '../errors.js';

/** @throws EnvironmentError when the file cannot be written. */
export function keepPidFile(path: string): void {
  const pid = String(process.pid);
  try {
    writeFileSync(path, pid);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new EnvironmentError(`cannot write the pid file ${path}: ${code}`, { cause: error });
  }
  process.on('exit', () => {
    try {
      // Another process may have taken the file over meanwhile; then it is not ours to remove.
      if (readFileSync(path, 'utf8') === pid) unlinkSync(path);
    } catch {
      // Already gone: nothing is left to do.
    }
  });
}

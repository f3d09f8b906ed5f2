/**
 * Unix sockets that a dead process left behind. The control plane removes them before any worker listens: workers that
 * did it themselves could each find the old file dead, and the slower one would remove the faster one's new socket.
 */
import { existsSync, lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';

/** A socket file that nobody answers on is left from a process that died; one that answers is in use, and is left. */
export async function removeStaleSocket(path: string): Promise<void> {
  if (!existsSync(path) || !lstatSync(path).isSocket()) return;
  const isAnswered = await new Promise<boolean>((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
  if (!isAnswered) unlinkSync(path);
}

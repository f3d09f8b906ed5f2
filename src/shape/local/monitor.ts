/** MONITOR: from +OK on, the client sees what all clients of the proxy ask for (src/monitor/). */
import { okReply } from '../../protocol/resp/value.js';
import { Monitor } from '../../monitor/monitor.js';
import { Outcome } from '../request.js';
import type { Shape } from '../shape.js';

const monitor: Shape = (session) => {
  // redis-server does not answer who monitors already.
  if (session.mode('monitor', Monitor) !== undefined) return Outcome.done;
  const { monitors } = session.service;
  return session.replyLater(
    monitors.prepare().then(() => {
      if (!session.isClosed) {
        const mode = new Monitor(session, monitors);
        session.enterMode('monitor', mode);
        monitors.add(mode);
      }
      return okReply;
    }),
  );
};

export const monitorCommands: Readonly<Record<string, Shape>> = { monitor };

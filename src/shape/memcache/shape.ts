/** How one kind of memcached command is served. The request is `session.framer`'s last frame, which lies in `bytes`. */
import type { McSession } from '../../downstream/mc-session.js';
import type { Outcome } from '../request.js';

/** Serves the request now or says that it has to wait; `bytes` are valid only during the call. */
export type McShape = (session: McSession, bytes: Buffer) => Outcome;

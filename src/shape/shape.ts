/** How one kind of command is served. */
import type { RespSession } from '../downstream/resp-session.js';
import type { Outcome, RespRequest } from './request.js';

/** Serves the request now or says that it has to wait; `request` is valid only during the call. */
export type Shape = (session: RespSession, request: RespRequest) => Outcome;

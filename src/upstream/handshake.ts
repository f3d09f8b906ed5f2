/**
 * What a connection says before its first request: who we are, which RESP version, which database. Its replies are
 * swallowed; an error reply to a required step fails the connection and with it whatever waits for it.
 */
import { encodeRequest } from '../protocol/resp/inline.js';
import type { NodeAuth } from '../config/pool.js';

export interface HandshakeStep {
  /** How the log and the error text call it. Never holds a secret. */
  readonly name: string;
  readonly bytes: Buffer;
  readonly isRequired: boolean;
}

export interface Handshake {
  readonly requests: readonly HandshakeStep[];
}

export const noHandshake: Handshake = { requests: [] };

/** AUTH comes before SELECT: the other order would leave the data in database 0 when a password is asked for. */
export function respHandshake(auth: NodeAuth | null, db: number, respVersion: 2 | 3): Handshake {
  const requests: HandshakeStep[] = [];
  const step = (name: string, args: readonly string[], isRequired: boolean): void => {
    requests.push({ name, bytes: encodeRequest(args), isRequired });
  };
  if (auth !== null) step('AUTH', ['AUTH', ...(auth.username === null ? [] : [auth.username]), auth.password], true);
  if (respVersion === 3) step('HELLO 3', ['HELLO', '3'], true);
  if (db !== 0) step(`SELECT ${db}`, ['SELECT', String(db)], true);
  step('CLIENT SETNAME', ['CLIENT', 'SETNAME', 'ringward'], false);
  return { requests };
}

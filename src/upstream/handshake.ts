/**
 * What a connection says before its first request: who we are, which RESP version, which database, and last a question that
 * a node answers as it should only when it is ready to serve. Its replies are swallowed; one that its step refuses fails
 * the connection and with it whatever waits for it, so a node that accepts connections but still loads its data gets no
 * client's request.
 */
import { encodeRequest } from '../protocol/resp/inline.js';
import { McReplyKind } from '../protocol/memcache/commands.js';
import type { NodeAuth } from '../config/pool.js';

export interface HandshakeStep {
  /** How the log and the error text call it. Never holds a secret. */
  readonly name: string;
  readonly bytes: Buffer;
  /** The kind of reply, as the scanner of the connection wants to know it. */
  readonly expect: number;
  /** Why a reply that begins with this line makes the connection useless, as a clause; undefined when it does not. */
  readonly refusalOf: (line: string) => string | undefined;
}

export interface Handshake {
  readonly requests: readonly HandshakeStep[];
}

/**
 * A node that does not know PING or does not allow it cannot be asked; with MISCONF (no snapshot, no writes) it serves
 * reads, and with BUSY (a script runs) SCRIPT KILL must still reach it.
 */
const READY = /^(\+PONG$|-ERR unknown command|-NOPERM|-MISCONF|-BUSY)/;

export const mcHandshake: Handshake = {
  requests: [
    {
      name: 'version',
      bytes: Buffer.from('version\r\n', 'latin1'),
      expect: McReplyKind.version,
      refusalOf: (line) => (line.startsWith('VERSION') ? undefined : notReady(line)),
    },
  ],
};

/** AUTH comes before SELECT: the other order would leave the data in database 0 when a password is asked for. */
export function respHandshake(auth: NodeAuth | null, db: number, respVersion: 2 | 3): Handshake {
  const requests: HandshakeStep[] = [];
  const step = (name: string, args: readonly string[], refusalOf: HandshakeStep['refusalOf']): void => {
    requests.push({ name, bytes: encodeRequest(args), expect: 0, refusalOf });
  };
  const required = (name: string, args: readonly string[]): void => {
    requests.push(requiredStep(name, encodeRequest(args)));
  };
  if (auth !== null) required('AUTH', ['AUTH', ...(auth.username === null ? [] : [auth.username]), auth.password]);
  if (respVersion === 3) required('HELLO 3', ['HELLO', '3']);
  if (db !== 0) required(`SELECT ${db}`, ['SELECT', String(db)]);
  step('CLIENT SETNAME', ['CLIENT', 'SETNAME', 'ringward'], (line) =>
    line.startsWith('-ERR max number of clients') ? `refused CLIENT SETNAME: ${line.slice(1)}` : noEntry(line),
  );
  step('PING', ['PING'], (line) => noEntry(line) ?? (READY.test(line) ? undefined : notReady(line)));
  return { requests };
}

/** A step of a Redis connection that any error to it makes useless. */
export function requiredStep(name: string, bytes: Buffer): HandshakeStep {
  const refusalOf = (line: string): string | undefined =>
    noEntry(line) ?? (line.startsWith('-') ? `refused ${name}: ${line.slice(1)}` : undefined);
  return { name, bytes, expect: 0, refusalOf };
}

/** What a node answers to anything until it is logged in. */
function noEntry(line: string): string | undefined {
  return line.startsWith('-NOAUTH') ? 'asks for a password, and the configuration has none' : undefined;
}

function notReady(line: string): string {
  return `is not ready: ${line.replace(/^-/, '')}`;
}

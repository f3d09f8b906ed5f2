/**
 * How bytes get from a socket to its owner: into one buffer that every socket of the worker shares.
 *
 * Node's `onread` option does that for sockets that we open. Accepted sockets do not take it, so the TCP handle of an
 * accepted socket is put into a new `net.Socket` that has it. `_handle` and the `handle` option are not documented: this
 * file is the only one that touches them, `canRewrap` tells at start whether they behave as expected, and where they do
 * not (or for TLS, whose bytes do not come from the handle) the ordinary 'data' event serves instead, a little slower.
 * The environment variable RINGWARD_READS=data asks for that everywhere; docs/decisions/0005-reading-sockets.md says when.
 * The server that accepted a re-wrapped socket no longer counts it: sessions keep their own count.
 */
import { connect, type NetConnectOpts, Server, Socket } from 'node:net';

/** Bytes are valid only during the call: whoever wants to keep them copies them. */
export type OnBytes = (bytes: Buffer, length: number) => void;

export const READ_BUFFER_BYTES = 64 * 1024;

interface SocketWithHandle {
  _handle: object | null;
}

/** Whether accepted sockets are re-wrapped: this version of Node allows it and nobody asked otherwise. Decided at load. */
export const canRewrap: boolean =
  process.env['RINGWARD_READS'] !== 'data' && '_handle' in new Socket() && typeof Server === 'function';

/** Makes `accepted` deliver its bytes to `onBytes`; returns the socket to use from now on, reading. */
export function readAccepted(accepted: Socket, shared: Buffer, onBytes: OnBytes, rewrap = canRewrap): Socket {
  const handle = (accepted as unknown as SocketWithHandle)._handle;
  if (!rewrap || 'encrypted' in accepted || handle === null) {
    accepted.on('data', (chunk: Buffer) => onBytes(chunk, chunk.length));
    accepted.resume();
    return accepted;
  }
  (accepted as unknown as SocketWithHandle)._handle = null;
  const options = { handle, allowHalfOpen: true, onread: onreadInto(shared, onBytes) };
  return new Socket(options);
}

/** Opens a connection whose bytes go to `onBytes`. */
export function connectReading(target: NetConnectOpts, shared: Buffer, onBytes: OnBytes): Socket {
  return connect({ ...target, onread: onreadInto(shared, onBytes) } as NetConnectOpts);
}

function onreadInto(shared: Buffer, onBytes: OnBytes): object {
  return {
    buffer: shared,
    callback: (length: number, bytes: Buffer): boolean => {
      onBytes(bytes, length);
      return true;
    },
  };
}

/**
 * What the two kinds of embedded node have in common: their options, and a TCP server that counts its connections, refuses
 * those past a limit with a text of the protocol, runs a coarse timer, and closes for good.
 */
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { EnvironmentError } from '../errors.js';

export interface EmbeddedNodeOptions {
  /** Where to listen; a loopback address, since the node asks nobody for a password. Default 127.0.0.1. */
  readonly host?: string;
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Bound of the estimated memory of keys and values, in bytes. Default 64 MiB. */
  readonly maxMemoryBytes?: number;
  /** Shown in INFO or stats. Default `embedded-PORT`. */
  readonly name?: string;
  /** Milliseconds since the epoch; tests inject theirs. */
  readonly now?: () => number;
}

export interface EmbeddedNode {
  readonly host: string;
  readonly port: number;
  /** Ends every connection and frees the port. The data is gone. */
  close(): Promise<void>;
}

export interface NodeBehaviour {
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** Sent to a connection that is one too many. */
  readonly refusal: string;
  onConnection(socket: Socket, server: ListeningFacts): void;
  onTick(): void;
}

export interface ListeningFacts {
  readonly port: number;
  readonly clients: () => number;
}

export const MEMORY_DEFAULT_BYTES = 64 * 1024 * 1024;
const CLIENTS_MAX = 10_000;
const TICK_MS = 100;

/** Throws EnvironmentError when the address cannot be bound. */
export async function startNode(behaviour: NodeBehaviour): Promise<EmbeddedNode> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A connection that breaks is its client's business; 'close' follows and forgets it.
    socket.on('error', () => socket.destroy());
    if (sockets.size > CLIENTS_MAX) socket.end(behaviour.refusal);
    else behaviour.onConnection(socket, facts);
  });
  const { address, port } = await listen(server, behaviour.host ?? '127.0.0.1', behaviour.port ?? 0);
  const facts: ListeningFacts = { port, clients: () => sockets.size };
  const timer = setInterval(() => behaviour.onTick(), TICK_MS);
  timer.unref();
  return { host: address, port, close: () => close(server, sockets, timer) };
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new EnvironmentError(`embedded node cannot listen on ${host}:${port}: ${cause.message}`, { cause }));
    });
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}

function close(server: Server, sockets: ReadonlySet<Socket>, timer: NodeJS.Timeout): Promise<void> {
  clearInterval(timer);
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

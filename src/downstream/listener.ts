/**
 * One address that clients connect to. Accepts, refuses when the proxy is full, and hands each connection to the session
 * kind of its protocol. An address may be opened before it is known that it will be used (a reload that other workers may
 * refuse): connections that come before `serve` wait.
 */
import { chmodSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { formatHostPort } from '../config/address.js';
import type { ListenerConfig } from '../config/listener.js';
import { EnvironmentError } from '../errors.js';
import type { WorkerContext } from '../worker-context.js';
import type { SessionRegistry } from './registry.js';
import type { Session } from './session.js';

export interface ListenerProtocol {
  /** What a client is told that comes when the proxy is full. */
  readonly tooManyClients: Buffer;
  /** Makes the session; it adds itself to nothing. */
  openSession(accepted: Socket): Session;
}

export class Listener {
  config: ListenerConfig;
  readonly #context: WorkerContext;
  readonly #registry: SessionRegistry;
  #protocol: ListenerProtocol | null = null;
  /** Accepted before `serve`. */
  readonly #waiting: Socket[] = [];
  readonly #server: Server;
  /** "127.0.0.1:6380", or the path of a unix socket. Known once it listens. */
  address = '';

  constructor(context: WorkerContext, config: ListenerConfig, registry: SessionRegistry) {
    this.#context = context;
    this.config = config;
    this.#registry = registry;
    this.#server = createServer(
      { allowHalfOpen: true, noDelay: true, keepAlive: true, pauseOnConnect: true },
      (socket) => this.#onConnection(socket),
    );
  }

  /** @throws EnvironmentError when the address cannot be had. */
  async listen(): Promise<string> {
    const { bind, backlog, name } = this.config;
    const target = bind.kind === 'unix' ? { path: bind.path } : { host: bind.host, port: bind.port };
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        const where = bind.kind === 'unix' ? bind.path : formatHostPort(bind.host, bind.port);
        const why = reasons[error.code ?? ''] ?? error.message;
        reject(new EnvironmentError(`listener ${name}: cannot listen on ${where}: ${why}`, { cause: error }));
      });
      this.#server.listen({ ...target, backlog }, resolve);
    });
    if (bind.kind === 'unix') {
      if (bind.mode !== null) chmodSync(bind.path, bind.mode);
      this.address = bind.path;
    } else {
      const { address, port } = this.#server.address() as AddressInfo;
      this.address = formatHostPort(address, port);
    }
    this.#server.on('error', (error) => this.#context.logger.error({ err: error, listener: name }, 'listener failed'));
    return this.address;
  }

  /** True when `config` asks for the address that this one has. */
  listensFor(config: ListenerConfig): boolean {
    const address = ({ bind, backlog }: ListenerConfig): string => JSON.stringify([bind, backlog]);
    return address(config) === address(this.config);
  }

  /** What becomes of connections from now on, and of those that wait. */
  serve(config: ListenerConfig, protocol: ListenerProtocol): void {
    this.config = config;
    this.#protocol = protocol;
    for (const socket of this.#waiting.splice(0)) this.#onConnection(socket);
  }

  /** Takes no new connections. Open ones are their sessions' business (the server does not count re-wrapped sockets). */
  close(): void {
    this.#server.close();
    for (const socket of this.#waiting.splice(0)) socket.destroy();
  }

  #onConnection(accepted: Socket): void {
    const { counters, turn } = this.#context;
    const protocol = this.#protocol;
    if (protocol === null) {
      this.#waiting.push(accepted);
      return;
    }
    turn.begin();
    counters.clientsAccepted++;
    if (this.#registry.isFull) {
      counters.clientsRejected++;
      accepted.on('error', () => undefined);
      accepted.end(protocol.tooManyClients);
      accepted.destroySoon();
      return;
    }
    this.#registry.add(protocol.openSession(accepted));
  }
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is already in use',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EACCES: 'permission denied',
  ENOTFOUND: 'the host name does not resolve',
};

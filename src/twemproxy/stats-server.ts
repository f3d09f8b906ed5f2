/**
 * Serves the statistics: whoever connects gets one text and the connection is closed; what they send is not read. Lives
 * in the control plane. However many connect, the text is made at most once per interval.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { formatBind, formatHostPort } from '../config/address.js';
import type { StatsConfig } from '../config/stats.js';
import { EnvironmentError } from '../errors.js';

const CONNECTIONS_MAX = 64;
/** A reader that is slower than this is dropped. */
const READER_TIMEOUT_MS = 5000;

export class StatsServer {
  readonly #config: StatsConfig;
  readonly #make: () => Promise<string>;
  readonly #server: Server;
  #text: Promise<string> | undefined;
  #madeAtMs = 0;

  /** `make` gives a new text; it is called when the last one is older than the interval. */
  constructor(config: StatsConfig, make: () => Promise<string>) {
    this.#config = config;
    this.#make = make;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => void this.#answer(socket));
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** The address that was bound. @throws EnvironmentError when it cannot be had. */
  async listen(): Promise<string> {
    const { bind } = this.#config;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        const why = error.code === 'EADDRINUSE' ? 'the address is already in use' : error.message;
        const hint = 'stats.bind or --stats-port and --stats-addr choose another one, --no-stats none';
        reject(new EnvironmentError(`stats: cannot listen on ${formatBind(bind)}: ${why} (${hint})`, { cause: error }));
      });
      this.#server.listen({ host: bind.host, port: bind.port, exclusive: true }, resolve);
    });
    const { address, port } = this.#server.address() as AddressInfo;
    return formatHostPort(address, port);
  }

  close(): void {
    this.#server.close();
  }

  async #answer(socket: Socket): Promise<void> {
    socket.on('error', () => socket.destroy());
    socket.setTimeout(READER_TIMEOUT_MS, () => socket.destroy());
    socket.resume();
    const text = await this.#current().catch(() => '');
    socket.end(text);
  }

  #current(): Promise<string> {
    const nowMs = performance.now();
    if (this.#text === undefined || nowMs - this.#madeAtMs >= this.#config.intervalMs) {
      this.#madeAtMs = nowMs;
      this.#text = this.#make();
    }
    return this.#text;
  }
}

/**
 * Real servers for tests: redis-server, memcached and nutcracker, on loopback ports that the OS says are free.
 * Used by integration, fault and differential tests. Each start resolves only when the server answered a request.
 * Every server keeps its files in a temporary folder of its own, removed at stop, and dies with the test process.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import {
  type Child,
  type TestServer,
  freePort,
  makeScratchFolder,
  removeScratchFolder,
  requireProgram,
  startChild,
  waitForAnswer,
  waitForOutput,
} from './child-process.js';

export type { TestServer } from './child-process.js';

const PORT_ATTEMPTS = 5;
/** Redis Cluster nodes also listen on port + 10000. */
const CLUSTER_PORT_MAX = 55_535;

export interface ServerOptions {
  /** Appended to the command line, so they override the defaults. */
  readonly args?: readonly string[];
  /** A fixed port, to bring a stopped node back at its old address. Default: a free one. */
  readonly port?: number;
  /** Another program than the one in PATH, such as `valkey-server` or a full path to another version. */
  readonly program?: string;
}

export interface NutcrackerServer extends TestServer {
  /** Listening port of each pool, by pool name, in the order of the file. */
  readonly ports: Readonly<Record<string, number>>;
  readonly statsPort: number;
}

/** Wraps a ready child. `folder` is removed once the process is gone, however it went. */
export function asTestServer(child: Child, port: number, folder: string): TestServer {
  const removed = child.exited.then(() => removeScratchFolder(folder));
  return {
    host: '127.0.0.1',
    port,
    pid: child.pid,
    stop: async () => {
      await child.stop();
      await removed;
    },
    kill: async () => {
      await child.kill();
      await removed;
    },
    freeze: () => child.signal('SIGSTOP'),
    thaw: () => child.signal('SIGCONT'),
  };
}

/** Runs `attempt` with a fresh port until it works; a fixed port gets one attempt, because a clash is then an error. */
async function onFreePort<T>(
  fixed: number | undefined,
  attempt: (port: number) => Promise<T>,
  max?: number,
): Promise<T> {
  if (fixed !== undefined) return attempt(fixed);
  for (let left = PORT_ATTEMPTS; ; left--) {
    try {
      return await attempt(await freePort(max));
    } catch (error) {
      if (left === 1 || !(error instanceof Error) || !/exited/.test(error.message)) throw error;
    }
  }
}

/**
 * A redis-server without persistence. Ready when it answers PING (an error that asks for a password counts).
 * @throws when redis-server is missing, exits, or a fixed port is taken; the message holds its output.
 */
export async function startRedis(options: ServerOptions = {}): Promise<TestServer> {
  const program = requireProgram(options.program ?? 'redis-server');
  const max = options.args?.includes('--cluster-enabled') === true ? CLUSTER_PORT_MAX : undefined;
  return onFreePort(
    options.port,
    async (port) => {
      const folder = makeScratchFolder('redis');
      const child = startChild(program, [
        ...['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder],
        ...(options.args ?? []),
      ]);
      const server = asTestServer(child, port, folder);
      // On a port clash the process that holds the port would answer PING; only our own child logs that it is ready.
      await waitForOutput(child, 'Ready to accept connections');
      await waitForAnswer(child, port, 'PING\r\n', /^(\+PONG|-NOAUTH|-NOPERM|-MASTERDOWN)/);
      return server;
    },
    max,
  );
}

/** A memcached with 64 MiB, TCP only. Ready when it answers `stats` with its pid. Errors as in startRedis. */
export async function startMemcached(options: ServerOptions = {}): Promise<TestServer> {
  const program = requireProgram(options.program ?? 'memcached');
  const asRoot = process.getuid?.() === 0 ? ['-u', 'root'] : [];
  return onFreePort(options.port, async (port) => {
    const child = startChild(program, [
      ...['-p', String(port), '-U', '0', '-l', '127.0.0.1', '-m', '64', ...asRoot],
      ...(options.args ?? []),
    ]);
    const server = asTestServer(child, port, makeScratchFolder('memcached'));
    // The pid shows that the answer is our child's, not that of another process that took the port first.
    await waitForAnswer(child, port, 'stats\r\n', new RegExp(`^(STAT pid ${child.pid}$|CLIENT_ERROR unauth)`));
    // SIGTERM takes memcached a second, for its clock to tick; it has nothing to save, and clients see no difference.
    return { ...server, stop: () => server.kill() };
  });
}

interface PlannedPool {
  readonly name: string;
  readonly port: number;
  readonly isRedis: boolean;
}

/** Gives each `listen: 127.0.0.1:0` of the text a free port; other addresses stay. */
async function planPools(text: string): Promise<{ readonly config: string; readonly pools: readonly PlannedPool[] }> {
  const pools: { name: string; port: number; isRedis: boolean }[] = [];
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const heading = /^([\w-]+):\s*$/.exec(line);
    if (heading !== null) pools.push({ name: heading[1]!, port: 0, isRedis: false });
    const pool = pools.at(-1);
    const listen = /^(\s+listen:\s*127\.0\.0\.1:)(\d+)\s*$/.exec(line);
    if (pool !== undefined && /^\s+redis:\s*true\s*$/.test(line)) pool.isRedis = true;
    if (pool !== undefined && listen !== null) {
      pool.port = listen[2] === '0' ? await freePort() : Number(listen[2]);
      lines.push(`${listen[1]!}${pool.port}`);
    } else lines.push(line);
  }
  if (pools.length === 0 || pools.some((pool) => pool.port === 0)) {
    throw new Error('every pool of a test nutcracker needs a line `listen: 127.0.0.1:PORT`, where PORT may be 0');
  }
  return { config: lines.join('\n'), pools };
}

/**
 * A nutcracker (twemproxy) with the given YAML, in which each pool listens on `127.0.0.1:0` or a fixed port.
 * `port` is the first pool's. Ready when every pool answers PING or version, which nutcracker does itself.
 */
export async function startNutcracker(options: {
  readonly config: string;
  readonly statsPort?: number;
  readonly args?: readonly string[];
}): Promise<NutcrackerServer> {
  const program = requireProgram('nutcracker');
  return onFreePort(options.statsPort, async (statsPort) => {
    const { config, pools } = await planPools(options.config);
    const folder = makeScratchFolder('nutcracker');
    const path = join(folder, 'nutcracker.yml');
    writeFileSync(path, config);
    const child = startChild(program, [
      // Debian's build logs to /var/log unless told otherwise; a bad config is reported on stderr whatever -o says.
      ...['-c', path, '-s', String(statsPort), '-a', '127.0.0.1', '-o', '/dev/null'],
      ...(options.args ?? []),
    ]);
    const server = asTestServer(child, pools[0]!.port, folder);
    for (const pool of pools) {
      if (pool.isRedis) await waitForAnswer(child, pool.port, '*1\r\n$4\r\nPING\r\n', /^(\+PONG|-NOAUTH)/);
      else await waitForAnswer(child, pool.port, 'version\r\n', /^VERSION/);
    }
    return { ...server, ports: Object.fromEntries(pools.map((pool) => [pool.name, pool.port])), statsPort };
  });
}

/**
 * The proxy under test as operators run it: `node dist/main.js serve --config FILE` in a child process.
 * Used by integration and fault tests. Listeners bind port 0; the bound addresses come from the lines that serve logs,
 * `{"msg":"listening","listener":"redis","address":"127.0.0.1:43111"}`, one for each listener and one for `admin`.
 * Invariant: resolves only when every listener of the config is bound; a proxy that refuses its config rejects with
 * its output.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { inject } from 'vitest';
import { parse } from 'yaml';
import { type OutputMatch, type TestServer, makeScratchFolder, startChild, waitForOutput } from './child-process.js';
import { asTestServer } from './servers.js';

const main = join(import.meta.dirname, '../../dist/main.js');

export interface RingwardServer extends TestServer {
  /** Bound TCP port of each listener by name, and of `admin` when the config has it. */
  readonly ports: Readonly<Record<string, number>>;
  /** Bound addresses as logged, also those of Unix sockets. */
  readonly addresses: Readonly<Record<string, string>>;
  /** The config file the proxy was started with, and may be told to read again. */
  readonly configPath: string;
  /** Replaces the config file. The proxy reads it when it is signalled, or when it watches the file. */
  writeConfig(config: string | object): void;
  signal(name: NodeJS.Signals): void;
  /** Everything logged so far, on both streams. */
  log(): string;
  stderr(): string;
  /** Resolves once the log matches; the way to wait for a reload or an ejection. */
  waitForLog(match: OutputMatch, deadlineMs?: number): Promise<void>;
  /** Resolves when the process has gone, for tests of a shutdown that somebody else asked for. */
  readonly exited: Promise<void>;
  /** Null while it runs, and when a signal ended it. */
  exitCode(): number | null;
}

export interface RingwardOptions {
  /** Appended to `serve --config FILE`. */
  readonly args?: readonly string[];
  /** Added to the environment of this process, for `${NAME}` in the config. */
  readonly env?: Readonly<Record<string, string>>;
}

/** JSON is YAML, so an object needs no other writer. */
function asText(config: string | object): string {
  return typeof config === 'string' ? config : JSON.stringify(config, null, 2);
}

/** Names that serve will log as listening; a twemproxy file has one listener for each pool. */
function expectedListeners(text: string): string[] {
  const config = parse(text) as Record<string, unknown>;
  const listeners = config['listeners'];
  if (!Array.isArray(listeners)) return Object.keys(config);
  const names = listeners.map((listener: { name?: string; bind: string }) => listener.name ?? listener.bind);
  return config['admin'] === undefined ? names : [...names, 'admin'];
}

interface ListeningLine {
  readonly msg: 'listening';
  readonly listener: string;
  readonly address: string;
}

function isListeningLine(value: unknown): value is ListeningLine {
  return typeof value === 'object' && value !== null && 'msg' in value && value.msg === 'listening';
}

/** Bound addresses by listener name. Lines that are not JSON are somebody's warning, not a listener. */
function addressesIn(log: string): Record<string, string> {
  const addresses: Record<string, string> = {};
  for (const line of log.split('\n')) {
    if (!line.includes('"listening"') || !line.startsWith('{') || !line.endsWith('}')) continue;
    const entry: unknown = JSON.parse(line);
    if (isListeningLine(entry)) addresses[entry.listener] = entry.address;
  }
  return addresses;
}

function portsOf(addresses: Readonly<Record<string, string>>): Record<string, number> {
  const ports = Object.entries(addresses).map(([name, address]) => [name, Number(/:(\d+)$/.exec(address)?.[1])]);
  return Object.fromEntries(ports.filter(([, port]) => !Number.isNaN(port))) as Record<string, number>;
}

/**
 * Starts the proxy with a config text (YAML, or a twemproxy file) or object. `port` is the first listener's.
 * @throws when dist is not usable, when the proxy exits, or when a listener is not bound within 10 s.
 */
export async function startRingward(
  config: string | object,
  { args = [], env = {} }: RingwardOptions = {},
): Promise<RingwardServer> {
  const trouble = inject('distTrouble');
  if (trouble !== '') throw new Error(`the proxy cannot be started: ${trouble}`);
  const folder = makeScratchFolder('ringward');
  const configPath = join(folder, 'ringward.yml');
  const writeConfig = (next: string | object): void => writeFileSync(configPath, asText(next));
  writeConfig(config);
  const child = startChild(process.execPath, [main, 'serve', '--config', configPath, ...args], {
    ...process.env,
    ...env,
  });
  const server = asTestServer(child, 0, folder);
  const log = (): string => child.stdout() + child.stderr();
  const expected = expectedListeners(asText(config));
  try {
    for (const name of expected) await waitForOutput(child, (output) => name in addressesIn(output));
  } catch (error) {
    await server.kill();
    throw error;
  }
  const addresses = addressesIn(log());
  const ports = portsOf(addresses);
  return {
    ...server,
    port: ports[expected[0] ?? ''] ?? 0,
    ports,
    addresses,
    configPath,
    writeConfig,
    signal: (name) => child.signal(name),
    log,
    stderr: () => child.stderr(),
    waitForLog: (match, deadlineMs) => waitForOutput(child, match, deadlineMs),
    exited: child.exited,
    exitCode: () => child.exitCode(),
  };
}

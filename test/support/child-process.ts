/**
 * Child processes of the tests: real servers and the proxy itself. Used by servers.ts and proxy.ts.
 * Invariant: a child never outlives the test process. It is signalled by pid when this process exits, and on Linux
 * the kernel is also asked to kill it (setpriv --pdeathsig), which covers a test worker that is itself killed.
 * Readiness is always an answer over TCP, polled with a deadline: an open port alone proves little.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

const STOP_DEADLINE_MS = 5_000;
const POLL_INTERVAL_MS = 15;
const OUTPUT_MAX_BYTES = 4 * 1024 * 1024;

/** A running server. `port` is the one clients connect to. */
export interface TestServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly pid: number;
  /** Asks politely (SIGTERM), then kills after 5 s. Resolves when the process is gone. May be called twice. */
  stop(): Promise<void>;
  /** SIGKILL: connections are reset by the kernel, nothing is flushed. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGSTOP: the kernel still accepts connections and bytes, but nobody answers. */
  freeze(): void;
  /** SIGCONT: undoes freeze(). */
  thaw(): void;
}

/** A started process whose output is kept (the last 4 MiB) for error messages and log assertions. */
export interface Child {
  readonly pid: number;
  readonly exited: Promise<void>;
  hasExited(): boolean;
  /** Null while it runs, and when a signal ended it. */
  exitCode(): number | null;
  stdout(): string;
  stderr(): string;
  /** Calls back on every piece of output; for readers that wait for a log line. */
  onOutput(listener: () => void): void;
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

const living = new Set<ChildProcess>();
const scratchFolders = new Set<string>();
let exitHookInstalled = false;

function installExitHook(): void {
  if (exitHookInstalled) return;
  exitHookInstalled = true;
  // Vitest ends its workers with SIGTERM, which by default skips the exit hook.
  process.once('SIGTERM', () => process.exit(143));
  process.on('exit', () => {
    for (const child of living) child.kill('SIGKILL');
    for (const folder of scratchFolders) rmSync(folder, { recursive: true, force: true });
  });
}

/** A new temporary folder for one server; removed by removeScratchFolder, or when this process exits. */
export function makeScratchFolder(name: string): string {
  installExitHook();
  const folder = mkdtempSync(join(tmpdir(), `ringward-test-${name}-`));
  scratchFolders.add(folder);
  return folder;
}

export function removeScratchFolder(folder: string): void {
  scratchFolders.delete(folder);
  rmSync(folder, { recursive: true, force: true });
}

/** The full path of a program in PATH or the usual sbin folders; undefined when it is not installed. */
export function findProgram(name: string): string | undefined {
  if (name.includes('/')) return existsSync(name) ? name : undefined;
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Like findProgram, but a missing program is an error that says what to do. */
export function requireProgram(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed: run scripts/install-test-servers.sh`);
  return path;
}

const setpriv = process.platform === 'linux' ? findProgram('setpriv') : undefined;

/** Starts `program` (a full path). The pid is the program's own: setpriv replaces itself with it. */
export function startChild(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Child {
  installExitHook();
  const [command, commandArgs] =
    setpriv === undefined ? [program, args] : [setpriv, ['--pdeathsig', 'KILL', '--', program, ...args]];
  const child = spawn(command, commandArgs, { stdio: ['ignore', 'pipe', 'pipe'], env });
  living.add(child);
  let gone = false;
  const exited = new Promise<void>((resolve) => {
    const settle = (): void => {
      gone = true;
      living.delete(child);
      resolve();
    };
    child.once('close', settle);
    child.once('error', settle);
  });
  const listeners: (() => void)[] = [];
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (piece: string) => {
      output[name] = (output[name] + piece).slice(-OUTPUT_MAX_BYTES);
      for (const listener of listeners) listener();
    });
  }
  const signal = (name: NodeJS.Signals): void => {
    if (!gone) child.kill(name);
  };
  const kill = async (): Promise<void> => {
    signal('SIGKILL');
    await exited;
  };
  const stop = async (): Promise<void> => {
    signal('SIGCONT'); // a frozen process would never see the SIGTERM
    signal('SIGTERM');
    const timer = setTimeout(() => signal('SIGKILL'), STOP_DEADLINE_MS);
    await exited;
    clearTimeout(timer);
  };
  return {
    pid: child.pid ?? -1,
    exited,
    hasExited: () => gone,
    exitCode: () => child.exitCode,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    onOutput: (listener) => listeners.push(listener),
    signal,
    stop,
    kill,
  };
}

/** A loopback port that was free a moment ago. Another process may take it first: callers retry on a clash. */
export function freePort(max = 65_535): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => {
        if (port <= max) resolve(port);
        else freePort(max).then(resolve, reject);
      });
    });
  });
}

/** Sends `request` on a new connection and resolves with the first line of the answer, or undefined on any failure. */
function askOnce(port: number, request: string, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    let text = '';
    const settle = (answer: string | undefined): void => {
      resolve(answer);
      socket.destroy();
    };
    socket.setTimeout(timeoutMs, () => settle(undefined));
    socket.once('error', () => settle(undefined));
    socket.once('close', () => resolve(undefined));
    socket.once('connect', () => socket.write(request));
    socket.on('data', (piece) => {
      text += piece.toString('latin1');
      const end = text.indexOf('\r\n');
      if (end >= 0) settle(text.slice(0, end));
    });
  });
}

function exitedError(child: Child): Error {
  return new Error(`the server exited: ${child.stdout()}${child.stderr()}`);
}

/** What to look for in the output: a part of it, a pattern, or a question about all of it. */
export type OutputMatch = string | RegExp | ((output: string) => boolean);

/** Resolves when the output (both streams) matches. Fails if the child exits first, or at the deadline. */
export async function waitForOutput(child: Child, match: OutputMatch, deadlineMs = 10_000): Promise<void> {
  const found = (): boolean => {
    const output = child.stdout() + child.stderr();
    if (typeof match === 'function') return match(output);
    return typeof match === 'string' ? output.includes(match) : match.test(output);
  };
  const seen = new Promise<'seen'>((resolve) => {
    const look = (): void => {
      if (found()) resolve('seen');
    };
    child.onOutput(look);
    look();
  });
  const deadline = new AbortController();
  const late = delay(deadlineMs, 'late' as const, { signal: deadline.signal }).catch(() => 'late' as const);
  const outcome = await Promise.race([seen, child.exited.then(() => 'exited' as const), late]);
  deadline.abort();
  if (outcome === 'exited' && !found()) throw exitedError(child);
  if (outcome === 'late') {
    const wanted = typeof match === 'function' ? 'of the kind awaited' : String(match);
    throw new Error(`no output ${wanted} within ${deadlineMs} ms: ${child.stdout()}${child.stderr()}`);
  }
}

/** Resolves when the server on `port` answers `request` with a line that `accept` matches. Fails if `child` dies. */
export async function waitForAnswer(
  child: Child,
  port: number,
  request: string,
  accept: RegExp,
  deadlineMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (performance.now() < deadline) {
    if (child.hasExited()) throw exitedError(child);
    const answer = await askOnce(port, request, 1_000);
    if (answer !== undefined && accept.test(answer) && !child.hasExited()) return;
    await delay(POLL_INTERVAL_MS);
  }
  await child.kill();
  throw new Error(`no answer on port ${port} within ${deadlineMs} ms: ${child.stdout()}${child.stderr()}`);
}

/**
 * The processes of a benchmark: starting them on free loopback ports, reading what they cost from /proc, ending them.
 * Used by all socket-level benchmarks. Invariant: everything started here is killed by pid when the benchmark exits,
 * also on Ctrl-C, and its folder is removed. CPU time and memory are read on Linux only, elsewhere they are null.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const READY_DEADLINE_MS = 15_000;
const OPEN_FILES_WANTED = 65_536;
const OUTPUT_MAX_BYTES = 1024 * 1024;

const living = new Set();
let folder;

process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.on(signal, () => process.exit(code));
}

/** Temporary folder of this run. */
export function workFolder() {
  folder ??= mkdtempSync(join(tmpdir(), 'ringward-bench-'));
  return folder;
}

export function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/opt/homebrew/bin'];
  return folders.map((each) => join(each, name)).find((path) => existsSync(path));
}

export function requireProgram(name) {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed: run scripts/install-test-servers.sh`);
  return path;
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/**
 * Starts a program with as many open files as the system allows (a shell raises the limit and then becomes the
 * program, so the pid is the program's own). Returns { pid, output(), exited, stop() }.
 */
export function startProcess(command, args) {
  const raise = `ulimit -n ${OPEN_FILES_WANTED} 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"`;
  const child = spawn('bash', ['-c', raise, 'bash', command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  living.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (piece) => (output = (output + piece).slice(-OUTPUT_MAX_BYTES)));
  }
  const exited = new Promise((resolve) => {
    child.once('close', () => {
      living.delete(child);
      resolve();
    });
  });
  return {
    pid: child.pid,
    output: () => output,
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    exited,
    stop: async () => {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await exited;
      clearTimeout(late);
    },
  };
}

/** First bytes that a server sends in answer to `request`, or '' on any failure. */
export function ask(port, request) {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const settle = (answer) => {
      resolve(answer);
      socket.destroy();
    };
    socket.setTimeout(1_000, () => settle(''));
    socket.once('error', () => settle(''));
    socket.once('close', () => resolve(''));
    socket.once('connect', () => socket.write(request));
    socket.once('data', (piece) => settle(piece.toString('latin1')));
  });
}

/** Waits until `look()` gives a value other than undefined, and returns it; fails when the process ends first. */
export async function waitUntil(started, what, look) {
  const deadline = performance.now() + READY_DEADLINE_MS;
  while (performance.now() < deadline) {
    if (started.hasExited()) throw new Error(`${what} exited: ${started.output()}`);
    const value = await look();
    if (value !== undefined) return value;
    await delay(20);
  }
  throw new Error(`${what} was not ready within ${READY_DEADLINE_MS} ms: ${started.output()}`);
}

const clockTicksPerSecond = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout) || 100;

/**
 * CPU time that the process has used, all threads, in microseconds; null where /proc does not tell. From schedstat, which
 * counts nanoseconds: the ticks of /proc/PID/stat are samples, and miss or overcount a process that runs in short bursts
 * (they were seen to differ by a third). They serve only where the kernel keeps no schedstat.
 */
export function cpuMicroseconds(pid) {
  try {
    let nanoseconds = 0;
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]);
    }
    return nanoseconds / 1000;
  } catch {
    return cpuTicksMicroseconds(pid);
  }
}

/** CPU time of a process with all its threads so far, user and system, in microseconds; null where unknown. */
function cpuTicksMicroseconds(pid) {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return null;
  const text = readFileSync(path, 'latin1');
  // The second field is the program's name in brackets and may hold spaces; utime and stime are fields 14 and 15.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / clockTicksPerSecond;
}

/** Resident memory in bytes; null where unknown. */
export function residentBytes(pid) {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return null;
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(path, 'latin1'));
  return found === null ? null : Number(found[1]) * 1024;
}

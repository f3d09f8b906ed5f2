/**
 * Runs once before all test files: builds dist if a source is newer, and says which test servers are missing.
 * Neither trouble stops the run here, because unit tests need no dist and few of them a server: the tests that do need
 * them fail with the same message (see proxy.ts and child-process.ts). `npm test` builds first, and there it is fatal.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { TestProject } from 'vitest/node';
import { findProgram } from './child-process.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Empty when dist is fresh, else why it is not. */
    distTrouble: string;
  }
}

const root = join(import.meta.dirname, '../..');
const SHOWN_LINES_MAX = 10;
const BUILD_INPUTS = ['package.json', 'tsconfig.json', 'tsconfig.build.json'];

function newestSourceMs(): number {
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const inputs = BUILD_INPUTS.map((name) => join(root, name));
  return Math.max(...[...sources, ...inputs].map((path) => statSync(path).mtimeMs));
}

function isStale(): boolean {
  const main = join(root, 'dist/main.js');
  return !existsSync(main) || statSync(main).mtimeMs < newestSourceMs();
}

/** Builds when needed; returns the compiler's complaint, or an empty string. */
function buildIfStale(): string {
  if (!existsSync(join(root, 'src/main.ts'))) return 'src/main.ts does not exist';
  if (!isStale()) return '';
  const build = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8' });
  if (build.status === 0) return '';
  const complaints = `${build.stdout}${build.stderr}`.trim().split('\n');
  const rest = complaints.length > SHOWN_LINES_MAX ? `\n... and ${complaints.length - SHOWN_LINES_MAX} more lines` : '';
  return `the build failed:\n${complaints.slice(0, SHOWN_LINES_MAX).join('\n')}${rest}\n`;
}

export function setup(project: TestProject): void {
  const missing = ['redis-server', 'memcached', 'nutcracker'].filter((name) => findProgram(name) === undefined);
  if (missing.length > 0) {
    process.stderr.write(`not installed: ${missing.join(', ')}. Run scripts/install-test-servers.sh\n`);
  }
  const trouble = buildIfStale();
  if (trouble !== '') process.stderr.write(`dist is not usable: ${trouble}\n`);
  project.provide('distTrouble', trouble);
}

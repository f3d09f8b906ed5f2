/**
 * From a YAML file to a frozen Config, or to a ConfigError that lists everything that is wrong with it, one line each:
 * `FILE:LINE:COLUMN: pools.main.nodes[1].wieght: unknown key; did you mean "weight"?`
 * Used by the command line and by reloads. Reads the file, and the files and variables that secrets name; nothing else.
 *
 *   text ── document.ts ──► data ── schema.ts ──► fields ── resolve* ──► Config
 *                             └──── check.ts (between fields) ─► problems ─► ConfigError
 */
import { readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { ConfigError } from '../errors.js';
import { checkReferences } from './check.js';
import { parseYaml, type YamlFile } from './document.js';
import { explainIssue } from './explain-issue.js';
import { freezeDeep } from './freeze.js';
import { resolveLimits } from './limits.js';
import { resolveListener } from './listener.js';
import { resolvePool } from './pool.js';
import { formatPath, type Problem } from './problem.js';
import { WORKERS_MAX, configSchema, type Config, type ConfigFields } from './schema.js';
import { resolveAuth, type SecretSources } from './secrets.js';

type Environment = SecretSources['env'];

const FILE_BYTES_MAX = 16 * 1024 * 1024;
const PROBLEMS_SHOWN_MAX = 20;

/**
 * Reads and checks a configuration file.
 * @throws {ConfigError} when the file cannot be read or used; the message has one line per problem.
 */
export function loadConfigFile(path: string, env: Environment = process.env): Config {
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > FILE_BYTES_MAX) {
      throw new ConfigError(`${path}: the file holds ${size} bytes; at most ${FILE_BYTES_MAX} are allowed`);
    }
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${path}: cannot be read: ${describeFileError(error)}`, { cause: error });
  }
  return parseConfig(text, path, env);
}

/**
 * Checks a configuration text. `fileName` appears in messages, and relative secret files start at its directory.
 * @throws {ConfigError} with one line per problem, in the order of the text, at most 20 and the number of the others.
 */
export function parseConfig(text: string, fileName: string, env: Environment = process.env): Config {
  const file = parseYaml(text);
  if (file.data === undefined) throw asError(file, file.problems, fileName);
  if (file.data === null) throw new ConfigError(`${fileName}: the file is empty`);
  const sources: SecretSources = { env, fileName };
  const parsed = configSchema.safeParse(file.data);
  const problems = [
    ...file.problems,
    ...(parsed.success ? [] : parsed.error.issues.flatMap((issue) => explainIssue(issue, file.data))),
    ...checkReferences(file.data, sources),
  ];
  if (problems.length > 0 || !parsed.success) throw asError(file, problems, fileName);
  return freezeDeep(resolveConfig(parsed.data, sources));
}

/** The fields have passed every check, so nothing here can fail but a secret that changed in between. */
function resolveConfig(fields: ConfigFields, sources: SecretSources): Config {
  const pools = Object.entries(fields.pools).map(([name, pool]) => {
    const problems: Problem[] = [];
    const auth = pool.auth === undefined ? null : resolveAuth(pool.auth, ['pools', name, 'auth'], sources, problems);
    const problem = problems[0];
    if (problem !== undefined)
      throw new ConfigError(`${sources.fileName}: ${formatPath(problem.path)}: ${problem.message}`);
    return resolvePool(name, pool, auth);
  });
  const protocols = new Map(pools.map(({ name, protocol }) => [name, protocol]));
  return {
    clusterName: fields.cluster.name,
    workers: fields.workers === 'auto' ? Math.min(availableParallelism(), WORKERS_MAX) : fields.workers,
    listeners: fields.listeners.map((listener) => resolveListener(listener, protocols.get(listener.pool) ?? 'redis')),
    pools,
    limits: resolveLimits(fields.limits),
    drainTimeoutMs: fields.timeouts.drain,
    log: fields.log,
  };
}

function asError(file: YamlFile, problems: readonly Problem[], fileName: string): ConfigError {
  const lines = problems
    .map((problem) => ({ problem, ...file.positionOf(problem) }))
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .map(({ problem, line, column }) => {
      const path = formatPath(problem.path);
      return `${fileName}:${line}:${column}: ${path === '' ? '' : `${path}: `}${problem.message}`;
    });
  const shown = lines.slice(0, PROBLEMS_SHOWN_MAX);
  if (lines.length > shown.length) shown.push(`${fileName}: and ${lines.length - shown.length} more problems`);
  return new ConfigError(shown.join('\n'));
}

function describeFileError(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'no such file';
    case 'EACCES':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a directory';
    default:
      return message;
  }
}

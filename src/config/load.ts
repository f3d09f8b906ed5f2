/**
 * From a YAML file to a frozen Config, or to a ConfigError that lists everything that is wrong with it, one line each:
 * `FILE:LINE:COLUMN: pools.main.nodes[1].wieght: unknown key; did you mean "weight"?`
 * Used by the command line and by reloads. Reads the file, and the files and variables that secrets name; nothing else.
 *
 *   text ── document.ts ──► data ── schema.ts ──► fields ── resolve* ──► Config
 *                             └──── check.ts (between fields) ─► problems ─► ConfigError
 */
import { isUtf8 } from 'node:buffer';
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
import type { Protocol } from './protocol.js';
import { WORKERS_MAX, configSchema, type Config, type ConfigFields } from './schema.js';
import { resolveAuth, resolvePassword, type SecretSources } from './secrets.js';
import { resolveStats } from './stats.js';
import { parseTwemproxy, type ListenName } from './twemproxy/load.js';
import { recognise, type FileKind } from './twemproxy/recognise.js';

type Environment = SecretSources['env'];

const FILE_BYTES_MAX = 16 * 1024 * 1024;
const PROBLEMS_SHOWN_MAX = 20;

/** A file of either kind, as a Config and what else there is to say about it. */
export interface LoadedFile {
  readonly config: Config;
  readonly kind: FileKind;
  /** Complete lines about options that have no effect. */
  readonly warnings: readonly string[];
  /** Names to listen on that twemproxy looks up when it reads the file. */
  readonly listenNames: readonly ListenName[];
}

/**
 * Reads and checks a configuration file, Ringward's or twemproxy's.
 * @throws {ConfigError} when the file cannot be read or used; the message has one line per problem.
 */
export function loadFile(path: string, env: Environment = process.env): LoadedFile {
  const bytes = readBounded(path);
  const text = bytes.toString('utf8');
  const { kind, why, isSure } = recognise(text);
  if (kind === 'twemproxy') {
    if (!isUtf8(bytes))
      throw new ConfigError(`${path}: not valid UTF-8\n${path}: read as a twemproxy file, because ${why}`);
    const { config, warnings, listenNames } = parseTwemproxy(text, path, why, templateFor);
    return { config: freezeDeep(config), kind, warnings, listenNames };
  }
  try {
    return { config: parseConfig(text, path, env), kind, warnings: [], listenNames: [] };
  } catch (error) {
    if (isSure || !(error instanceof ConfigError)) throw error;
    throw new ConfigError(`${error.message}\n${path}: read as a Ringward file, because ${why}`, { cause: error });
  }
}

/** The Config of a file of either kind. Errors as in loadFile. */
export function loadConfigFile(path: string, env: Environment = process.env): Config {
  return loadFile(path, env).config;
}

function readBounded(path: string): Buffer {
  try {
    const { size } = statSync(path);
    if (size > FILE_BYTES_MAX) {
      throw new ConfigError(`${path}: the file holds ${size} bytes; at most ${FILE_BYTES_MAX} are allowed`);
    }
    return readFileSync(path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${path}: cannot be read: ${describeFileError(error)}`, { cause: error });
  }
}

/** What a Ringward file that says nothing else gives: where twemproxy has no option, its pools take this. */
function templateFor(protocol: Protocol): Config {
  const fields = {
    listeners: [{ bind: '127.0.0.1:0', pool: 'p' }],
    pools: { p: { protocol, nodes: [{ host: 'h' }] } },
  };
  return parseConfig(JSON.stringify(fields), '', {});
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
    const { auth } = pool;
    const path = ['pools', name, 'auth'];
    const login =
      auth === undefined ? null : orThrow(sources, (problems) => resolveAuth(auth, path, sources, problems));
    return resolvePool(name, pool, login);
  });
  const protocols = new Map(pools.map(({ name, protocol }) => [name, protocol]));
  return {
    clusterName: fields.cluster.name,
    workers: fields.workers === 'auto' ? Math.min(availableParallelism(), WORKERS_MAX) : fields.workers,
    listeners: fields.listeners.map((listener, index) => {
      const password = orThrow(sources, (problems) =>
        resolvePassword(listener, ['listeners', index], sources, problems),
      );
      return resolveListener(listener, protocols.get(listener.pool) ?? 'redis', password);
    }),
    pools,
    limits: resolveLimits(fields.limits),
    drainTimeoutMs: fields.timeouts.drain,
    log: { ...fields.log, file: fields.log.file ?? null },
    stats: resolveStats(fields.stats),
  };
}

/** Runs a check that has passed before; throws what it says now, if anything. */
function orThrow<Value>({ fileName }: SecretSources, resolve: (problems: Problem[]) => Value): Value {
  const problems: Problem[] = [];
  const value = resolve(problems);
  const problem = problems[0];
  if (problem === undefined) return value;
  throw new ConfigError(`${fileName}: ${formatPath(problem.path)}: ${problem.message}`);
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

/**
 * Secrets of the configuration: `${NAME}` from the environment and `password_file` from the disk.
 * The only place that reads either; messages name the variable or the file, never the value.
 * Files are read once, when the configuration is loaded: a new password takes a reload.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { AuthFields, NodeAuth } from './pool.js';
import type { Path, Problem } from './problem.js';

const VARIABLE = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/;
const PASSWORD_BYTES_MAX = 65_536;

export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative `password_file` paths start at this file's directory. */
  readonly fileName: string;
}

/** The login of a pool, or null when something is wrong; then `problems` says what. */
export function resolveAuth(
  auth: AuthFields,
  path: Path,
  sources: SecretSources,
  problems: Problem[],
): NodeAuth | null {
  const before = problems.length;
  const report = reporter(path, problems);
  if (auth.password === undefined && auth.password_file === undefined) {
    return report('password', 'missing; give password or password_file');
  }
  const password = choosePassword(auth, sources, report);
  if (password === null) return null;
  const username = auth.username === undefined ? null : expand(auth.username, 'username', sources, report);
  return problems.length > before ? null : { username, password };
}

/** The password of a listener; null when it has none, or when something is wrong, which `problems` says then. */
export function resolvePassword(
  fields: PasswordFields,
  path: Path,
  sources: SecretSources,
  problems: Problem[],
): string | null {
  return choosePassword(fields, sources, reporter(path, problems));
}

interface PasswordFields {
  readonly password?: string | undefined;
  readonly password_file?: string | undefined;
}

function choosePassword(fields: PasswordFields, sources: SecretSources, report: Report): string | null {
  if (fields.password !== undefined && fields.password_file !== undefined) {
    return report('password_file', 'give either password or password_file, not both');
  }
  if (fields.password !== undefined) return expand(fields.password, 'password', sources, report);
  return fields.password_file === undefined ? null : readPassword(fields.password_file, sources, report);
}

function reporter(path: Path, problems: Problem[]): Report {
  return (field, message) => {
    problems.push({ path: [...path, field], message });
    return null;
  };
}

type Report = (field: string, message: string) => null;

function expand(value: string, field: string, sources: SecretSources, report: Report): string | null {
  if (!value.includes('${')) return value;
  const name = VARIABLE.exec(value)?.[1];
  if (name === undefined) {
    return report(
      field,
      'expected ${NAME} and nothing else; a secret that contains "${" itself goes into password_file',
    );
  }
  const found = sources.env[name];
  if (found === undefined) return report(field, `environment variable ${name} is not set`);
  return found === '' ? report(field, `environment variable ${name} is empty`) : found;
}

function readPassword(file: string, sources: SecretSources, report: Report): string | null {
  let bytes: Buffer;
  try {
    bytes = readFileSync(resolve(dirname(sources.fileName), file));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return report('password_file', `cannot read ${file}: ${code}`);
  }
  if (bytes.length > PASSWORD_BYTES_MAX) {
    return report('password_file', `${file} holds ${bytes.length} bytes; at most ${PASSWORD_BYTES_MAX} are allowed`);
  }
  const text = bytes.toString('utf8').replace(/\r?\n$/, '');
  return text === '' ? report('password_file', `${file} is empty`) : text;
}

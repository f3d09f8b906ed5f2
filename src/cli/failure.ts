/**
 * How a command fails: one line on standard error for what an operator can mend, a stack trace for what only a
 * programmer can. The exit code is 1 either way. Used by program.ts for every command.
 */
import { ProxyError } from '../errors.js';

/** The command line itself is wrong. `message` is complete. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What is printed for an error that ended a command; may be several lines for a configuration with several problems. */
export function describeFailure(error: unknown): string {
  if (error instanceof UsageError) return `ringward: ${error.message} (ringward --help lists the commands and options)`;
  if (error instanceof ProxyError) return error.code === 'CONFIG' ? error.message : `ringward: ${error.message}`;
  if (!(error instanceof Error)) return `ringward: ${String(error)}`;
  return isSystemError(error) ? `ringward: ${describeSystemError(error)}` : (error.stack ?? error.message);
}

interface SystemError extends Error {
  readonly code: string;
  readonly syscall: string;
  readonly address?: string;
  readonly port?: number;
}

function isSystemError(error: Error): error is SystemError {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return typeof code === 'string' && typeof syscall === 'string';
}

function describeSystemError(error: SystemError): string {
  if (error.syscall !== 'listen' && error.syscall !== 'bind') return error.message;
  const where = error.port === undefined || error.port < 0 ? `${error.address}` : `${error.address}:${error.port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return `cannot listen on ${where}: another process does already`;
    case 'EACCES':
      return `cannot listen on ${where}: permission denied`;
    case 'EADDRNOTAVAIL':
      return `cannot listen on ${where}: this machine has no such address`;
    default:
      return `cannot listen on ${where}: ${error.code}`;
  }
}

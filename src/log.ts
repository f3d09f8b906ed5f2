/**
 * The log: pino, to standard output or to a file that SIGHUP opens anew (log rotation). JSON lines for collectors, or pretty lines on a terminal, written from this process
 * and thread (no transport worker), so that the last lines before an exit are never lost.
 * Levels: error = an operator must act; warn = the proxy copes, look when convenient; info = life cycle; debug = the rest.
 * Nothing secret is logged; the redaction below is the second line of defence, for a Config logged by mistake.
 */
import pino from 'pino';
import pretty from 'pino-pretty';
import type { LogConfig } from './config/schema.js';
import { EnvironmentError } from './errors.js';

export type Logger = pino.Logger;

const REDACTED = [
  'password',
  '*.password',
  'auth.password',
  '*.auth.password',
  'pools[*].auth',
  'listeners[*].password',
  'config.pools[*].auth',
  'config.listeners[*].password',
];

export type LogSettings = Omit<LogConfig, 'file'> & { readonly file?: string | null };

/**
 * The logger of this process. `auto` chooses pretty lines when standard output is a terminal.
 * `destination` replaces standard output (tests).
 * @throws EnvironmentError when the log file cannot be opened.
 */
export function createLogger(config: LogSettings, destination?: NodeJS.WritableStream): Logger {
  const options: pino.LoggerOptions = {
    level: config.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: REDACTED, censor: '[secret]' },
  };
  if (typeof config.file === 'string' && destination === undefined) return pino(options, openLogFile(config));
  const isPretty = config.format === 'pretty' || (config.format === 'auto' && process.stdout.isTTY);
  if (!isPretty) return pino(options, destination ?? pino.destination({ fd: 1, sync: true }));
  const stream = pretty({
    colorize: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
    translateTime: 'SYS:HH:MM:ss.l',
    destination: destination ?? 1,
    sync: true,
  });
  return pino(options, stream);
}

/** Lines in the file, one write each, so that several processes may append to it. A terminal's colours stay out of it. */
function openLogFile({ file, format }: LogSettings): pino.DestinationStream {
  const path = file!;
  let target: ReturnType<typeof pino.destination>;
  try {
    target = pino.destination({ dest: path, append: true, sync: true });
  } catch (error) {
    throw new EnvironmentError(`cannot open the log file ${path}: ${(error as NodeJS.ErrnoException).code}`, {
      cause: error,
    });
  }
  // A write or a reopening that fails (disk full, folder gone) must not take the proxy down.
  target.on('error', () => undefined);
  process.on('SIGHUP', () => target.reopen());
  return format === 'pretty'
    ? pretty({ colorize: false, translateTime: 'SYS:HH:MM:ss.l', destination: target, sync: true })
    : target;
}

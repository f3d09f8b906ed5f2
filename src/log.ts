/**
 * The log: pino, to standard output. JSON lines for collectors, or pretty lines on a terminal, written from this process
 * and thread (no transport worker), so that the last lines before an exit are never lost.
 * Levels: error = an operator must act; warn = the proxy copes, look when convenient; info = life cycle; debug = the rest.
 * Nothing secret is logged; the redaction below is the second line of defence, for a Config logged by mistake.
 */
import pino from 'pino';
import pretty from 'pino-pretty';
import type { LogConfig } from './config/schema.js';

export type Logger = pino.Logger;

const REDACTED = [
  'password',
  '*.password',
  'auth.password',
  '*.auth.password',
  'pools[*].auth',
  'config.pools[*].auth',
];

/**
 * The logger of this process. `auto` chooses pretty lines when standard output is a terminal.
 * `destination` replaces standard output (tests).
 */
export function createLogger(config: LogConfig, destination?: NodeJS.WritableStream): Logger {
  const options: pino.LoggerOptions = {
    level: config.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: REDACTED, censor: '[secret]' },
  };
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

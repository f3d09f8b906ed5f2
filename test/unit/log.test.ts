import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLogger, type Logger, type LogSettings } from '../../src/log.js';

function logged(config: LogSettings, write: (logger: Logger) => void): string {
  const sink = new PassThrough();
  write(createLogger(config, sink));
  return String(sink.read() ?? '');
}

describe('createLogger', () => {
  it('writes one JSON object a line, with the level by name', () => {
    const line = logged({ level: 'info', format: 'json' }, (logger) => logger.info({ port: 1 }, 'hello'));
    expect(JSON.parse(line)).toMatchObject({ level: 'info', msg: 'hello', port: 1 });
    expect(line.endsWith('}\n')).toBe(true);
  });

  it('writes text when asked for pretty lines', () => {
    const line = logged({ level: 'info', format: 'pretty' }, (logger) => logger.info('hello'));
    expect(line).toContain('INFO');
    expect(line).toContain('hello');
    expect(line).not.toContain('{');
  });

  it('leaves out what is below its level', () => {
    const text = logged({ level: 'warn', format: 'json' }, (logger) => {
      logger.info('quiet');
      logger.warn('loud');
    });
    expect(text).not.toContain('quiet');
    expect(text).toContain('loud');
  });

  it('hides passwords of a configuration that is logged by mistake', () => {
    const auth = { username: 'u', password: 'hunter2' };
    const pools = [{ name: 'main', auth }];
    const text = logged({ level: 'info', format: 'json' }, (logger) => {
      logger.info(auth, 'auth itself');
      logger.info({ auth }, 'within an object');
      logger.info({ pool: pools[0] }, 'a pool');
      logger.info({ pools }, 'all pools');
      logger.info({ config: { pools } }, 'everything');
    });
    expect(text.trim().split('\n')).toHaveLength(5);
    expect(text).not.toContain('hunter2');
  });
});

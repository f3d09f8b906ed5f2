/**
 * `ringward serve --config FILE`, also the default command: runs the proxy until a signal.
 */
import { resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { loadFile } from '../config/load.js';
import { createLogger } from '../log.js';
import { statsDescription } from '../twemproxy/stats-description.js';
import { checkFile } from './check.js';
import { configOption } from './config-option.js';
import { UsageError } from './failure.js';
import { runUntilSignal } from './lifecycle.js';
import { keepPidFile } from './pid-file.js';
import { addServeFlags, applyServeFlags, type ServeFlags } from './serve-flags.js';

interface ServeArguments extends ServeFlags {
  readonly config: string | undefined;
  readonly 'pid-file': string | undefined;
  readonly 'test-conf': boolean | undefined;
  readonly daemonize: boolean | undefined;
  readonly 'describe-stats': boolean | undefined;
}

export const serveCommand: CommandModule<object, ServeArguments> = {
  command: ['serve', '$0'],
  describe: 'Run the proxy (the default command)',
  builder: (command) =>
    addServeFlags(
      command
        .option('config', { ...configOption, alias: ['c', 'conf-file'], demandOption: false })
        .option('pid-file', {
          alias: 'p',
          type: 'string',
          requiresArg: true,
          describe: 'Keep the process id in this file',
        })
        .option('test-conf', { alias: 't', type: 'boolean', describe: 'The same as the command check' })
        .option('describe-stats', { alias: 'D', type: 'boolean', describe: 'Explain the statistics and exit' })
        .option('daemonize', { alias: 'd', type: 'boolean', describe: 'Not supported: use a service manager' }),
    ),
  handler: async (options) => {
    const { config: file } = options;
    if (options['describe-stats'] === true) {
      process.stdout.write(statsDescription());
      return;
    }
    if (file === undefined) throw new UsageError('Missing required argument: config');
    if (options['test-conf'] === true) return checkFile(file);
    if (options.daemonize === true) {
      throw new UsageError(
        '--daemonize is not supported: run ringward in the foreground under systemd or another service manager',
      );
    }
    const loaded = loadFile(file);
    const config = applyServeFlags(loaded.config, options);
    if (options['pid-file'] !== undefined) keepPidFile(options['pid-file']);
    const logger = createLogger(config.log);
    if (loaded.kind === 'twemproxy') logger.info({ file }, 'reading a twemproxy file');
    for (const warning of loaded.warnings) logger.warn(warning);
    await runUntilSignal(config, logger, {
      configFile: resolve(file),
      loadAgain: () => applyServeFlags(loadFile(file).config, options),
    });
    process.exit(0);
  },
};

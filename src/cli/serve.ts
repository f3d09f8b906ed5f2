/**
 * `ringward serve --config FILE`, also the default command: runs the proxy until a signal.
 */
import { resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { loadConfigFile } from '../config/load.js';
import { createLogger } from '../log.js';
import { configOption } from './config-option.js';
import { runUntilSignal } from './lifecycle.js';

interface ServeArguments {
  readonly config: string;
}

export const serveCommand: CommandModule<object, ServeArguments> = {
  command: ['serve', '$0'],
  describe: 'Run the proxy (the default command)',
  builder: (command) => command.option('config', configOption),
  handler: async ({ config: file }) => {
    const config = loadConfigFile(file);
    await runUntilSignal(config, createLogger(config.log), { configFile: resolve(file) });
    process.exit(0);
  },
};

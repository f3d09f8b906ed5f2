/**
 * `ringward import nutcracker.yml`: prints a twemproxy file as a Ringward file. The text is read back before it is
 * printed and must give the same Config, so what comes out places every key as the file did.
 */
import { isDeepStrictEqual } from 'node:util';
import { writeFileSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { loadFile, parseConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { printRingward } from '../config/twemproxy/print.js';
import { ConfigError, EnvironmentError } from '../errors.js';
import { UsageError } from './failure.js';

interface ImportArguments {
  readonly file: string;
  readonly output: string | undefined;
}

export const importCommand: CommandModule<object, ImportArguments> = {
  command: 'import <file>',
  describe: 'Print a twemproxy (nutcracker) file as a Ringward file',
  builder: (command) =>
    command
      .positional('file', { type: 'string', demandOption: true, describe: 'twemproxy configuration file' })
      .option('output', { alias: 'o', type: 'string', requiresArg: true, describe: 'Write to this file instead' })
      .example('$0 import nutcracker.yml -o ringward.yaml', ''),
  handler: ({ file, output }) => {
    const text = importFile(file);
    if (output === undefined) process.stdout.write(text);
    else writeNew(output, text);
  },
};

/** @throws {ConfigError} when the file is no good, is not twemproxy's, or says what a Ringward file cannot. */
export function importFile(file: string): string {
  const { config, kind, warnings } = loadFile(file);
  if (kind !== 'twemproxy') throw new UsageError(`import: ${file} is a Ringward file already`);
  const text = printRingward(config, file, warnings);
  let again: Config;
  try {
    again = parseConfig(text, 'the Ringward file');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(
      `${file}: works as it is (ringward --config ${file}), but a Ringward file cannot say all of it:\n${error.message}`,
      { cause: error },
    );
  }
  if (!isDeepStrictEqual(again, config)) throw new ConfigError(`${file}: the Ringward file would not mean the same`);
  return text;
}

/** The file may hold a password, so only its owner may read it. An existing file is not touched. */
function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' ? 'it exists already' : String(code);
    throw new EnvironmentError(`import: cannot write ${path}: ${why}`, { cause: error });
  }
}

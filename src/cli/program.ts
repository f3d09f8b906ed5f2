/**
 * The command line: collects the commands, prints help and version, and turns every failure into text on standard error
 * and exit code 1. Each command is a file of its own beside this one.
 */
import yargs from 'yargs';
import { checkCommand } from './check.js';
import { demoCommand } from './demo.js';
import { importCommand } from './import.js';
import { UsageError, describeFailure } from './failure.js';
import { packageVersion } from './package-version.js';
import { routeCommand } from './route.js';
import { serveCommand } from './serve.js';

const HELP_COLUMNS_MAX = 110;

/** Runs one command line, given without the program's own name. A failure ends the process with code 1. */
export async function runCommandLine(words: readonly string[]): Promise<void> {
  try {
    await programFor(words).parseAsync();
  } catch (error) {
    process.stderr.write(`${describeFailure(error)}\n`);
    // Not only the exit code: a start that failed half-way may have left listeners or child processes behind.
    process.exit(1);
  }
}

function programFor(words: readonly string[]) {
  return (
    yargs([...words])
      .scriptName('ringward')
      .usage('$0 [command] [options]\n\nA distributed cache behind one address.')
      .command(serveCommand)
      .command(checkCommand)
      .command(routeCommand)
      .command(importCommand)
      .command(demoCommand)
      .example('$0 demo', 'Try it: a proxy over nodes in this process')
      .example('$0 --config ringward.yaml', 'Run the proxy')
      .example('$0 check --config ringward.yaml', 'Is this file usable?')
      .example('$0 route --config ringward.yaml user:1 user:2', 'Which nodes own these keys?')
      .version(packageVersion())
      .alias('version', 'V')
      .help()
      .alias('help', 'h')
      // A key such as 007 stays text, wherever it stands.
      .parserConfiguration({ 'parse-positional-numbers': false })
      .strict()
      .wrap(Math.min(HELP_COLUMNS_MAX, process.stdout.columns || HELP_COLUMNS_MAX))
      .fail((message: string | null, error: Error | undefined) => {
        // yargs throws its own kind for options without a value, with the sentence as its message.
        if (error?.name === 'YError') throw new UsageError(error.message);
        throw error ?? new UsageError(message ?? 'the command line is wrong');
      })
  );
}

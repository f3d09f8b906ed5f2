#!/usr/bin/env node
/**
 * The entry of the program, in the first process and in every worker that node:cluster forks from it.
 * Both sides are imported on demand: a worker does not load the command line, a command does not load the data plane.
 */
import cluster from 'node:cluster';

if (cluster.isWorker) {
  const { runWorker } = await import('./control/worker.js');
  runWorker();
} else {
  const { runCommandLine } = await import('./cli/program.js');
  await runCommandLine(process.argv.slice(2));
}

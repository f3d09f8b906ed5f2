/**
 * Prints the totals of a vitest JSON report as one line, `N passed, N failed`, plus `, N skipped` if there are any.
 * Used by .ci/run. Exits non-zero when a test failed, a test file could not be loaded, or nothing passed: a run that
 * tested nothing is not a success.
 */
import { readFileSync } from 'node:fs';

const [, , path] = process.argv;
const report = JSON.parse(readFileSync(path, 'utf8'));

// A file that fails to load has no tests in the totals; it is named here, above the totals.
for (const file of report.testResults) {
  if (file.status === 'failed' && file.assertionResults.length === 0) console.log(`not loaded: ${file.name}`);
}
const skipped = report.numPendingTests + report.numTodoTests;
const suffix = skipped > 0 ? `, ${skipped} skipped` : '';
console.log(`${report.numPassedTests} passed, ${report.numFailedTests} failed${suffix}`);
if (!report.success || report.numFailedTests > 0 || report.numPassedTests === 0) process.exitCode = 1;

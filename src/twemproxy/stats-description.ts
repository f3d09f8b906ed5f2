/** What `ringward --describe-stats` prints: every counter of the statistics and what it counts. */
import { poolCounters, serverCounters } from './stats-names.js';

export function statsDescription(): string {
  return `${table('pool stats', poolCounters)}\n${table('server stats', serverCounters)}`;
}

function table(title: string, counters: Readonly<Record<string, string>>): string {
  const lines = Object.entries(counters).map(([name, text]) => `  ${name.padEnd(20)}"${text}"\n`);
  return `${title}:\n${lines.join('')}`;
}

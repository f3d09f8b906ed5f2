/**
 * Durations as the configuration file writes them: one number and one unit (`200ms`, `5s`, `1.5m`, `1h`), or plain 0.
 * Used by the schema fields and by the reference page. A bare number other than 0 is refused, because nobody can tell
 * whether 5 means seconds or milliseconds. The result is always a whole number of milliseconds.
 */
const DURATION = /^(\d{1,15}(?:\.\d{1,9})?) ?(ms|s|m|h)$/;
const UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** What a message says was expected. */
export const DURATION_EXPECTED = 'a duration such as 200ms or 5s';

/** The form that editors check through the JSON Schema. Same language as parseDurationMs accepts as text. */
export const DURATION_PATTERN = '^([0-9]+(\\.[0-9]+)? ?(ms|s|m|h)|0)$';

/** Milliseconds, or null when `value` is not a duration or not a whole number of milliseconds. */
export function parseDurationMs(value: unknown): number | null {
  if (value === 0 || value === '0') return 0;
  if (typeof value !== 'string') return null;
  const match = DURATION.exec(value);
  if (match === null) return null;
  const ms = Number(match[1]) * (UNITS_MS[match[2]!] ?? Number.NaN);
  // 0.1s is 100 ms although 0.1 has no exact binary form: accept what rounds to a whole number within one part in 10^9.
  const whole = Math.round(ms);
  return Number.isSafeInteger(whole) && Math.abs(ms - whole) <= 1e-9 * Math.max(1, ms) ? whole : null;
}

/** The shortest text that parseDurationMs reads back as `ms`: 90000 is `90s`, 60000 is `1m`, 0 is `0`. */
export function formatDurationMs(ms: number): string {
  if (ms === 0) return '0';
  for (const [unit, size] of Object.entries(UNITS_MS)) {
    if (ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

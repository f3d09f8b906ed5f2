/**
 * Builders for the fields of the configuration schema: each takes a default, bounds and the documentation text, and
 * returns a zod type whose JSON Schema carries all of them. The schema files build every scalar through these, so a
 * field cannot exist without bounds and text. Messages have one form: `expected WHAT, got VALUE`.
 * The metadata keys `x-type`, `x-range` and `x-default` are what the reference page prints (reference-page.ts).
 */
import { z } from 'zod';
import { DURATION_EXPECTED, DURATION_PATTERN, parseDurationMs } from './duration.js';
import { showValue } from './show-value.js';
import { SIZE_EXPECTED, SIZE_PATTERN, parseSizeBytes } from './size.js';

/** Bounds in the file's own notation. `zero`: 0 is legal although it lies below `min`, and turns the thing off. */
export interface Bounds {
  readonly min: string;
  readonly max: string;
  readonly zero?: boolean;
}

/** A time span; the parsed value is a whole number of milliseconds. */
export function duration(preset: string, bounds: Bounds, text: string) {
  return quantity(preset, bounds, parseDurationMs, DURATION_EXPECTED).meta({
    description: text,
    anyOf: [{ type: 'string', pattern: DURATION_PATTERN }, { const: 0 }],
    'x-type': 'duration',
    'x-range': describeBounds(bounds),
  });
}

/** An amount of memory; the parsed value is a whole number of bytes. */
export function size(preset: string, bounds: Bounds, text: string) {
  return quantity(preset, bounds, parseSizeBytes, SIZE_EXPECTED).meta({
    description: text,
    anyOf: [
      { type: 'string', pattern: SIZE_PATTERN },
      { type: 'integer', minimum: 0 },
    ],
    'x-type': 'size',
    'x-range': describeBounds(bounds),
  });
}

/** A whole number from `min` to `max`, both legal. */
export function integer(preset: number, min: number, max: number, text: string) {
  return z.int().min(min).max(max).default(preset).meta({ description: text });
}

/** One of a few words. */
export function choice<const Words extends readonly [string, ...string[]]>(
  preset: Words[number],
  words: Words,
  text: string,
) {
  return z
    .enum(words)
    .default(preset as never)
    .meta({ description: text });
}

/**
 * A string that `accepts` judges. `expected` completes the sentence "expected …, got …" and is the type that the
 * reference page shows.
 */
export function word(expected: string, accepts: (value: string) => boolean, text: string) {
  return z
    .string()
    .refine(accepts, { error: (issue) => `expected ${expected}, got ${showValue(issue.input)}` })
    .meta({ description: text, 'x-type': expected });
}

function quantity(preset: string, bounds: Bounds, parse: (value: unknown) => number | null, expected: string) {
  const min = parse(bounds.min) ?? Number.NaN;
  const max = parse(bounds.max) ?? Number.NaN;
  return z
    .unknown()
    .transform((value, context): number => {
      const amount = parse(value);
      if (amount !== null && ((amount >= min && amount <= max) || (amount === 0 && bounds.zero === true))) {
        return amount;
      }
      const wanted = amount === null ? expected : describeBounds(bounds);
      context.addIssue({ code: 'custom', message: `expected ${wanted}, got ${showValue(value)}` });
      return z.NEVER;
    })
    .prefault(preset);
}

function describeBounds(bounds: Bounds): string {
  return `${bounds.min} to ${bounds.max}${bounds.zero === true ? ', or 0' : ''}`;
}

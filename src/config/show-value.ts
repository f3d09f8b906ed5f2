/**
 * How a value from the configuration file appears inside an error message: on one line, and never longer than a
 * screen's width. Callers must not pass secrets.
 */
const SHOWN_LENGTH_MAX = 60;

/** `"text"`, `12`, `a list`, `a mapping`, `nothing`. Long text is cut and ends with `…`. */
export function showValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > SHOWN_LENGTH_MAX ? `${value.slice(0, SHOWN_LENGTH_MAX)}…` : value);
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    default:
      return showKind(value);
  }
}

/** The kind of a value, for messages about fields that hold secrets. */
export function showKind(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`;
}

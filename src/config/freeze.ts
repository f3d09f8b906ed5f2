/**
 * Freezes plain data at every depth, so that a shared snapshot cannot be changed by one of its readers.
 */

/** Freezes `value` and everything in it; returns the same object. Only for plain objects and arrays without cycles. */
export function freezeDeep<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const inner of Object.values(value)) freezeDeep(inner as unknown);
    Object.freeze(value);
  }
  return value;
}

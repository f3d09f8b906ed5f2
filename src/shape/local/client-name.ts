/** The rule for connection names and library names, with Redis's texts. */
import { errorReply } from '../../downstream/resp-errors.js';

const BAD_NAME = errorReply('ERR Client names cannot contain spaces, newlines or special characters.');

/** The error for a name that Redis refuses; undefined for a good one. The empty name takes the name away. */
export function nameProblem(name: string): Buffer | undefined {
  return /^[!-~]*$/.test(name) ? undefined : BAD_NAME;
}

export function attributeProblem(option: string, value: string): Buffer | undefined {
  if (/^[!-~]*$/.test(value)) return undefined;
  return errorReply(`ERR ${option} cannot contain spaces, newlines or special characters.`);
}

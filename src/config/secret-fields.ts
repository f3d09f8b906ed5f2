/**
 * Builders for fields that hold secrets. Their values are resolved by secrets.ts and never shown in a message.
 */
import { z } from 'zod';

export const secret = (text: string) =>
  z
    .string()
    .min(1)
    .max(65_536)
    .meta({ description: `${text} \`\${NAME}\` takes it from the environment.`, 'x-type': 'secret' })
    .optional();

/** `password` and its alternative `password_file`. */
export const passwordFields = (text: string) => ({
  password: secret(text),
  password_file: z
    .string()
    .min(1)
    .max(4096)
    .meta({
      description:
        'File that holds the password, instead of `password`; a final newline is dropped. Relative to the configuration file.',
      'x-type': 'path',
    })
    .optional(),
});

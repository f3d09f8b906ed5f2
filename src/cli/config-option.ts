/** The `--config FILE` option, the same for every command that reads a configuration. */
export const configOption = {
  alias: 'c',
  type: 'string',
  demandOption: true,
  requiresArg: true,
  describe: 'Configuration file',
} as const;

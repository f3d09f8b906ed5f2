import { describe, expect, it } from 'vitest';
import { unknownCommand, unknownSubcommand, unsupported, wrongArity } from '../../../src/command/errors.js';
import { handlingOf } from '../../../src/command/policy.js';
import { redisTable } from '../../../src/command/redis-table.js';

describe('command errors', () => {
  it('quotes an unknown command with its arguments', () => {
    expect(unknownCommand(['foo', 'a', 'b'])).toBe(`ERR unknown command 'foo', with args beginning with: 'a' 'b' `);
  });

  it('quotes 128 bytes of the name and 128 of the arguments', () => {
    const text = unknownCommand(['n'.repeat(300), 'a'.repeat(100), 'b'.repeat(100), 'c']);
    const args = `'${'a'.repeat(100)}' '${'b'.repeat(25)}' `;
    expect(text).toBe(`ERR unknown command '${'n'.repeat(128)}', with args beginning with: ${args}`);
  });

  it('cannot be made to hold a second line', () => {
    expect(unknownCommand(['a\r\n+OK', 'b\nc'])).not.toMatch(/[\r\n]/);
    expect(unknownSubcommand(redisTable.findByName('client')!, 'a\r\nb')).toBe(
      `ERR unknown subcommand 'a  b'. Try CLIENT HELP.`,
    );
  });

  it('names container and subcommand when the number of arguments is wrong', () => {
    expect(wrongArity(redisTable.findByName('client|list')!)).toBe(
      `ERR wrong number of arguments for 'client|list' command`,
    );
  });

  it('says why a command is refused', () => {
    const shutdown = redisTable.findByName('shutdown')!;
    expect(unsupported(shutdown, handlingOf(shutdown).reason)).toBe(
      `ERR ringward: command 'shutdown' is not supported: it is about one node; stop that node itself (SIGTERM stops the proxy)`,
    );
  });
});

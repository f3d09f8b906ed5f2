import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderCommandPage } from '../../../src/command/page.js';
import { redisTable } from '../../../src/command/redis-table.js';

const page = renderCommandPage(redisTable);

describe('docs/commands.md', () => {
  it('is what scripts/generate-command-docs.mjs writes today', () => {
    expect(readFileSync(join(import.meta.dirname, '../../../docs/commands.md'), 'utf8')).toBe(page);
  });

  it('has every command once', () => {
    for (const command of redisTable.commands) {
      if (command.hasSubcommands && command.minArgs > 1) continue;
      const name = `\`${command.name.replace('|', ' ').toUpperCase()}\``;
      const [, lists = ''] = page.split('<!-- prettier-ignore-start -->');
      expect(lists.split(/[,|.:] ?/).filter((cell) => cell.trim() === name).length, name).toBe(1);
    }
  });

  it('tells what differs from one redis-server', () => {
    expect(page).toContain(
      '- `CLIENT ID`, `CLIENT INFO`, `CLIENT LIST`, `CLIENT KILL` are about clients of the proxy.',
    );
  });

  it('states the limits that a reader must know', () => {
    expect(page).toContain(
      '| `XREAD` | 5.0.0 | 4 or more | own connection | a connection of its own only with `BLOCK` |',
    );
    expect(page).toContain("| `EVAL` | 2.6.0 | 3 or more | script | without keys: to the pool's `keyless_scripts` |");
    expect(page).toContain('| `EXEC` | 1.2.0 | 1 | transaction | keys of one node, else `EXECABORT` |');
  });
});

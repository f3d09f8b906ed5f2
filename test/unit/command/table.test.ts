import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { commandRows } from '../../../src/command/table.generated.js';

const root = join(import.meta.dirname, '../../..');

describe('the generated command table', () => {
  it('is what the generator makes of the data', () => {
    const run = spawnSync(process.execPath, ['scripts/generate-command-table.mjs', '--check'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
  });

  it('has every command of the data', () => {
    const data = JSON.parse(readFileSync(join(root, 'src/command/data/redis-commands.json'), 'utf8')) as {
      commands: Record<string, unknown>;
    };
    expect(commandRows.map((row) => row.name).sort()).toEqual(Object.keys(data.commands).sort());
  });
});

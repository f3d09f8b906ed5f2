import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { jsonSchema, referencePage } from '../../../src/config/reference-page.js';

const root = join(import.meta.dirname, '../../..');

async function expectFresh(file: string, text: string): Promise<void> {
  const path = join(root, file);
  const fresh = await format(text, { ...(await resolveConfig(path)), filepath: path });
  expect(readFileSync(path, 'utf8'), `${file} is stale: run npm run generate`).toBe(fresh);
}

describe('generated files', () => {
  it('docs/configuration.md is what the schema gives', async () => {
    await expectFresh('docs/configuration.md', referencePage());
  });

  it('config/ringward.schema.json is what the schema gives', async () => {
    await expectFresh('config/ringward.schema.json', JSON.stringify(jsonSchema()));
  });
});

describe('referencePage', () => {
  it('gives every option a type and a meaning', () => {
    const rows = referencePage()
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
    expect(rows.length).toBeGreaterThan(40);
    for (const [, option, type, , , meaning] of rows) {
      expect(type, option).not.toBe('');
      expect(meaning, option).toMatch(/\.$/);
    }
  });

  it('has a section for every mapping of the file', () => {
    const sections = referencePage().match(/^## .*$/gm);
    expect(sections).toEqual([
      '## Top level',
      '## `cluster`',
      '## `listeners[]`',
      '## `pools.NAME`',
      '## `pools.NAME.nodes[]`',
      '## `pools.NAME.partitioning`',
      '## `pools.NAME.timeouts`',
      '## `pools.NAME.auth`',
      '## `pools.NAME.limits`',
      '## `limits`',
      '## `timeouts`',
      '## `log`',
      '## `stats`',
    ]);
  });
});

/**
 * The same verdict as nutcracker: every file that `nutcracker -t` accepts is accepted, every file that it refuses is
 * refused with a reason and a place. Known exceptions are tests of their own below.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { lookUpListenNames } from '../../src/cli/listen-names.js';
import { loadFile } from '../../src/config/load.js';
import { ConfigError } from '../../src/errors.js';
import { requireProgram } from '../support/child-process.js';
import { files, seeds } from './twemproxy-files.js';

const folder = mkdtempSync(join(tmpdir(), 'ringward-twemproxy-'));
const path = join(folder, 'nutcracker.yml');
afterAll(() => rmSync(folder, { recursive: true }));

let nutcracker = '';
beforeAll(() => {
  nutcracker = requireProgram('nutcracker');
  expect(inject('distTrouble')).toBe('');
});

/** A crash is a refusal. */
function nutcrackerAccepts(text: string | Buffer): boolean {
  writeFileSync(path, text);
  return spawnSync(nutcracker, ['-t', '-c', path]).status === 0;
}

/** Null, or the reasons against it. */
async function objections(): Promise<string | null> {
  try {
    await lookUpListenNames(loadFile(path));
    return null;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

const PLACED = /nutcracker\.yml:\d+:\d+: /;

describe('the verdict on a twemproxy file', () => {
  it.each(files.map((text) => [JSON.stringify(text), text] as const))(
    "is nutcracker's for %s",
    async (_title, text) => {
      const accepts = nutcrackerAccepts(text);
      const reasons = await objections();
      expect({ accepts: reasons === null, reasons }).toMatchObject({ accepts });
      if (reasons !== null && text.includes('servers')) expect(reasons).toMatch(PLACED);
    },
  );

  it("is nutcracker's for files with random edits", async () => {
    const edit = fc.record({
      seed: fc.constantFrom(...seeds),
      edits: fc.array(
        fc.record({
          at: fc.nat(1_000_000),
          removed: fc.integer({ min: 0, max: 3 }),
          added: fc.constantFrom(
            '',
            '',
            ' ',
            '\n',
            '  ',
            ':',
            ': ',
            '-',
            '- ',
            '#',
            ' #',
            '"',
            "'",
            '1',
            'x',
            '/',
            '0',
            ',',
            '?',
            '|',
            '\n\n',
          ),
        }),
        { minLength: 1, maxLength: 3 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(edit, async ({ seed, edits }) => {
        let text = seed;
        for (const { at, removed, added } of edits) {
          const start = at % text.length;
          text = text.slice(0, start) + added + text.slice(start + removed);
        }
        const accepts = nutcrackerAccepts(text);
        expect({ text, accepts: (await objections()) === null }).toEqual({ text, accepts });
      }),
      { numRuns: 400, seed: 20_221_101 },
    );
  });

  it("is nutcracker's for bytes that are not UTF-8", async () => {
    const text = Buffer.concat([Buffer.from('# \xff\xfe\n', 'latin1'), Buffer.from(seeds[0]!)]);
    expect(nutcrackerAccepts(text)).toBe(false);
    expect(await objections()).toContain('not valid UTF-8');
  });
});

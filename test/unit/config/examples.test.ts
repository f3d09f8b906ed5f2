import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfigFile } from '../../../src/config/load.js';

const folder = join(import.meta.dirname, '../../../config');
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

describe('the examples in config/', () => {
  it('are there', () => {
    expect(files).toContain('ringward.yaml');
  });

  it.each(files)('%s loads', (name) => {
    const config = loadConfigFile(join(folder, name), { CACHE_PASSWORD: 'x' });
    expect(config.listeners.length).toBeGreaterThan(0);
  });
});

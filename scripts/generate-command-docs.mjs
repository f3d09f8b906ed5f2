#!/usr/bin/env node
/**
 * Writes docs/commands.md from the command table and its policies. Reads dist, so build first. The test
 * test/unit/command/page.test.ts says when the page is stale.
 */
import { writeFileSync } from 'node:fs';

const dist = new URL('../dist/command/', import.meta.url);
const { renderCommandPage } = await import(new URL('page.js', dist).href);
const { redisTable } = await import(new URL('redis-table.js', dist).href);
writeFileSync(new URL('../docs/commands.md', import.meta.url), renderCommandPage(redisTable));

#!/usr/bin/env node
/**
 * Writes src/command/table.generated.ts from src/command/data/redis-commands.json; with --check, only compares and
 * exits 1 when the file is stale. Needs nothing but Node, so it runs before the first build.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const source = new URL('../src/command/data/redis-commands.json', import.meta.url);
const target = new URL('../src/command/table.generated.ts', import.meta.url);

const quote = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const list = (items) => `[${items.map(quote).join(', ')}]`;

function begin({ index, keyword }) {
  if (index) return `{ type: 'index', position: ${index.pos} }`;
  if (keyword) return `{ type: 'keyword', keyword: ${quote(keyword.keyword)}, startFrom: ${keyword.startfrom} }`;
  return `{ type: 'unknown' }`;
}

function find({ range, keynum }) {
  if (range) return `{ type: 'range', lastKey: ${range.lastkey}, step: ${range.step}, limit: ${range.limit} }`;
  if (keynum) {
    return `{ type: 'keynum', keyNumIndex: ${keynum.keynumidx}, firstKey: ${keynum.firstkey}, step: ${keynum.step} }`;
  }
  return `{ type: 'unknown' }`;
}

const keySpec = (spec) => `{ flags: ${list(spec.flags)}, begin: ${begin(spec.begin)}, find: ${find(spec.find)} }`;

function row(name, command) {
  const keys = (command.keys ?? []).map(keySpec).join(', ');
  const fields = [
    `name: ${quote(name)}`,
    `arity: ${command.arity}`,
    `group: ${quote(command.group)}`,
    `since: ${quote(command.since)}`,
    `deprecatedSince: ${quote(command.deprecatedSince ?? '')}`,
    `origins: ${list(command.in)}`,
    `flags: ${list(command.flags)}`,
    `categories: ${list(command.acl)}`,
    `tips: ${list(command.tips)}`,
    `keys: [${keys}]`,
  ];
  return `  { ${fields.join(', ')} },`;
}

const { commands } = JSON.parse(readFileSync(source, 'utf8'));
const names = Object.keys(commands).sort();
const text = `/**
 * Facts of ${names.length} Redis and Valkey commands, sorted by name, one a line. Used by redis-table.ts alone.
 * Written by scripts/generate-command-table.mjs from data/redis-commands.json: change the data, not this file.
 */
import type { CommandRow } from './row.js';

// prettier-ignore
export const commandRows: readonly CommandRow[] = [
${names.map((name) => row(name, commands[name])).join('\n')}
];
`;

if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('src/command/table.generated.ts is stale: run node scripts/generate-command-table.mjs');
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, text);
}

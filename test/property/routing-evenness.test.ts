/**
 * How even each distribution is, and how many keys it moves when a node goes: measured over a million keys of three
 * shapes, held against the limits that Ringward promises, and against the tables of docs/routing.md.
 * UPDATE_DOCS=1 rewrites those tables instead of comparing. Everything is seeded, so the figures are the same every run.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildConsistentHashing, defaultReplicas } from '../../src/routing/consistent-hashing.js';
import type { Distribution, RoutedNode } from '../../src/routing/distribution.js';
import { hashNames, keyHashes, type HashName } from '../../src/routing/hash.js';
import { Jump } from '../../src/routing/jump.js';
import { buildKetama } from '../../src/routing/ketama.js';
import { Maglev } from '../../src/routing/maglev.js';
import { Modula } from '../../src/routing/modula.js';
import { RedisCluster } from '../../src/routing/redis-cluster.js';
import { Rendezvous } from '../../src/routing/rendezvous.js';
import { hashKeys, keyShapes, type KeyShape } from './routing-keys.js';

const docPath = new URL('../../docs/routing.md', import.meta.url);
const nodeCounts = [3, 5, 10, 50, 200];

interface Subject {
  readonly label: string;
  /** Index of the node that goes when movement is measured. */
  readonly removed: (nodeCount: number) => number;
  readonly hash: (typeof subjectHashes)[number];
  readonly build: (nodes: readonly RoutedNode[]) => Distribution;
}

const subjectHashes = ['murmur3_32', 'crc32', 'crc16'] as const;

const middle = (nodeCount: number): number => nodeCount >> 1;

const ring = (hash: HashName, replicas: number) => (nodes: readonly RoutedNode[]) =>
  buildConsistentHashing(nodes, keyHashes[hash], replicas);

const consistent = {
  label: `consistent_hashing (${defaultReplicas} points)`,
  hash: 'murmur3_32',
  removed: middle,
  build: ring('murmur3_32', defaultReplicas),
} as const;
const maglev = {
  label: 'maglev',
  hash: 'murmur3_32',
  removed: middle,
  build: (nodes: readonly RoutedNode[]) => new Maglev(nodes),
} as const;
const rendezvous = {
  label: 'rendezvous',
  hash: 'murmur3_32',
  removed: middle,
  build: (nodes: readonly RoutedNode[]) => new Rendezvous(nodes),
} as const;
const jumpLast = {
  label: 'jump, the last node goes',
  hash: 'murmur3_32',
  removed: (nodeCount: number) => nodeCount - 1,
  build: (nodes: readonly RoutedNode[]) => new Jump(nodes),
} as const;
const jump = {
  label: 'jump',
  hash: 'murmur3_32',
  removed: middle,
  build: (nodes: readonly RoutedNode[]) => new Jump(nodes),
} as const;

const subjects: readonly Subject[] = [
  consistent,
  { label: 'consistent_hashing (1024 points)', hash: 'murmur3_32', removed: middle, build: ring('murmur3_32', 1024) },
  { label: 'consistent_hashing (160 points)', hash: 'murmur3_32', removed: middle, build: ring('murmur3_32', 160) },
  { label: 'consistent_hashing (160, crc32)', hash: 'crc32', removed: middle, build: ring('crc32', 160) },
  maglev,
  jump,
  jumpLast,
  rendezvous,
  { label: 'ketama', hash: 'murmur3_32', removed: middle, build: buildKetama },
  { label: 'modula', hash: 'murmur3_32', removed: middle, build: (nodes) => new Modula(nodes) },
  { label: 'redis_cluster', hash: 'crc16', removed: middle, build: (nodes) => new RedisCluster(nodes) },
];

const makeNodes = (count: number): RoutedNode[] =>
  Array.from({ length: count }, (_, i) => ({ id: `cache-${i + 1}`, weight: 1 }));

function placeKeys(distribution: Distribution, hashes: Int32Array): Uint16Array {
  const owners = new Uint16Array(hashes.length);
  for (let i = 0; i < hashes.length; i++) owners[i] = distribution.ownerOf(hashes[i]!);
  return owners;
}

/** Hashes of `key:0` to `key:999`: few and alike, where weak hashes show. */
function firstKeys(name: HashName): Int32Array {
  const keys = Array.from({ length: 1000 }, (_, i) => Buffer.from(`key:${i}`));
  return Int32Array.from(keys, (key) => keyHashes[name](key, 0, key.length));
}

/** Largest share over the mean share. */
function peak(owners: Uint16Array, nodeCount: number): number {
  const counts = new Int32Array(nodeCount);
  for (const owner of owners) counts[owner]! += 1;
  return (Math.max(...counts) * nodeCount) / owners.length;
}

/** Share of keys whose owner differs after node `removed` went. Looks at every third key: a million over the shapes. */
function movedShare(before: Uint16Array, after: Distribution, hashes: Int32Array, removed: number): number {
  let moved = 0;
  let seen = 0;
  for (let i = 0; i < hashes.length; i += 3) {
    const index = before[i]! > removed ? before[i]! - 1 : before[i]!;
    if (before[i] === removed || after.ownerOf(hashes[i]!) !== index) moved++;
    seen++;
  }
  return moved / seen;
}

interface Figures {
  /** Per key shape. */
  readonly peaks: readonly number[];
  /** Largest over the key shapes. */
  readonly moved: number;
}

type Hashes = ReadonlyMap<KeyShape, ReadonlyMap<HashName, Int32Array>>;

function measure({ build, hash, removed }: Subject, count: number, hashes: Hashes): Figures {
  const nodes = makeNodes(count);
  const gone = removed(count);
  const whole = build(nodes);
  const without = build(nodes.toSpliced(gone, 1));
  const peaks: number[] = [];
  let moved = 0;
  for (const shape of keyShapes) {
    const values = hashes.get(shape)!.get(hash)!;
    const before = placeKeys(whole, values);
    peaks.push(peak(before, count));
    moved = Math.max(moved, movedShare(before, without, values, gone));
  }
  return { peaks, moved };
}

/** A Markdown table laid out as Prettier lays it out, so that formatting the docs changes nothing. */
function renderTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((cell, i) => Math.max(3, cell.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(header), line(rule), ...rows.map(line)].join('\n');
}

/** Compares the table between the markers of that name with `table`, or writes it there. */
function checkDocumented(name: string, table: string): void {
  const doc = readFileSync(docPath, 'utf8');
  const begin = `<!-- table: ${name} -->\n\n`;
  const from = doc.indexOf(begin) + begin.length;
  const to = doc.indexOf('\n\n<!-- end of table -->', from);
  expect(doc).toContain(begin);
  expect(to).toBeGreaterThan(0);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(docPath, doc.slice(0, from) + table + doc.slice(to));
  else expect(doc.slice(from, to)).toBe(table);
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

describe('evenness and movement', () => {
  let hashes: Hashes;
  const figures = new Map<string, readonly Figures[]>();
  const of = (subject: Subject): readonly Figures[] => figures.get(subject.label)!;

  beforeAll(() => {
    hashes = new Map(keyShapes.map((shape) => [shape, hashKeys(shape, subjectHashes, 1)]));
    for (const subject of subjects) {
      figures.set(
        subject.label,
        nodeCounts.map((count) => measure(subject, count, hashes)),
      );
    }
  }, 300_000);

  it('keeps the default within 1.10 of the mean share up to 50 nodes', () => {
    for (const [i, count] of nodeCounts.entries()) {
      if (count <= 50) for (const value of of(consistent)[i]!.peaks) expect(value).toBeLessThan(1.1);
    }
  });

  it('keeps maglev within 1.02 of the mean share up to 50 nodes', () => {
    for (const [i, count] of nodeCounts.entries()) {
      if (count <= 50) for (const value of of(maglev)[i]!.peaks) expect(value).toBeLessThan(1.02);
    }
  });

  it('moves at most 1/n + 2 % of the keys when one of n nodes goes', () => {
    for (const [i, count] of nodeCounts.entries()) {
      for (const subject of [consistent, maglev, rendezvous, jumpLast]) {
        expect(of(subject)[i]!.moved).toBeLessThan(1 / count + 0.02);
      }
    }
  });

  it('agrees with the evenness table of docs/routing.md', () => {
    const rows = subjects
      .filter((subject) => subject !== jumpLast)
      .map((subject) => [subject.label, ...of(subject).map(({ peaks }) => Math.max(...peaks).toFixed(3))]);
    checkDocumented('evenness', renderTable(['algorithm', ...nodeCounts.map((n) => `${n} nodes`)], rows));
  });

  it('agrees with the movement table of docs/routing.md', () => {
    const header = ['algorithm', ...nodeCounts.map((n) => `1 of ${n}`)];
    const ideal = ['least possible (1/n)', ...nodeCounts.map((n) => percent(1 / n))];
    const rows = subjects.map((subject) => [subject.label, ...of(subject).map(({ moved }) => percent(moved))]);
    checkDocumented('movement', renderTable(header, [ideal, ...rows]));
  });

  it('agrees with the table of hashes in docs/routing.md', () => {
    const nodes = makeNodes(5);
    const ketama = buildKetama(nodes);
    const sampled = new Map(keyShapes.map((shape) => [shape, hashKeys(shape, hashNames, 5)]));
    const rows = hashNames
      .filter((name) => name !== 'crc32a')
      .map((name) => {
        const rings = [ring(name, defaultReplicas)(nodes), ketama];
        const cells = rings.flatMap((distribution) =>
          keyShapes.map((shape) => peak(placeKeys(distribution, sampled.get(shape)!.get(name)!), 5).toFixed(2)),
        );
        return [name, ...cells, peak(placeKeys(ketama, firstKeys(name)), 5).toFixed(2)];
      });
    const wide = ['ring', 'ketama'].flatMap((kind) => keyShapes.map((shape) => `${kind}, ${shape}`));
    const header = ['hash', ...wide, 'ketama, key:0-999'];
    checkDocumented('hashes', renderTable(header, rows));
  }, 120_000);
});

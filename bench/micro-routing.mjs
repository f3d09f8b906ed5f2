// Nanoseconds per look-up of each hash and each distribution. Run `npm run build` first; nothing else should be running.
// Every figure is the best of several rounds: noise only ever adds. Keys lie in one buffer, as in a read buffer, and the
// hashes and distributions share call sites, so calls are not inlined for one of them, as in a proxy with several pools.
import { createHash } from 'node:crypto';
import { hashNames, keyHashes } from '../dist/routing/hash.js';
import { Partitioner, partitioningAlgorithms } from '../dist/routing/partitioner.js';

const keyCount = 8192;
const rounds = 15;
const keyLengths = [8, 16, 32, 64];
const nodeCounts = [3, 50, 200];

const buffers = new Map(
  keyLengths.map((length) => {
    const text = Array.from({ length: keyCount }, (_, i) =>
      `key:${(i * 2654435761) % 2 ** 32}:`.padEnd(length, 'profile-').slice(0, length),
    );
    return [length, Buffer.from(text.join(''), 'latin1')];
  }),
);

let sink = 0;

function nanoseconds(call, length) {
  const bytes = buffers.get(length);
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now();
    for (let at = 0; at < bytes.length; at += length) sink ^= call(bytes, at, at + length);
    best = Math.min(best, performance.now() - begun);
  }
  return (best * 1e6) / keyCount;
}

function printTable(title, header, rows) {
  console.log(`\n${title}`);
  for (const [name, ...cells] of [header, ...rows]) {
    console.log(String(name).padEnd(34) + cells.map((cell) => String(cell).padStart(12)).join(''));
  }
}

const makeNodes = (count) => Array.from({ length: count }, (_, i) => ({ id: `cache-${i + 1}`, weight: 1 }));

const md5ByCrypto = (bytes, start, end) => createHash('md5').update(bytes.subarray(start, end)).digest().readInt32LE(0);

// Once for all before measuring, so that the shared call site has seen every target.
for (const name of hashNames) nanoseconds(keyHashes[name], 16);

printTable(
  'Key hash, ns per key',
  ['', ...keyLengths.map((length) => `${length} B`)],
  [...hashNames.map((name) => [name, keyHashes[name]]), ['(md5 by node:crypto)', md5ByCrypto]].map(([name, hash]) => [
    name,
    ...keyLengths.map((length) => nanoseconds(hash, length).toFixed(1)),
  ]),
);

const columns = nodeCounts.flatMap((count) => [16, 64].map((length) => ({ count, length })));
const subjects = [
  ...partitioningAlgorithms.map((algorithm) => ({ label: algorithm, options: { algorithm } })),
  { label: 'consistent_hashing, tag, no match', options: { algorithm: 'consistent_hashing', hashTag: '{}' } },
  { label: 'consistent_hashing, 160 points', options: { algorithm: 'consistent_hashing', replicas: 160 } },
];
printTable(
  'Partitioner.nodeOf with the default hash, ns per key (nodes / key size)',
  ['', ...columns.map(({ count, length }) => `${count} / ${length} B`)],
  subjects.map(({ label, options }) => [
    label,
    ...columns.map(({ count, length }) => {
      const partitioner = new Partitioner({ nodes: makeNodes(count), random: Math.random, ...options });
      return nanoseconds((bytes, start, end) => partitioner.nodeOf(bytes, start, end), length).toFixed(1);
    }),
  ]),
);

const owners = new Int32Array(3);
printTable(
  'Partitioner.ownersOf, three owners, ns per key of 16 B (nodes)',
  ['', ...nodeCounts],
  partitioningAlgorithms.map((algorithm) => [
    algorithm,
    ...nodeCounts.map((count) => {
      const partitioner = new Partitioner({ nodes: makeNodes(count), random: Math.random, algorithm });
      return nanoseconds((bytes, start, end) => partitioner.ownersOf(bytes, start, end, 3, owners), 16).toFixed(1);
    }),
  ]),
);

printTable(
  'Building, ms (nodes)',
  ['', ...nodeCounts],
  partitioningAlgorithms.map((algorithm) => [
    algorithm,
    ...nodeCounts.map((count) => {
      let best = Infinity;
      for (let round = 0; round < 5; round++) {
        const begun = performance.now();
        sink ^= new Partitioner({ nodes: makeNodes(count), random: Math.random, algorithm }).nodes.length;
        best = Math.min(best, performance.now() - begun);
      }
      return best.toFixed(2);
    }),
  ]),
);

// Printed so that no call above can be optimised away.
console.log(`\nchecksum ${sink}`);

import { describe, expect, it } from 'vitest';
import { summarize } from '../../../src/cli/check.js';
import { parseConfig } from '../../../src/config/load.js';

describe('summarize', () => {
  it('has a line for the process, each listener and each pool', () => {
    const text = `
cluster: { name: c }
workers: 1
listeners:
  - { name: a, bind: "[::1]:1", pool: p }
  - { name: b, bind: /tmp/b.sock, pool: q }
pools:
  p: { nodes: [{ host: h }] }
  q: { protocol: memcached, nodes: [{ host: h }, { host: i }], partitioning: { algorithm: random } }
`;
    expect(summarize(parseConfig(text, 'f', {}))).toBe(
      [
        '  cluster c: 1 worker',
        '  listener a: redis on [::1]:1, pool p',
        '  listener b: memcached on /tmp/b.sock, pool q',
        '  pool p: 1 redis node, consistent_hashing (murmur3_32)',
        '  pool q: 2 memcached nodes, random',
        '',
      ].join('\n'),
    );
  });

  it('says when everything runs in one process', () => {
    const text = 'workers: 0\nlisteners: [{ bind: "h:1", pool: p }]\npools: { p: { nodes: [{ host: h }] } }';
    expect(summarize(parseConfig(text, 'f', {}))).toContain('cluster ringward: one process\n');
  });
});

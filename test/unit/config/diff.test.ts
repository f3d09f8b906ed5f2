import { describe, expect, it } from 'vitest';
import { describeChange, diffConfig } from '../../../src/config/diff.js';
import { parseConfig } from '../../../src/config/load.js';

const base = `
listeners: [{ name: redis, bind: '127.0.0.1:6380', pool: main }]
pools:
  main:
    nodes:
      - { id: a, host: 10.0.0.1 }
      - { id: b, host: 10.0.0.2 }
`;

const lines = (next: string): string[] =>
  diffConfig(parseConfig(base, 'a.yml'), parseConfig(next, 'b.yml')).map(describeChange);

describe('diffConfig', () => {
  it('is empty for the same configuration', () => {
    expect(lines(base)).toEqual([]);
  });

  it('names a node by its id, so that one put in front of the others is one change', () => {
    expect(lines(base.replace('- { id: a,', '- { id: c, host: 10.0.0.3 }\n      - { id: a,'))).toEqual([
      'pools.main.nodes.c: added',
    ]);
    expect(lines(base.replace('host: 10.0.0.2', 'host: 10.0.0.9, weight: 2'))).toEqual([
      'pools.main.nodes.b.address.host: "10.0.0.2" -> "10.0.0.9"',
      'pools.main.nodes.b.weight: 1 -> 2',
    ]);
    expect(lines(base.replace('- { id: b, host: 10.0.0.2 }', ''))).toEqual(['pools.main.nodes.b: removed']);
  });

  it('says that a secret changed and not what it is', () => {
    const text = lines(
      `${base.replace('pool: main }', 'pool: main, password: hush }')}    auth: { password: quiet }\n`,
    ).join('\n');
    expect(text).toBe('listeners.redis.password: none -> [secret]\npools.main.auth: none -> [secret]');
  });
});

import { describe, expect, it } from 'vitest';
import { recognise } from '../../../../src/config/twemproxy/recognise.js';

describe('recognise', () => {
  it.each([
    ['a pool with listen', 'a:\n  listen: x\n', 'twemproxy', '"a" is a block with "listen"'],
    ['a pool with servers', 'a:\n  servers:\n  - x\n', 'twemproxy', '"a" is a block with "servers"'],
    ['a twemproxy pool named pools', 'pools:\n  listen: x\n', 'twemproxy', '"pools" is a block with "listen"'],
    ['a Ringward pool named listen', 'pools:\n  listen: { nodes: [] }\n', 'ringward', 'it has the key "pools"'],
    ['a Ringward file', 'workers: 0\nlisteners: []\n', 'ringward', 'it has the key "listeners"'],
    ['a broken twemproxy file', '- x\na:\n  listen: y\n', 'twemproxy', 'it has an indented line "listen:"'],
    ['a broken Ringward file', '- x\npools:\n', 'ringward', 'a line begins with "listeners:" or "pools:"'],
  ])('takes %s for what it is', (_title, text, kind, why) => {
    expect(recognise(text)).toEqual({ kind, why, isSure: true });
  });

  it('takes what is neither for a Ringward file, and is not sure', () => {
    for (const text of ['', 'a: 1\n', '- a\n', 'a:\n  hash: md5\n']) {
      expect(recognise(text)).toMatchObject({ kind: 'ringward', isSure: false });
    }
  });
});

import { describe, expect, it } from 'vitest';
import { clientError, serverError, versionReply } from '../../../../src/protocol/memcache/replies.js';

describe('error texts', () => {
  it('name the class of the error and the proxy', () => {
    expect(serverError('node cache-3 did not answer within 200 ms').toString()).toBe(
      'SERVER_ERROR ringward: node cache-3 did not answer within 200 ms\r\n',
    );
    expect(clientError('too much').toString()).toBe('CLIENT_ERROR ringward: too much\r\n');
    expect(versionReply('1.2.3').toString()).toBe('VERSION 1.2.3\r\n');
  });

  it('stay one line of bounded length, whatever the text holds', () => {
    expect(serverError('a\r\nEND\r\n\0b').toString()).toBe('SERVER_ERROR ringward: a END b\r\n');
    expect(clientError('x'.repeat(5000)).length).toBeLessThan(600);
  });
});

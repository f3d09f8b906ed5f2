import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { UsageError, describeFailure } from '../../../src/cli/failure.js';
import { ConfigError, EnvironmentError } from '../../../src/errors.js';

describe('describeFailure', () => {
  it('gives configuration problems as they are, one a line', () => {
    expect(describeFailure(new ConfigError('f:1:1: a\nf:2:1: b'))).toBe('f:1:1: a\nf:2:1: b');
  });

  it('gives an environment error in one line', () => {
    expect(describeFailure(new EnvironmentError('no room'))).toBe('ringward: no room');
  });

  it('points from a wrong command line to the help', () => {
    expect(describeFailure(new UsageError('no such thing'))).toMatch(
      /^ringward: no such thing \(ringward --help .*\)$/,
    );
  });

  it('says which address is taken', async () => {
    const first = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => first.once('listening', resolve));
    const { port } = first.address() as AddressInfo;
    const second = createServer().listen(port, '127.0.0.1');
    const error = await new Promise((resolve) => second.once('error', resolve));
    first.close();
    expect(describeFailure(error)).toBe(`ringward: cannot listen on 127.0.0.1:${port}: another process does already`);
  });

  it('names the path of a socket that cannot be made', async () => {
    const server = createServer().listen('/nonexistent/a.sock');
    const error = await new Promise((resolve) => server.once('error', resolve));
    expect(describeFailure(error)).toMatch(/^ringward: cannot listen on \/nonexistent\/a\.sock: /);
  });

  it('keeps the stack of an error that nobody expected', () => {
    expect(describeFailure(new TypeError('x is not a function'))).toContain('failure.test.ts');
  });
});

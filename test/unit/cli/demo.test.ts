import { describe, expect, it } from 'vitest';
import { demoConfig } from '../../../src/cli/demo.js';

describe('demoConfig', () => {
  const nodes = [
    { name: 'redis-1', protocol: 'redis', isBackup: false, host: '127.0.0.1', port: 5001 },
    { name: 'redis-2', protocol: 'redis', isBackup: false, host: '127.0.0.1', port: 5002 },
    { name: 'redis-backup', protocol: 'redis', isBackup: true, host: '127.0.0.1', port: 5003 },
  ] as const;

  it('puts the nodes into a pool, without the backup', () => {
    const config = demoConfig([{ protocol: 'redis', port: 0 }], nodes);
    expect(config.workers).toBe(0);
    expect(config.pools.map((pool) => [pool.name, pool.nodes.map((node) => node.id)])).toEqual([
      ['redis', ['redis-1', 'redis-2']],
    ]);
  });

  it('listens on the loopback address only', () => {
    const config = demoConfig([{ protocol: 'redis', port: 6380 }], nodes);
    expect(config.listeners.map((listener) => listener.bind)).toEqual([{ kind: 'tcp', host: '127.0.0.1', port: 6380 }]);
  });
});

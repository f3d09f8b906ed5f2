/**
 * The two protocols that pools and listeners speak, under the names that the configuration file uses.
 */
export const PROTOCOLS = ['redis', 'memcached'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** The port of a node that names none. */
export const DEFAULT_PORTS: Readonly<Record<Protocol, number>> = { redis: 6379, memcached: 11_211 };

/**
 * A backend node as the data plane sees it: who it is, apart from where it is, and what happened on its connections.
 */
import type { NetConnectOpts } from 'node:net';
import { formatHostPort } from '../config/address.js';
import type { NodeAddress } from '../config/node.js';

export class UpstreamNode {
  readonly id: string;
  readonly address: NodeAddress;
  /** "cache-1 (127.0.0.1:6379)": how errors and logs call it. */
  readonly label: string;
  /** `host:port` or the socket's path. */
  readonly where: string;

  requests = 0;
  /** Requests that ended with an error because a connection was lost, or was not there in time. */
  failed = 0;
  /** Requests refused at once because the node was down. */
  turnedAway = 0;
  /** Connections that the node closed. */
  eofs = 0;
  /** Connections that failed otherwise, or could not be made. */
  errors = 0;
  connectTimeouts = 0;
  bytesIn = 0;
  bytesOut = 0;
  timeouts = 0;
  connects = 0;
  connectFailures = 0;

  constructor(id: string, address: NodeAddress) {
    this.id = id;
    this.address = address;
    this.where = address.kind === 'unix' ? address.path : formatHostPort(address.host, address.port);
    this.label = id === this.where ? id : `${id} (${this.where})`;
  }

  /** True when it is the node of that identity, at that address: connections to it stay good. */
  is(id: string, address: NodeAddress): boolean {
    if (id !== this.id || address.kind !== this.address.kind) return false;
    if (address.kind === 'unix') return this.where === address.path;
    return this.where === formatHostPort(address.host, address.port);
  }

  get connectOptions(): NetConnectOpts {
    const address = this.address;
    if (address.kind === 'unix') return { path: address.path };
    return { host: address.host, port: address.port, noDelay: true, keepAlive: true };
  }
}

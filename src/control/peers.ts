/**
 * What a session can ask about the whole proxy, whichever worker it sits in. In one process the answers are at hand;
 * with workers they come from the control plane, which asks them all (control/link.ts).
 */
import type { ClientFacts, ClientFilter, WorkerReport } from './report.js';

export interface KillRequest extends ClientFilter {
  /** Who asks: its own connection ends only after the reply. */
  readonly callerId: number;
}

export interface KillResult {
  readonly killed: number;
  readonly killsCaller: boolean;
}

/** CLIENT UNBLOCK: which client, and what its command answers. */
export interface UnblockRequest {
  readonly id: number;
  readonly reason: 'TIMEOUT' | 'ERROR';
}

/** Facts about the proxy that INFO prints. */
export interface ProxyReport {
  readonly clusterName: string;
  readonly startedAtMs: number;
  readonly pid: number;
  readonly configFile: string;
  readonly workers: readonly WorkerReport[];
  readonly workerRestarts: number;
}

export interface Peers {
  listClients(): Promise<readonly ClientFacts[]>;
  killClients(request: KillRequest): Promise<KillResult>;
  /** How many clients were unblocked: 0 or 1. */
  unblockClient(request: UnblockRequest): Promise<number>;
  report(): Promise<ProxyReport>;
  /** Microseconds since 1970. */
  wallClockMicros(): number;
}

/**
 * What a session can ask about the whole proxy, whichever worker it sits in. In one process the answers are at hand;
 * with workers they come from the control plane, which asks them all (control/link.ts).
 */
import type { LinesRequest, MonitorBatch } from '../monitor/hub.js';
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
  /** Counts configurations: 1 until the first reload. */
  readonly configEpoch: number;
  readonly workerRestarts: number;
}

/** A script that SCRIPT LOAD taught one worker; the others may need it too. */
export interface SharedScript {
  readonly pool: string;
  /** One character per byte. */
  readonly text: string;
}

export interface Peers {
  listClients(): Promise<readonly ClientFacts[]>;
  killClients(request: KillRequest): Promise<KillResult>;
  /** How many clients were unblocked: 0 or 1. */
  unblockClient(request: UnblockRequest): Promise<number>;
  report(): Promise<ProxyReport>;
  /** Lines for the MONITOR clients of the worker that asks, from all others, which feed as long as they are asked. */
  collectLines(request: LinesRequest): Promise<readonly MonitorBatch[]>;
  /** Every worker, the one that asks too, remembers the script. */
  shareScript(script: SharedScript): Promise<unknown>;
  /** Every worker forgets the scripts of that pool. */
  forgetScripts(pool: string): Promise<unknown>;
  /** Microseconds since 1970. */
  wallClockMicros(): number;
}

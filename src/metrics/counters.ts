/**
 * What one worker has counted since it started. Plain numbers, added to on the data path and read by INFO and by the
 * metrics of the control plane; names follow the words of the docs, one per thing that can happen.
 */
export class WorkerCounters {
  clientsAccepted = 0;
  clientsRejected = 0;
  /** Clients closed because their replies passed the output limit. */
  clientsClosedOutput = 0;
  clientsClosedIdle = 0;
  clientsClosedProtocol = 0;
  clientBytesIn = 0;
  clientBytesOut = 0;
  /** Times that a client was not read for a while because of a limit. */
  clientPauses = 0;
  commands = 0;
  /** Commands that went to several nodes and were merged. */
  commandsSplit = 0;
  /** Commands that the proxy computed from what several nodes have (cross_node_reads), */
  crossNodeReads = 0;
  /** and those of them that were refused because the nodes' replies passed the limit. */
  crossNodeReadsTooLarge = 0;
  /** Scripts that came into the script cache, and that left it because of `script_cache_size`. */
  scriptsLearnt = 0;
  scriptsEvicted = 0;
  /** SCRIPT LOAD requests that the proxy sent on its own. */
  scriptsLoaded = 0;
  /** EVALSHA requests repeated after NOSCRIPT. */
  scriptsHealed = 0;
  /** Names that the table lacks and that a node was asked about; and those that were not asked about because of a limit. */
  commandsLookedUp = 0;
  commandLookupsRefused = 0;
  /** Parts of memcached gets whose node failed, so that their keys were answered as misses. */
  partsMissed = 0;
  /** Error replies made by the proxy itself. */
  errorsProxy = 0;
  errorsProtocol = 0;
  errorsCrossSlot = 0;
  errorsUpstream = 0;
  /** Times that a client got a connection to a node to itself, and that it did not because of the limit. */
  privateConnectionsLent = 0;
  privateConnectionsRefused = 0;
  /** Transactions that were refused because they passed a limit on what they may queue. */
  transactionsOverLimit = 0;
  /** Messages of subscriptions, invalidations and MONITOR lines sent to clients. */
  pushesSent = 0;
  /** Messages that nodes sent to this worker's subscriptions, each once however many clients get it. */
  messagesReceived = 0;
  /** Channels and patterns asked for at nodes, those that were made again after a loss included. */
  subscriptionsMade = 0;
  /** Connections with subscriptions that were lost: until they are back, messages of their node are missed. */
  subscriptionsLost = 0;
  /** Requests refused because the client would have had too many subscriptions. */
  subscriptionsRefused = 0;
  /** Clients closed because pushes piled up that they did not read. */
  clientsClosedPushes = 0;
  /** Lines that MONITOR clients were not sent, because of `monitor_rate` or because they could not be passed on in time. */
  monitorLinesDropped = 0;
  /** Invalidations passed on to clients that track keys. */
  invalidations = 0;
  /** Times that such a client was told to drop all keys by the proxy. */
  trackingFlushes = 0;
  /** Clients that may not track because of the limit. */
  trackingRefused = 0;
  upstreamConnects = 0;
  upstreamConnectFailures = 0;
  upstreamTimeouts = 0;
  upstreamProtocolErrors = 0;
  upstreamBytesIn = 0;
  upstreamBytesOut = 0;
  /** Replies that had to wait for an earlier reply of the same client. */
  repliesHeld = 0;
  /** Replies sent on before they were complete. */
  repliesStreamed = 0;
  /** Replies to clients that had left. */
  repliesDropped = 0;
}

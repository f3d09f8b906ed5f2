/**
 * The counters of twemproxy's statistics in the order in which it prints them, with what they count here.
 * stats-text.ts prints the values under these names; `ringward --describe-stats` prints the table.
 */
export const poolCounters = {
  client_eof: 'clients that closed their connection',
  client_err: 'clients whose connection failed',
  client_connections: 'clients connected now',
  server_ejects: 'nodes ejected; always 0 in this version',
  forward_error: 'requests answered with an error because their node failed or was down',
  fragments: 'always 0, as in twemproxy',
} as const;

export const serverCounters = {
  server_eof: 'connections that the node closed',
  server_err: 'connections that failed or could not be made',
  server_timedout: 'connections given up because the node did not answer in time',
  server_connections: 'connections open now',
  server_ejected_at: 'when the node was ejected; always 0 in this version',
  requests: 'requests sent, each part of a split one counted',
  request_bytes: 'their bytes',
  responses: 'replies received',
  response_bytes: 'their bytes',
  in_queue: 'requests that wait for the connection to open, now',
  in_queue_bytes: 'bytes that wait to be written to the node, now',
  out_queue: 'requests that await their replies, now',
  out_queue_bytes: 'their bytes, from the mean size of a request',
} as const;

export type PoolCounters = Readonly<Record<keyof typeof poolCounters, number>>;
export type ServerCounters = Readonly<Record<keyof typeof serverCounters, number>>;

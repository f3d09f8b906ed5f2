/**
 * Why a node did not answer, as one value that travels from the channel to every request that it concerns. The client's
 * text is made from it in the protocol's own error file.
 */
export type FailureKind =
  | 'refused' // the connection was refused, reset while connecting, or the name does not resolve
  | 'connect-timeout'
  | 'timeout' // a request in flight passed its deadline
  | 'closed' // the node closed or reset an established connection
  | 'protocol' // the node sent what is no reply, or a reply that nobody asked for
  | 'handshake' // AUTH, SELECT or HELLO failed, or the node says that it is not ready
  | 'removed'; // the node left the configuration, or the proxy is shutting down

export interface Failure {
  readonly kind: FailureKind;
  readonly node: string;
  /** One clause with the node, its address and the number: "node cache-1 (10.0.0.1:6379) refused the connection". */
  readonly text: string;
  /** The connection had been good: requests in flight on it may have reached the node. */
  readonly wasReady: boolean;
}

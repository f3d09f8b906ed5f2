/**
 * The limits: everything in the program that grows has one here, with a default and bounds.
 * The framers, sessions and channels take them from `Limits`; nothing below re-invents a number.
 * Upper bounds of request parts stay below 2 GiB because argument offsets are 32-bit signed integers.
 */
import { z } from 'zod';
import { duration, integer, size } from './fields.js';

/** All in the unit that the name ends in; `Max` values are still legal, one more is not. */
export interface Limits {
  /** Clients connected to one worker process. */
  readonly clientsMax: number;
  /** Requests of one client that were read and not yet answered. Past it the client is not read. */
  readonly clientInFlightMax: number;
  /** One whole request, with its protocol overhead. */
  readonly requestBytesMax: number;
  /** One argument or value of a request. Never more than `requestBytesMax`. */
  readonly bulkBytesMax: number;
  readonly argumentsMax: number;
  /** One line: an inline Redis command. */
  readonly inlineBytesMax: number;
  /** One key. Never more than `bulkBytesMax`. memcached pools allow 250 whatever this says. */
  readonly keyBytesMax: number;
  readonly replyNestingMax: number;
  /** Replies waiting for one client. Past it the client is closed. */
  readonly clientOutputBytesMax: number;
  /** Replies waiting for one client. Past it the client is not read. Never more than `clientOutputBytesMax`. */
  readonly clientOutputPauseBytes: number;
  /** Messages waiting for one subscriber (or MONITOR client). Past it the client is closed. */
  readonly subscriberOutputBytesMax: number;
  /** Lines a second that one MONITOR client is sent. */
  readonly monitorLinesPerSecond: number;
  /** Scripts remembered for each redis pool of a worker, with what it takes to remember them. */
  readonly scriptCacheBytesMax: number;
  /** Channels, patterns and shard channels that one client is subscribed to. */
  readonly subscriptionsMax: number;
  /** Requests waiting to be written to one node connection. Past it the clients that feed it are not read. */
  readonly nodeOutputPauseBytes: number;
  /**
   * Replies of nodes from which the proxy computes one answer (cross_node_reads). Past it the client gets an error. Never
   * more than `clientOutputBytesMax`.
   */
  readonly crossNodeReadBytesMax: number;
  /** Commands of one open transaction. */
  readonly transactionCommandsMax: number;
  /** Bytes of the commands of one open transaction, as they are kept until EXEC. */
  readonly transactionBytesMax: number;
  /** A client without requests for so long is closed. 0: never. */
  readonly idleTimeoutMs: number;
}

export const limitsSchema = z
  .strictObject({
    clients: integer(
      10_000,
      1,
      1_000_000,
      'Clients connected at once, per worker process. One more gets an error and is closed. The open-file limit of the system must allow them.',
    ),
    client_in_flight: integer(
      16_384,
      1,
      1_048_576,
      'Requests of one client that await their replies (pipelining). Past it the client is not read until replies have left.',
    ),
    request_size: size(
      '1GiB',
      { min: '1KiB', max: '2047MiB' },
      'One whole request with all its arguments. A larger one gets an error and the client is closed.',
    ),
    bulk_size: size(
      '512MiB',
      { min: '1KiB', max: '2047MiB' },
      'One argument or value of a request. `request_size` applies too if it is smaller.',
    ),
    arguments: integer(
      1_048_576,
      16,
      16_777_216,
      'Arguments of one request, the command name included. Each costs 8 bytes while the request is read.',
    ),
    inline_size: size(
      '64KiB',
      { min: '1KiB', max: '1MiB' },
      'One line that is an inline Redis command. memcached command lines have limits of their own.',
    ),
    key_size: size(
      '512MiB',
      { min: '1B', max: '2047MiB' },
      'One key. `bulk_size` applies too if it is smaller. memcached pools allow 250 bytes whatever this says.',
    ),
    reply_nesting: integer(
      128,
      8,
      1024,
      "Depth of arrays within arrays in a node's reply. A deeper one closes the connection to that node.",
    ),
    client_output: size(
      '256MiB',
      { min: '64KiB', max: '16GiB' },
      'Replies waiting for one client that does not read them. Past it the client is closed.',
    ),
    client_output_pause: size(
      '1MiB',
      { min: '16KiB', max: '1GiB' },
      'Replies waiting for one client, past which its requests are not read. `client_output` applies too if it is smaller.',
    ),
    subscriber_output: size(
      '32MiB',
      { min: '64KiB', max: '16GiB' },
      'Messages waiting for one client that subscribed, monitors or tracks keys and does not read them. Past it the client is closed. `client_output` applies too if it is smaller.',
    ),
    monitor_rate: integer(
      50_000,
      1,
      10_000_000,
      'Lines a second that one `MONITOR` client is sent. More are dropped, and a line says how many.',
    ),
    script_cache_size: size(
      '16MiB',
      { min: '64KiB', max: '1GiB' },
      'Lua scripts remembered for each redis pool, per worker, to load them into nodes that lack them (EVALSHA). Past it the one that was not used for longest is forgotten.',
    ),
    transaction_commands: integer(
      65_536,
      1,
      1_048_576,
      'Commands that one client may queue between MULTI and EXEC. One more gets an error, and EXEC discards the transaction.',
    ),
    transaction_size: size(
      '64MiB',
      { min: '1KiB', max: '1GiB' },
      'All commands that one client queues between MULTI and EXEC, with their protocol overhead. Past it the command gets an error, and EXEC discards the transaction.',
    ),
    subscriptions: integer(
      65_536,
      1,
      16_777_216,
      'Channels, patterns and shard channels that one client is subscribed to. A request for more gets an error.',
    ),
    idle_timeout: duration(
      '0',
      { min: '1s', max: '720h', zero: true },
      'A client that sends nothing for so long and awaits nothing is closed. 0: never.',
    ),
    node_output_pause: size(
      '4MiB',
      { min: '64KiB', max: '1GiB' },
      'Requests waiting to be written to one node, past which the clients that send to it are not read.',
    ),
    // With 128 MiB of members no set has more than the 16 777 216 that a Set of JavaScript holds.
    cross_node_read_size: size(
      '8MiB',
      { min: '1KiB', max: '128MiB' },
      'Replies of the nodes, in all, from which the proxy computes the answer to one command over keys of several nodes (`cross_node_reads`). Past it the client gets an error. `client_output` applies too if it is smaller. While it computes, the worker does nothing else.',
    ),
  })
  .prefault({})
  .meta({ description: 'Limits. Everything that grows has one.' });

export type LimitsFields = z.output<typeof limitsSchema>;

/** Renames the fields and lets the outer limit cap the inner one. */
export function resolveLimits(fields: LimitsFields): Limits {
  const bulkBytesMax = Math.min(fields.bulk_size, fields.request_size);
  return {
    clientsMax: fields.clients,
    clientInFlightMax: fields.client_in_flight,
    requestBytesMax: fields.request_size,
    bulkBytesMax,
    argumentsMax: fields.arguments,
    inlineBytesMax: fields.inline_size,
    keyBytesMax: Math.min(fields.key_size, bulkBytesMax),
    replyNestingMax: fields.reply_nesting,
    clientOutputBytesMax: fields.client_output,
    clientOutputPauseBytes: Math.min(fields.client_output_pause, fields.client_output),
    subscriberOutputBytesMax: Math.min(fields.subscriber_output, fields.client_output),
    monitorLinesPerSecond: fields.monitor_rate,
    scriptCacheBytesMax: fields.script_cache_size,
    subscriptionsMax: fields.subscriptions,
    nodeOutputPauseBytes: fields.node_output_pause,
    crossNodeReadBytesMax: Math.min(fields.cross_node_read_size, fields.client_output),
    transactionCommandsMax: fields.transaction_commands,
    transactionBytesMax: fields.transaction_size,
    idleTimeoutMs: fields.idle_timeout,
  };
}

/**
 * A reply as a value: what the proxy itself answers (COMMAND, INFO, HELLO, merged replies), before it becomes bytes.
 * Off the hot path: forwarded replies are never decoded into these. encoder.ts writes them for RESP2 or RESP3; the union
 * has the types of RESP3, and the encoder says what each becomes in RESP2.
 * Reference: the RESP3 specification.
 */
export type ReplyValue =
  | { readonly type: 'simple'; readonly text: string }
  /** `text` starts with its prefix, such as `ERR `, and has no leading dash. */
  | { readonly type: 'error'; readonly text: string }
  | { readonly type: 'integer'; readonly value: number | bigint }
  /** A string is sent as UTF-8. */
  | { readonly type: 'bulk'; readonly value: string | Uint8Array }
  | { readonly type: 'array'; readonly items: readonly ReplyValue[] }
  | { readonly type: 'map'; readonly entries: readonly (readonly [ReplyValue, ReplyValue])[] }
  | { readonly type: 'set'; readonly items: readonly ReplyValue[] }
  | { readonly type: 'null' }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'bigNumber'; readonly value: bigint }
  /** `format` has three characters: `txt` or `mkd`. */
  | { readonly type: 'verbatim'; readonly format: 'txt' | 'mkd'; readonly text: string };

export const nullReply: ReplyValue = Object.freeze({ type: 'null' });
export const okReply: ReplyValue = Object.freeze({ type: 'simple', text: 'OK' });

export function simpleReply(text: string): ReplyValue {
  return { type: 'simple', text };
}

export function errorReply(text: string): ReplyValue {
  return { type: 'error', text };
}

export function integerReply(value: number | bigint): ReplyValue {
  return { type: 'integer', value };
}

export function bulkReply(value: string | Uint8Array): ReplyValue {
  return { type: 'bulk', value };
}

export function arrayReply(items: readonly ReplyValue[]): ReplyValue {
  return { type: 'array', items };
}

export function setReply(items: readonly ReplyValue[]): ReplyValue {
  return { type: 'set', items };
}

/** A map whose keys are bulk strings, in the order of `entries`. */
export function mapReply(entries: readonly (readonly [string, ReplyValue])[]): ReplyValue {
  return { type: 'map', entries: entries.map(([key, value]) => [bulkReply(key), value] as const) };
}

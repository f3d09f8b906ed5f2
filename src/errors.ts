/**
 * The error family. Every error that Ringward raises on purpose is a ProxyError with a stable `code`, so that callers,
 * logs and metrics tell causes apart without reading text. Expected trouble on the data path is a reply and a counter,
 * not one of these: they are for start-up, configuration, and codecs.
 */
export abstract class ProxyError extends Error {
  abstract readonly code: string;
  override get name(): string {
    return this.constructor.name;
  }
}

/** The configuration cannot be used. `message` is complete: file, line, path, what, and the nearest legal name. */
export class ConfigError extends ProxyError {
  readonly code = 'CONFIG';
}

/** Bytes that do not follow the protocol. `message` is the text that the client sees, without the leading dash. */
export class ProtocolError extends ProxyError {
  readonly code = 'PROTOCOL';
}

/** An address cannot be bound, a file not opened, a node not reached: the world around the proxy said no. */
export class EnvironmentError extends ProxyError {
  readonly code = 'ENVIRONMENT';
}

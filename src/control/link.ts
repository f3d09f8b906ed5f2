/**
 * Messages between the control plane and a data plane, the same whether they share a process or not.
 *
 * A `Port` carries plain data one way and hands over what comes; `Link` makes calls of it: a request has an id, and one
 * answer or one error comes back, or the caller is told that the other side is gone. Calls are for control work (reports,
 * client lists, drain); nothing on the data path crosses a link.
 */
import { EventEmitter } from 'node:events';

export interface Port {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
}

type Message =
  | { readonly type: 'call'; readonly id: number; readonly method: string; readonly argument: unknown }
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly name: string; readonly text: string };

/** What one side offers to the other: method names to functions of one plain-data argument. */
export type Methods = Readonly<Record<string, (argument: never) => unknown>>;

/** The other side answered with an error, is gone, or did not answer in time. */
export class LinkError extends Error {
  /** Name of the error on the other side. */
  readonly remoteName: string;
  constructor(remoteName: string, text: string) {
    super(text);
    this.remoteName = remoteName;
  }
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout | undefined;
}

export class Link {
  readonly #port: Port;
  readonly #methods: Methods;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #isClosed = false;

  constructor(port: Port, methods: Methods) {
    this.#port = port;
    this.#methods = methods;
    port.onMessage((message) => void this.#onMessage(message as Message));
  }

  /** Calls `method` over there. `timeoutMs` 0: waits as long as the other side lives. */
  call<Result>(method: string, argument: unknown, timeoutMs: number): Promise<Result> {
    if (this.#isClosed) return Promise.reject(new LinkError('Closed', `the other side of the link is gone`));
    const id = this.#nextId++;
    return new Promise<Result>((resolve, reject) => {
      const timer =
        timeoutMs === 0
          ? undefined
          : setTimeout(() => {
              this.#waiting.delete(id);
              reject(new LinkError('Timeout', `${method} was not answered within ${timeoutMs} ms`));
            }, timeoutMs);
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, timer });
      this.#port.post({ type: 'call', id, method, argument } satisfies Message);
    });
  }

  /** The other side is gone: every call that waits fails. */
  close(): void {
    this.#isClosed = true;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new LinkError('Closed', 'the other side of the link is gone'));
    }
    this.#waiting.clear();
  }

  async #onMessage(message: Message): Promise<void> {
    if (message.type === 'call') {
      this.#port.post(await this.#answer(message.id, message.method, message.argument));
      return;
    }
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id);
    clearTimeout(waiting.timer);
    if (message.type === 'result') waiting.resolve(message.value);
    else waiting.reject(new LinkError(message.name, message.text));
  }

  async #answer(id: number, method: string, argument: unknown): Promise<Message> {
    try {
      const handler = this.#methods[method];
      if (handler === undefined) throw new RangeError(`no method ${method}`);
      return { type: 'result', id, value: await (handler as (argument: unknown) => unknown)(argument) };
    } catch (error) {
      const { name, message } = error as Error;
      return { type: 'error', id, name, text: message };
    }
  }
}

/** Two ports in one process, joined: what one posts the other receives, in order, never inside the call of `post`. */
export function joinedPorts(): readonly [Port, Port] {
  const [a, b] = [new EventEmitter(), new EventEmitter()];
  const port = (own: EventEmitter, other: EventEmitter): Port => ({
    post: (message) => queueMicrotask(() => other.emit('message', message)),
    onMessage: (listener) => void own.on('message', listener),
  });
  return [port(a, b), port(b, a)];
}

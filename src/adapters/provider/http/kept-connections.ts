import { AsyncLocalStorage } from "node:async_hooks";
import diagnostics from "node:diagnostics_channel";

/** Learns whether its request was sent on a connection that had served another one. */
export interface Sender {
  onKept: boolean;
}

/**
 * Reports which requests are sent on a kept connection. undici does not report this to the caller, only on its diagnostics
 * channels: it publishes each request when it is made, within what `dispatch` begins, and again with its socket when its
 * headers are written, directly after `onRequestStart` (undici 8.12.4, lib/core/request.js and
 * lib/dispatcher/client-h1.js; likewise in Node's own copy).
 */
export class KeptConnections {
  readonly #senders = new WeakMap<object, Sender>();
  readonly #used = new WeakSet();
  readonly #making = new AsyncLocalStorage<Sender>();
  #isFollowing = false;
  #starting: Sender | undefined;
  readonly #onCreate = (message: unknown): void => {
    const request = objectIn(message, "request");
    const sender = this.#making.getStore();
    if (sender !== undefined && request !== undefined) this.#senders.set(request, sender);
  };
  readonly #onSend = (message: unknown): void => {
    const request = objectIn(message, "request");
    const socket = objectIn(message, "socket");
    const starting = this.#starting;
    this.#starting = undefined;
    if (request === undefined || socket === undefined) return;
    const sender = starting ?? (this.#isFollowing ? this.#senders.get(request) : undefined);
    if (sender !== undefined) sender.onKept = this.#used.has(socket);
    // A pool can be shared with other callers.
    this.#used.add(socket);
  };

  constructor() {
    diagnostics.subscribe("undici:client:sendHeaders", this.#onSend);
  }

  /** To be called in `onRequestStart` of the sender's request, where its handler is ours: costs a tenth of `dispatching`. */
  starting(sender: Sender): void {
    this.#starting = sender;
  }

  /** Runs `dispatch`, which creates the sender's request, at once or later. */
  dispatching<T>(sender: Sender, dispatch: () => T): T {
    if (!this.#isFollowing) diagnostics.subscribe("undici:request:create", this.#onCreate);
    this.#isFollowing = true;
    return this.#making.run(sender, dispatch);
  }

  close(): void {
    diagnostics.unsubscribe("undici:request:create", this.#onCreate);
    diagnostics.unsubscribe("undici:client:sendHeaders", this.#onSend);
  }
}

/** Whether the other side closed or reset the connection. */
export function isLost(error: unknown): boolean {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return code === "UND_ERR_SOCKET" || code === "ECONNRESET" || code === "EPIPE" || code === "ECONNABORTED";
}

function objectIn(message: unknown, key: string): object | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const value = (message as Readonly<Record<string, unknown>>)[key];
  return typeof value === "object" && value !== null ? value : undefined;
}

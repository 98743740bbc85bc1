import diagnostics from "node:diagnostics_channel";

/** Learns whether its request was sent on a connection that had served another one. */
export interface Sender {
  onKept: boolean;
}

/**
 * Reports which requests are sent on a kept connection. undici does not report this to the caller, only on its diagnostics
 * channels: it publishes each request when it is made, within `dispatch`, and again with its socket when its headers are
 * written (undici 8.12.4, lib/core/request.js and lib/dispatcher/client-h1.js).
 */
export class KeptConnections {
  readonly #senders = new WeakMap<object, Sender>();
  readonly #used = new WeakSet();
  #making: Sender | undefined;
  readonly #onCreate = (message: unknown): void => {
    const request = objectIn(message, "request");
    if (this.#making !== undefined && request !== undefined) this.#senders.set(request, this.#making);
  };
  readonly #onSend = (message: unknown): void => {
    const request = objectIn(message, "request");
    const socket = objectIn(message, "socket");
    const sender = request === undefined ? undefined : this.#senders.get(request);
    if (sender === undefined || socket === undefined) return;
    sender.onKept = this.#used.has(socket);
    this.#used.add(socket);
  };

  constructor() {
    diagnostics.subscribe("undici:request:create", this.#onCreate);
    diagnostics.subscribe("undici:client:sendHeaders", this.#onSend);
  }

  /** Runs `dispatch`, which creates the sender's request synchronously. */
  dispatching(sender: Sender, dispatch: () => void): void {
    this.#making = sender;
    try {
      dispatch();
    } finally {
      this.#making = undefined;
    }
  }

  close(): void {
    diagnostics.unsubscribe("undici:request:create", this.#onCreate);
    diagnostics.unsubscribe("undici:client:sendHeaders", this.#onSend);
  }
}

function objectIn(message: unknown, key: string): object | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const value = (message as Readonly<Record<string, unknown>>)[key];
  return typeof value === "object" && value !== null ? value : undefined;
}

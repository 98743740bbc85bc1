import type { Dispatcher } from "undici";
import Agent from "undici/lib/dispatcher/agent.js";
import { decoderFor } from "./content-encoding";
import type { BodyDecoder } from "./content-encoding";
import { isLost, KeptConnections } from "./kept-connections";
import { proxiesFrom } from "./proxies";
import type { Proxies } from "./proxies";
import { onKeptConnection, pushBody } from "./transport";
import type { BodySink, FetchInit, FetchLike, PushedResponse } from "./transport";

/** Used when a caller names no limit for the connection, in milliseconds. */
const defaultConnectMs = 10_000;

/** Addresses that are kept parsed. */
const maxTargets = 64;

/** A transport that keeps connections open between calls; `close` ends them. */
export type HttpFetch = FetchLike & { close(): Promise<void> };

/**
 * A transport for use outside VS Code: half the cost of Node's `fetch` for each call, no promise for each piece of a
 * body, no limit of its own for headers and body (Node's gives up after 300 s without headers; a large model on a slow
 * machine takes longer to load), and it supports `connectTimeoutMs`. It follows no redirect, reads compressed bodies, and
 * uses the proxy that the environment names.
 * @param environment HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in upper or lower case.
 */
export function createHttpFetch(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): HttpFetch {
  const agents = new Map<string, Dispatcher>();
  const proxies = proxiesFrom(environment);
  const kept = new KeptConnections();
  const targets = new Map<string, Target>();
  const targetOf = (url: string): Target => {
    let target = targets.get(url);
    if (target === undefined) {
      target = { ...parsedTarget(url), proxy: proxies.of(url) };
      // Addresses of Venues: a few, asked again and again.
      if (targets.size < maxTargets) targets.set(url, target);
    }
    return target;
  };
  const agentFor = (connectMs: number, fresh: boolean, proxy: string | undefined): Dispatcher => {
    const name = `${connectMs} ${fresh} ${proxy ?? ""}`;
    let agent = agents.get(name);
    if (agent === undefined) {
      agent = agentOf(connectMs, fresh, proxy, proxies);
      agents.set(name, agent);
    }
    return agent;
  };
  const send: FetchLike = (url, init) =>
    new Promise((resolve, reject) => {
      const { origin, path, proxy } = targetOf(url);
      const connectMs = init.connectTimeoutMs ?? defaultConnectMs;
      const agent = agentFor(connectMs, init.fresh === true, proxy);
      const exchange = new HttpExchange(init.signal, kept, resolve, reject);
      agent.dispatch(
        { origin, path, method: init.method, headers: init.headers, body: bodyOf(init) },
        exchange,
      );
    });
  const close = async (): Promise<void> => {
    kept.close();
    await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    agents.clear();
  };
  return Object.assign(send, { close, proxyOf: (url: string) => proxies.shown(url) });
}

/** Where a request goes. */
interface Target {
  readonly origin: string;
  /** With the query. */
  readonly path: string;
  /** The proxy on the way; undefined: a direct connection. */
  readonly proxy: string | undefined;
}

/** @throws {TypeError} for an address with a user name or a password. */
function parsedTarget(url: string): Omit<Target, "proxy"> {
  const { origin, pathname, search, username } = new URL(url);
  if (username !== "") throw new TypeError("An address must not contain a user name or a password.");
  return { origin, path: pathname + search };
}

/** Node's own limit of a response's header in bytes; it is only asked for where an option may have changed it, which loads `node:http`. */
const maxHeaderBytes = 16_384;

function maxHeaderSize(): { readonly maxHeaderSize?: number } {
  const options = `${process.execArgv.join(" ")} ${process.env.NODE_OPTIONS ?? ""}`;
  return options.includes("max-http-header-size") ? {} : { maxHeaderSize: maxHeaderBytes };
}

function agentOf(connectMs: number, fresh: boolean, proxy: string | undefined, proxies: Proxies): Dispatcher {
  const options = {
    connect: { timeout: connectMs },
    headersTimeout: 0,
    ...maxHeaderSize(),
    bodyTimeout: 0,
    // Without pipelining a connection serves one request and is closed.
    ...(fresh ? { pipelining: 0 } : {}),
  };
  return proxy === undefined ? new Agent(options) : proxies.agent(proxy, options);
}

function bodyOf(init: FetchInit): string | null {
  return init.body ?? null;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const headerOf = (headers: Headers, name: string): string | null => {
  const value = headers[name.toLowerCase()];
  return value === undefined ? null : Array.isArray(value) ? value.join(", ") : value;
};

const nothing = (): void => undefined;

/** One request, and its response as it arrives. */
class HttpExchange implements Dispatcher.DispatchHandler {
  /** The request was sent on a connection that had served another one. */
  onKept = false;
  readonly #signal: AbortSignal;
  readonly #kept: KeptConnections;
  #resolve: (response: PushedResponse) => void;
  #reject: (error: unknown) => void;
  readonly #onAbort: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #decoder: BodyDecoder | undefined;
  #sink: BodySink | undefined;
  #early: Uint8Array[] = [];
  #ended: { readonly error?: Error } | undefined;
  #begun = false;
  #stopped = false;

  constructor(
    signal: AbortSignal,
    kept: KeptConnections,
    resolve: (response: PushedResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.#signal = signal;
    this.#kept = kept;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#onAbort = () => {
      // A request that still waits for its connection has no controller; it is dropped when its turn comes.
      this.#reject(signal.reason);
      this.#stop();
    };
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#stopped) controller.abort(new Error("aborted"));
    else this.#kept.starting(this);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status < 200) return;
    this.#begun = true;
    const encoding = headerOf(headers, "content-encoding");
    if (encoding !== null) this.#decoder = this.#decoderFor(encoding);
    this.#resolve({
      status,
      headers: { get: (name) => headerOf(headers, name) },
      body: null,
      text: () => this.#text(),
      [pushBody]: (sink) => {
        this.#attach(sink);
        return () => this.#stop();
      },
    });
  }

  #decoderFor(encoding: string): BodyDecoder | undefined {
    return decoderFor(encoding, {
      data: (bytes) => this.#data(bytes),
      end: () => this.#finish({}),
      error: (error) => this.#finish({ error: error instanceof Error ? error : new Error(String(error)) }),
    });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#stopped) return;
    if (this.#decoder === undefined) this.#data(chunk);
    else this.#decoder.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#decoder === undefined) this.#finish({});
    else this.#decoder.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.#begun && this.onKept && isLost(error)) Object.assign(error, { [onKeptConnection]: true });
    this.#reject(error);
    this.#decoder?.stop();
    this.#finish({ error });
  }

  #data(bytes: Uint8Array): void {
    if (this.#stopped) return;
    if (this.#sink === undefined) this.#early.push(bytes);
    else this.#sink.data(bytes);
  }

  #attach(sink: BodySink): void {
    this.#sink = sink;
    for (const chunk of this.#early) sink.data(chunk);
    this.#early = [];
    this.#report();
  }

  #finish(ended: { readonly error?: Error }): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#ended ??= ended;
    this.#report();
  }

  #report(): void {
    const sink = this.#sink;
    if (sink === undefined || this.#ended === undefined || this.#stopped) return;
    this.#stopped = true;
    this.#release();
    if (this.#ended.error === undefined) sink.end();
    else sink.error(this.#ended.error);
  }

  /** Lets go of the call: undici holds an exchange longer than it lasts, and the call's prompt and reply with it. */
  #release(): void {
    this.#sink = undefined;
    this.#controller = undefined;
    this.#resolve = nothing;
    this.#reject = nothing;
  }

  #stop(): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    if (this.#stopped) return;
    this.#stopped = true;
    this.#decoder?.stop();
    this.#controller?.abort(new Error("aborted"));
    this.#release();
  }

  #text(): Promise<string> {
    return new Promise((resolve, reject) => {
      const parts: Uint8Array[] = [];
      this.#attach({
        data: (bytes) => parts.push(bytes),
        end: () => resolve(Buffer.concat(parts).toString("utf8")),
        error: (error) => reject(error instanceof Error ? error : new Error(String(error))),
      });
    });
  }
}

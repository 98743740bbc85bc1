/**
 * What the providers need of a `fetch`: less than the standard one, so that Node's, the one VS Code patches for
 * proxies, and our own (`http-fetch.ts`) all fit.
 */
export interface FetchLike {
  (url: string, init: FetchInit): Promise<FetchResponse>;
  /** The proxy of a request to the address, for messages; undefined: none, or it is not known. */
  readonly proxyOf?: (url: string) => string | undefined;
}

export interface FetchInit {
  readonly method: "GET" | "POST";
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** A redirected POST loses its body or sends the key elsewhere: put the address into the Venue instead. */
  readonly redirect: "manual";
  /** Until the connection is established, in milliseconds. Only `http-fetch.ts` supports it; others have a limit of their own. */
  readonly connectTimeoutMs?: number;
  /** On a connection of its own. Only `http-fetch.ts` supports it; others pool connections as they like. */
  readonly fresh?: boolean;
}

/** Marks an error of a request that failed on a kept connection before the first byte of its response. */
export const onKeptConnection: unique symbol = Symbol.for("orket.on-kept-connection");

/** Whether the request failed this way: the server had closed the connection meanwhile, and has not seen it. */
export function diedOnKeptConnection(error: unknown): boolean {
  return typeof error === "object" && error !== null && onKeptConnection in error;
}

export interface FetchResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: ByteStream | null;
  text(): Promise<string>;
}

/** The part of a web ReadableStream that is used here. */
export interface ByteStream {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    cancel(): Promise<void>;
  };
}

/** Receives a body, piece by piece; exactly one of `end` and `error` comes last. */
export interface BodySink {
  data(bytes: Uint8Array): void;
  end(): void;
  error(error: unknown): void;
}

/**
 * A response may hand its body directly to a sink and save a promise per piece. The key is registered by name, so that
 * a copy of this module in another bundle recognizes it too.
 */
export const pushBody: unique symbol = Symbol.for("orket.push-body");

/** A response whose body is pushed; the function returned stops it and closes the connection. */
export interface PushedResponse extends FetchResponse {
  [pushBody](sink: BodySink): () => void;
}

function isPushed(response: FetchResponse): response is PushedResponse {
  return pushBody in response;
}

/** Reads the whole body into the sink. The function returned stops it; the sink receives nothing afterwards. */
export function readBody(response: FetchResponse, sink: BodySink): () => void {
  if (isPushed(response)) return response[pushBody](sink);
  const { body } = response;
  if (body === null) {
    queueMicrotask(() => sink.end());
    return () => undefined;
  }
  const reader = body.getReader();
  let stopped = false;
  const pump = async (): Promise<void> => {
    while (!stopped) {
      const { done, value } = await reader.read();
      // `stopped` may have been set while the read was waiting.
      if (stopped as boolean) return;
      if (done) return sink.end();
      if (value !== undefined) sink.data(value);
    }
  };
  pump().catch((error: unknown) => {
    if (!stopped) sink.error(error);
  });
  return () => {
    stopped = true;
    reader.cancel().catch(() => undefined);
  };
}

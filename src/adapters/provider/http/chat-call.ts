import { ProviderError } from "../../../engine/error/provider-error";
import type { Timeouts } from "../../../engine/model/venue";
import type { Cancellation } from "../../../engine/port/cancellation";
import type { ModelDelta, ModelReply } from "../../../engine/port/model-provider";
import type { Credentials } from "./access";
import { errorFromConnection } from "./connection-errors";
import { longestReply, longestStream } from "./bounds";
import { Deadline, timerMs } from "./deadline";
import { errorFromStatus } from "./http-errors";
import type { CallFacts } from "./http-errors";
import { redactDeep, redactor, redactorOf } from "./redact";
import { ReplyBuilder } from "./reply-builder";
import { diedOnKeptConnection, readBody } from "./transport";
import type { FetchLike, FetchResponse } from "./transport";
import { defined } from "../../../engine/model/defined";

/** Reads a vendor's stream into a ReplyBuilder. */
export interface StreamParser {
  /** Takes bytes; true when they held a piece of the reply. @throws {ProviderError} malformed_reply and errors in the stream. */
  push(bytes: Uint8Array): boolean;
  /** The body has ended. @throws {ProviderError} stream_truncated when the reply is not whole. */
  end(): void;
  /** The reply is whole; only extras such as the usage block may be missing. */
  readonly complete: boolean;
  /** Nothing more can arrive. */
  readonly done: boolean;
}

/** How long to wait for the rest after the reply is whole, and after the server signalled the end. */
const trimmingsMs = 1000;
const lastBytesMs = 20;
/** How much of an error's body is read, in bytes. */
const longestErrorBody = 64 * 1024;

/** One HTTP exchange of a call: what is sent, and what was received. */
export interface Exchange {
  /**
   * Sends a request with this body. Headers are set here, not by a package: packages add the machine's
   * platform, read keys and headers from environment variables, and need not see the key.
   * @throws {ProviderError} for a failed connection and for every status but 200.
   */
  send(url: string, body: string): Promise<void>;
}

export interface ChatCall {
  readonly fetch: FetchLike;
  readonly timeouts: Timeouts;
  readonly cancellation: Cancellation;
  /** As in `ModelRequest`. */
  readonly recorded: Promise<void> | undefined;
  readonly credentials: () => Promise<Credentials>;
  /** The longest reply, in tokens: enforced here with a margin, whatever the server does. */
  readonly maxOutputTokens: number;
  readonly accept: string;
  readonly facts: Omit<CallFacts, "redact">;
  readonly startHint?: string;
  /** The request without messages and keys, for the record. */
  readonly sent: Readonly<Record<string, unknown>>;
  readonly onDelta: (delta: ModelDelta) => void;
  /** Sends the request through the exchange. */
  readonly request: (exchange: Exchange) => Promise<unknown>;
  readonly parser: (reply: ReplyBuilder, facts: CallFacts) => StreamParser;
}

/** The call once its keys are known. */
interface KeyedCall extends ChatCall {
  readonly headers: Credentials["headers"];
  readonly onResent: () => void;
  readonly facts: CallFacts;
}

/**
 * Performs one streamed call: one request, no retry, no fallback.
 * @throws {ProviderError} for every failure, with the text that had arrived and without the key.
 */
export async function performCall(call: ChatCall): Promise<ModelReply> {
  const deadline = new Deadline(call.timeouts, call.cancellation);
  const reply = new ReplyBuilder(deadline, call.onDelta, longestReply(call.maxOutputTokens));
  let redact = redactor(undefined);
  try {
    return await deadline.run(async () => {
      const { headers, secrets } = await call.credentials();
      redact = redactorOf(secrets);
      reply.hideKeys(secrets);
      const onResent = (): void => {
        reply.resent = 1;
      };
      const keyed: KeyedCall = { ...call, headers, onResent, facts: { ...call.facts, redact } };
      const response = await open(keyed, deadline);
      await consume(response, call.parser(reply, keyed.facts), reply, deadline, keyed);
      return reply.finish(redactDeep(call.sent, redact));
    });
  } catch (error) {
    const unparsed = ProviderError.is(error) ? error.unparsedCall : undefined;
    if (unparsed === undefined) throw sealed(error, reply.text, redact);
    // The model did answer: it wrote a call that the server could not parse. The engine reports this to the model.
    if (reply.text === "") reply.addText(unparsed.written);
    reply.unparsedCall = unparsed.words;
    reply.toolCalls.length = 0;
    reply.finishReason = "stop";
    return reply.finish(redactDeep(call.sent, redact));
  }
}

/** Sends the request and waits for the headers of a successful response. */
async function open(call: KeyedCall, deadline: Deadline): Promise<FetchResponse> {
  let response: FetchResponse | undefined;
  let failure: unknown;
  const send = async (url: string, body: string): Promise<void> => {
    try {
      response = await exchange(call, deadline, url, body);
    } catch (error) {
      // The packages wrap what is thrown here; the original is needed.
      failure = error;
      throw error;
    }
  };
  try {
    await call.request({ send });
  } catch (error) {
    throw failure ?? error;
  }
  if (response === undefined) throw new ProviderError("unknown", "The provider's package sent no request.");
  return response;
}

async function exchange(
  call: KeyedCall,
  deadline: Deadline,
  url: string,
  body: string,
): Promise<FetchResponse> {
  await call.recorded;
  deadline.begin();
  const send = (fresh: boolean): Promise<FetchResponse> =>
    call.fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: call.accept,
        "user-agent": "orket",
        ...call.headers,
      },
      body,
      signal: deadline.signal,
      redirect: "manual",
      connectTimeoutMs: timerMs(call.timeouts.connect_seconds),
      ...(fresh ? { fresh } : {}),
    });
  let response: FetchResponse;
  try {
    response = await send(false).catch((error: unknown) => {
      // The server had closed a kept connection; it has not seen the request. Try once more, on a new connection.
      if (!diedOnKeptConnection(error) || deadline.ended) throw error;
      call.onResent();
      return send(true);
    });
  } catch (error) {
    throw connectionError(error, "before_headers", call);
  }
  if (response.status === 200) return response;
  const text = await errorBody(response);
  throw errorFromStatus(response.status, (name) => response.headers.get(name), text, call.facts);
}

/** The beginning of an error's body; what had arrived if the rest does not. */
function errorBody(response: FetchResponse): Promise<string> {
  return new Promise((resolve) => {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    const finish = (): void => resolve(Buffer.concat(parts).toString("utf8"));
    const stop = readBody(response, {
      data: (part) => {
        parts.push(part);
        bytes += part.length;
        if (bytes < longestErrorBody) return;
        finish();
        queueMicrotask(() => stop());
      },
      end: finish,
      error: finish,
    });
  });
}

function connectionError(error: unknown, phase: "before_headers" | "in_body", call: ChatCall): ProviderError {
  const { server, address } = call.facts;
  const { startHint } = call;
  const via = call.fetch.proxyOf?.(address);
  return errorFromConnection(error, phase, {
    server,
    address,
    ...defined({ via, startHint }),
  });
}

/**
 * Feeds the body to the parser. Pieces that arrive in one turn of the event loop (a network read holds many HTTP chunks)
 * are parsed together: that costs a fraction and gives a single delta for display.
 */
function consume(
  response: FetchResponse,
  parser: StreamParser,
  reply: ReplyBuilder,
  deadline: Deadline,
  call: ChatCall,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let waiting: Uint8Array[] = [];
    let leftBytes = longestStream(call.maxOutputTokens);
    let settled = false;
    let ended = false;
    let draining: NodeJS.Immediate | undefined;
    let tail: NodeJS.Timeout | undefined;
    let tailMs = Infinity;
    let stop = (): void => undefined;

    const abandon = (): void => {
      settled = true;
      clearTimeout(tail);
      stop();
    };
    const settle = (error?: Error): void => {
      if (settled) return;
      settled = true;
      clearTimeout(tail);
      deadline.signal.removeEventListener("abort", abandon);
      if (error === undefined) resolve();
      else reject(error);
    };
    /** Ends the call soon when the server does not: what is still missing is not part of the reply. */
    const endWithin = (ms: number): void => {
      if (tailMs <= ms) return;
      deadline.settle();
      clearTimeout(tail);
      tailMs = ms;
      tail = setTimeout(() => {
        settle();
        stop();
      }, ms);
    };
    const drain = (): void => {
      const first = waiting[0];
      if (first === undefined || settled || deadline.ended) return;
      clearImmediate(draining);
      const bytes = waiting.length === 1 ? first : Buffer.concat(waiting);
      waiting = [];
      try {
        if (parser.push(bytes)) {
          deadline.piece();
          reply.arrived();
        }
        reply.flush();
        leftBytes -= bytes.length;
        if (reply.overflowed || leftBytes <= 0) {
          reply.cutOff();
          settle();
          stop();
        } else if (ended) return;
        else if (parser.done) endWithin(lastBytesMs);
        else if (parser.complete) endWithin(trimmingsMs);
      } catch (error) {
        settle(asError(error));
        stop();
      }
    };
    // Removed in the end: a listener keeps the whole call in memory until the next large collection.
    deadline.signal.addEventListener("abort", abandon, { once: true });
    stop = readBody(response, {
      data: (bytes) => {
        waiting.push(bytes);
        if (waiting.length === 1) draining = setImmediate(drain);
      },
      end: () => {
        ended = true;
        drain();
        if (settled) return;
        try {
          parser.end();
          settle();
        } catch (error) {
          settle(asError(error));
        }
      },
      error: (error) => {
        drain();
        settle(parser.complete ? undefined : connectionError(error, "in_body", call));
      },
    });
  });
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** The error as it leaves the adapter: a ProviderError with the partial text, which cannot contain the key. */
function sealed(error: unknown, partialText: string, redact: CallFacts["redact"]): ProviderError {
  const { cause } = error instanceof Error ? error : { cause: undefined };
  const details = {
    partialText,
    ...(cause instanceof Error ? { cause: new Error(redact(cause.message)) } : {}),
  };
  if (!ProviderError.is(error)) {
    const message = error instanceof Error ? error.message : String(error);
    return new ProviderError("unknown", redact(`The call failed unexpectedly: ${message}`), details);
  }
  return new ProviderError(error.code, redact(error.message), {
    ...details,
    ...defined({ status: error.status, retryAfterSeconds: error.retryAfterSeconds }),
  });
}

import { ProviderError } from "../../../engine/error/provider-error";
import type { ProviderErrorCode } from "../../../engine/error/provider-error";

/** How far the call had progressed when the connection failed. */
export type ConnectionPhase = "before_headers" | "in_body";

const byCode: Readonly<Record<string, ProviderErrorCode>> = {
  ECONNREFUSED: "unreachable",
  ENOTFOUND: "unreachable",
  EAI_AGAIN: "unreachable",
  EHOSTUNREACH: "unreachable",
  EHOSTDOWN: "unreachable",
  ENETUNREACH: "unreachable",
  ENETDOWN: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  ETIMEDOUT: "connect_timeout",
  UND_ERR_CONNECT_TIMEOUT: "connect_timeout",
  UND_ERR_HEADERS_TIMEOUT: "first_token_timeout",
  UND_ERR_BODY_TIMEOUT: "idle_timeout",
  ECONNRESET: "connection_lost",
  ECONNABORTED: "connection_lost",
  EPIPE: "connection_lost",
  UND_ERR_SOCKET: "connection_lost",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "connection_lost",
  ERR_INVALID_URL: "bad_request",
};

const meaning: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ENOTFOUND: "the host name is unknown",
  EAI_AGAIN: "the host name could not be looked up",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  ETIMEDOUT: "the connection timed out",
  UND_ERR_CONNECT_TIMEOUT: "the connection timed out",
  UND_ERR_HEADERS_TIMEOUT: "the transport's own limit for the first bytes, 300 s in Node's fetch, ran out",
  UND_ERR_BODY_TIMEOUT: "the transport's own limit between two pieces ran out",
  ECONNRESET: "connection reset",
  UND_ERR_SOCKET: "the other side closed the connection",
};

/** Errors of Chromium's network stack, which serves `fetch` in some VS Code hosts: names in the message, no code. */
const byWords: readonly (readonly [RegExp, ProviderErrorCode])[] = [
  [/ERR_(CONNECTION_REFUSED|NAME_NOT_RESOLVED|ADDRESS_UNREACHABLE|INTERNET_DISCONNECTED)/, "unreachable"],
  [/ERR_(CONNECTION_)?TIMED_OUT/, "connect_timeout"],
  [/ERR_(CONNECTION_RESET|CONNECTION_CLOSED|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING)/, "connection_lost"],
];

interface Cause {
  readonly code: string | undefined;
  readonly message: string;
}

/** The errors below `error`, innermost first: `fetch` wraps them, and several addresses give an AggregateError. */
function causes(error: unknown, depth = 0): Cause[] {
  if (!(error instanceof Error) || depth > 5) return [];
  const inner = error instanceof AggregateError ? (error.errors as unknown[])[0] : error.cause;
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  return [...causes(inner, depth + 1), { code, message: error.message }];
}

/** A failed connection as a ProviderError: the cause by the error's code, else by how far the call had progressed. */
export function errorFromConnection(
  error: unknown,
  phase: ConnectionPhase,
  where: {
    readonly server: string;
    readonly address: string;
    readonly startHint?: string;
    readonly via?: string;
  },
): ProviderError {
  const found = causes(error);
  const known = found.find(({ code }) => code !== undefined);
  const code = known?.code ?? "";
  const words = found.map(({ message }) => message).join(": ") || String(error);
  const mapped =
    byCode[code] ??
    (code.startsWith("HPE_") ? "malformed_reply" : undefined) ??
    byWords.find(([pattern]) => pattern.test(words))?.[1] ??
    (phase === "in_body" ? "connection_lost" : "unreachable");
  const why = meaning[code] ?? known?.message ?? words;
  return new ProviderError(mapped, sentence(mapped, phase, why, where), { cause: error });
}

/**
 * Whether an error shows for certain that no connection is possible: refused, no such host, no route. An error without a code,
 * or with another one (a certificate, a proxy's message), may concern this one request.
 */
export function isNoConnection(error: unknown): boolean {
  const found = causes(error);
  return found.some(
    ({ code, message }) =>
      byCode[code ?? ""] === "unreachable" ||
      byWords.some(([pattern, meant]) => meant === "unreachable" && pattern.test(message)),
  );
}

/** The server's name within a sentence. */
export function withinSentence(server: string): string {
  return server.replace(/^The /, "the ");
}

function sentence(
  code: ProviderErrorCode,
  phase: ConnectionPhase,
  why: string,
  where: {
    readonly server: string;
    readonly address: string;
    readonly startHint?: string;
    readonly via?: string;
  },
): string {
  const { startHint } = where;
  const address =
    where.via === undefined ? where.address : `${where.address} (through the proxy ${where.via})`;
  const server = withinSentence(where.server);
  switch (code) {
    case "unreachable":
      return `Cannot reach ${server} at ${address}: ${why}.${startHint === undefined ? "" : ` ${startHint}`}`;
    case "connect_timeout":
      return `${where.server} at ${address} did not accept the connection in time (\`timeouts: { connect_seconds }\`).`;
    case "connection_lost":
      return `The connection to ${server} at ${address} was lost ${phase === "in_body" ? "in the middle of the reply" : "before the reply began"}: ${why}.`;
    case "malformed_reply":
      return `The server at ${address} does not speak HTTP as expected: ${why}.`;
    default:
      return `The call to ${server} at ${address} failed: ${why}.`;
  }
}

/** Why a model call failed; each is shown to users and decides whether a retry makes sense. */
export const providerErrorCodes = [
  "cancelled",
  "interrupted",
  "unreachable",
  "connect_timeout",
  "first_token_timeout",
  "idle_timeout",
  "total_timeout",
  "connection_lost",
  "stream_truncated",
  "malformed_reply",
  "bad_request",
  "unauthorized",
  "not_found",
  "rate_limited",
  "overloaded",
  "server_error",
  "context_overflow",
  "tools_unsupported",
  "system_unsupported",
  "refused_by_consent",
  "unknown",
] as const;
export type ProviderErrorCode = (typeof providerErrorCodes)[number];

/** Failures after which the same call may succeed; the others need a person or another Venue. */
const retryable: ReadonlySet<ProviderErrorCode> = new Set([
  "interrupted",
  "unreachable",
  "connect_timeout",
  "first_token_timeout",
  "idle_timeout",
  "total_timeout",
  "connection_lost",
  "stream_truncated",
  "malformed_reply",
  "rate_limited",
  "overloaded",
  "server_error",
]);

/** A move of a call between nodes; see `Failover` in the port. */
type Move = Readonly<{
  from: string;
  to: string;
  reason: string;
  digestChanged: boolean;
  partialText?: string;
}>;

/** Registered by name, so that copies of the class in other bundles are recognized too: `instanceof` misses them. */
const marker = Symbol.for("orket.provider-error");

/** A model call that did not return a complete reply. */
export class ProviderError extends Error {
  readonly [marker] = true;
  readonly code: ProviderErrorCode;
  /** HTTP status of the answer, where there was one. */
  readonly status: number | undefined;
  /** How long the server asked to wait (Retry-After), in seconds. */
  readonly retryAfterSeconds: number | undefined;
  /** The text that had arrived before the failure. */
  readonly partialText: string | undefined;
  /** The server could not parse the call that the model wrote: the server's message, and the model's text if it includes it. */
  readonly unparsedCall: { readonly words: string; readonly written: string } | undefined;
  /** The moves between nodes before the failure, in order. */
  readonly failovers: readonly Move[];

  constructor(
    code: ProviderErrorCode,
    message: string,
    options: {
      status?: number;
      retryAfterSeconds?: number;
      partialText?: string;
      failovers?: readonly Move[];
      unparsedCall?: { readonly words: string; readonly written: string };
      cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ProviderError";
    this.code = code;
    this.status = options.status;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.partialText = options.partialText;
    this.unparsedCall = options.unparsedCall;
    this.failovers = options.failovers ?? [];
  }

  /** Whether `error` is a ProviderError, of this copy of the class or of another bundle's. */
  static is(error: unknown): error is ProviderError {
    return typeof error === "object" && error !== null && marker in error;
  }

  /** Whether the same call may succeed when it is made again. */
  get retryable(): boolean {
    return retryable.has(this.code);
  }
}

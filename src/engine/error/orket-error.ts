/**
 * Every way in which the engine, the adapters or a host can fail so that the caller cannot go on.
 * Mistakes in definition files are diagnostics and model or tool outcomes are events; neither is thrown.
 */
export const errorCodes = [
  "usage",
  "definition_invalid",
  "session_not_found",
  "session_ambiguous",
  "session_locked",
  "session_ended",
  "journal_damaged",
  "blob_missing",
  "folder_unsafe",
  "not_trusted",
  "format_unsupported",
  "approval_unknown",
  "approval_stale",
  "command_refused",
  "artifact_unknown",
  "acceptance_conflict",
  "acceptance_denied",
  "acceptance_stale",
  "acceptance_unchecked",
  "venue_unready",
  "secret_missing",
  "provider_failed",
  "consent_missing",
  "key_not_allowed",
  "session_foreign",
  "disk_full",
  "disk_failed",
  "internal",
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** Registered by name, so that copies of the class in other bundles are recognized too. */
const marker = Symbol.for("orket.error");

/** A failure with a code for program logic, a sentence for users and, where one is known, a hint on what to do. */
export class OrketError extends Error {
  readonly [marker] = true;
  readonly code: ErrorCode;
  /** What the user can do about it; a sentence. */
  readonly hint: string | undefined;
  /** Facts for the code and the log: paths, line numbers, digests. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "OrketError";
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
  }

  /** Whether `error` is an OrketError, of one of `codes` when any are given. */
  static is(error: unknown, ...codes: readonly ErrorCode[]): error is OrketError {
    if (typeof error !== "object" || error === null || !(marker in error)) return false;
    return codes.length === 0 || codes.includes((error as OrketError).code);
  }
}

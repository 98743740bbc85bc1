import { diskError } from "../adapters/files/durable";
import { diskCode } from "../adapters/files/file-system";
import { OrketError } from "../engine/error/orket-error";
import { ProviderError } from "../engine/error/provider-error";

/** Node's fields of a failed file operation besides its code. */
interface SystemError extends Error {
  readonly syscall: string;
  readonly path: string;
}

function isFileFailure(error: unknown): error is SystemError {
  return (
    error instanceof Error &&
    diskCode(error) !== undefined &&
    "syscall" in error &&
    "path" in error &&
    typeof error.path === "string"
  );
}

/**
 * Any failure as one with a code, for the two places that report it to the user. A failed model call is `provider_failed`, a
 * failed file operation `disk_full` or `disk_failed`; everything else is a bug, `internal`.
 */
export function failureOf(error: unknown): OrketError {
  if (OrketError.is(error)) return error;
  if (ProviderError.is(error)) {
    return new OrketError("provider_failed", error.message, {
      hint: "`Orket: Select Venue` and `orket venues` show which backends answer.",
      cause: error,
      details: { code: error.code },
    });
  }
  if (isFileFailure(error)) return diskError(error, error.path);
  const message = error instanceof Error ? error.message : String(error);
  return new OrketError("internal", `Something went wrong inside Orket: ${message}`, { cause: error });
}

import { ProviderError } from "../../../engine/error/provider-error";
import type { ProviderErrorCode } from "../../../engine/error/provider-error";
import type { Redact } from "./redact";

/** What an error message needs to know about the call. */
export interface CallFacts {
  /** The server's name at the start of a sentence: "Ollama", "The server". */
  readonly server: string;
  readonly address: string;
  readonly model: string;
  readonly toolsSent: boolean;
  /** Names of the fields of the request that a Venue can change or remove through `params`. */
  readonly fields: readonly string[];
  /** What to do when the model is not there; a sentence. */
  readonly missingModelHint: string;
  /** Takes the key out of the server's words, before they are cut. */
  readonly redact: Redact;
}

const contextWords =
  /context[_ ](length|window|size)|maximum context|n_ctx|prompt is too long|too many tokens|exceed\w* the (available )?context/i;
const toolWords =
  /(does not|doesn't|not) support\w* (tool|function)|tools? (param|call|choice|use)[^.]*(not supported|requires|unsupported)|tool.?choice requires|tools? (is|are) not supported/i;
const missingModelWords =
  /model\b.*\bnot found|model_not_found|no such model|model\b.*does not exist|invalid model name/i;

/** FastAPI's words about a body that it does not take; llama-cpp-python says them with status 500. */
const validationWords = /\bvalidation errors?:/i;

/** LiteLLM without a database: what it says, with status 400, about a key that is not its own. */
const keyWords = /no connected db/i;

/** Longest part of a server's own words in a message, in characters. */
const longestQuote = 1000;

/** A server's words on one line, for a message: without the key, cut where they are too long (in characters). */
export function quote(text: string, redact: Redact, longest = longestQuote): string {
  const line = redact(text).replace(/\s+/g, " ").trim();
  return line.length > longest ? `${line.slice(0, longest)} …` : line;
}

interface ErrorWords {
  readonly message: string;
  /** `type` and `code` of OpenAI-compatible errors. */
  readonly kinds: readonly string[];
  readonly status: number | undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The words of an error object in any of the shapes in use: `{error: {message, type, code}}`, `{error}`, `{detail}`. */
export function errorWords(payload: unknown): ErrorWords {
  if (!isRecord(payload)) return { message: String(payload), kinds: [], status: undefined };
  const inner = payload.error ?? payload;
  if (typeof inner === "string") return { message: inner, kinds: [], status: undefined };
  const source = isRecord(inner) ? inner : payload;
  const said = source.message ?? source.detail ?? source.msg;
  const message = typeof said === "string" ? said : JSON.stringify(said ?? source);
  const kinds = [source.type, source.code].filter((value): value is string => typeof value === "string");
  const status = [source.code, source.status].find((value): value is number => typeof value === "number");
  return { message, kinds, status };
}

const byKind: readonly (readonly [RegExp, ProviderErrorCode])[] = [
  [/context_length/, "context_overflow"],
  [/rate_limit|insufficient_quota|too_many_requests/, "rate_limited"],
  [/overloaded|unavailable/, "overloaded"],
  [/authentication|permission|invalid_api_key/, "unauthorized"],
  [/not_found/, "not_found"],
  [/invalid_request|bad_request|BadRequest/, "bad_request"],
];

function codeOfStatus(status: number): ProviderErrorCode {
  if (status === 401 || status === 402 || status === 403 || status === 407) return "unauthorized";
  if (status === 404) return "not_found";
  if (status === 429) return "rate_limited";
  if (status === 503 || status === 529) return "overloaded";
  if (status === 408 || status >= 500) return "server_error";
  return "bad_request";
}

/** How long to wait, in seconds: Retry-After holds seconds or an HTTP date. Undefined when absent or unreadable. */
export function retryAfterSeconds(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - nowMs) / 1000));
}

/** What a Venue can do about a field that the server does not take. */
function fieldHint(message: string, facts: CallFacts): string {
  const named = facts.fields.filter((field) => new RegExp(`\\b${field}\\b`).test(message));
  if (named.includes("max_tokens") && message.includes("max_completion_tokens")) {
    return " In the Venue, `params: { max_tokens: null, max_completion_tokens: 2048 }` sends the other field.";
  }
  const field = named.at(0);
  return field === undefined ? "" : ` In the Venue, \`params: { ${field}: null }\` leaves the field out.`;
}

/** The sharper code that the server's words allow, where the status or type only says "bad request" or "error". */
function sharpen(code: ProviderErrorCode, message: string, facts: CallFacts): ProviderErrorCode {
  if (code !== "bad_request" && code !== "server_error" && code !== "not_found") return code;
  if (contextWords.test(message)) return "context_overflow";
  if (keyWords.test(message)) return "unauthorized";
  if (facts.toolsSent && toolWords.test(message)) return "tools_unsupported";
  if (code !== "not_found" && missingModelWords.test(message)) return "not_found";
  if (code === "server_error" && validationWords.test(message)) return "bad_request";
  return code;
}

function explain(
  code: ProviderErrorCode,
  words: string,
  status: number | undefined,
  facts: CallFacts,
): string {
  const quoted = quote(words, facts.redact);
  const said = quoted === "" ? "" : ` It says: ${quoted}${/[.!?…]$/.test(quoted) ? "" : "."}`;
  const answered = status === undefined ? "reported an error" : `answered ${status}`;
  const start = `${facts.server} at ${facts.address} ${answered}.${said}`;
  switch (code) {
    case "unauthorized":
      return `${start} Check \`api_key\` in the Venue and the stored secret.`;
    case "not_found":
      return `${start} ${facts.missingModelHint}`;
    case "tools_unsupported":
      return `${start} The model '${facts.model}' takes no tool calls here; \`tool_calls: text\` in the Venue sends them as text.`;
    case "context_overflow":
      return `${start} Lower \`context_tokens\` or \`max_output_tokens\` in the Venue, or shorten the prompt.`;
    case "bad_request":
      return `${start}${fieldHint(words, facts)}`;
    default:
      return start;
  }
}

/** An answer with a status other than 200 as a ProviderError. `body` as the server sent it, perhaps cut. */
export function errorFromStatus(
  status: number,
  header: (name: string) => string | null,
  body: string,
  facts: CallFacts,
): ProviderError {
  if (status === 0 || (status >= 300 && status < 400)) {
    const to = header("location");
    const target = to === null ? "elsewhere" : `to ${quote(to, facts.redact)}`;
    return new ProviderError(
      "bad_request",
      `${facts.server} at ${facts.address} redirects ${target}. Redirects are not followed: write the final address as \`endpoint\` in the Venue.`,
      { status },
    );
  }
  let payload: unknown = body;
  try {
    payload = JSON.parse(body);
  } catch {
    // Not JSON: a proxy's page or plain text; its words are quoted as they are.
  }
  const { message } = errorWords(payload);
  const code = sharpen(codeOfStatus(status), isRecord(payload) ? JSON.stringify(payload) : message, facts);
  const wait = retryAfterSeconds(header("retry-after"), Date.now());
  return new ProviderError(code, explain(code, message, status, facts), {
    status,
    ...(wait === undefined ? {} : { retryAfterSeconds: wait }),
  });
}

/** An error object within the stream as a ProviderError, by its type, its code or its words. */
export function errorFromStream(payload: unknown, facts: CallFacts): ProviderError {
  const { message, kinds, status } = errorWords(payload);
  const byType = kinds.flatMap((kind) =>
    byKind.filter(([pattern]) => pattern.test(kind)).map(([, code]) => code),
  );
  const plain = byType[0] ?? (status === undefined || status < 400 ? "server_error" : codeOfStatus(status));
  const code = sharpen(plain, message, facts);
  return new ProviderError(
    code,
    explain(code, message, undefined, facts),
    status === undefined ? {} : { status },
  );
}

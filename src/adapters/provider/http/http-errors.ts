import { ProviderError } from "../../../engine/error/provider-error";
import type { ProviderErrorCode } from "../../../engine/error/provider-error";
import { errorWords } from "./error-words";
import type { Redact } from "./redact";
import { defined } from "../../../engine/model/defined";

/** What an error message needs to know about the call. */
export interface CallFacts {
  /** The server's name at the start of a sentence: "Ollama", "The server". */
  readonly server: string;
  readonly address: string;
  readonly model: string;
  readonly toolsSent: boolean;
  /** Names of the request's fields that a Venue can change or remove through `params`. */
  readonly fields: readonly string[];
  /** What to do when the model does not exist; a sentence. */
  readonly missingModelHint: string;
  /** The longest reply that was requested, in tokens. */
  readonly maxTokens?: number;
  /** Removes the key from the server's text before it is cut. */
  readonly redact: Redact;
}

/** Prompt too long, in the messages of vendors and servers; each line names its source. */
const contextPatterns: readonly RegExp[] = [
  // OpenAI, DeepSeek, OpenRouter, vLLM, LiteLLM, and the codes of the first.
  /context[_ -]?(length|window|size)|maximum context|maximum model length|maximum sequence length/i,
  // llama.cpp, llama-cpp-python, LM Studio.
  /n_ctx|exceed\w* the (available )?context|exceed_context_size|context (the )?overflows/i,
  // Anthropic.
  /prompt is too long|exceed context limit|request_too_large/i,
  // Amazon Bedrock.
  /input is too long for requested model|too many input tokens/i,
  // Gemini.
  /input token count.*exceeds|exceeds the maximum number of tokens/i,
  // Mistral, xAI, Cohere.
  /too large for model with \d+|maximum prompt length|too many tokens/i,
  // Groq: more in one request than its limit for a minute.
  /request too large for model/i,
  /reduce the length of (the|your) (messages|prompt|input)/i,
  // Kimi, Qwen (DashScope), GLM.
  /exceeded model token limit|range of input length|prompt (length )?exceeds/i,
  // Text Generation Inference.
  /must have less than \d+ tokens|`?inputs`? tokens \+/i,
  // GitHub Models, Copilot; Ollama.
  /prompt token count.*exceeds|tokens_limit_reached|input length exceeds/i,
  /\b(prompt|input|request) (is )?too (long|many tokens)/i,
];
const isTooLong = (words: string): boolean => contextPatterns.some((pattern) => pattern.test(words));

/** A model, or its template, that does not support system messages. */
const systemWords =
  /system (role|message|prompt|instruction)s?\b[^.]*\b(not (be )?(supported|enabled|allowed)|unsupported|isn't supported)|(not|doesn't|does not) support\w*[^.]{0,40}\b(system|developer)( |_)?(role|message|prompt|instruction)|developer instruction is not enabled|unexpected role system|roles must alternate/i;

/** A call that the model wrote and the server itself could not parse: Groq, Ollama, llama.cpp, vLLM. */
const unparsedCallWords =
  /tool_use_failed|failed_generation|failed to call a function|error parsing tool call|failed to parse (the )?(tool|function)[ _]call|failed to parse input at pos/i;

/** A refusal of the request, not of the caller. */
const policyWords =
  /content[_ ]?(policy|filter|management|safety)|moderation|safety (system|filter|guideline)|flagged|guardrail|responsible ai|harm(ful)? content|input data may contain/i;

const toolWords =
  /(does not|doesn't|not) support\w* (tool|function)|tools? (param|call|choice|use)[^.]*(not supported|requires|unsupported)|tool.?choice requires|tools? (is|are) not supported/i;
const missingModelWords =
  /model\b.*\bnot found|model_not_found|no such model|model\b.*does not exist|invalid model name/i;

/** FastAPI's message about a body that it does not accept; llama-cpp-python sends it with status 500. */
const validationWords = /\bvalidation errors?:/i;

/** LiteLLM without a database: its message, with status 400, about a key that is not its own. */
const keyWords = /no connected db/i;

/** Words in a refusal for a missing key; a content policy's refusal has none of them. */
const keyWordsOfRefusal = /api[_ -]?key|unauthori[sz]ed|authenticat|credential|access token|permission/i;

/** Longest part of a server's own text in a message, in characters. */
const longestQuote = 1000;

/** A server's text on one line, for a message: without the key, cut where it is too long (in characters). */
export function quote(text: string, redact: Redact, longest = longestQuote): string {
  const line = redact(text).replace(/\s+/g, " ").trim();
  return line.length > longest ? `${line.slice(0, longest)} …` : line;
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
function retryAfterSeconds(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - nowMs) / 1000));
}

/** Fields that `params` can remove; the others define the call. */
const notRemovable = new Set(["model", "messages", "stream", "tools", "endpoint", "options"]);

/** What a Venue can do about a field that the server does not accept. */
function fieldHint(message: string, facts: CallFacts): string {
  const named = facts.fields.filter(
    (field) => !notRemovable.has(field) && new RegExp(`(?<![\\w.-])${field}(?![\\w-])`).test(message),
  );
  if (named.includes("max_tokens") && message.includes("max_completion_tokens")) {
    const most = facts.maxTokens ?? 2048;
    return ` In the Venue, \`params: { max_tokens: null, max_completion_tokens: ${most} }\` sends the other field.`;
  }
  const field = named.at(0);
  return field === undefined ? "" : ` In the Venue, \`params: { ${field}: null }\` leaves the field out.`;
}

/** The more specific code that the server's text allows, where the status or type is only "bad request" or "error". */
function sharpen(code: ProviderErrorCode, message: string, facts: CallFacts): ProviderErrorCode {
  if (policyWords.test(message) && !keyWordsOfRefusal.test(message)) return "bad_request";
  if ((code === "rate_limited" || code === "overloaded") && /request too large for model/i.test(message))
    return "context_overflow";
  if (code !== "bad_request" && code !== "server_error" && code !== "not_found") return code;
  if (isTooLong(message)) return "context_overflow";
  if (systemWords.test(message)) return "system_unsupported";
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
      return status === 402
        ? `${start} The account behind the key cannot pay for the call: add credit to it, or use another key.`
        : `${start} Check \`api_key\` in the Venue and the stored secret.`;
    case "system_unsupported":
      return `${start} The model '${facts.model}' takes no system message here; \`system_role: merge\` in the Venue puts the role's prompt into the first user message.`;
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

/** A response with a status other than 200 as a ProviderError. `body` as the server sent it, perhaps cut. */
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
    // Not JSON: a proxy's page or plain text; its text is quoted unchanged.
  }
  const { message, kinds, failedGeneration } = errorWords(payload);
  const all = [message, ...kinds].join(" ");
  const code = sharpen(byStatus(status, kinds), all, facts);
  const wait = retryAfterSeconds(header("retry-after"), Date.now());
  return new ProviderError(code, explain(code, message, status, facts), {
    status,
    ...defined({ retryAfterSeconds: wait }),
    ...unparsedCall(all, message, failedGeneration, facts),
  });
}

/** The server's message about a call of the model's that it could not parse. */
function unparsedCall(
  all: string,
  message: string,
  failedGeneration: string | undefined,
  { redact, toolsSent }: CallFacts,
): { unparsedCall?: { words: string; written: string } } {
  if (!toolsSent || !unparsedCallWords.test(all)) return {};
  return { unparsedCall: { words: quote(message, redact), written: redact(failedGeneration ?? "") } };
}

/** A status that is less specific than the error's own kind yields to it. */
function byStatus(status: number, kinds: readonly string[]): ProviderErrorCode {
  const code = codeOfStatus(status);
  if (code !== "bad_request" && code !== "server_error") return code;
  const kind = kinds.flatMap((name) =>
    byKind.filter(([pattern]) => pattern.test(name)).map(([, known]) => known),
  );
  return kind.find((known) => known === "context_overflow" || known === "rate_limited") ?? code;
}

/** An error object within the stream as a ProviderError, by its type, its code or its text. */
export function errorFromStream(payload: unknown, facts: CallFacts): ProviderError {
  const { message, kinds, status, failedGeneration } = errorWords(payload);
  const byType = kinds.flatMap((kind) =>
    byKind.filter(([pattern]) => pattern.test(kind)).map(([, code]) => code),
  );
  const plain = byType[0] ?? (status === undefined || status < 400 ? "server_error" : codeOfStatus(status));
  const all = [message, ...kinds].join(" ");
  const code = sharpen(plain, all, facts);
  return new ProviderError(code, explain(code, message, undefined, facts), {
    ...defined({ status }),
    ...unparsedCall(all, message, failedGeneration, facts),
  });
}

import { ProviderError } from "../../../engine/error/provider-error";
import type { ModelReply } from "../../../engine/port/model-provider";
import type { StreamParser } from "../http/chat-call";
import { withinSentence } from "../http/connection-errors";
import { errorFromStream, quote } from "../http/http-errors";
import type { CallFacts } from "../http/http-errors";
import { LineSplitter, longestLineBytes } from "../http/lines";
import { measured, usageOf } from "../http/reply-builder";
import type { ReplyBuilder } from "../http/reply-builder";

/** A line of a stream, with the fields used here; every field may be missing or of another type. */
interface Line {
  readonly model?: unknown;
  readonly error?: unknown;
  readonly message?: {
    readonly content?: unknown;
    readonly thinking?: unknown;
    readonly tool_calls?: readonly (ToolCall | null)[] | null;
  } | null;
  readonly done?: unknown;
  readonly done_reason?: unknown;
  readonly prompt_eval_count?: unknown;
  readonly eval_count?: unknown;
}
interface ToolCall {
  readonly id?: unknown;
  readonly function?: { readonly name?: unknown; readonly arguments?: unknown } | null;
}

/**
 * Reads the JSON lines of Ollama's chat. The package's own reader only warns on the console about a line that it
 * cannot parse, and continues with a gap in the reply; here such a line ends the call.
 */
export class OllamaStream implements StreamParser {
  complete = false;
  readonly #reply: ReplyBuilder;
  readonly #facts: CallFacts;
  readonly #lines = new LineSplitter();
  #started = false;
  /** The whole body, where it is one indented JSON document instead of lines. */
  #document: string | undefined;

  constructor(reply: ReplyBuilder, facts: CallFacts) {
    this.#reply = reply;
    this.#facts = facts;
  }

  /** The line that ends the reply also holds all its metadata. */
  get done(): boolean {
    return this.complete;
  }

  push(bytes: Uint8Array): boolean {
    const text = this.#lines.push(bytes);
    if (this.#lines.overlong) throw malformed("a line without an end", this.#facts);
    if (this.#document === undefined && !this.#started && isDocument(text)) this.#document = "";
    if (text.trim() !== "") this.#started = true;
    if (this.#document !== undefined) {
      this.#document += text;
      if (this.#document.length > longestLineBytes) throw malformed("a document without an end", this.#facts);
      return false;
    }
    let piece = false;
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      if (end > from && this.#line(text.slice(from, end))) piece = true;
      from = end + 1;
      if (this.complete) break;
    }
    return piece;
  }

  end(): void {
    const rest = ((this.#document ?? "") + this.#lines.rest()).trim();
    if (rest !== "" && !this.complete) {
      try {
        this.#line(rest);
      } catch (error) {
        // A truncated last line is a truncated stream, not a malformed one.
        if (!ProviderError.is(error) || error.code !== "malformed_reply") throw error;
      }
    }
    if (!this.complete) {
      throw new ProviderError(
        "stream_truncated",
        `The stream of ${withinSentence(this.#facts.server)} at ${this.#facts.address} ended before the reply was whole: no line said "done".`,
      );
    }
  }

  #line(text: string): boolean {
    const line = parse(text);
    if (line === undefined) {
      if (text.trim() === "") return false;
      throw malformed(text, this.#facts);
    }
    if (line.error !== undefined && line.error !== null) throw errorFromStream(line, this.#facts);
    const reply = this.#reply;
    if (reply.model === undefined && typeof line.model === "string") reply.model = line.model;
    let piece = false;
    const { message } = line;
    if (message !== undefined && message !== null) {
      if (typeof message.thinking === "string" && message.thinking !== "") {
        reply.addReasoning(message.thinking);
        reply.attached.add("thinking", message.thinking);
        piece = true;
      }
      if (typeof message.content === "string" && message.content !== "") {
        reply.addText(message.content);
        piece = true;
      }
      if (Array.isArray(message.tool_calls)) {
        for (const call of message.tool_calls as readonly (ToolCall | null)[]) this.#toolCall(call);
        piece = true;
      }
    }
    if (line.done !== true) return piece;
    reply.finishReason = finishReason(line.done_reason);
    if (reply.finishReason === "other" && typeof line.done_reason === "string")
      reply.finishSaid = line.done_reason;
    // Ollama omits a count when it did not evaluate anything, as with a prompt from its cache.
    reply.usage = usageOf(
      measured(line.prompt_eval_count, 1),
      measured(line.eval_count, reply.empty ? 0 : 1),
    );
    this.complete = true;
    return true;
  }

  #toolCall(call: ToolCall | null): void {
    const name = call?.function?.name;
    const args = call?.function?.arguments;
    const id = call?.id;
    const argumentsJson = typeof args === "string" ? args : JSON.stringify(args ?? {});
    this.#reply.count(32 + argumentsJson.length);
    this.#reply.toolCalls.push({
      ...(typeof id === "string" && id !== "" ? { id } : {}),
      name: typeof name === "string" ? name : "",
      argumentsJson,
    });
  }
}

function finishReason(reason: unknown): ModelReply["finishReason"] {
  // Old servers report no reason; a finished reply has stopped.
  if (reason === "stop" || reason === undefined) return "stop";
  return reason === "length" ? "length" : "other";
}

/** One JSON value over several lines, where each line should hold one. */
function isDocument(text: string): boolean {
  const first = text.trimStart();
  return (
    /^[[{]\s*(\r?\n|$)/.test(first) &&
    parse(first.slice(0, (first.indexOf("\n") + 1 || first.length + 1) - 1)) === undefined
  );
}

function parse(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function malformed(line: string, { redact }: CallFacts): ProviderError {
  return new ProviderError(
    "malformed_reply",
    `The stream holds a line that is no JSON object: ${quote(line, redact, 200)}`,
  );
}

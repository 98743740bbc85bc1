import { ProviderError } from "../../../engine/error/provider-error";
import type { ModelReply } from "../../../engine/port/model-provider";
import type { StreamParser } from "../http/chat-call";
import { withinSentence } from "../http/connection-errors";
import { errorFromStream, quote } from "../http/http-errors";
import type { CallFacts } from "../http/http-errors";
import { LineSplitter, longestLineBytes } from "../http/lines";
import { measured, usageOf } from "../http/reply-builder";
import type { ReplyBuilder } from "../http/reply-builder";
import { ToolCallAssembler, unitsOf } from "../http/tool-calls";
import type { ToolCallFragment } from "../http/tool-calls";

/** A chunk of a stream, with the fields used here; every field may be missing or of another type. */
interface Chunk {
  readonly model?: unknown;
  readonly system_fingerprint?: unknown;
  readonly error?: unknown;
  readonly usage?: Usage | null;
  readonly choices?: readonly (Choice | null | undefined)[] | null;
}
interface Choice {
  readonly index?: unknown;
  readonly delta?: Delta | null;
  /** Some servers end a stream with the whole message instead of a delta. */
  readonly message?: Delta | null;
  readonly finish_reason?: unknown;
}
interface Delta {
  readonly content?: unknown;
  readonly refusal?: unknown;
  readonly reasoning_content?: unknown;
  readonly reasoning?: unknown;
  readonly tool_calls?: readonly ToolCallFragment[] | null;
  /** The call of servers from before `tool_calls`. */
  readonly function_call?: ToolCallFragment["function"];
}
/** Fields of a message that are read here, or carry nothing that a server would need back. */
const ownFields = new Set([
  "role",
  "content",
  "refusal",
  "tool_calls",
  "function_call",
  "annotations",
  "audio",
  "logprobs",
  "token_ids",
  "stop_reason",
  "matched_stop",
]);

interface Usage {
  readonly prompt_tokens?: unknown;
  readonly completion_tokens?: unknown;
  readonly prompt_tokens_details?: { readonly cached_tokens?: unknown } | null;
}

/** Recorded as the server's reason where the end mark came without one: the reply is whole. */
const endMark = "[DONE]";

/** Recorded as the server's reason where the model refused to answer, whatever `finish_reason` says. */
const refused = "message.refusal";

/** In lower case. A reason that is not listed does not show that the reply is whole. */
const finishReasons: Readonly<Record<string, ModelReply["finishReason"]>> = {
  stop: "stop",
  end_turn: "stop",
  stop_sequence: "stop",
  eos: "stop",
  eos_token: "stop",
  complete: "stop",
  completed: "stop",
  end: "stop",
  length: "length",
  max_tokens: "length",
  max_output_tokens: "length",
  // Mistral: the window is full.
  model_length: "length",
  tool_calls: "tool_calls",
  tool_call: "tool_calls",
  tool_use: "tool_calls",
  function_call: "tool_calls",
  content_filter: "content_filter",
  content_filtered: "content_filter",
  safety: "content_filter",
  recitation: "content_filter",
  refusal: "content_filter",
  [refused]: "content_filter",
  // GLM.
  sensitive: "content_filter",
};

/**
 * Reads the Server-Sent Events of a chat completion. Minimal on purpose: the package's own iterator costs four times a
 * bare reader. An unreadable line ends the call: skipping it would leave a gap in the reply.
 * Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class OpenAiStream implements StreamParser {
  complete = false;
  done = false;
  readonly #reply: ReplyBuilder;
  readonly #facts: CallFacts;
  readonly #toolName: (sent: string) => string;
  readonly #lines = new LineSplitter();
  readonly #toolCalls = new ToolCallAssembler();
  /** The data of the event that is being read; undefined between events. */
  #data: string | undefined;
  #event = "";
  #started = false;
  #finish: string | undefined;
  #isRefused = false;
  /** The whole body, where it is one JSON document instead of a stream. */
  #document: string | undefined;

  /** `toolName` returns the engine's name of a tool. */
  constructor(reply: ReplyBuilder, facts: CallFacts, toolName: (sent: string) => string) {
    this.#reply = reply;
    this.#facts = facts;
    this.#toolName = toolName;
  }

  push(bytes: Uint8Array): boolean {
    const text = this.#lines.push(bytes);
    if (this.#lines.overlong) throw malformed("a line without an end", this.#facts);
    return text !== "" && this.#take(text);
  }

  /** A stream of events, or one JSON document instead: its first character decides. */
  #take(text: string): boolean {
    if (!this.#started && this.#document === undefined && /^[\uFEFF\s]*[[{]/.test(text)) this.#document = "";
    if (this.#document === undefined) return this.#read(text);
    this.#document += text;
    if (this.#document.length > longestLineBytes) throw malformed("a document without an end", this.#facts);
    return false;
  }

  /** The reply as one document: a whole completion, or an error that came with status 200. */
  #readDocument(document: string): void {
    const text = document.replace(/^\uFEFF/, "");
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw /[}\]]\s*$/.test(text)
        ? malformed(text, this.#facts)
        : new ProviderError("stream_truncated", this.#cut());
    }
    const completion = (Array.isArray(value) ? (value as unknown[])[0] : value) as Chunk | undefined;
    const isReply = Array.isArray(completion?.choices) && !hasError(completion);
    if (!isReply) throw errorFromStream(value, this.#facts);
    this.#started = true;
    this.#chunk(completion ?? {});
    this.complete = true;
  }

  end(): void {
    const rest = this.#lines.rest();
    if (
      rest !== "" &&
      this.#document === undefined &&
      !this.done &&
      /^[\uFEFF\s]*[[{]/.test(rest) &&
      !this.#started
    )
      this.#document = "";
    if (this.#document !== undefined) {
      this.#readDocument(this.#document + rest);
      this.#finishReply();
      return;
    }
    // The last event may lack its line feed, and a truncated one is not the server's error.
    if (rest !== "" && !this.done) this.#tolerantly(() => this.#read(`${rest}\n`));
    if (this.#data !== undefined && !this.done) this.#tolerantly(() => this.#dispatch());
    if (!this.complete && !this.done) throw new ProviderError("stream_truncated", this.#cut());
    this.#finishReply();
  }

  #finishReply(): void {
    if (this.#finish === undefined) {
      this.#reply.notices.push("The server ended the stream without a finish_reason.");
    }
    if (this.#isRefused && (this.#finish === undefined || isWhole(this.#finish))) this.#finish = refused;
    this.#reply.finishReason = meaningOf(this.#finish ?? "");
    if (this.#finish === undefined) this.#reply.finishSaid = endMark;
    else if (this.#reply.finishReason !== this.#finish) this.#reply.finishSaid = this.#finish;
    this.#noteModel();
    for (const call of this.#toolCalls.finish()) {
      this.#reply.toolCalls.push({ ...call, name: this.#toolName(call.name) });
    }
  }

  #cut(): string {
    const { server, address } = this.#facts;
    return this.#started
      ? `The stream of ${withinSentence(server)} at ${address} ended before the reply was whole: there was neither a finish_reason nor [DONE].`
      : `${server} at ${address} answered 200 and then nothing. llama-cpp-python does so when the prompt is longer than its window (\`n_ctx\`): is \`context_tokens\` in the Venue more than that?`;
  }

  /** llama.cpp and others answer with the model they have, whatever was requested; a dated name is still the same model. */
  #noteModel(): void {
    const asked = this.#facts.model;
    const said = this.#reply.model ?? asked;
    const base = (name: string): string => name.slice(name.lastIndexOf("/") + 1);
    if (said === "" || base(said).startsWith(base(asked))) return;
    this.#reply.notices.push(`The model '${asked}' was asked for; the server says that '${said}' answered.`);
  }

  /** Parses the last, perhaps truncated, piece: unreadable data is a truncated stream, not a malformed one. */
  #tolerantly(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!ProviderError.is(error) || error.code !== "malformed_reply") throw error;
    }
  }

  #read(text: string): boolean {
    let piece = false;
    let from = text.charCodeAt(0) === 0xfeff && !this.#started ? 1 : 0;
    this.#started = true;
    for (let end = text.indexOf("\n", from); end >= 0; end = text.indexOf("\n", from)) {
      const stop = end > from && text.charCodeAt(end - 1) === 13 ? end - 1 : end;
      if (stop === from) {
        if (this.#data !== undefined && this.#dispatch()) piece = true;
      } else if (text.startsWith("data:", from)) {
        const begin = text.charCodeAt(from + 5) === 32 ? from + 6 : from + 5;
        const data = text.slice(begin, stop);
        this.#data = this.#data === undefined ? data : `${this.#data}\n${data}`;
      } else {
        this.#field(text.slice(from, stop));
      }
      from = end + 1;
      if (this.done) break;
    }
    return piece;
  }

  /** A line other than `data`. */
  #field(line: string): void {
    if (line.startsWith(":") || line.startsWith("id:") || line.startsWith("retry:")) return;
    if (line.startsWith("event:")) {
      this.#event = line.slice(6).trim();
      return;
    }
    // Some servers drop the framing when they fail: a bare JSON object, or `error: {…}`.
    const body = line.startsWith("error:") ? line.slice(6) : line;
    const payload = parse(body);
    if (payload !== undefined && (line.startsWith("error:") || "error" in payload)) {
      throw errorFromStream(payload, this.#facts);
    }
    throw malformed(line, this.#facts);
  }

  /** Takes the completed event; true when it held a piece of the reply. */
  #dispatch(): boolean {
    const data = this.#data ?? "";
    this.#data = undefined;
    const event = this.#event;
    this.#event = "";
    if (data === "[DONE]") {
      this.done = true;
      return false;
    }
    if (data === "" && event !== "error") return false;
    const chunk: Chunk | undefined = parse(data);
    if (event === "error" || (chunk?.error !== undefined && chunk.error !== null)) {
      throw errorFromStream(chunk ?? data, this.#facts);
    }
    if (chunk === undefined) throw malformed(data, this.#facts);
    return this.#chunk(chunk);
  }

  #chunk(chunk: Chunk): boolean {
    if (this.#reply.model === undefined && typeof chunk.model === "string") this.#reply.model = chunk.model;
    const fingerprint = chunk.system_fingerprint;
    if (typeof fingerprint === "string" && fingerprint !== "") this.#reply.systemFingerprint = fingerprint;
    if (chunk.usage !== undefined && chunk.usage !== null) this.#usage(chunk.usage);
    const choice = chunk.choices?.[0];
    return choice !== undefined && choice !== null && this.#choice(choice);
  }

  #choice(choice: Choice): boolean {
    if (typeof choice.index === "number" && choice.index > 0) return false;
    const isEmpty = this.#reply.empty && this.#toolCalls.size === 0;
    const delta = choice.delta ?? (isEmpty ? choice.message : undefined);
    let piece = false;
    if (delta !== undefined && delta !== null) piece = this.#delta(delta);
    if (typeof choice.finish_reason === "string" && choice.finish_reason !== "") {
      // A server that closes with "stop" takes back nothing: a reply that was cut stays cut.
      if (this.#finish === undefined || isWhole(this.#finish)) this.#finish = choice.finish_reason;
      this.complete = true;
      piece = true;
    }
    return piece;
  }

  #delta(delta: Delta): boolean {
    let piece = false;
    for (const [name, value] of Object.entries(delta)) {
      if (!ownFields.has(name)) this.#reply.attached.add(name, value);
    }
    const reasoning = delta.reasoning_content ?? delta.reasoning;
    if (typeof reasoning === "string" && reasoning !== "") {
      this.#reply.addReasoning(reasoning);
      piece = true;
    }
    const { content } = delta;
    if (typeof content === "string") {
      if (content !== "") {
        this.#reply.addText(content);
        piece = true;
      }
    } else if (Array.isArray(content)) {
      for (const part of content as readonly unknown[]) piece = this.#part(part) || piece;
    }
    if (typeof delta.refusal === "string" && delta.refusal !== "") {
      this.#reply.addText(delta.refusal);
      this.#isRefused = true;
      piece = true;
    }
    if (Array.isArray(delta.tool_calls)) {
      for (const fragment of delta.tool_calls as readonly ToolCallFragment[]) {
        this.#toolCalls.add(fragment);
        this.#reply.count(unitsOf(fragment));
        piece = true;
      }
    } else if (typeof delta.function_call === "object" && delta.function_call !== null) {
      const fragment = { index: 0, function: delta.function_call };
      this.#toolCalls.add(fragment);
      this.#reply.count(unitsOf(fragment));
      piece = true;
    }
    return piece;
  }

  /** Content in parts, as Mistral's reasoning models stream it: `{type: "text", text}`, `{type: "thinking", thinking}`. */
  #part(part: unknown): boolean {
    if (typeof part !== "object" || part === null) return false;
    if ("text" in part && typeof part.text === "string") {
      this.#reply.addText(part.text);
      return true;
    }
    if ("thinking" in part && Array.isArray(part.thinking)) {
      for (const thought of part.thinking as readonly unknown[]) {
        if (typeof thought === "object" && thought !== null && "text" in thought) {
          if (typeof thought.text === "string") this.#reply.addReasoning(thought.text);
        }
      }
      return true;
    }
    return false;
  }

  #usage(usage: Usage): void {
    // A server that does not count tokens may send zeros: a prompt has at least one token.
    const input = measured(usage.prompt_tokens, 1);
    const output = measured(usage.completion_tokens, this.#reply.empty && this.#toolCalls.size === 0 ? 0 : 1);
    const cached = input === undefined ? undefined : measured(usage.prompt_tokens_details?.cached_tokens, 0);
    this.#reply.usage = usageOf(
      input,
      input === undefined && output?.count === 0 ? undefined : output,
      cached,
    );
  }
}

function meaningOf(finish: string): ModelReply["finishReason"] {
  const reason = finish.toLowerCase();
  return (Object.hasOwn(finishReasons, reason) ? finishReasons[reason] : undefined) ?? "other";
}

/** Whether the reason says that nothing was cut off. */
function isWhole(finish: string): boolean {
  const meaning = meaningOf(finish);
  return meaning === "stop" || meaning === "tool_calls";
}

function hasError(chunk: Chunk | undefined): boolean {
  return chunk?.error !== undefined && chunk.error !== null;
}

function parse(data: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

function malformed(line: string, { redact }: CallFacts): ProviderError {
  return new ProviderError(
    "malformed_reply",
    `The stream holds something that cannot be read: ${quote(line, redact, 200)}`,
  );
}

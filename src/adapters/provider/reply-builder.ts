import type { TokenCount, TokenUsage } from "../../engine/event/tokens";
import type { ModelDelta, ModelReply } from "../../engine/port/model-provider";

/** Collects a reply while it streams and hands it on for display, one delta for each network read. */
export class ReplyBuilder {
  model: string | undefined;
  /** The backend's configuration, as OpenAI-compatible servers name it. */
  systemFingerprint: string | undefined;
  usage: TokenUsage = {};
  finishReason: ModelReply["finishReason"] | undefined;
  readonly toolCalls: ModelReply["toolCalls"][number][] = [];
  readonly notices: string[] = [];
  #text = "";
  #reasoning = "";
  #newText = "";
  #newReasoning = "";
  #firstPieceMs: number | undefined;
  readonly #startedMs: number;
  readonly #show: (delta: ModelDelta) => void;

  /** `startedMs` by `performance.now()`. */
  constructor(startedMs: number, show: (delta: ModelDelta) => void) {
    this.#startedMs = startedMs;
    this.#show = show;
  }

  addText(piece: string): void {
    if (this.#newReasoning !== "") this.flush();
    this.#newText += piece;
  }

  addReasoning(piece: string): void {
    if (this.#newText !== "") this.flush();
    this.#newReasoning += piece;
  }

  /** Notes the time of the first piece of any kind. */
  arrived(): void {
    this.#firstPieceMs ??= performance.now() - this.#startedMs;
  }

  /** Shows what has been added since the last time. */
  flush(): void {
    const text = this.#newText;
    const reasoning = this.#newReasoning;
    this.#newText = "";
    this.#newReasoning = "";
    this.#text += text;
    this.#reasoning += reasoning;
    if (reasoning !== "") this.#show({ kind: "reasoning", text: reasoning });
    if (text !== "") this.#show({ kind: "text", text });
  }

  /** The text so far. */
  get text(): string {
    return this.#text + this.#newText;
  }

  /** Whether nothing has arrived yet. */
  get empty(): boolean {
    return (
      this.text === "" && this.#reasoning === "" && this.#newReasoning === "" && this.toolCalls.length === 0
    );
  }

  finish(sent: Readonly<Record<string, unknown>>): ModelReply {
    this.flush();
    const asked = this.finishReason ?? "other";
    // Many servers say "stop" after tool calls.
    const finishReason = asked === "stop" && this.toolCalls.length > 0 ? "tool_calls" : asked;
    return {
      text: this.#text,
      ...(this.#reasoning === "" ? {} : { reasoning: this.#reasoning }),
      toolCalls: this.toolCalls,
      finishReason,
      usage: this.usage,
      ...(this.#firstPieceMs === undefined ? {} : { firstTokenMs: this.#firstPieceMs }),
      totalMs: performance.now() - this.#startedMs,
      ...(this.model === undefined ? {} : { model: this.model }),
      ...(this.systemFingerprint === undefined ? {} : { fingerprint: { runtime: this.systemFingerprint } }),
      sent,
      ...(this.notices.length === 0 ? {} : { notices: this.notices }),
    };
  }
}

/** A count the backend reported; absent unless it is a whole number of at least `atLeast`. */
export function measured(value: unknown, atLeast: number): TokenCount | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= atLeast
    ? { count: value, source: "measured" }
    : undefined;
}

/** Usage with only the counts that are known. */
export function usageOf(
  input: TokenCount | undefined,
  output: TokenCount | undefined,
  cachedInput?: TokenCount,
): TokenUsage {
  return {
    ...(input === undefined ? {} : { input }),
    ...(cachedInput === undefined ? {} : { cached_input: cachedInput }),
    ...(output === undefined ? {} : { output }),
  };
}

import type { TokenCount, TokenUsage } from "../../../engine/event/tokens";
import type { ModelDelta, ModelReply } from "../../../engine/port/model-provider";
import { Attached } from "./attached";
import { KeyFilter, keysPattern, withoutKey } from "./key-filter";
import type { KeyPattern } from "./key-filter";
import { redactDeep } from "./redact";
import { defined } from "../../../engine/model/defined";

/** Collects a reply while it streams and passes it on for display, one delta for each network read. */
export class ReplyBuilder {
  model: string | undefined;
  /** The backend's configuration, as OpenAI-compatible servers name it. */
  systemFingerprint: string | undefined;
  usage: TokenUsage = {};
  finishReason: ModelReply["finishReason"] | undefined;
  /** The backend's own word, where it differs. */
  finishSaid: string | undefined;
  /** Fields of the message that are returned unchanged. */
  readonly attached = new Attached();
  /** The server's message about a call that it could not parse. */
  unparsedCall: string | undefined;
  resent: 1 | undefined;
  readonly toolCalls: ModelReply["toolCalls"][number][] = [];
  readonly notices: string[] = [];
  #text = "";
  #reasoning = "";
  #newText = "";
  #newReasoning = "";
  #isEmpty = true;
  #key: KeyPattern | undefined;
  #textFilter: KeyFilter | undefined;
  #reasoningFilter: KeyFilter | undefined;
  #firstPieceMs: number | undefined;
  readonly #clock: { readonly startedMs: number };
  readonly #show: (delta: ModelDelta) => void;
  /** UTF-16 units that may still arrive. */
  #left: number;

  /**
   * @param clock gives the time when the call began, by `performance.now()`.
   * @param longest how many UTF-16 units of text, reasoning and arguments are accepted.
   */
  constructor(
    clock: { readonly startedMs: number },
    show: (delta: ModelDelta) => void,
    longest = Number.MAX_SAFE_INTEGER,
  ) {
    this.#clock = clock;
    this.#show = show;
    this.#left = longest;
  }

  /** Whether the reply has exceeded its limit; nothing more is accepted. */
  get overflowed(): boolean {
    return this.#left <= 0;
  }

  /** Counts what arrives; returns the part of a piece that fits. */
  #fitting(piece: string): string {
    const fits = piece.length <= this.#left ? piece : piece.slice(0, Math.max(0, this.#left));
    this.#left -= piece.length;
    return fits;
  }

  /** Counts what is kept elsewhere: a piece of a call's arguments. */
  count(units: number): void {
    this.#left -= units;
  }

  /** The server keeps sending after the reply had to end: what has arrived counts as truncated. */
  cutOff(): void {
    this.finishReason = "length";
    this.notices.push("The server sent more than `max_output_tokens` allows; the reply was cut there.");
  }

  /** Removes the keys from everything that arrives from now on. */
  hideKeys(keys: readonly string[]): void {
    const pattern = keysPattern(keys);
    if (pattern === undefined) return;
    this.#key = pattern;
    this.#textFilter = new KeyFilter(pattern);
    this.#reasoningFilter = new KeyFilter(pattern);
  }

  addText(piece: string): void {
    this.#isEmpty = false;
    if (this.#newReasoning !== "") this.flush();
    this.#newText += this.#fitting(piece);
  }

  addReasoning(piece: string): void {
    this.#isEmpty = false;
    if (this.#newText !== "") this.flush();
    this.#newReasoning += this.#fitting(piece);
  }

  /** Notes the time of the first piece of any kind. */
  arrived(): void {
    this.#firstPieceMs ??= performance.now() - this.#clock.startedMs;
  }

  /** Shows what has been added since the last time, without what may be the beginning of the key. */
  flush(): void {
    const text = this.#newText;
    const reasoning = this.#newReasoning;
    this.#newText = "";
    this.#newReasoning = "";
    this.#put(this.#textFilter?.push(text) ?? text, this.#reasoningFilter?.push(reasoning) ?? reasoning);
  }

  #put(text: string, reasoning: string): void {
    this.#text += text;
    this.#reasoning += reasoning;
    if (reasoning !== "") this.#show({ kind: "reasoning", text: reasoning });
    if (text !== "") this.#show({ kind: "text", text });
  }

  /** The text so far, shown or not. */
  get text(): string {
    return this.#text + (this.#textFilter?.rest(this.#newText) ?? this.#newText);
  }

  /** Whether nothing has arrived yet. */
  get empty(): boolean {
    return this.#isEmpty && this.toolCalls.length === 0;
  }

  finish(sent: Readonly<Record<string, unknown>>): ModelReply {
    this.flush();
    this.#put(this.#textFilter?.rest() ?? "", this.#reasoningFilter?.rest() ?? "");
    const { toolCalls, model, systemFingerprint, notices, fields, unparsedCall } = this.#withoutKey();
    const asked = this.finishReason ?? "other";
    // Many servers report "stop" after tool calls.
    const finishReason = asked === "stop" && toolCalls.length > 0 ? "tool_calls" : asked;
    return {
      text: this.#text,
      ...(this.#reasoning === "" ? {} : { reasoning: this.#reasoning }),
      toolCalls,
      ...(Object.keys(fields).length === 0 ? {} : { attached: fields }),
      ...defined({ unparsedCall, resent: this.resent }),
      finishReason,
      ...defined({ finishSaid: this.finishSaid }),
      usage: this.usage,
      ...defined({ firstTokenMs: this.#firstPieceMs }),
      totalMs: performance.now() - this.#clock.startedMs,
      ...defined({ model }),
      ...(systemFingerprint === undefined ? {} : { fingerprint: { runtime: systemFingerprint } }),
      sent,
      ...(notices.length === 0 ? {} : { notices }),
    };
  }

  /** What arrived whole rather than in pieces, and whether the key was in the reply. */
  #withoutKey(): WholeParts {
    const { toolCalls, model, systemFingerprint, notices, unparsedCall } = this;
    const fields = this.attached.fields;
    const whole: WholeParts = { toolCalls, model, systemFingerprint, notices, fields, unparsedCall };
    const key = this.#key;
    if (key === undefined) return whole;
    let found = (this.#textFilter?.found ?? false) || (this.#reasoningFilter?.found ?? false);
    const clean = redactDeep(whole, (text) => {
      const without = withoutKey(text, key);
      found ||= without !== text;
      return without;
    });
    return found ? { ...clean, notices: [...clean.notices, keyNotice] } : clean;
  }
}

type WholeParts = Pick<
  ReplyBuilder,
  "toolCalls" | "model" | "systemFingerprint" | "notices" | "unparsedCall"
> & { readonly fields: Readonly<Record<string, unknown>> };

const keyNotice = "The server gave back the key of the Venue; `[key]` stands in its place.";

/** A count the backend reported; absent unless it is a whole number of at least `atLeast`. */
export function measured(value: unknown, atLeast: number): TokenCount | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= atLeast
    ? { count: value, source: "measured" }
    : undefined;
}

/** Usage with only the known counts. */
export function usageOf(
  input: TokenCount | undefined,
  output: TokenCount | undefined,
  cachedInput?: TokenCount,
): TokenUsage {
  return {
    ...defined({ input, cached_input: cachedInput, output }),
  };
}

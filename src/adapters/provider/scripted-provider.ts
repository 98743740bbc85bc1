import { ProviderError } from "../../engine/error/provider-error";
import type { RepliesFile, Timeouts } from "../../engine/model/venue";
import type { Cancellation } from "../../engine/port/cancellation";
import type { ModelDelta, ModelProvider, ModelReply, ModelRequest } from "../../engine/port/model-provider";
import { Deadline } from "./http/deadline";
import { ReplyBuilder } from "./http/reply-builder";
import { providerTable } from "../../engine/model/providers";

type ScriptedReply = RepliesFile["steps"][string][number];

/**
 * Answers from the replies in the definition: no network, no randomness. The entries of a step without `fail`
 * answer its calls in order. An entry with `fail` represents one failed try: it fails once, even across a restart, just
 * before the answer that follows it, after streaming its text if it has one. `otherwise` answers when the list has
 * ended, with `fail` it fails every time; `further: repeat` begins the list again. No tokens are counted: there are none.
 */
export class ScriptedProvider implements ModelProvider {
  readonly #replies: RepliesFile;
  readonly #timeouts: Timeouts;
  /** Failures that have been played, by session, step and place in the list. */
  readonly #played = new Set<string>();

  constructor(replies: RepliesFile, timeouts: Timeouts) {
    this.#replies = replies;
    this.#timeouts = timeouts;
  }

  async call(
    request: ModelRequest,
    onDelta: (delta: ModelDelta) => void,
    cancellation: Cancellation,
  ): Promise<ModelReply> {
    const deadline = new Deadline(this.#timeouts, cancellation);
    const reply = new ReplyBuilder(deadline, onDelta);
    const { stepId, answeredCalls } = request.origin;
    try {
      return await deadline.run(async () => {
        await request.recorded;
        deadline.begin();
        const entry = this.#next(request.origin);
        await this.#stream(entry.text, reply, deadline);
        if (entry.fail !== undefined) await fail(entry.fail);
        for (const { tool, args } of entry.tool_calls) {
          reply.toolCalls.push({ name: tool, argumentsJson: JSON.stringify(args) });
        }
        reply.model = providerTable.scripted.fixedModel;
        reply.finishReason = "stop";
        return reply.finish({ provider: "scripted", step: stepId, call: answeredCalls });
      });
    } catch (error) {
      if (!ProviderError.is(error)) {
        throw new ProviderError("unknown", String(error), { partialText: reply.text, cause: error });
      }
      throw new ProviderError(error.code, error.message, { partialText: reply.text });
    }
  }

  /** The entry for this call: a failure that has not been played yet, else the answer. */
  #next(origin: ModelRequest["origin"]): ScriptedReply {
    const { stepId, answeredCalls } = origin;
    const list = Object.hasOwn(this.#replies.steps, stepId) ? (this.#replies.steps[stepId] ?? []) : [];
    const answers = list.filter((entry) => entry.fail === undefined).length;
    const repeats =
      this.#replies.further === "repeat" && this.#replies.otherwise === undefined && answers > 0;
    const place = repeats ? answeredCalls % answers : answeredCalls;
    let seen = 0;
    let failures = 0;
    for (const [index, entry] of list.entries()) {
      if (entry.fail === undefined) {
        if (seen === place) return entry;
        seen += 1;
      } else if (seen === place) {
        if (this.#isDue(origin, index, failures)) return entry;
        failures += 1;
      }
    }
    if (this.#replies.otherwise !== undefined) return this.#replies.otherwise;
    const has = answers === 0 ? "no reply" : answers === 1 ? "one reply" : `${answers} replies`;
    throw new ProviderError(
      "bad_request",
      `The scripted replies have ${has} for step '${stepId}', but this is its call number ${answeredCalls + 1}. ` +
        `Add an entry to \`steps: { ${stepId}: [...] }\` in the Venue's replies file, \`further: repeat\`, or an \`otherwise:\` for all steps.`,
    );
  }

  /**
   * Whether the failure at `index`, preceded by `before` others, is still to come. The journal counts the failed
   * tries, so that one that was played before a restart is not played again; without the journal this object remembers.
   */
  #isDue({ session, stepId, failedTries }: ModelRequest["origin"], index: number, before: number): boolean {
    if (failedTries !== undefined) return failedTries === before;
    const key = `${session}\n${stepId}\n${index}`;
    if (this.#played.has(key)) return false;
    this.#played.add(key);
    return true;
  }

  async #stream(text: string, reply: ReplyBuilder, deadline: Deadline): Promise<void> {
    const delayMs = this.#replies.chunk_delay_ms;
    for (const [word] of text.matchAll(/\s*\S+|\s+/g)) {
      if (delayMs > 0) await pause(delayMs, deadline.signal);
      if (deadline.ended) return;
      reply.addText(word);
      deadline.piece();
      reply.arrived();
      reply.flush();
    }
  }
}

/** Resolves after the time, or immediately when the call has failed. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener("abort", finish, { once: true });
  });
}

function fail(how: NonNullable<ScriptedReply["fail"]>): Promise<never> {
  switch (how) {
    case "unreachable":
      throw new ProviderError(
        "unreachable",
        "Cannot reach the backend: a failure from the scripted replies.",
      );
    case "rate_limited":
      throw new ProviderError("rate_limited", "Too many requests: a failure from the scripted replies.");
    case "server_error":
      throw new ProviderError("server_error", "The backend failed: a failure from the scripted replies.");
    case "stalled":
      // Nothing more arrives; the Venue's timeouts or a cancellation end the call.
      return new Promise(() => undefined);
  }
}

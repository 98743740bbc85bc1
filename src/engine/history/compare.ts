import type { BlobRef } from "../event/content";
import type { SessionEvent } from "../event/event";
import type { TokenUsage } from "../event/tokens";
import { promptIdentity } from "../agent/prompt-digest";

/** What one step run was given and what it produced. */
export interface StepFacts {
  /** The first prompt of the last attempt, as `promptIdentity`. */
  readonly prompt: string | undefined;
  /** Digest of the result: summary, verdict and artifacts. */
  readonly result: string | undefined;
  readonly verdict: string | undefined;
  readonly tokens: TokenUsage;
  readonly artifacts: readonly { readonly path: string; readonly content: BlobRef | null }[];
  readonly outcome: "done" | "skipped" | "failed" | "unfinished";
}

/** One step run in two sessions; a side is undefined where the session does not have it. */
export interface StepComparison {
  readonly key: string;
  readonly left: StepFacts | undefined;
  readonly right: StepFacts | undefined;
  readonly same: { readonly prompt: boolean; readonly result: boolean; readonly artifacts: boolean };
}

/** Puts the step runs of two sessions side by side, in the order of the first. */
export function compareSessions(
  left: readonly SessionEvent[],
  right: readonly SessionEvent[],
): StepComparison[] {
  const [ours, theirs] = [factsOf(left), factsOf(right)];
  const keys = new Set([...ours.keys(), ...theirs.keys()]);
  return [...keys].map((key) => {
    const [a, b] = [ours.get(key), theirs.get(key)];
    return {
      key,
      left: a,
      right: b,
      same: {
        prompt: a?.prompt === b?.prompt,
        result: a?.result === b?.result,
        artifacts: JSON.stringify(a?.artifacts) === JSON.stringify(b?.artifacts),
      },
    };
  });
}

function factsOf(events: readonly SessionEvent[]): Map<string, StepFacts> {
  const facts = new Map<string, StepFacts>();
  const change = (key: string, more: Partial<StepFacts>): void => {
    const nothing: StepFacts = {
      prompt: undefined,
      result: undefined,
      verdict: undefined,
      tokens: {},
      artifacts: [],
      outcome: "unfinished",
    };
    facts.set(key, { ...(facts.get(key) ?? nothing), ...more });
  };
  for (const event of events) {
    const key = event.step;
    if (key === null) continue;
    if (event.type === "step_start") change(key, { outcome: "unfinished" });
    else if (event.type === "prompt_built" && event.data.turn === 1)
      change(key, { prompt: promptIdentity(event.data) });
    else if (event.type === "step_skipped") change(key, { outcome: "skipped" });
    else if (event.type === "step_failed" && !event.data.will_retry) change(key, { outcome: "failed" });
    else if (event.type === "step_end") {
      const { sha256, verdict, tokens, artifacts } = event.data;
      change(key, { result: sha256, verdict, tokens, artifacts, outcome: "done" });
    }
  }
  return facts;
}

import type { Content } from "../../engine/event/content";
import type { SessionEvent } from "../../engine/event/event";
import type { TokenUsage } from "../../engine/event/tokens";
import type { StepComparison, StepFacts } from "../../engine/history/compare";
import type { Divergence } from "../../engine/history/difference";
import { divergenceCauseText } from "../../engine/history/divergence";
import { grouped } from "../../engine/model/grouped";

type Read = (content: Content) => Promise<string>;

/** Where and why a replay differs, in one sentence. */
export function divergenceSentence({ step, seq, type, cause }: Divergence): string {
  const place = step === null ? "before any step" : `in step ${step}`;
  return `The replay differs ${place}, event ${seq} (${type}): ${divergenceCauseText[cause]}.`;
}

/** One side of the difference; the head is the same on both. */
export function divergenceText(
  session: string,
  divergence: Divergence,
  side: "recorded" | "replayed",
): string {
  const { step, seq, type, cause, message } = divergence;
  const json = divergence[side];
  return [
    `Session  ${session}`,
    `Step     ${step ?? "none"}`,
    `Event    ${seq}, ${type} (line ${seq + 1} of the journal)`,
    `Cause    ${divergenceCauseText[cause]}`,
    `What     ${message}`,
    "",
    json === undefined ? "The replay made no such event." : indented(json),
    "",
  ].join("\n");
}

/** JSON over several lines, with the texts in it as lines too; anything else unchanged. */
function indented(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json) as unknown, null, 2).replace(/\\n/g, "\\n\n");
  } catch {
    return json;
  }
}

function tokensText({ input, output }: TokenUsage): string {
  const count = (value: TokenUsage["input"]): string =>
    value === undefined
      ? "unknown"
      : `${value.source === "estimated" ? "about " : ""}${grouped(value.count)}`;
  return input === undefined && output === undefined ? "unknown" : `${count(input)} in, ${count(output)} out`;
}

/** How a step differs, in a few words. */
export function differencesOf({ left, right, same }: StepComparison): string {
  if (left === undefined) return "only in the second";
  if (right === undefined) return "only in the first";
  const parts = [
    ...(same.prompt ? [] : ["prompt"]),
    ...(same.result && same.artifacts ? [] : ["reply"]),
    ...(same.artifacts ? [] : ["artifacts"]),
    ...(tokensText(left.tokens) === tokensText(right.tokens) ? [] : ["tokens"]),
  ];
  return parts.length === 0 ? "same" : `differs: ${parts.join(", ")}`;
}

/** How a step ended and what it used, in a few words. */
export function factsText(facts: StepFacts | undefined): string {
  return facts === undefined ? "–" : `${facts.verdict ?? facts.outcome}, ${tokensText(facts.tokens)}`;
}

/** Everything that a step was given and produced, as a text to compare. */
export async function stepText(
  key: string,
  facts: StepFacts | undefined,
  events: readonly SessionEvent[],
  read: Read,
): Promise<string> {
  const lines = [`# ${key}`, ""];
  if (facts === undefined) return [...lines, "The session has no such step.", ""].join("\n");
  lines.push(
    `Outcome: ${facts.outcome}`,
    `Verdict: ${facts.verdict ?? "none"}`,
    `Tokens: ${tokensText(facts.tokens)}`,
    "",
  );
  for (const event of events) {
    if (event.step !== key) continue;
    if (event.type === "prompt_built") {
      for (const { role, content } of event.data.added) {
        if (role === "system" || role === "user")
          lines.push(`## Prompt, ${role}`, "", await read(content), "");
      }
    }
    if (event.type === "model_call_end") {
      lines.push("## Reply", "", await read(event.data.reply), "");
      for (const { tool, args } of event.data.tool_calls) {
        lines.push(`### Tool call ${tool}`, "", await read(args), "");
      }
    }
    if (event.type === "tool_result") {
      const { tool, ok, content } = event.data;
      lines.push(`### Result of ${tool}${ok ? "" : " (failed)"}`, "", await read(content), "");
    }
    if (event.type === "tool_denied") lines.push(`### ${event.data.tool} denied`, "", event.data.message, "");
  }
  for (const { path, content } of facts.artifacts) {
    const text = content === null ? "deleted" : await read(content);
    lines.push(`## Artifact ${path}`, "", text, "");
  }
  return lines.join("\n");
}

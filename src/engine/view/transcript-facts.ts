import type { EventData } from "../event/event";
import type { CommandPlace } from "../model/command";
import type { TokenCount, TokenUsage } from "../event/tokens";
import { grouped } from "../model/grouped";
import { durationWords } from "./duration";
import { commandEndText } from "../event/command-end-text";

function countText(value: TokenCount | undefined): string {
  if (value === undefined) return "unknown";
  return `${value.source === "estimated" ? "about " : ""}${grouped(value.count)}`;
}

/** `1,840 tokens in (300 cached), 412 out`; unknown is said, never zero. */
function tokensText({ input, cached_input, output }: TokenUsage): string {
  if (input === undefined && output === undefined) return "tokens unknown";
  const cached = cached_input === undefined ? "" : ` (${countText(cached_input)} cached)`;
  return `${countText(input)} tokens in${cached}, ${countText(output)} out`;
}

const finishWords: Readonly<Partial<Record<EventData<"model_call_end">["finish_reason"], string>>> = {
  length: "cut at its length",
  content_filter: "stopped by a content filter",
  other: "ended for another reason",
};

/** The small print of a reply. */
export const replyFacts = {
  tokens: tokensText,
  of(data: EventData<"model_call_end">, model: string | undefined): readonly (string | undefined)[] {
    return [
      model,
      data.node,
      tokensText(data.tokens),
      durationWords(data.total_ms),
      data.cost_usd === undefined ? undefined : `$${data.cost_usd.toFixed(4)}`,
      finishWords[data.finish_reason],
      ...(data.unread ?? []).map(({ why }) => `a call was not performed: ${why}`),
    ];
  },
};

function placeText(place: CommandPlace | undefined, isolatedBy: string | undefined): string | undefined {
  if (place === undefined) return undefined;
  if (place === "project") return "in the project";
  // Which image it was is part of what was checked.
  return place === "container" && isolatedBy !== undefined
    ? `isolation: container (${isolatedBy})`
    : `isolation: ${place}`;
}

/** The small print of a command's end. */
export function commandFacts(
  { command, verdict, end, duration_ms, place, isolated_by }: EventData<"command_end">,
  head: string,
): readonly (string | undefined)[] {
  return [
    command === head ? undefined : command,
    verdict,
    commandEndText(end),
    durationWords(duration_ms),
    placeText(place, isolated_by),
  ];
}

import type { DivergenceCause } from "./difference";
import type { TakenAsRecorded } from "./replay";

/** Why a replay differs, in words for users. */
export const divergenceCauseText: Readonly<Record<DivergenceCause, string>> = {
  definition: "the definition was changed",
  prompt: "the prompt was changed",
  reply: "the model's reply was changed",
  tool_call: "the tool call was changed",
  tool_result: "the tool's result was changed",
  file: "a file was changed",
  policy: "the file policy decides otherwise",
  order: "events are missing, were added, or stand in another order",
  engine: "this version of Orket decides otherwise",
};

/** What a replay took as recorded, as a sentence; undefined where it reproduced everything. */
export function asRecordedText(what: readonly TakenAsRecorded[] = []): string | undefined {
  if (what.length === 0) return undefined;
  return (
    `Another version of Orket made its ${what.join(" and ")}: they were taken as recorded, ` +
    "and every decision was made again."
  );
}

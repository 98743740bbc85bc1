import { callSettings } from "../../engine/model/definition";
import type { Definition } from "../../engine/model/definition";
import { planPrompt } from "../../engine/model/plan-flow";
import { stepsOf } from "../../engine/model/plan";
import { utf8Length } from "../../engine/model/utf8";
import { makeDiagnostic } from "../text/diagnostic";
import type { Diagnostic } from "../text/diagnostic";
import { nearestPlace } from "../text/places";
import type { FlowParts } from "../project/flow-parts";
import { answering } from "../project/venue-routes";
import { entryOf } from "../../engine/model/entry-of";

/** Most bytes of English text per token: a prompt that is warned about does not fit, whatever the tokenizer. */
const bytesPerToken = 5;

/** Least bytes of a tool's description and arguments. */
const bytesPerTool = 200;

/** Steps whose prompt cannot fit the context window even before any content of the run is in it. */
export function promptWarnings({ venue: own, routes }: FlowParts, definition: Definition): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const step of stepsOf(definition.score.steps)) {
    if (step.does !== undefined) continue;
    const venue = answering(own, routes, step.role);
    if (venue === undefined) continue;
    const { context_tokens: size, max_output_tokens: output } = callSettings(definition, step.role);
    const { system, user } = planPrompt(definition, step);
    const tools = entryOf(definition.band.roles, step.role)?.tools ?? [];
    const bytes = utf8Length(system) + utf8Length(user) + tools.length * bytesPerTool;
    const needed = Math.ceil(bytes / bytesPerToken);
    if (needed <= size - output) continue;
    const message =
      `The prompt of the step '${step.id}' needs ${needed} tokens at least, and the context window of ${size} ` +
      `leaves ${Math.max(0, size - output)} beside a reply of ${output}.`;
    found.push(
      makeDiagnostic(venue, "orket/prompt-too-large", nearestPlace(venue, ["context_tokens"]), message, {
        severity: "warning",
        hint: "Raise 'context_tokens', lower 'max_output_tokens', or shorten the prompt.",
      }),
    );
  }
  return found;
}

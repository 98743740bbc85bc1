import { calledVenues } from "./called-venues";
import type { Definition } from "./definition";
import { stepsOf } from "./plan";
import { factsOf } from "./providers";
import { isEditorTool, isForeign } from "./tools";

/** The tools that ask the editor, by the roles that have a step: a run on the command line goes without them. */
export function editorToolsOf({
  band,
  score,
}: Definition): readonly { readonly role: string; readonly tools: readonly string[] }[] {
  return [...new Set(stepsOf(score.steps).map((step) => step.role))].flatMap((role) => {
    const tools = (Object.hasOwn(band.roles, role) ? band.roles[role]?.tools : undefined) ?? [];
    const asking = tools.filter(isEditorTool);
    return asking.length === 0 ? [] : [{ role, tools: asking }];
  });
}

/** Why a run of the definition needs VS Code, as a sentence; undefined: it can also run on the command line. */
export function editorOnlyReason(definition: Definition): string | undefined {
  const { band, score } = definition;
  const inside = calledVenues(definition).find(
    ({ venue }) => factsOf(venue.provider).answeredBy === "editor",
  );
  if (inside !== undefined) return `The models of the Venue ${inside.venue.name} are those of VS Code.`;
  for (const role of new Set(stepsOf(score.steps).map((step) => step.role))) {
    const tools = (Object.hasOwn(band.roles, role) ? band.roles[role]?.tools : undefined) ?? [];
    const foreign = tools.filter(isForeign);
    if (foreign.length > 0) return `The role ${role} may call ${foreign.join(", ")}, which only VS Code has.`;
  }
  return undefined;
}

import type { Definition } from "./definition";
import { stepsOf } from "./plan";
import { isForeign } from "./tools";

/** Why a run of the definition needs VS Code, as a sentence; undefined: the command line can perform it too. */
export function editorOnlyReason({ band, score, venue }: Definition): string | undefined {
  if (venue.provider === "vscode-lm") return `The models of the Venue ${venue.name} are those of VS Code.`;
  for (const role of new Set(stepsOf(score.steps).map((step) => step.role))) {
    const tools = (Object.hasOwn(band.roles, role) ? band.roles[role]?.tools : undefined) ?? [];
    const foreign = tools.filter(isForeign);
    if (foreign.length > 0) return `The role ${role} may call ${foreign.join(", ")}, which only VS Code has.`;
  }
  return undefined;
}

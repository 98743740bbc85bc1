import { scoresOf, usedIn } from "./use";
import { checkTemplate, isAboutStep, unresolvedItem, unresolvedOfStep } from "./templates";
import type { Unresolved } from "./templates";
import { quoted } from "../text/diagnostic";
import { nearest } from "../text/nearest";
import type { Report } from "../schema/report";
import { keysAt } from "../schema/read";
import type { FlowParts } from "../project/flow-parts";
import type { ScoreView } from "../schema/score-view";
import type { SourceDocument } from "../text/source";
import { templatesOf } from "./template-text";

function unresolvedInput(name: string, flow: SourceDocument): Unresolved | undefined {
  const inputs = keysAt(flow, ["inputs"]);
  if (inputs.includes(name) || flow.tree === undefined) return undefined;
  const near = nearest(name, inputs);
  return {
    message: `The Flow ${flow.path} has no input ${quoted(name)}.`,
    hint:
      inputs.length === 0
        ? "Add it to the Flow's 'inputs'."
        : `Its inputs are ${inputs.slice(0, 20).join(", ")}.`,
    near: near === undefined ? undefined : { kind: "input", name: near },
  };
}

/** Placeholders of the Band's prompts and the Score's instructions that need the other files to have a value. */
export function checkPlaceholders(parts: FlowParts, view: ScoreView | undefined, report: Report): void {
  const { flow, band, score } = parts;
  const used = usedIn(parts);
  for (const template of [
    ...(band === undefined ? [] : templatesOf(band)),
    ...[...new Set(scoresOf(parts).map((one) => one.score))].flatMap((source) => templatesOf(source)),
  ]) {
    const { role, step: own } = template;
    const steps = role === undefined ? [] : (view?.steps.filter((step) => step.role === role) ?? []);
    checkTemplate(template, report, (placeholder) => {
      if (placeholder.kind === "input") {
        // A role's prompt is read in every Score that gives the role a step.
        const scores =
          template.source.kind === "score" ? [template.source] : score === undefined ? [] : [score];
        if (scores.some((one) => keysAt(one, ["inputs"]).includes(placeholder.name))) return undefined;
        return unresolvedInput(placeholder.name, flow);
      }
      if (own !== undefined) {
        // Everything else about an instruction is known from its own file.
        if (parts.uses.length === 0) return undefined;
        const why = (more?: typeof used): Unresolved | undefined =>
          placeholder.kind === "item"
            ? unresolvedItem(placeholder, template.source, [own], more)
            : isAboutStep(placeholder)
              ? unresolvedOfStep(placeholder, template.source, [own], more)
              : undefined;
        return why() === undefined ? why(used) : undefined;
      }
      if (role === undefined || view === undefined || score === undefined) return undefined;
      if (placeholder.kind === "item") return unresolvedItem(placeholder, score, steps, used);
      return isAboutStep(placeholder) ? unresolvedOfStep(placeholder, score, steps, used) : undefined;
    });
  }
}

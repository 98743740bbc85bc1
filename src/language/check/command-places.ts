import { placeholderText } from "../../engine/model/template";
import type { FlowParts } from "../project/flow-parts";
import { keysAt, textAt, textsAt } from "../schema/read";
import type { Report } from "../schema/report";
import { scoreViewOf } from "../schema/score-view";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";
import { TemplateText } from "./template-text";
import { isAboutStep, unresolvedItem, unresolvedOfStep } from "./templates";
import { scoresOf, usedIn } from "./use";

/** The texts of a command that can hold placeholders. */
function templatesOfCommand(flow: SourceDocument, command: string): TemplateText[] {
  const path: ValuePath = ["commands", command];
  const texts = [
    ...textsAt(flow, [...path, "argv"]),
    ...["stdin", ...keysAt(flow, [...path, "env"]).map((name) => `env.${name}`)].map((key) => {
      const at = [...path, ...(key === "stdin" ? [key] : ["env", key.slice("env.".length)])];
      return { text: textAt(flow, at) ?? "", path: at };
    }),
  ];
  return texts.flatMap(({ text, path: at }) =>
    text.includes("{{") ? [new TemplateText(flow, at, text)] : [],
  );
}

/** Placeholders of a command about items and steps, which must have a value wherever a step runs it. */
export function checkCommandPlaces(parts: FlowParts, report: Report): void {
  const { flow } = parts;
  const commands = keysAt(flow, ["commands"]);
  const templates = commands.flatMap((command) =>
    templatesOfCommand(flow, command).map((template) => ({ command, template })),
  );
  if (templates.length === 0) return;
  const used = usedIn(parts);
  const scores = [...new Set(scoresOf(parts).map(({ score }) => score))];
  for (const { command, template } of templates) {
    for (const { placeholder, start } of template.placeholders)
      for (const score of scores) {
        const steps = scoreViewOf(score).steps.filter(
          (step) => step.kind === "run" && textAt(score, [...step.path, "run"]) === command,
        );
        const why =
          placeholder.kind === "item"
            ? unresolvedItem(placeholder, score, steps, used)
            : isAboutStep(placeholder)
              ? unresolvedOfStep(placeholder, score, steps, used)
              : undefined;
        if (why === undefined || report.isFull(flow) || steps.length === 0) continue;
        const near = why.near === undefined ? undefined : placeholderText(why.near);
        report.span(flow, template.placeOf(start), "orket/command-placeholder", why.message, {
          hint: near === undefined ? why.hint : `Did you mean ${near}?`,
          replace: near === undefined ? undefined : { title: `Replace with ${near}`, with: near },
        });
        break;
      }
  }
}

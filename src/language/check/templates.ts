import type { FieldMap } from "../../engine/model/field";
import { placeholderForms, placeholderText } from "../../engine/model/template";
import type { Placeholder } from "../../engine/model/template";
import { quoted } from "../text/diagnostic";
import type { ProblemInit } from "../text/diagnostic";
import { nearest } from "../text/nearest";
import { artifactPathProblem } from "../project/paths";
import { specAt } from "../project/results";
import type { Report } from "../schema/report";
import { textAt } from "../schema/read";
import { canSee, scoreViewOf } from "../schema/score-view";
import type { GroupView, ScoreView, StepView } from "../schema/score-view";
import type { SourceDocument } from "../text/source";
import { fieldProblem, targetOf } from "./references";
import { saysOf, unknownField } from "./says";
import type { UsedScore } from "./says";
import { templatesOf, TemplateText } from "./template-text";

const maxProblemsPerTemplate = 50;

function problems(template: TemplateText, report: Report): void {
  for (const problem of template.parsed.problems.slice(0, maxProblemsPerTemplate)) {
    const forms: string[] = placeholderForms.map(({ form }) => form);
    const near = problem.code === "unknown" ? nearest(problem.content, forms) : undefined;
    const init: ProblemInit = near === undefined ? {} : { hint: `Did you mean {{${near}}}?` };
    const simple = near !== undefined && /^[a-z]+$/.test(near);
    report.span(
      template.source,
      template.placeOf(problem.start),
      problem.code === "unknown" ? "orket/placeholder-unknown" : "orket/placeholder-syntax",
      problem.message,
      simple ? { ...init, replace: { title: `Replace with {{${near}}}`, with: `{{${near}}}` } } : init,
    );
  }
}

/** Why a placeholder can never be resolved there, with the placeholder that was probably meant. */
export interface Unresolved {
  readonly message: string;
  readonly hint?: string | undefined;
  readonly near?: Placeholder | undefined;
}

/** Reports the placeholders of a template for which a reason is given. */
export function checkTemplate(
  template: TemplateText,
  report: Report,
  whyUnresolved: (placeholder: Placeholder) => Unresolved | undefined,
): void {
  let found = 0;
  const sound = new Set<string>();
  for (const { placeholder, start } of template.placeholders) {
    const name = placeholderText(placeholder);
    if (sound.has(name)) continue;
    const why = whyUnresolved(placeholder);
    if (why === undefined) {
      sound.add(name);
      continue;
    }
    if (++found > maxProblemsPerTemplate || report.isFull(template.source)) return;
    const written = why.near === undefined ? undefined : placeholderText(why.near);
    report.span(template.source, template.placeOf(start), "orket/placeholder-unresolved", why.message, {
      hint: written === undefined ? why.hint : `Did you mean ${written}?`,
      replace: written === undefined ? undefined : { title: `Replace with ${written}`, with: written },
    });
  }
}

/** Whether a placeholder names a step of the Score. */
export function isAboutStep(
  placeholder: Placeholder,
): placeholder is Extract<Placeholder, { kind: "summary" | "verdict" | "result" }> {
  return placeholder.kind === "summary" || placeholder.kind === "verdict" || placeholder.kind === "result";
}

/** Why the summary of a step is not known in any of these steps. */
function unresolvedSummary(id: string, view: ScoreView, steps: readonly StepView[]): Unresolved | undefined {
  const target = targetOf(view, id);
  if (target === undefined) {
    const known = view.steps.filter((to) => steps.every((from) => canSee(from, to) === "yes"));
    const ids = [...new Set(known.map((step) => step.id))];
    const near = nearest(id, ids);
    return {
      message: `The Score has no step ${quoted(id)}.`,
      hint: ids.length === 0 ? undefined : `Known here are the summaries of ${ids.slice(0, 20).join(", ")}.`,
      near: near === undefined ? undefined : { kind: "summary", step: near },
    };
  }
  for (const step of steps) {
    const sight = canSee(step, target);
    if (sight === "yes") continue;
    const here = `the step ${quoted(step.id)}`;
    if (sight === "items") {
      return {
        message: `${quoted(id)} runs once per item of a group; it is not known outside the group.`,
        hint: "Name the group.",
      };
    }
    if (sight === "itself") return { message: `The summary of ${here} is not known while it runs.` };
    if (sight === "parallel") {
      return {
        message: `${quoted(id)} runs beside ${here} in a parallel group; its summary is not known there.`,
        hint: "Use it in a step after the group.",
      };
    }
    return {
      message: `${quoted(id)} comes after ${here}; its summary is not known there.`,
      hint: "Name an earlier step, or put both into a loop.",
    };
  }
  return undefined;
}

/** Why a placeholder about a step has no value in any of these steps. */
export function unresolvedOfStep(
  placeholder: Extract<Placeholder, { kind: "summary" | "verdict" | "result" }>,
  score: SourceDocument,
  steps: readonly StepView[],
  used?: UsedScore,
): Unresolved | undefined {
  const view = scoreViewOf(score);
  const { step: id } = placeholder;
  const unseen = unresolvedSummary(id, view, steps);
  const target = targetOf(view, id);
  if (unseen !== undefined || target === undefined || placeholder.kind === "summary") return unseen;
  if (placeholder.kind === "verdict") {
    if (saysOf(score, view, target, used)?.words.length !== 0) return undefined;
    return {
      message: `${quoted(id)} gives no verdict.`,
      hint: "Name a step that gives one, or its summary.",
      near: { kind: "summary", step: id },
    };
  }
  const problem = fieldProblem(score, view, target, placeholder.field, used);
  if (problem === undefined) return undefined;
  const { message, hint, near } = problem;
  return { message, hint, near: near === undefined ? undefined : { kind: "result", step: id, field: near } };
}

/** Why there is no item, or no such field of it, in any of these steps. */
export function unresolvedItem(
  { field }: Extract<Placeholder, { kind: "item" }>,
  score: SourceDocument,
  steps: readonly StepView[],
  used?: UsedScore,
): Unresolved | undefined {
  for (const step of steps) {
    const each = step.around.findLast(({ kind }) => kind === "each");
    if (each === undefined)
      return {
        message: `The step ${quoted(step.id)} is not in an 'each', so there is no item.`,
        hint: "Put the step into an 'each', or hand the value on by an input.",
      };
    const fields = field === "" ? undefined : itemFields(score, each, used);
    if (fields === undefined) continue;
    if (Object.keys(fields).length === 0)
      return {
        message: `The items of ${quoted(each.id)} are texts: they have no field ${quoted(field)}.`,
        near: { kind: "item", field: "" },
      };
    const unknown = unknownField(fields, field);
    if (unknown === undefined) continue;
    const near = nearest(unknown.name, unknown.known);
    return {
      message: `The items of ${quoted(each.id)} have no field ${quoted(unknown.name)}; they have ${unknown.known.join(", ")}.`,
      near: near === undefined ? undefined : { kind: "item", field: field.replace(unknown.name, near) },
    };
  }
  return undefined;
}

/** The fields of the items of an `each`; empty: they are texts. Undefined: not known here. */
function itemFields(score: SourceDocument, each: GroupView, used?: UsedScore): FieldMap | undefined {
  const text = (key: string): string | undefined => textAt(score, [...each.path, "each", "in", key]);
  const view = scoreViewOf(score);
  const from = targetOf(view, text("step") ?? "");
  const field = text("field");
  if (text("glob") !== undefined) return {};
  if (from === undefined || field === undefined) return undefined;
  const list = specAt(saysOf(score, view, from, used)?.fields ?? {}, field);
  if (list === undefined) return undefined;
  if (list.of === undefined || list.of === "string" || list.of === "path") return {};
  return typeof list.of === "string" || Object.keys(list.of).length === 0 ? undefined : list.of;
}

/** What can be checked about a file's templates without any other file. */
export function checkTemplates(source: SourceDocument, report: Report): void {
  for (const template of templatesOf(source)) {
    problems(template, report);
    const { step } = template;
    checkTemplate(template, report, (placeholder) => {
      if (placeholder.kind === "item" && step !== undefined)
        return unresolvedItem(placeholder, source, [step]);
      if (isAboutStep(placeholder) && step !== undefined)
        return unresolvedOfStep(placeholder, source, [step]);
      const problem = placeholder.kind === "artifact" ? artifactPathProblem(placeholder.path) : undefined;
      if (placeholder.kind !== "artifact" || problem === undefined) return undefined;
      return { message: `${quoted(placeholder.path)} cannot be an artifact: ${problem}.` };
    });
  }
}

/** Placeholders in a Flow's task, which is not a template. */
export function checkTask(flow: SourceDocument, report: Report): void {
  const path = ["task"];
  const template = new TemplateText(flow, path, textAt(flow, path) ?? "");
  for (const { start } of template.placeholders.slice(0, maxProblemsPerTemplate)) {
    const message = "The task is not a template: this is shown to the roles as written.";
    report.span(flow, template.placeOf(start), "orket/placeholder-in-task", message, {
      severity: "warning",
      hint: "Use the placeholder in a prompt or an instruction.",
    });
  }
}

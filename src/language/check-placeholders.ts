import { parseTemplate, placeholderForms, placeholderText, type Placeholder } from "../engine/model/template";
import { quoted, type ProblemInit } from "./diagnostic";
import { type Span } from "./lines";
import { nearest } from "./nearest";
import { artifactPathProblem } from "./paths";
import { braceSpans, valuePlace } from "./places";
import { keysAt, textAt, type FlowParts, type Report } from "./report";
import { canSee, type ScoreView, type StepView } from "./score-view";
import { type SourceDocument } from "./source";
import { type ValuePath } from "./tree";

/** A template in a file: a role's prompt or a step's instruction. */
interface TemplateText {
  readonly source: SourceDocument;
  readonly path: ValuePath;
  readonly text: string;
}

/** The place of what stands at an offset of a text value: its nth `{{` is the nth of its writing in the file. */
function placeOf(template: TemplateText, spans: readonly Span[], offset: number): Span {
  let index = -1;
  for (
    let at = template.text.indexOf("{{");
    at >= 0 && at <= offset;
    at = template.text.indexOf("{{", at + 2)
  )
    index++;
  return spans[index] ?? valuePlace(template.source, template.path);
}

const maxProblemsPerTemplate = 50;

function problems(template: TemplateText, report: Report): void {
  const spans = braceSpans(template.source, template.path);
  for (const problem of parseTemplate(template.text).problems.slice(0, maxProblemsPerTemplate)) {
    const span = placeOf(template, spans, problem.start);
    const forms: string[] = placeholderForms.map(({ form }) => form);
    const near = problem.code === "unknown" ? nearest(problem.content, forms) : undefined;
    const init: ProblemInit = near === undefined ? {} : { mend: `Did you mean {{${near}}}?` };
    const simple = near !== undefined && /^[a-z]+$/.test(near);
    report.span(
      template.source,
      span,
      problem.code === "unknown" ? "orket/placeholder-unknown" : "orket/placeholder-syntax",
      problem.message,
      simple ? { ...init, replace: { title: `Replace with {{${near}}}`, with: `{{${near}}}` } } : init,
    );
  }
}

function placeholdersOf(text: string): { placeholder: Placeholder; start: number }[] {
  return parseTemplate(text).segments.flatMap((segment) =>
    segment.kind === "placeholder" ? [{ placeholder: segment.placeholder, start: segment.start }] : [],
  );
}

/** Why a placeholder can never be resolved there, with the placeholder that was likely meant. */
interface Unresolved {
  readonly message: string;
  readonly mend?: string | undefined;
  readonly near?: Placeholder | undefined;
}

function whyUnresolved(
  placeholder: Placeholder,
  flow: SourceDocument,
  view: ScoreView | undefined,
  steps: readonly StepView[],
): Unresolved | undefined {
  switch (placeholder.kind) {
    case "input": {
      const inputs = keysAt(flow, ["inputs"]);
      if (inputs.includes(placeholder.name) || flow.tree === undefined) return undefined;
      const near = nearest(placeholder.name, inputs);
      return {
        message: `The Flow ${flow.path} has no input ${quoted(placeholder.name)}.`,
        mend:
          inputs.length === 0
            ? "Add it to the Flow's 'inputs'."
            : `Its inputs are ${inputs.slice(0, 20).join(", ")}.`,
        near: near === undefined ? undefined : { kind: "input", name: near },
      };
    }
    case "summary":
      return view === undefined ? undefined : unresolvedSummary(placeholder.step, view, steps);
    case "artifact": {
      const problem = artifactPathProblem(placeholder.path);
      if (problem === undefined) return undefined;
      return { message: `${quoted(placeholder.path)} cannot be an artifact: ${problem}.` };
    }
    case "task":
    case "role":
    case "step":
    case "note":
      return undefined;
  }
}

function unresolvedSummary(id: string, view: ScoreView, steps: readonly StepView[]): Unresolved | undefined {
  const target = view.byId.get(id);
  if (target === undefined) {
    const near = nearest(
      id,
      view.steps.map((step) => step.id),
    );
    return {
      message: `The Score has no step ${quoted(id)}.`,
      near: near === undefined ? undefined : { kind: "summary", step: near },
    };
  }
  for (const step of steps) {
    const sight = canSee(step, target);
    if (sight === "yes") continue;
    const here = `the step ${quoted(step.id)}`;
    if (sight === "itself") return { message: `The summary of ${here} is not known while it runs.` };
    if (sight === "parallel") {
      return {
        message: `${quoted(id)} runs beside ${here} in a parallel group; its summary is not known there.`,
        mend: "Use it in a step after the group.",
      };
    }
    return {
      message: `${quoted(id)} comes after ${here}; its summary is not known there.`,
      mend: "Name an earlier step, or put both into a loop.",
    };
  }
  return undefined;
}

/** Templates of the Band's prompts and the Score's instructions: each placeholder has to have a value where it stands. */
export function checkPlaceholders(parts: FlowParts, view: ScoreView | undefined, report: Report): void {
  const { flow, band, score } = parts;
  const check = (template: TemplateText, steps: readonly StepView[]): void => {
    problems(template, report);
    let spans: readonly Span[] | undefined;
    let found = 0;
    const sound = new Set<string>();
    for (const { placeholder, start } of placeholdersOf(template.text)) {
      const name = placeholderText(placeholder);
      if (sound.has(name)) continue;
      const why = whyUnresolved(placeholder, flow, view, steps);
      if (why === undefined) {
        sound.add(name);
        continue;
      }
      if (++found > maxProblemsPerTemplate || report.isFull(template.source)) break;
      spans ??= braceSpans(template.source, template.path);
      const span = placeOf(template, spans, start);
      const written = why.near === undefined ? undefined : placeholderText(why.near);
      report.span(template.source, span, "orket/placeholder-unresolved", why.message, {
        mend: written === undefined ? why.mend : `Did you mean ${written}?`,
        replace: written === undefined ? undefined : { title: `Replace with ${written}`, with: written },
      });
    }
  };
  for (const role of keysAt(band, ["roles"])) {
    const path = ["roles", role, "prompt"];
    const text = textAt(band, path);
    if (band === undefined || text === undefined) continue;
    check({ source: band, path, text }, view?.steps.filter((step) => step.role === role) ?? []);
  }
  for (const step of view?.steps ?? []) {
    const path = [...step.path, "instruction"];
    const text = textAt(score, path);
    if (score !== undefined && text !== undefined) check({ source: score, path, text }, [step]);
  }
  checkTask(flow, report);
}

function checkTask(flow: SourceDocument, report: Report): void {
  const template = { source: flow, path: ["task"], text: textAt(flow, ["task"]) ?? "" };
  const spans = braceSpans(flow, template.path);
  for (const { start } of placeholdersOf(template.text).slice(0, maxProblemsPerTemplate)) {
    const message = "The task is no template: this is shown to the roles as it stands.";
    report.span(flow, placeOf(template, spans, start), "orket/placeholder-in-task", message, {
      severity: "warning",
      mend: "Use the placeholder in a prompt or an instruction.",
    });
  }
}

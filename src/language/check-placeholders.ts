import {
  parseTemplate,
  placeholderForms,
  placeholderText,
  type ParsedTemplate,
  type Placeholder,
} from "../engine/model/template";
import { quoted, type ProblemInit } from "./diagnostic";
import { type Span } from "./lines";
import { nearest } from "./nearest";
import { artifactPathProblem } from "./paths";
import { braceSpans, valuePlace } from "./places";
import { keysAt, textAt, type FlowParts, type Report } from "./report";
import { canSee, type ScoreView, type StepView } from "./score-view";
import { type SourceDocument } from "./source";
import { type ValuePath } from "./tree";

/** A template in a file (a role's prompt, a step's instruction), parsed. */
class TemplateText {
  readonly parsed: ParsedTemplate;
  #spans: readonly Span[] | undefined;

  constructor(
    readonly source: SourceDocument,
    private readonly path: ValuePath,
    private readonly text: string,
  ) {
    this.parsed = parseTemplate(text);
  }

  /** The place of what stands at an offset of the text: its nth `{{` is the nth of its writing in the file. */
  placeOf(offset: number): Span {
    const { text } = this;
    let index = -1;
    for (let at = text.indexOf("{{"); at >= 0 && at <= offset; at = text.indexOf("{{", at + 2)) index++;
    this.#spans ??= braceSpans(this.source, this.path);
    return this.#spans[index] ?? valuePlace(this.source, this.path);
  }

  get placeholders(): { placeholder: Placeholder; start: number }[] {
    return this.parsed.segments.flatMap((segment) =>
      segment.kind === "placeholder" ? [{ placeholder: segment.placeholder, start: segment.start }] : [],
    );
  }
}

const maxProblemsPerTemplate = 50;

function problems(template: TemplateText, report: Report): void {
  for (const problem of template.parsed.problems.slice(0, maxProblemsPerTemplate)) {
    const forms: string[] = placeholderForms.map(({ form }) => form);
    const near = problem.code === "unknown" ? nearest(problem.content, forms) : undefined;
    const init: ProblemInit = near === undefined ? {} : { mend: `Did you mean {{${near}}}?` };
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

function checkTemplate(
  template: TemplateText,
  steps: readonly StepView[],
  flow: SourceDocument,
  view: ScoreView | undefined,
  report: Report,
): void {
  problems(template, report);
  let found = 0;
  const sound = new Set<string>();
  for (const { placeholder, start } of template.placeholders) {
    const name = placeholderText(placeholder);
    if (sound.has(name)) continue;
    const why = whyUnresolved(placeholder, flow, view, steps);
    if (why === undefined) {
      sound.add(name);
      continue;
    }
    if (++found > maxProblemsPerTemplate || report.isFull(template.source)) break;
    const written = why.near === undefined ? undefined : placeholderText(why.near);
    report.span(template.source, template.placeOf(start), "orket/placeholder-unresolved", why.message, {
      mend: written === undefined ? why.mend : `Did you mean ${written}?`,
      replace: written === undefined ? undefined : { title: `Replace with ${written}`, with: written },
    });
  }
}

/** Templates of the Band's prompts and the Score's instructions: each placeholder has to have a value where it stands. */
export function checkPlaceholders(parts: FlowParts, view: ScoreView | undefined, report: Report): void {
  const { flow, band, score } = parts;
  const check = (source: SourceDocument, path: ValuePath, steps: readonly StepView[]): void => {
    const text = textAt(source, path);
    if (text?.includes("{{") === true) {
      checkTemplate(new TemplateText(source, path, text), steps, flow, view, report);
    }
  };
  for (const role of keysAt(band, ["roles"])) {
    if (band === undefined) break;
    check(band, ["roles", role, "prompt"], view?.steps.filter((step) => step.role === role) ?? []);
  }
  for (const step of view?.steps ?? []) {
    if (score !== undefined) check(score, [...step.path, "instruction"], [step]);
  }
  checkTask(flow, report);
}

function checkTask(flow: SourceDocument, report: Report): void {
  const path = ["task"];
  const template = new TemplateText(flow, path, textAt(flow, path) ?? "");
  for (const { start } of template.placeholders.slice(0, maxProblemsPerTemplate)) {
    const message = "The task is no template: this is shown to the roles as it stands.";
    report.span(flow, template.placeOf(start), "orket/placeholder-in-task", message, {
      severity: "warning",
      mend: "Use the placeholder in a prompt or an instruction.",
    });
  }
}

import { parseTemplate, placeholderForms, placeholderText } from "../../engine/model/template";
import type { Placeholder } from "../../engine/model/template";
import type { FlowFile } from "../../engine/model/flow";
import { listInputs } from "../project/inputs";
import { partsFor } from "../project/links";
import { namesIn } from "../project/occurrences";
import type { Project } from "../project/project";
import { textAt } from "../schema/read";
import { valueAt } from "../schema/schema";
import { canSee, scoreViewOf } from "../schema/score-view";
import type { StepView } from "../schema/score-view";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";

/** A placeholder that can be resolved at a place. */
export interface Offer {
  readonly placeholder: Placeholder;
  readonly detail: string;
}

/** The steps that a template is for: the one whose instruction it is, or those of the role whose prompt it is. */
export function stepsOfTemplate(
  project: Project,
  source: SourceDocument,
  path: ValuePath,
): { score: SourceDocument; steps: StepView[] }[] {
  return partsFor(project, source, "score").map((score) => {
    const { steps } = scoreViewOf(score);
    if (source === score || source.path === score.path) {
      const own = path.slice(0, -1).join("/");
      return { score, steps: steps.filter((step) => step.path.join("/") === own) };
    }
    const role = path.at(-2);
    return { score, steps: steps.filter((step) => step.role === role) };
  });
}

function describeForm(kind: Placeholder["kind"]): string {
  const start = {
    task: "task",
    input: "inputs",
    note: "notes",
    summary: "steps.ID.summary",
    verdict: "steps.ID.verdict",
    result: "steps.ID.result",
    item: "item",
    artifact: "artifacts",
    role: "role",
    step: "step",
  }[kind];
  return (
    placeholderForms.find(
      ({ form }) => form === start || form.startsWith(`${start}.`) || form.startsWith(`${start}[`),
    )?.description ?? ""
  );
}

/** Every placeholder that can have a value in a template. */
export function placeholdersAt(project: Project, source: SourceDocument, path: ValuePath): Offer[] {
  const offers = new Map<string, Offer>();
  const add = (placeholder: Placeholder, detail = describeForm(placeholder.kind)): void => {
    const text = placeholderText(placeholder);
    if (!offers.has(text)) offers.set(text, { placeholder, detail });
  };
  add({ kind: "task" });
  for (const flow of partsFor(project, source, "flow")) {
    for (const input of listInputs(flow)) {
      add({ kind: "input", name: input.name }, input.description ?? describeForm("input"));
    }
  }
  for (const { score, steps } of stepsOfTemplate(project, source, path)) {
    const view = scoreViewOf(score);
    for (const step of view.steps) {
      const sees = steps.every((from) => canSee(from, step) === "yes");
      if (!sees) continue;
      add(
        { kind: "summary", step: step.id },
        `What ${step.id} (${step.role ?? "?"}) reported; empty until it ran.`,
      );
    }
    for (const { entity, role, name } of namesIn(score).occurrences) {
      if (entity === "artifact" && role === "definition") add({ kind: "artifact", path: name });
    }
  }
  for (const key of noteKeys(project, source)) add({ kind: "note", key });
  add({ kind: "role" });
  add({ kind: "step" });
  return [...offers.values()];
}

/** Notes that any file of the same Flows names. */
export function noteKeys(project: Project, source: SourceDocument): string[] {
  const links = project.links.through.get(source.path) ?? [];
  const paths = new Set([source.path, ...links.flatMap(({ parts }) => [...parts.values()])]);
  const files = [...paths].map((path) => (path === source.path ? source : project.sources.get(path)));
  const keys = files.flatMap((file) =>
    file === undefined
      ? []
      : namesIn(file).occurrences.flatMap(({ entity, name }) => (entity === "note" ? [name] : [])),
  );
  return [...new Set(keys)].sort();
}

/** What a placeholder means, and what it comes to as far as that is known before a run. */
export function explainPlaceholder(
  project: Project,
  source: SourceDocument,
  placeholder: Placeholder,
): string {
  const meaning = describeForm(placeholder.kind);
  const flows = partsFor(project, source, "flow");
  const lines = [`\`${placeholderText(placeholder)}\``, meaning];
  for (const flow of flows.slice(0, 5)) {
    const name = textAt(flow, ["name"]) ?? flow.path;
    if (placeholder.kind === "task") {
      const task = textAt(flow, ["task"]);
      lines.push(`**${name}**: ${task === undefined ? "asked for when it starts" : shorten(task)}`);
    } else if (placeholder.kind === "input") {
      const spec = valueAt(flow.value, ["inputs", placeholder.name]) as
        FlowFile["inputs"][string] | undefined;
      if (typeof spec !== "object") continue;
      if (spec.description !== undefined) lines.push(String(spec.description));
      const preset = spec.default === undefined ? "no default" : `default \`${String(spec.default)}\``;
      lines.push(`**${name}**: ${spec.type ?? "string"}, ${preset}`);
    }
  }
  if (placeholder.kind === "summary") {
    for (const score of partsFor(project, source, "score")) {
      const step = scoreViewOf(score).byId.get(placeholder.step);
      if (step !== undefined)
        lines.push(`Step \`${step.id}\` of ${score.path}, performed by \`${step.role ?? "?"}\`.`);
    }
  }
  return lines.join("\n\n");
}

/** The first lines of a text, for people. */
export function shorten(text: string, length = 300): string {
  const flat = text.trim();
  return flat.length > length ? `${flat.slice(0, length - 1).trimEnd()}…` : flat;
}

/** The piece of a template around an offset: an open placeholder that is being typed, with what it replaces. */
export function openPlaceholder(
  text: string,
  offset: number,
): { start: number; end: number; typed: string } | undefined {
  const lineStart = Math.max(text.lastIndexOf("\n", offset - 1), text.lastIndexOf("\r", offset - 1)) + 1;
  const open = text.lastIndexOf("{{", offset - 1);
  if (open < lineStart || open + 2 > offset) return undefined;
  const slashes = /\\*$/.exec(text.slice(lineStart, open))?.[0].length ?? 0;
  if (slashes % 2 === 1) return undefined;
  const typed = text.slice(open + 2, offset);
  if (typed.includes("}}")) return undefined;
  const lineEnd = /[\r\n]|$/.exec(text.slice(offset));
  const rest = text.slice(offset, offset + (lineEnd?.index ?? 0));
  const close = /^[A-Za-z0-9_.\-"'[\]/ ]*\}\}/.exec(rest);
  return { start: open, end: close === null ? offset : offset + close[0].length, typed: typed.trimStart() };
}

/** The placeholder at an offset of a template. */
export function placeholderAt(
  text: string,
  offset: number,
): { placeholder: Placeholder; start: number; end: number } | undefined {
  for (const segment of parseTemplate(text).segments) {
    if (segment.kind === "placeholder" && offset >= segment.start && offset <= segment.end) return segment;
  }
  return undefined;
}

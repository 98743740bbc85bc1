import { parseTemplate, placeholderForms, placeholderText } from "../../engine/model/template";
import type { Placeholder } from "../../engine/model/template";
import type { FlowFile } from "../../engine/model/flow";
import { textOfJson, typeOf } from "../../engine/model/field";
import type { FieldSpec } from "../../engine/model/field";
import { fieldPaths, inputMap, inputsFor, itemAt, outcomeOf, specAt } from "../project/results";
import { itemPathOf } from "../schema/fields";
import { partsFor } from "../project/links";
import { namesIn } from "../project/occurrences";
import type { Project } from "../project/project";
import { textAt } from "../schema/read";
import { valueAt } from "../schema/schema";
import { canSee, scoreViewOf } from "../schema/score-view";
import type { StepView } from "../schema/score-view";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";
import { entryOf } from "../../engine/model/entry-of";

/** A placeholder that can be resolved at a place. */
export interface Offer {
  readonly placeholder: Placeholder;
  readonly detail: string;
}

/** The steps that a template is for: the step whose instruction it is, or those of the role or the command that has it. */
function stepsOfTemplate(
  project: Project,
  source: SourceDocument,
  path: ValuePath,
): { score: SourceDocument; steps: StepView[] }[] {
  return partsFor(project, source, "score").map((score) => {
    const { steps } = scoreViewOf(score);
    if (source === score || source.path === score.path) {
      const own = itemPathOf(path).join("/");
      return { score, steps: steps.filter((step) => step.path.join("/") === own) };
    }
    const name = path[1];
    // A command's texts are filled in for the steps that run it.
    if (source.kind === "flow") {
      const runs = steps.filter(
        (step) => step.kind === "run" && textAt(score, [...step.path, "run"]) === name,
      );
      return { score, steps: runs };
    }
    return { score, steps: steps.filter((step) => step.role === name) };
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

type Add = (placeholder: Placeholder, detail?: string) => void;

/** The output of a step: its summary, its verdict, its result and the result's fields. */
function addStep(project: Project, score: SourceDocument, step: StepView, add: Add): void {
  const by = performerOf(step);
  const { fields, verdicts } = outcomeOf(project, score, step);
  add({ kind: "summary", step: step.id }, `What ${step.id} (${by}) reported; empty until it ran.`);
  if (verdicts.length > 0)
    add({ kind: "verdict", step: step.id }, `${verdicts.join(" or ")}; empty until ${step.id} said so.`);
  const paths = fieldPaths(fields);
  if (paths.length === 0) return;
  add({ kind: "result", step: step.id, field: "" }, `The whole result of ${step.id}, as JSON.`);
  for (const { path, spec } of paths) add({ kind: "result", step: step.id, field: path }, fieldText(spec));
}

/** The item and its fields, where all the steps are in an `each`. */
function addItem(project: Project, score: SourceDocument, steps: readonly StepView[], add: Add): void {
  const items = steps.map((step) => itemAt(project, score, step));
  const [first] = items;
  if (first === undefined || items.includes(undefined)) return;
  add({ kind: "item", field: "" });
  const named = items.map((item) => (typeof item?.of === "object" ? fieldPaths(item.of) : []));
  for (const { path, spec } of named[0] ?? [])
    if (named.every((paths) => paths.some((one) => one.path === path)))
      add({ kind: "item", field: path }, fieldText(spec));
}

/** What performs a step, in a word or two. */
export function performerOf(step: StepView): string {
  if (step.kind === "role") return step.role ?? "?";
  return { run: "command", ask: "question", accept: "accept", use: "Score" }[step.kind];
}

/** A description of a field: its type, and the description in its file. */
export function fieldText(spec: FieldSpec): string {
  const type = Array.isArray(spec.enum) ? spec.enum.join(" | ") : typeOf(spec);
  const of = typeof spec.of === "string" ? ` of ${spec.of}` : "";
  const about = typeof spec.description === "string" ? `. ${spec.description}` : "";
  return `${type}${of}${about}`;
}

/** Every placeholder that can have a value in a template. */
export function placeholdersAt(project: Project, source: SourceDocument, path: ValuePath): Offer[] {
  const offers = new Map<string, Offer>();
  const add = (placeholder: Placeholder, detail = describeForm(placeholder.kind)): void => {
    const text = placeholderText(placeholder);
    if (!offers.has(text)) offers.set(text, { placeholder, detail });
  };
  add({ kind: "task" });
  for (const [name, { description }] of inputsFor(project, source))
    add({ kind: "input", name }, description ?? describeForm("input"));
  for (const { score, steps } of stepsOfTemplate(project, source, path)) {
    const view = scoreViewOf(score);
    for (const step of view.steps) {
      const sees = steps.every((from) => canSee(from, step) === "yes");
      if (!sees) continue;
      addStep(project, score, step, add);
    }
    for (const group of view.groups) {
      if (!group.idGiven || !steps.every((from) => canSee(from, group) === "yes")) continue;
      add({ kind: "summary", step: group.id }, `What the ${group.kind} group reported; empty until it ran.`);
    }
    addItem(project, score, steps, add);
    for (const { entity, role, name } of namesIn(score).occurrences) {
      if (entity === "artifact" && role === "definition") add({ kind: "artifact", path: name });
    }
  }
  for (const key of noteKeys(project, source)) add({ kind: "note", key });
  if (source.kind !== "flow") add({ kind: "role" });
  add({ kind: "step" });
  return [...offers.values()];
}

/** Notes that any file of the same Flows names. */
function noteKeys(project: Project, source: SourceDocument): string[] {
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

/** What a placeholder means, and its value as far as that is known before a run. */
export function explainPlaceholder(
  project: Project,
  source: SourceDocument,
  placeholder: Placeholder,
  path: ValuePath,
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
        FlowFile["inputs"][string] | null | undefined;
      if (typeof spec !== "object" || spec === null) continue;
      if (spec.description !== undefined) lines.push(String(spec.description));
      const preset = spec.default === undefined ? "no default" : `default \`${textOfJson(spec.default)}\``;
      lines.push(`**${name}**: ${spec.type ?? "string"}, ${preset}`);
    }
  }
  if (placeholder.kind === "item") lines.push(...explainItem(project, source, path, placeholder.field));
  for (const score of partsFor(project, source, "score"))
    lines.push(...explainStep(project, score, placeholder));
  return lines.join("\n\n");
}

/** What the item of the `each` around a template is. */
function explainItem(project: Project, source: SourceDocument, path: ValuePath, field: string): string[] {
  const items = stepsOfTemplate(project, source, path).flatMap(({ score, steps }) =>
    steps.flatMap((step) => itemAt(project, score, step) ?? []),
  );
  const specs = items.flatMap((item) => {
    if (field === "") return [item];
    return (typeof item.of === "object" ? specAt(item.of, field) : undefined) ?? [];
  });
  return [...new Set(specs.map((spec) => `${field === "" ? "item" : `item.${field}`}: ${fieldText(spec)}`))];
}

/** What a placeholder means in one Score. */
function explainStep(project: Project, score: SourceDocument, placeholder: Placeholder): string[] {
  if (placeholder.kind === "input") {
    const spec = entryOf(inputMap(score), placeholder.name);
    return spec === undefined ? [] : [`Input of ${score.path}: ${fieldText(spec)}`];
  }
  if (placeholder.kind !== "summary" && placeholder.kind !== "verdict" && placeholder.kind !== "result")
    return [];
  const view = scoreViewOf(score);
  const step = view.byId.get(placeholder.step);
  const group = step === undefined ? view.groupById.get(placeholder.step) : undefined;
  if (group !== undefined) return [`Group \`${group.id}\` (${group.kind}) of ${score.path}.`];
  if (step === undefined) return [];
  const lines = [`Step \`${step.id}\` of ${score.path}, performed by \`${performerOf(step)}\`.`];
  const { fields, verdicts } = outcomeOf(project, score, step);
  if (placeholder.kind === "verdict" && verdicts.length > 0)
    lines.push(`Says ${verdicts.map((word) => `\`${word}\``).join(" or ")}.`);
  if (placeholder.kind === "result") {
    const found =
      placeholder.field === ""
        ? fieldPaths(fields)
        : fieldPaths(fields).filter(({ path }) => path === placeholder.field);
    for (const { path, spec } of found) lines.push(`\`${path}\`: ${fieldText(spec)}`);
  }
  return lines;
}

/** The first lines of a text, for display. */
export function shorten(text: string, length = 300): string {
  const flat = text.trim();
  return flat.length > length ? `${flat.slice(0, length - 1).trimEnd()}…` : flat;
}

/** The part of a template around an offset: an open placeholder that is being typed, with the span that it replaces. */
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

import type { Diagnostic as LspDiagnostic, Hover, Range, TextEdit } from "vscode-languageserver-types";
import { planPrompt } from "../../engine/model/plan-flow";
import type { PlannedPrompt } from "../../engine/model/plan-flow";
import { plannedSteps } from "../../engine/model/plan";
import { LineIndex } from "../text/lines";
import type { Span } from "../text/lines";
import { completePlaceholder } from "../help/complete";
import { completionOf } from "../help/completion-item";
import type { DefinitionCompletion } from "../help/completion-item";
import { hoverOf, hoverPlaceholder } from "../help/hover";
import { applyEdits, lspDiagnostic } from "../help/lsp";
import type { WithData } from "../help/lsp";
import { partsFor } from "../project/links";
import { namesIn } from "../project/occurrences";
import { updateProject } from "../project/project";
import type { Project } from "../project/project";
import { textAt } from "../schema/read";
import { problemsOf } from "../flow/check-project";
import { resolveFlow } from "../flow/resolve";
import { mapScalar } from "../text/scalar-map";
import { scoreViewOf } from "../schema/score-view";
import { parseSource } from "../text/source";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";
import { replaceText } from "./write";
import { defined } from "../../engine/model/defined";

/** A prompt or an instruction of a file, as a document that can be opened. */
export interface PromptRef {
  readonly file: string;
  readonly path: ValuePath;
  /** The role, or the step's id. */
  readonly name: string;
  readonly kind: "prompt" | "instruction";
}

/** Every prompt of a file, in its order. */
export function listPrompts(source: SourceDocument): PromptRef[] {
  // The texts of commands are filled in for programs, not for models.
  if (source.kind === "flow") return [];
  return namesIn(source).templates.flatMap(({ path }) => {
    // A question or an input is edited in the file itself.
    if (path.at(-1) !== "prompt" && path.at(-1) !== "instruction") return [];
    if (path.at(-2) === "with") return [];
    const around = path.slice(0, -1);
    const step = source.kind === "score" ? scoreViewOf(source).idAt.get(around.join("/")) : undefined;
    return {
      file: source.path,
      path,
      name: step ?? String(around.at(-1) ?? ""),
      kind: step === undefined ? "prompt" : "instruction",
    };
  });
}

/**
 * The prompt that a name means in a file: roles of a Band, steps of a Score. Names remain valid when entries are added
 * above, which paths do not.
 */
export function findPrompt(source: SourceDocument, name: string): PromptRef | undefined {
  return listPrompts(source).find((prompt) => prompt.name === name);
}

/** The text of a prompt, with line ends as `\n`; undefined when it no longer exists. */
export function readPrompt(source: SourceDocument, path: ValuePath): string | undefined {
  return textAt(source, path);
}

export type SavePrompt =
  | { readonly kind: "edited"; readonly edits: readonly TextEdit[] }
  | { readonly kind: "unchanged" }
  /** Refused; the message gives the reason and the fix. */
  | { readonly kind: "conflict" | "gone" | "refused"; readonly message: string };

/**
 * Writes a prompt back. `base` is the prompt's text when it was opened or last saved: later changes elsewhere in the file
 * are kept; a prompt that changed on both sides is refused.
 */
export function savePrompt(
  source: SourceDocument,
  path: ValuePath,
  base: string,
  edited: string,
): SavePrompt {
  const text = edited.replace(/\r\n?/g, "\n");
  const current = textAt(source, path);
  if (current === undefined) {
    const message =
      source.tree === undefined || source.problems.length > 0
        ? `${source.path} has errors, so that the prompt cannot be found in it. Fix them and save again.`
        : `The prompt is no longer in ${source.path}. Copy your text if you want to keep it.`;
    return { kind: "gone", message };
  }
  if (current === text) return { kind: "unchanged" };
  if (current !== base) {
    const message = `The prompt was changed in ${source.path} too. Copy what you want to keep, close this document and open it again.`;
    return { kind: "conflict", message };
  }
  if (text === "") return { kind: "refused", message: "A prompt cannot be empty." };
  const edits = replaceText(source, path, text);
  if (edits !== undefined) return { kind: "edited", edits };
  return {
    kind: "refused",
    message: `The prompt cannot be written back into ${source.path} without changing something else there. Edit it in the file itself.`,
  };
}

/** The project with the prompt's unsaved text. */
export function withPrompt(project: Project, source: SourceDocument, path: ValuePath, text: string): Project {
  const edits = replaceText(source, path, text.replace(/\r\n?/g, "\n"));
  if (edits === undefined || edits.length === 0) return project;
  return updateProject(project, parseSource(source.path, applyEdits(source.text, edits)));
}

/** A diagnostic at its place in the prompt's own document, with its fix where one is known. */
export type PromptDiagnostic = WithData<
  LspDiagnostic,
  { readonly fix?: { readonly title: string; readonly edit: TextEdit } }
>;

/** What is wrong with a prompt's text, with places in that text. */
export function diagnosePrompt(
  project: Project,
  file: string,
  path: ValuePath,
  text: string,
): PromptDiagnostic[] {
  const before = project.sources.get(file);
  if (before === undefined) return [];
  const overlaid = withPrompt(project, before, path, text);
  const source = overlaid.sources.get(file) ?? before;
  const map = mapScalar(source, path);
  if (map === undefined || map.value !== text.replace(/\r\n?/g, "\n")) return [];
  const lines = new LineIndex(map.value);
  const problems = problemsOf(overlaid, new Set([file])).get(file) ?? [];
  return problems.flatMap((found): PromptDiagnostic[] => {
    const { suggestion } = found;
    if (found.span.start < map.span.start || found.span.end > map.span.end) return [];
    const rangeOf = ({ start, end }: Span): Range =>
      lines.rangeOf({ start: map.toValue(start), end: map.toValue(end) });
    const { code, severity, message, hint } = found;
    const shown = lspDiagnostic({
      code,
      severity,
      message,
      range: rangeOf(found.span),
      ...defined({ hint }),
    });
    if (suggestion === undefined) return [{ ...shown, data: {} }];
    const edit = { range: rangeOf(suggestion.span), newText: suggestion.replacement };
    return [{ ...shown, data: { fix: { title: suggestion.title, edit } } }];
  });
}

/** Placeholders for what is typed in a prompt's own document. */
export function completePrompt(
  project: Project,
  file: string,
  path: ValuePath,
  text: string,
  offset: number,
): DefinitionCompletion[] {
  const source = project.sources.get(file);
  if (source === undefined) return [];
  const lines = new LineIndex(text);
  return completePlaceholder({ project, source }, path, text, offset).map((offer) =>
    completionOf(offer, lines, offset),
  );
}

/** Help on a placeholder in a prompt's own document. */
export function hoverPrompt(
  project: Project,
  file: string,
  path: ValuePath,
  text: string,
  offset: number,
): Hover | undefined {
  const source = project.sources.get(file);
  if (source === undefined) return undefined;
  return hoverOf(new LineIndex(text), hoverPlaceholder({ project, source }, path, text, offset));
}

/** Flows and steps that a prompt can be shown for. */
export function promptUses(
  project: Project,
  file: string,
  path: ValuePath,
): { flow: string; steps: string[] }[] {
  const source = project.sources.get(file);
  if (source === undefined) return [];
  return partsFor(project, source, "flow").map((flow) => {
    const [score] = partsFor(project, flow, "score");
    const steps = score === undefined ? [] : scoreViewOf(score).steps;
    const own = path.slice(0, -1).join("/");
    const used = steps.filter((step) =>
      source === score ? step.path.join("/") === own : step.role === path.at(-2),
    );
    return { flow: flow.path, steps: used.map(({ id }) => id) };
  });
}

export type PromptPreview =
  | { readonly prompt: PlannedPrompt }
  /** Why there is none; sentences. */
  | { readonly problems: readonly string[] };

/** The prompt of a step as it will be sent, as far as it is known before a run. */
export function previewPrompt(project: Project, flow: string, step: string): PromptPreview {
  const { definition, diagnostics } = resolveFlow(project, flow, { forRun: false });
  if (definition === undefined) {
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    return { problems: errors.slice(0, 10).map(({ file, message }) => `${file}: ${message}`) };
  }
  const planned = plannedSteps(definition.score.steps).find(({ node }) => node.id === step);
  if (planned === undefined) return { problems: [`The Score has no step '${step}'.`] };
  const rounds = planned.within.filter(({ kind }) => kind === "loop").map(() => 1);
  return { prompt: planPrompt(definition, planned.node, rounds) };
}

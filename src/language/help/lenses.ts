import type { CodeLens } from "vscode-languageserver-types";
import { sessionArgument } from "../../engine/model/command-argv";
import type { Span } from "../text/lines";
import { namesIn } from "../project/occurrences";
import { keySpan, nearestPlace } from "../text/places";
import { keysAt, textAt, textsAt } from "../schema/read";
import { scoreViewOf } from "../schema/score-view";
import type { SourceDocument } from "../text/source";
import { nodesAt, nodeSpan } from "../text/tree";
import type { ValuePath } from "../text/tree";
import type { WithData } from "./lsp";

/** The outcome of a step the last time it ran, as known to the host. */
export interface StepResult {
  readonly text: string;
  /** The session to open. */
  readonly session?: string;
}

export type LensAction =
  | { readonly do: "run" | "runStepByStep" | "showPlan"; readonly flow: string }
  | { readonly do: "checkCommand"; readonly flow: string; readonly command: string }
  | { readonly do: "editPrompt"; readonly file: string; readonly path: ValuePath }
  | { readonly do: "tryPrompt"; readonly file: string; readonly role: string }
  | { readonly do: "openResult"; readonly file: string; readonly step: string; readonly session?: string };

/** A lens without its command: the editor resolves it to one of its own, according to its purpose. */
export type DefinitionLens = WithData<CodeLens, { readonly title: string; readonly action: LensAction }>;

interface PlacedLens {
  readonly span: Span;
  readonly title: string;
  readonly action: LensAction;
}

/** Commands shown above the items they apply to. */
export function codeLenses(
  source: SourceDocument,
  results: ReadonlyMap<string, StepResult> = new Map(),
): DefinitionLens[] {
  return lensesOf(source, results).map(({ span, title, action }) => ({
    range: source.lines.rangeOf(span),
    data: { title, action },
  }));
}

/**
 * Above a command that cannot be tried alone, since its effects are outside or an argument has a value only within a
 * session, stands why; the plan shows where it runs.
 */
function commandLens(
  source: SourceDocument,
  command: string,
): { readonly title: string; readonly action: LensAction } {
  const flow = source.path;
  if (textAt(source, ["commands", command, "effects"]) === "outside")
    return { title: "Runs Only After an Accept Step", action: { do: "showPlan", flow } };
  const argument = sessionArgument(textsAt(source, ["commands", command, "argv"]).map(({ text }) => text));
  return argument === undefined
    ? { title: "Run on the Project", action: { do: "checkCommand", flow, command } }
    : {
        title: `Runs Only Within a Session: ${argument} Has a Value Only There`,
        action: { do: "showPlan", flow },
      };
}

function lensesOf(source: SourceDocument, results: ReadonlyMap<string, StepResult>): PlacedLens[] {
  const { kind, path: file, tree } = source;
  if (kind === undefined || tree === undefined) return [];
  if (kind === "flow") {
    const span = keySpan(source, ["name"]) ?? nearestPlace(source, []);
    return [
      { span, title: "Run", action: { do: "run", flow: file } },
      { span, title: "Run with Step Approval", action: { do: "runStepByStep", flow: file } },
      { span, title: "Show Plan", action: { do: "showPlan", flow: file } },
      ...keysAt(source, ["commands"]).map((command) => ({
        span: keySpan(source, ["commands", command]) ?? span,
        ...commandLens(source, command),
      })),
    ];
  }
  const lenses: PlacedLens[] = [];
  for (const { entity, role, on, path, span, name } of namesIn(source).occurrences) {
    if (entity !== "role" || role !== "definition" || on !== "key") continue;
    if (nodesAt(tree, [...path, "prompt"]) === undefined) continue;
    lenses.push({
      span,
      title: "Edit Prompt",
      action: { do: "editPrompt", file, path: [...path, "prompt"] },
    });
    lenses.push({ span, title: "Try Prompt", action: { do: "tryPrompt", file, role: name } });
  }
  if (kind !== "score") return lenses;
  for (const { id, path } of scoreViewOf(source).steps) {
    const node = nodesAt(tree, path)?.value;
    const result = results.get(id);
    if (node === undefined) continue;
    const { start } = nodeSpan(node);
    const span = { start, end: source.lines.lineEnd(start) };
    if (nodesAt(tree, [...path, "instruction"]) !== undefined) {
      lenses.push({
        span,
        title: "Edit Prompt",
        action: { do: "editPrompt", file, path: [...path, "instruction"] },
      });
    }
    if (result === undefined) continue;
    const session = result.session === undefined ? {} : { session: result.session };
    lenses.push({ span, title: result.text, action: { do: "openResult", file, step: id, ...session } });
  }
  return lenses;
}

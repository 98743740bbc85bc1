import type { Range } from "vscode-languageserver-types";
import type { LineIndex, Span } from "./lines";
import { defined } from "../../engine/model/defined";

/** What can be wrong with a definition. The codes are public: docs/diagnostics.md explains each. */
export const diagnosticCodes = [
  "orket/file-too-large",
  "orket/encoding",
  "orket/empty-file",
  "orket/yaml-syntax",
  "orket/json-syntax",
  "orket/yaml-tab",
  "orket/yaml-space",
  "orket/yaml-multiple-documents",
  "orket/yaml-alias",
  "orket/yaml-merge-key",
  "orket/yaml-tag",
  "orket/duplicate-key",
  "orket/too-complex",
  "orket/too-many-problems",
  "orket/unknown-file-kind",
  "orket/unknown-key",
  "orket/missing-key",
  "orket/wrong-type",
  "orket/invalid-value",
  "orket/unknown-tool",
  "orket/command-tool",
  "orket/instructions",
  "orket/skill",
  "orket/literal-api-key",
  "orket/file-not-found",
  "orket/reference-not-found",
  "orket/reference-ambiguous",
  "orket/reference-outside",
  "orket/duplicate-name",
  "orket/unknown-role",
  "orket/unknown-override-role",
  "orket/duplicate-step-id",
  "orket/until-unknown-step",
  "orket/until-outside-loop",
  "orket/until-unknown-verdict",
  "orket/verdict-tool-missing",
  "orket/result-tool-missing",
  "orket/produces-tool-missing",
  "orket/path-not-allowed",
  "orket/write-scope-empty",
  "orket/missing-model",
  "orket/missing-api-key",
  "orket/missing-replies",
  "orket/missing-nodes",
  "orket/setting-not-used",
  "orket/replies-unknown-step",
  "orket/input-default",
  "orket/input-unknown",
  "orket/input-value",
  "orket/input-missing",
  "orket/task-missing",
  "orket/placeholder-syntax",
  "orket/placeholder-unknown",
  "orket/placeholder-unresolved",
  "orket/placeholder-in-task",
  "orket/cost-without-pricing",
  "orket/unused-role",
  "orket/verdict-not-asked",
  "orket/tool-not-given",
  "orket/tool-not-here",
  "orket/limit-too-small",
  "orket/prompt-too-large",
  "orket/limit-in-reach",
  "orket/default-limits",
  "orket/reach",
  "orket/secrets-leave",
  "orket/use-cycle",
  "orket/venue-cycle",
  "orket/use-input",
  "orket/unknown-step",
  "orket/condition-unknown",
  "orket/never-runs",
  "orket/until-never",
  "orket/accept-missing",
  "orket/unknown-command",
  "orket/not-beside-others",
  "orket/argument",
  "orket/command-placeholder",
  "orket/command-glob",
  "orket/command-effects",
  "orket/command-image",
  "orket/command-lines",
  "orket/unused-command",
  "orket/program-not-found",
  "orket/foreign-tool-unused",
  "orket/editor-only",
  "orket/editor-tool",
] as const;
export type DiagnosticCode = (typeof diagnosticCodes)[number];

/** A hint is not an error: it is for the editor, and neither counted nor printed elsewhere. */
export type Severity = "error" | "warning" | "hint";

/** A change of the file's text that fixes the problem. */
export interface Suggestion {
  readonly title: string;
  readonly span: Span;
  readonly range: Range;
  readonly replacement: string;
}

/** Another place that belongs to the problem. */
export interface RelatedPlace {
  readonly file: string;
  readonly range: Range;
  readonly message: string;
}

/** One problem of a definition, at its place. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: Severity;
  /** A sentence. Never contains a key or a whole line of the file. */
  readonly message: string;
  /** What the user can do about it; a sentence. */
  readonly hint?: string;
  /** Relative to the WorkDomain, forward slashes. */
  readonly file: string;
  /** Lines and columns from 0. */
  readonly range: Range;
  readonly span: Span;
  readonly suggestion?: Suggestion;
  readonly related?: readonly RelatedPlace[];
  /** `options`: the caller's input (a task, an input, a Venue) is wrong, not the file at that place. */
  readonly origin?: "options";
}

/** Most problems of one file that are listed; further ones are counted. */
export const maxDiagnosticsPerFile = 500;

/** The parts of a problem before its place is known as lines and columns. */
export interface ProblemInit {
  readonly severity?: Severity;
  readonly hint?: string | undefined;
  readonly replace?: { readonly title: string; readonly span?: Span; readonly with: string } | undefined;
  readonly related?: readonly RelatedPlace[] | undefined;
  readonly origin?: "options" | undefined;
}

export function makeDiagnostic(
  place: { readonly path: string; readonly lines: LineIndex },
  code: DiagnosticCode,
  span: Span,
  message: string,
  init: ProblemInit = {},
): Diagnostic {
  const { hint, replace, related, origin } = init;
  const replaced = replace?.span ?? span;
  return {
    code,
    severity: init.severity ?? "error",
    message,
    file: place.path,
    range: place.lines.rangeOf(span),
    span,
    ...defined({ hint }),
    ...(replace === undefined
      ? {}
      : {
          suggestion: {
            title: replace.title,
            span: replaced,
            range: place.lines.rangeOf(replaced),
            replacement: replace.with,
          },
        }),
    ...defined({ related, origin }),
  };
}

/** The text without characters that could break a line or control a terminal. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

/** A user's word for a message: short, on one line, without control characters. */
export function quoted(word: string): string {
  return `'${oneLine(word.length > 60 ? `${word.slice(0, 57)}...` : word)}'`;
}

/** `did you mean …` as hint and replacement, where a similar word is known. */
export function didYouMean(near: string | undefined, span?: Span, written = near): ProblemInit {
  if (near === undefined || written === undefined) return {};
  return {
    hint: `Did you mean ${quoted(near)}?`,
    replace: {
      title: `Replace with ${quoted(near)}`,
      with: written,
      ...defined({ span }),
    },
  };
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  return (
    a.span.start - b.span.start ||
    a.span.end - b.span.end ||
    compare(a.code, b.code) ||
    compare(a.message, b.message)
  );
}

/** The problems of one file in the order of their places, without duplicates, limited to a readable number. */
export function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const sorted = [...diagnostics].sort(byPlace);
  const once = sorted.filter((one, at) => {
    const last = at === 0 ? undefined : sorted[at - 1];
    return last === undefined || byPlace(last, one) !== 0;
  });
  const listed = once.filter(({ code }) => code !== "orket/too-many-problems");
  const next = listed[maxDiagnosticsPerFile];
  if (next === undefined) return once;
  const { file, range, span } = next;
  const message = "The problems that follow are not listed.";
  const rest: Diagnostic = { code: "orket/too-many-problems", severity: "error", message, file, range, span };
  return [...listed.slice(0, maxDiagnosticsPerFile), rest];
}

/** In the order of files and places, without duplicates. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const files = new Map<string, Diagnostic[]>();
  for (const one of diagnostics) {
    const list = files.get(one.file);
    if (list === undefined) files.set(one.file, [one]);
    else list.push(one);
  }
  return [...files].sort(([a], [b]) => compare(a, b)).flatMap(([, list]) => inOrder(list));
}

export function hasError(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === "error");
}

/** `file:line:column: severity code message`, lines and columns from 1; the hint follows the message. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, range, severity, code, message, hint } = diagnostic;
  const place = `${oneLine(file)}:${range.start.line + 1}:${range.start.character + 1}`;
  return `${place}: ${severity} ${code} ${message}${hint === undefined ? "" : ` ${hint}`}`;
}

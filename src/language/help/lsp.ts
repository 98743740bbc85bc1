import type {
  CodeActionKind,
  CompletionItemKind,
  Diagnostic as LspDiagnostic,
  DiagnosticSeverity,
  DiagnosticTag,
  DocumentHighlightKind,
  DocumentUri,
  FoldingRangeKind,
  InsertTextFormat,
  InsertTextMode,
  Location,
  LocationLink,
  MarkupContent,
  SymbolKind,
  TextEdit,
  WorkspaceEdit,
} from "vscode-languageserver-types";
import type { Project } from "../project/project";
import type { Diagnostic } from "../text/diagnostic";
import { LineIndex } from "../text/lines";
import type { SourceDocument } from "../text/source";
import type { FileEdit, Place } from "./model";

/*
 * The editing help answers in the types of the Language Server Protocol. Only types are imported: the package's code is
 * one block that no bundler can tree-shake. The compiler compares each number below with the package.
 */
export const completionKinds = {
  Text: 1,
  Method: 2,
  Function: 3,
  Field: 5,
  Variable: 6,
  Class: 7,
  Property: 10,
  Unit: 11,
  Snippet: 15,
  File: 17,
  EnumMember: 20,
  Constant: 21,
} as const satisfies Partial<typeof CompletionItemKind>;
export const symbolKinds = {
  File: 1,
  Namespace: 3,
  Class: 5,
  Method: 6,
  Function: 12,
  Variable: 13,
  Array: 18,
  Object: 19,
} as const satisfies Partial<typeof SymbolKind>;
export const insertFormats = { PlainText: 1, Snippet: 2 } as const satisfies typeof InsertTextFormat;
export const insertModes = { adjustIndentation: 2 } as const satisfies Partial<typeof InsertTextMode>;
export const highlightKinds = { Read: 2, Write: 3 } as const satisfies Partial<typeof DocumentHighlightKind>;
export const foldKinds = { Comment: "comment" } as const satisfies Partial<typeof FoldingRangeKind>;
export const actionKinds = { QuickFix: "quickfix" } as const satisfies Partial<typeof CodeActionKind>;
const tags = { Unnecessary: 1 } as const satisfies Partial<typeof DiagnosticTag>;
const severities = { error: 1, warning: 2, hint: 4 } as const satisfies Record<
  Diagnostic["severity"],
  DiagnosticSeverity
>;

/** The URI of a project file, whose path is relative to the WorkDomain. */
export type UriOf = (file: string) => DocumentUri;

/** A type of the protocol whose free-form field `data` is typed: it is only used by Orket's own editor. */
export type WithData<T extends { data?: unknown }, D> = Omit<T, "data"> & { readonly data: D };

export function markdown(value: string): MarkupContent {
  return { kind: "markdown", value };
}

/** The place to select; undefined when the file is no longer in the project. */
export function locationOf(project: Project, { file, span }: Place, uriOf: UriOf): Location | undefined {
  const source = project.sources.get(file);
  return source === undefined ? undefined : { uri: uriOf(file), range: source.lines.rangeOf(span) };
}

/** The place with its extent; undefined when the file is no longer in the project. */
export function locationLinkOf(project: Project, place: Place, uriOf: UriOf): LocationLink | undefined {
  const source = project.sources.get(place.file);
  if (source === undefined) return undefined;
  return {
    targetUri: uriOf(place.file),
    targetRange: source.lines.rangeOf(place.whole),
    targetSelectionRange: source.lines.rangeOf(place.span),
  };
}

/** Edits of several files; edits of files that are no longer in the project are omitted. */
export function workspaceEditOf(
  project: Project,
  edits: readonly FileEdit[],
  uriOf: UriOf,
): Required<Pick<WorkspaceEdit, "changes">> {
  const changes: Record<DocumentUri, TextEdit[]> = {};
  for (const { file, span, text } of edits) {
    const source = project.sources.get(file);
    if (source === undefined) continue;
    (changes[uriOf(file)] ??= []).push({ range: source.lines.rangeOf(span), newText: text });
  }
  return { changes };
}

/** The edit that replaces the difference between a file's text and `made`, as one piece. */
export function minimalEdit({ text, lines }: SourceDocument, made: string): TextEdit[] {
  if (text === made) return [];
  let start = 0;
  const most = Math.min(text.length, made.length);
  while (start < most && text[start] === made[start]) start++;
  let end = 0;
  while (end < most - start && text[text.length - 1 - end] === made[made.length - 1 - end]) end++;
  const range = lines.rangeOf({ start, end: text.length - end });
  return [{ range, newText: made.slice(start, made.length - end) }];
}

/** A text with non-overlapping edits applied. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const lines = new LineIndex(text);
  const placed = edits.map(({ range, newText }) => ({
    start: lines.offsetAt(range.start),
    end: lines.offsetAt(range.end),
    newText,
  }));
  let made = text;
  for (const { start, end, newText } of placed.sort((a, b) => b.start - a.start)) {
    made = made.slice(0, start) + newText + made.slice(end);
  }
  return made;
}

/** Explains every code. */
const docs = "https://github.com/orket-dev/orket-vscode/blob/main/docs/diagnostics.md";

/** A problem as an editor shows it, its code linked to the page that explains it. */
export function lspDiagnostic(
  diagnostic: Pick<Diagnostic, "message" | "hint" | "severity" | "code" | "range" | "related">,
  uriOf?: UriOf,
): LspDiagnostic {
  const { message, hint, severity, code, related, range } = diagnostic;
  return {
    range,
    severity: severities[severity],
    code,
    codeDescription: { href: `${docs}#${code.replace("/", "")}` },
    source: "Orket",
    message: hint === undefined ? message : `${message} ${hint}`,
    ...(code === "orket/unused-role" ? { tags: [tags.Unnecessary] } : {}),
    ...(related === undefined || uriOf === undefined
      ? {}
      : {
          relatedInformation: related.map((place) => ({
            location: { uri: uriOf(place.file), range: place.range },
            message: place.message,
          })),
        }),
  };
}

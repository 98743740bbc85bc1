import * as vscode from "vscode";
import type { HelpRequest, Place, Project, SourceDocument, Span, TextEdit } from "../../language";
import { languageIds } from "../ids";
import { toRange } from "../project/diagnostics";
import type { LiveSource, ProjectIndex } from "../project/project-index";

/** Every definition file: YAML in languages of its own, JSON as JSON. */
export const definitionFiles: vscode.DocumentSelector = [
  ...Object.values(languageIds).map((language) => ({ language })),
  { pattern: "**/*.{flow,band,venue,score,replies}.json" },
];

export const yamlFiles: vscode.DocumentSelector = Object.values(languageIds).map((language) => ({
  language,
}));

/** Help is asked for at a place of a document; the offset counts in the source's text. */
export interface LiveRequest extends HelpRequest {
  readonly folder: vscode.WorkspaceFolder | undefined;
}

export async function requestAt(
  index: ProjectIndex,
  document: vscode.TextDocument,
  position: vscode.Position,
): Promise<LiveRequest | undefined> {
  const live = await index.at(document);
  return live === undefined ? undefined : requestOf(live, position);
}

export function requestOf(live: LiveSource, position: vscode.Position): LiveRequest {
  const { folder, project, source } = live;
  const offset = source.lines.offsetAt({ line: position.line, column: position.character });
  return { folder, project, source, offset };
}

export function spanRange(source: SourceDocument, span: Span): vscode.Range {
  return toRange(source.lines.rangeOf(span));
}

/** Where a file of the project lies; a file in no folder is alone, so that it can only be the document's own. */
export function uriOf(
  folder: vscode.WorkspaceFolder | undefined,
  document: vscode.TextDocument,
  file: string,
): vscode.Uri {
  return folder === undefined ? document.uri : vscode.Uri.joinPath(folder.uri, file);
}

/** A place of the project with what belongs to it; undefined when its file is gone. */
export function linkTo(
  project: Project,
  uri: vscode.Uri,
  place: Place,
): { target: vscode.Uri; range: vscode.Range; selection: vscode.Range } | undefined {
  const source = project.sources.get(place.file);
  if (source === undefined) return undefined;
  return { target: uri, range: spanRange(source, place.whole), selection: spanRange(source, place.span) };
}

/** The edits of several files as one change. */
export function workspaceEdit(
  project: Project,
  uriFor: (file: string) => vscode.Uri,
  edits: readonly TextEdit[],
): vscode.WorkspaceEdit {
  const made = new vscode.WorkspaceEdit();
  for (const { file, span, text } of edits) {
    const source = project.sources.get(file);
    if (source !== undefined) made.replace(uriFor(file), spanRange(source, span), text);
  }
  return made;
}

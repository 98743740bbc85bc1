import * as vscode from "vscode";
import type { HelpRequest, LineIndex, SourceDocument, Span, UriOf } from "../../language";
import type { LiveSource, ProjectIndex } from "../project/project-index";
import { toRange } from "./lsp";

/** A request for help at a position in a document; the offset counts in the source's text. */
export interface LiveRequest extends HelpRequest {
  readonly folder: vscode.WorkspaceFolder | undefined;
  readonly uriOf: UriOf;
}

export async function requestAt(
  index: ProjectIndex,
  document: vscode.TextDocument,
  position: vscode.Position,
): Promise<LiveRequest | undefined> {
  const live = await index.at(document);
  if (live === undefined) return undefined;
  const { folder, project, source } = live;
  return { folder, project, source, offset: offsetAt(source.lines, position), uriOf: urisOf(live, document) };
}

export function offsetAt(lines: LineIndex, { line, character }: vscode.Position): number {
  return lines.offsetAt({ line, character });
}

export function spanRange(source: SourceDocument, span: Span): vscode.Range {
  return toRange(source.lines.rangeOf(span));
}

/** The URIs of the project's files; a file outside all folders is alone, so only the document itself is possible. */
export function urisOf({ folder }: Pick<LiveSource, "folder">, document: vscode.TextDocument): UriOf {
  return folder === undefined ? () => document.uri.toString() : urisIn(folder);
}

export function urisIn(folder: vscode.WorkspaceFolder): UriOf {
  return (file) => vscode.Uri.joinPath(folder.uri, file).toString();
}

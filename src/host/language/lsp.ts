import type * as lsp from "vscode-languageserver-types";
import * as vscode from "vscode";
import { OrketError } from "../../engine/error/orket-error";

/*
 * The language service answers in the types of the Language Server Protocol; VS Code has its own classes for them.
 * The enums count from 0 there and from 1 in the protocol, in the same order.
 */

export function toRange({ start, end }: lsp.Range): vscode.Range {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}

export function toUri(uri: lsp.DocumentUri): vscode.Uri {
  return vscode.Uri.parse(uri, true);
}

export function toLocation({ uri, range }: lsp.Location): vscode.Location {
  return new vscode.Location(toUri(uri), toRange(range));
}

export function toLocationLink(link: lsp.LocationLink): vscode.LocationLink {
  return {
    targetUri: toUri(link.targetUri),
    targetRange: toRange(link.targetRange),
    targetSelectionRange: toRange(link.targetSelectionRange),
  };
}

export function toTextEdit({ range, newText }: lsp.TextEdit): vscode.TextEdit {
  return vscode.TextEdit.replace(toRange(range), newText);
}

/** Converts the changes to existing files; new files are created in Orket's own way. */
export function toWorkspaceEdit({ changes }: lsp.WorkspaceEdit): vscode.WorkspaceEdit {
  const made = new vscode.WorkspaceEdit();
  for (const [uri, edits] of Object.entries(changes ?? {})) made.set(toUri(uri), edits.map(toTextEdit));
  return made;
}

export function toDiagnostic(found: lsp.Diagnostic): vscode.Diagnostic {
  const { range, message, severity = 1, code, codeDescription, source, tags, relatedInformation } = found;
  const text = typeof message === "string" ? message : message.value;
  const made = new vscode.Diagnostic(toRange(range), text, severity - 1);
  if (source !== undefined) made.source = source;
  if (code !== undefined)
    made.code =
      codeDescription === undefined ? code : { value: code, target: vscode.Uri.parse(codeDescription.href) };
  if (tags !== undefined) made.tags = tags;
  if (relatedInformation !== undefined)
    made.relatedInformation = relatedInformation.map(
      (one) => new vscode.DiagnosticRelatedInformation(toLocation(one.location), one.message),
    );
  return made;
}

function toMarkdown(contents: lsp.MarkupContent | string): vscode.MarkdownString {
  return new vscode.MarkdownString(typeof contents === "string" ? contents : contents.value);
}

export function toHover({ contents, range }: lsp.Hover): vscode.Hover {
  if (typeof contents !== "object" || !("kind" in contents))
    throw new OrketError("internal", "Help is MarkupContent.");
  return new vscode.Hover(toMarkdown(contents), range === undefined ? undefined : toRange(range));
}

export function toHighlight({ range, kind = 1 }: lsp.DocumentHighlight): vscode.DocumentHighlight {
  return new vscode.DocumentHighlight(toRange(range), kind - 1);
}

export function toDocumentSymbol(symbol: lsp.DocumentSymbol): vscode.DocumentSymbol {
  const { name, detail = "", kind, range, selectionRange, children = [] } = symbol;
  const made = new vscode.DocumentSymbol(name, detail, kind - 1, toRange(range), toRange(selectionRange));
  made.children = children.map(toDocumentSymbol);
  return made;
}

export function toSymbolInformation(
  symbol: lsp.WorkspaceSymbol & { location: lsp.Location },
): vscode.SymbolInformation {
  const { name, kind, containerName = "", location } = symbol;
  return new vscode.SymbolInformation(name, kind - 1, containerName, toLocation(location));
}

export function toFoldingRange({ startLine, endLine, kind }: lsp.FoldingRange): vscode.FoldingRange {
  return new vscode.FoldingRange(
    startLine,
    endLine,
    kind === "comment" ? vscode.FoldingRangeKind.Comment : undefined,
  );
}

export function toSemanticTokens({ data }: lsp.SemanticTokens): vscode.SemanticTokens {
  return new vscode.SemanticTokens(Uint32Array.from(data));
}

export function toCompletionItem(item: Omit<lsp.CompletionItem, "data">): vscode.CompletionItem {
  const { label, labelDetails, kind = 1, detail, documentation, sortText, filterText, textEdit } = item;
  const made = new vscode.CompletionItem({ label, ...labelDetails }, kind - 1);
  const text = textEdit?.newText ?? item.insertText ?? label;
  made.insertText = item.insertTextFormat === 2 ? new vscode.SnippetString(text) : text;
  if (detail !== undefined) made.detail = detail;
  if (documentation !== undefined) made.documentation = toMarkdown(documentation);
  if (sortText !== undefined) made.sortText = sortText;
  if (filterText !== undefined) made.filterText = filterText;
  if (textEdit !== undefined)
    made.range =
      "range" in textEdit
        ? toRange(textEdit.range)
        : { inserting: toRange(textEdit.insert), replacing: toRange(textEdit.replace) };
  return made;
}

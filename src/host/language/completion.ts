import * as vscode from "vscode";
import { complete } from "../../language";
import type { Completion, LineIndex, SourceDocument } from "../../language";
import type { ProjectIndex } from "../project/project-index";
import { definitionFiles, requestAt } from "./documents";
import type { HelpContexts } from "./help-context";
import { toRange } from "../project/diagnostics";
import { defined } from "../../engine/model/defined";

const { CompletionItemKind: Kind } = vscode;
const kinds: Readonly<Record<Completion["kind"], vscode.CompletionItemKind>> = {
  key: Kind.Property,
  value: Kind.EnumMember,
  snippet: Kind.Snippet,
  placeholder: Kind.Variable,
  path: Kind.File,
  flow: Kind.File,
  band: Kind.File,
  venue: Kind.File,
  score: Kind.File,
  role: Kind.Class,
  step: Kind.Function,
  input: Kind.Variable,
  note: Kind.Text,
  verdict: Kind.EnumMember,
  command: Kind.Function,
  field: Kind.Field,
  artifact: Kind.File,
  node: Kind.Unit,
  tool: Kind.Method,
  model: Kind.Constant,
};

/** What asks for completion while typing: a value after a blank, a placeholder after its braces. */
export const completionTriggers = ["{", ".", " ", '"', "/"];

/** The range of what is replaced; as much of it as is typed already is what the list is filtered by. */
function ranges(
  lines: LineIndex,
  { kind, span }: Completion,
  position: vscode.Position,
): vscode.CompletionItem["range"] {
  const replacing = toRange(lines.rangeOf(span));
  if (!replacing.isSingleLine || !replacing.contains(position)) return undefined;
  // A placeholder brings its closing braces; those that the editor closed by itself have to go.
  if (kind === "placeholder") return replacing;
  return { inserting: replacing.with({ end: position }), replacing };
}

export function toCompletionItem(
  item: Completion,
  lines: LineIndex,
  position: vscode.Position,
): vscode.CompletionItem {
  const made = new vscode.CompletionItem(
    { label: item.label, ...defined({ description: item.detail }) },
    kinds[item.kind],
  );
  made.insertText = item.snippet ? new vscode.SnippetString(item.insert) : item.insert;
  made.sortText = item.sort;
  made.filterText = item.filter ?? item.label;
  const range = ranges(lines, item, position);
  if (range !== undefined) made.range = range;
  if (item.detail !== undefined) made.detail = item.detail;
  if (item.documentation !== undefined && item.documentation !== "")
    made.documentation = new vscode.MarkdownString(item.documentation);
  // What can follow a key is the next thing to ask.
  if (item.kind === "key" && item.snippet)
    made.command = { command: "editor.action.triggerSuggest", title: "Suggest" };
  return made;
}

/** JSON has an extension of its own in VS Code, which offers keys and fixed values from the schema. */
function isOurs({ format }: SourceDocument, { kind }: Completion): boolean {
  return format === "yaml" || (kind !== "key" && kind !== "value" && kind !== "snippet");
}

export function registerCompletion(index: ProjectIndex, contexts: HelpContexts): vscode.Disposable {
  const provider: vscode.CompletionItemProvider = {
    async provideCompletionItems(document, position, token) {
      const request = await requestAt(index, document, position);
      if (request === undefined) return undefined;
      const context = await contexts.of(request);
      if (token.isCancellationRequested) return undefined;
      return complete({ ...request, context })
        .filter((item) => isOurs(request.source, item))
        .map((item) => toCompletionItem(item, request.source.lines, position));
    },
  };
  return vscode.languages.registerCompletionItemProvider(definitionFiles, provider, ...completionTriggers);
}

import * as vscode from "vscode";
import { complete } from "../../language";
import type { DefinitionCompletion, SourceDocument } from "../../language";
import type { ProjectIndex } from "../project/project-index";
import { requestAt } from "./documents";
import type { HelpContexts } from "./help-context";
import { toCompletionItem } from "./lsp";

function toItem(item: DefinitionCompletion): vscode.CompletionItem {
  const made = toCompletionItem(item);
  // Whatever can follow a key is completed next.
  if (item.data.kind === "key" && made.insertText instanceof vscode.SnippetString)
    made.command = { command: "editor.action.triggerSuggest", title: "Suggest" };
  return made;
}

/** VS Code has its own JSON extension, which offers keys and fixed values from the schema. */
function isOurs({ format }: SourceDocument, { data: { kind } }: DefinitionCompletion): boolean {
  return format === "yaml" || (kind !== "key" && kind !== "value" && kind !== "snippet");
}

export function completionOf(index: ProjectIndex, contexts: HelpContexts): vscode.CompletionItemProvider {
  return {
    async provideCompletionItems(document, position, token) {
      const request = await requestAt(index, document, position);
      if (request === undefined) return undefined;
      const context = await contexts.of(request);
      if (token.isCancellationRequested) return undefined;
      return complete({ ...request, context })
        .filter((item) => isOurs(request.source, item))
        .map(toItem);
    },
  };
}

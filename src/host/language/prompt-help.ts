import * as vscode from "vscode";
import { completePrompt, diagnosePrompt, hoverPrompt, LineIndex, templateTokens } from "../../language";
import type { PromptDiagnostic } from "../../language";
import type { ErrorPresenter } from "../errors";
import { commandIds, internalIds, schemes } from "../ids";
import type { ProjectIndex } from "../project/project-index";
import { codeOf } from "./actions";
import { offsetAt } from "./documents";
import { toCompletionItem, toDiagnostic, toHover, toRange, toSemanticTokens, toTextEdit } from "./lsp";
import { ownerOf, promptAt } from "./prompt-uri";

const quietMs = 150;

/** The document's text in the form whose offsets the language service uses. */
function textOf(document: vscode.TextDocument): string {
  return document.getText().replace(/\r\n?/g, "\n");
}

/** The same help inside a prompt's own document: problems, completion, hover, colors, commands. */
export class PromptHelp
  implements
    vscode.CompletionItemProvider,
    vscode.HoverProvider,
    vscode.CodeActionProvider,
    vscode.CodeLensProvider,
    vscode.DocumentSemanticTokensProvider,
    vscode.Disposable
{
  readonly #collection = vscode.languages.createDiagnosticCollection("orket-prompt");
  readonly #subscriptions: readonly vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;
  readonly #index: ProjectIndex;
  readonly #errors: ErrorPresenter;

  constructor(index: ProjectIndex, errors: ErrorPresenter) {
    this.#index = index;
    this.#errors = errors;
    const { workspace } = vscode;
    const later = ({ uri }: { uri: vscode.Uri }): void => {
      if (uri.scheme === schemes.prompt) this.#later();
    };
    this.#subscriptions = [
      this.#collection,
      index.onDidChange(() => this.#later()),
      workspace.onDidOpenTextDocument(later),
      workspace.onDidChangeTextDocument(({ document }) => later(document)),
      workspace.onDidCloseTextDocument(({ uri }) => this.#collection.delete(uri)),
    ];
    this.#later();
  }

  async provideCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.CompletionItem[]> {
    const live = await promptAt(this.#index, document.uri);
    if (live === undefined) return [];
    const text = textOf(document);
    const offset = offsetAt(new LineIndex(text), position);
    return completePrompt(live.project, live.prompt.file, live.prompt.path, text, offset).map((item) =>
      toCompletionItem(item),
    );
  }

  async provideHover(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.Hover | undefined> {
    const live = await promptAt(this.#index, document.uri);
    if (live === undefined) return undefined;
    const text = textOf(document);
    const offset = offsetAt(new LineIndex(text), position);
    const found = hoverPrompt(live.project, live.prompt.file, live.prompt.path, text, offset);
    return found === undefined ? undefined : toHover(found);
  }

  async provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    { diagnostics }: vscode.CodeActionContext,
  ): Promise<vscode.CodeAction[]> {
    return (await this.#diagnose(document)).flatMap((found) => {
      const place = toRange(found.range);
      const { fix } = found.data;
      if (fix === undefined || place.intersection(range) === undefined) return [];
      const action = new vscode.CodeAction(fix.title, vscode.CodeActionKind.QuickFix);
      action.isPreferred = true;
      action.diagnostics = diagnostics.filter(
        (one) => one.range.isEqual(place) && codeOf(one) === found.code,
      );
      action.edit = new vscode.WorkspaceEdit();
      action.edit.set(document.uri, [toTextEdit(fix.edit)]);
      return [action];
    });
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#errors.inBackground(() => this.#publish()), quietMs);
  }

  async #publish(): Promise<void> {
    for (const document of vscode.workspace.textDocuments) {
      if (document.uri.scheme !== schemes.prompt || document.isClosed) continue;
      const { version } = document;
      const found = await this.#diagnose(document);
      if (document.version !== version || document.isClosed) continue;
      this.#collection.set(
        document.uri,
        found.map((one) => toDiagnostic(one)),
      );
    }
  }

  async #diagnose(document: vscode.TextDocument): Promise<readonly PromptDiagnostic[]> {
    const live = await promptAt(this.#index, document.uri);
    if (live === undefined) return [];
    return diagnosePrompt(live.project, live.prompt.file, live.prompt.path, textOf(document));
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const { file, name } = ownerOf(document.uri);
    const target = { uri: file, name };
    const top = new vscode.Range(0, 0, 0, 0);
    const lens = (title: string, command: string): vscode.CodeLens =>
      new vscode.CodeLens(top, { title, command, arguments: [target] });
    const short = file.path.slice(file.path.lastIndexOf("/") + 1);
    return [
      lens("$(open-preview) Preview", commandIds.previewPrompt),
      lens("$(beaker) Try Prompt", commandIds.tryPrompt),
      lens(`$(go-to-file) ${name} in ${short}`, internalIds.showPromptInFile),
    ];
  }

  provideDocumentSemanticTokens(document: vscode.TextDocument): vscode.SemanticTokens {
    return toSemanticTokens(templateTokens(textOf(document)));
  }

  dispose(): void {
    clearTimeout(this.#timer);
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}

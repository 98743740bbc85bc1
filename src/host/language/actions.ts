import * as vscode from "vscode";
import { codeActions, type CodeAction, type Diagnostic } from "../../language";
import { internalIds } from "../ids";
import { toDiagnostic, toRange } from "../project/diagnostics";
import type { LiveSource, ProjectIndex } from "../project/project-index";
import type { Secrets } from "../session/secrets";
import { definitionFiles, uriOf, workspaceEdit } from "./documents";

type SetSecret = NonNullable<CodeAction["setSecret"]>;

function editOf(live: LiveSource, document: vscode.TextDocument, action: CodeAction): vscode.WorkspaceEdit {
  const edit = workspaceEdit(live.project, (file) => uriOf(live.folder, document, file), action.edits);
  if (action.create !== undefined) {
    const uri = uriOf(live.folder, document, action.create.path);
    const contents = new TextEncoder().encode(action.create.text);
    edit.createFile(uri, { contents, ignoreIfExists: false, overwrite: false });
  }
  return edit;
}

function toAction(
  live: LiveSource,
  document: vscode.TextDocument,
  action: CodeAction,
  shown: readonly vscode.Diagnostic[],
): vscode.CodeAction {
  const made = new vscode.CodeAction(action.title, vscode.CodeActionKind.QuickFix);
  made.isPreferred = action.preferred;
  const { code } = action.diagnostic;
  const range = toRange(action.diagnostic.range);
  const bound = shown.filter((one) => one.range.isEqual(range) && codeOf(one) === code);
  made.diagnostics = bound.length > 0 ? bound : [toDiagnostic(action.diagnostic, live.folder)];
  const edit = editOf(live, document, action);
  if (action.setSecret !== undefined) {
    // The key has to be stored before it leaves the file.
    const apply = { command: internalIds.moveKey, title: action.title };
    made.command = { ...apply, arguments: [action.setSecret, edit] };
    return made;
  }
  made.edit = edit;
  if (action.create !== undefined) {
    const uri = uriOf(live.folder, document, action.create.path);
    made.command = { command: "vscode.open", title: "Open", arguments: [uri] };
  }
  return made;
}

export function codeOf({ code }: vscode.Diagnostic): unknown {
  return typeof code === "object" ? code.value : code;
}

/** Stores the key under the name, or under another when the name holds another key; then takes it out of the file. */
async function moveKey(secrets: Secrets, secret: SetSecret, edit: vscode.WorkspaceEdit): Promise<void> {
  const known = await secrets.find(secret.name);
  if (known !== undefined && known !== secret.value) {
    const replace = "Replace";
    const message = `Another key is stored as the secret '${secret.name}'. Replace it with the one in the file?`;
    if ((await vscode.window.showWarningMessage(message, { modal: true }, replace)) !== replace) return;
  }
  await secrets.set(secret.name, secret.value);
  await vscode.workspace.applyEdit(edit);
  void vscode.window.showInformationMessage(
    `The key is stored as the secret '${secret.name}'. It may still be in the history of the file: replace it where it was issued if others can read that.`,
  );
}

async function found(index: ProjectIndex, live: LiveSource): Promise<readonly Diagnostic[]> {
  return live.folder === undefined ? [] : (await index.of(live.folder)).diagnostics;
}

export function registerActions(index: ProjectIndex, secrets: Secrets): vscode.Disposable {
  const provider: vscode.CodeActionProvider = {
    async provideCodeActions(document, range, context) {
      const live = await index.at(document);
      if (live === undefined) return [];
      const here = (await found(index, live)).filter(
        (one) => one.file === live.source.path && toRange(one.range).intersection(range) !== undefined,
      );
      return codeActions(live.project, live.source, here).map((action) =>
        toAction(live, document, action, context.diagnostics),
      );
    },
  };
  return vscode.Disposable.from(
    vscode.languages.registerCodeActionsProvider(definitionFiles, provider, {
      providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
    }),
    vscode.commands.registerCommand(internalIds.moveKey, (secret: SetSecret, edit: vscode.WorkspaceEdit) =>
      moveKey(secrets, secret, edit),
    ),
  );
}

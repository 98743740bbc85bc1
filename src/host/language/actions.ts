import * as vscode from "vscode";
import { codeActions, diagnose } from "../../language";
import type { CodeAction, Diagnostic } from "../../language";
import { internalIds } from "../ids";
import { toDiagnostic, toRange } from "../project/diagnostics";
import { offeredTools, problemsOf } from "../project/project-index";
import type { LiveSource, ProjectIndex } from "../project/project-index";
import type { Secrets } from "../session/secrets";
import type { ErrorPresenter } from "../errors";
import { definitionFiles, uriOf, workspaceEdit } from "./documents";
import { writeNewFiles } from "./new-files";

type SetSecret = NonNullable<CodeAction["setSecret"]>;

type NewFile = NonNullable<CodeAction["create"]>;

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
  const { create, setSecret, title } = action;
  const edit = workspaceEdit(live.project, (file) => uriOf(live.folder, document, file), action.edits);
  // The key has to be stored before it leaves the file.
  if (setSecret !== undefined)
    made.command = { command: internalIds.moveKey, title, arguments: [setSecret, edit] };
  else if (create !== undefined)
    made.command = { command: internalIds.createFile, title, arguments: [live.folder?.uri, create] };
  else made.edit = edit;
  return made;
}

/** Writes a new file, as it would be by hand, and opens it. */
async function createFile(folder: vscode.Uri | undefined, file: NewFile): Promise<void> {
  const owner = folder === undefined ? undefined : vscode.workspace.getWorkspaceFolder(folder);
  if (owner === undefined) return;
  await writeNewFiles(owner, [file]);
  await vscode.window.showTextDocument(vscode.Uri.joinPath(owner.uri, file.path));
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

/** What is wrong with the file; with one that is in no open folder, by itself. */
async function problems(index: ProjectIndex, { folder, source }: LiveSource): Promise<readonly Diagnostic[]> {
  if (folder === undefined) return diagnose(source);
  return problemsOf(await index.of(folder), source.path, offeredTools());
}

export function registerActions(
  index: ProjectIndex,
  secrets: Secrets,
  errors: ErrorPresenter,
): vscode.Disposable {
  const provider: vscode.CodeActionProvider = {
    async provideCodeActions(document, range, context) {
      const live = await index.at(document);
      if (live === undefined) return [];
      const here = (await problems(index, live)).filter(
        (one) => toRange(one.range).intersection(range) !== undefined,
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
      errors.guard(() => moveKey(secrets, secret, edit)),
    ),
    vscode.commands.registerCommand(internalIds.createFile, (folder: vscode.Uri | undefined, file: NewFile) =>
      errors.guard(() => createFile(folder, file)),
    ),
  );
}

import * as vscode from "vscode";
import { codeActions, diagnose } from "../../language";
import type { DefinitionAction, Diagnostic, MoveKey, NewFile } from "../../language";
import { internalIds } from "../ids";
import { offeredTools, problemsOf } from "../project/project-index";
import type { LiveSource, ProjectIndex } from "../project/project-index";
import type { Secrets } from "../session/secrets";
import { urisOf } from "./documents";
import { toDiagnostic, toRange, toWorkspaceEdit } from "./lsp";
import { writeNewFiles } from "./new-files";

export type MovedSecret = Pick<MoveKey, "name" | "value">;

function toAction(
  live: LiveSource,
  { title, isPreferred, diagnostics = [], edit, data }: DefinitionAction,
  shown: readonly vscode.Diagnostic[],
): vscode.CodeAction {
  const made = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
  if (isPreferred !== undefined) made.isPreferred = isPreferred;
  made.diagnostics = diagnostics.flatMap((fixed) => {
    const range = toRange(fixed.range);
    const bound = shown.filter((one) => one.range.isEqual(range) && codeOf(one) === fixed.code);
    return bound.length > 0 ? bound : [toDiagnostic(fixed)];
  });
  const { create, moveKey: move } = data;
  // The key must be stored before it is removed from the file.
  if (move !== undefined)
    made.command = {
      command: internalIds.moveKey,
      title,
      arguments: [move, toWorkspaceEdit(move.edit)],
    };
  else if (create !== undefined)
    made.command = { command: internalIds.createFile, title, arguments: [live.folder?.uri, create] };
  else if (edit !== undefined) made.edit = toWorkspaceEdit(edit);
  return made;
}

/** Writes a new file with the content that a user would write by hand, and opens it. */
export async function createFile(folder: vscode.Uri | undefined, file: NewFile): Promise<void> {
  const owner = folder === undefined ? undefined : vscode.workspace.getWorkspaceFolder(folder);
  if (owner === undefined) return;
  await writeNewFiles(owner, [file]);
  await vscode.window.showTextDocument(vscode.Uri.joinPath(owner.uri, file.path));
}

export function codeOf({ code }: vscode.Diagnostic): unknown {
  return typeof code === "object" ? code.value : code;
}

/** Stores the key under the name, or under another when the name holds another key; then removes it from the file. */
export async function moveKey(
  secrets: Secrets,
  secret: MovedSecret,
  edit: vscode.WorkspaceEdit,
): Promise<void> {
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

/** The problems of the file; a file outside all open folders is checked alone. */
async function problems(index: ProjectIndex, { folder, source }: LiveSource): Promise<readonly Diagnostic[]> {
  if (folder === undefined) return diagnose(source);
  return problemsOf(await index.of(folder), source.path, offeredTools());
}

export function actionsOf(index: ProjectIndex): vscode.CodeActionProvider {
  return {
    async provideCodeActions(document, range, context) {
      const live = await index.at(document);
      if (live === undefined) return [];
      const here = (await problems(index, live)).filter(
        (one) => toRange(one.range).intersection(range) !== undefined,
      );
      return codeActions(live.project, live.source, here, urisOf(live, document)).map((action) =>
        toAction(live, action, context.diagnostics),
      );
    },
  };
}

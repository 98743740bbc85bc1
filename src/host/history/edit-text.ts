import * as vscode from "vscode";

/** Edits a single-line text in an input box, a longer one in an editor. @returns undefined when the user cancelled. */
export async function editText(what: string, text: string): Promise<string | undefined> {
  const value = text.trimEnd();
  if (!value.includes("\n")) {
    return vscode.window.showInputBox({ title: what, value, ignoreFocusOut: true });
  }
  const document = await vscode.workspace.openTextDocument({ language: "markdown", content: value });
  await vscode.window.showTextDocument(document, { preview: false });
  const take = "Use This Text";
  const answer = await vscode.window.showInformationMessage(
    `${what}: change it in the editor.`,
    take,
    "Cancel",
  );
  const edited = document.getText();
  await closeUnsaved(document);
  return answer === take ? edited : undefined;
}

/** The text has already been accepted or discarded: the user must not be asked whether to save it. */
async function closeUnsaved(document: vscode.TextDocument): Promise<void> {
  if (document.isClosed) return;
  await vscode.window.showTextDocument(document, { preview: false });
  await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
}

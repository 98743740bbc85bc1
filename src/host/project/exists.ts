import * as vscode from "vscode";

/** Whether there is a file or folder, on whatever file system the window has. */
export function exists(uri: vscode.Uri): Promise<boolean> {
  return Promise.resolve(vscode.workspace.fs.stat(uri)).then(
    () => true,
    () => false,
  );
}

import * as vscode from "vscode";

/** Whether a file or folder exists, on any file system that the window has. */
export function exists(uri: vscode.Uri): Promise<boolean> {
  return Promise.resolve(vscode.workspace.fs.stat(uri)).then(
    () => true,
    () => false,
  );
}

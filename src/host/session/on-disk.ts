import * as vscode from "vscode";

/** Whether sessions can live in a folder: they are files of a disk. */
export function isOnDisk({ uri }: vscode.WorkspaceFolder): boolean {
  return uri.scheme === "file";
}

/** The open folders in which sessions can live. */
export function foldersOnDisk(): vscode.WorkspaceFolder[] {
  return (vscode.workspace.workspaceFolders ?? []).filter(isOnDisk);
}

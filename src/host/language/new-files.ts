import * as vscode from "vscode";
import { OrketError } from "../../engine/error/orket-error";
import { exists } from "../project/exists";

/** The folder to write into: the only one, or the one that the user picks. @throws {OrketError} usage without one. */
export async function chooseFolder(): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length === 0) {
    throw new OrketError("usage", "No folder is open.", {
      hint: "Open a folder first.",
    });
  }
  if (folders.length === 1) return folders[0];
  return vscode.window.showWorkspaceFolderPick({ placeHolder: "In which folder?" });
}

/**
 * Writes all new files, or none if one would overwrite something.
 * @throws {OrketError} usage when one exists.
 */
export async function writeNewFiles(
  folder: vscode.WorkspaceFolder,
  files: readonly { readonly path: string; readonly text: string | Uint8Array }[],
): Promise<void> {
  const taken: string[] = [];
  for (const { path } of files) if (await exists(vscode.Uri.joinPath(folder.uri, path))) taken.push(path);
  const [first] = taken;
  if (first !== undefined) {
    const more = taken.length > 1 ? ` and ${taken.length - 1} more` : "";
    throw new OrketError("usage", `${first}${more} already exists; nothing was written.`, {
      hint: "Choose another name or folder.",
    });
  }
  for (const { path, text } of files) {
    const contents = typeof text === "string" ? new TextEncoder().encode(text) : text;
    await vscode.workspace.fs.writeFile(vscode.Uri.joinPath(folder.uri, path), contents);
  }
}

/** A folder of the project that the user types; undefined when the user cancelled. */
export async function askPlace(title: string, value: string): Promise<string | undefined> {
  const typed = await vscode.window.showInputBox({
    title,
    prompt: "The folder of the project to write to; empty for its root.",
    value,
    placeHolder: "flows",
    ignoreFocusOut: true,
    validateInput: (text) => placeProblem(text),
  });
  return typed?.trim().replace(/^\.?\/+|\/+$/g, "");
}

function placeProblem(text: string): string | undefined {
  if (/\\/.test(text)) return "Write '/' between folders.";
  if (/^\s*([A-Za-z]:|\/|~)/.test(text)) return "Write a folder relative to the project.";
  if (text.split("/").some((part) => part.trim() === "..")) return "The folder must be inside the project.";
  if (/(^|\/)\.(orket|git)(\/|$)/i.test(text)) return "Definitions are not looked for there.";
  return /[<>:"|?*\u0000-\u001f]/.test(text)
    ? "The folder holds a character that names cannot have."
    : undefined;
}

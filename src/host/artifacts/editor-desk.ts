import { closeSync, openSync, readSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import type { Desk } from "../../app/artifact/project-offer";
import { nodeUtf8 } from "../../adapters/system/utf8";
import { OrketError } from "../../engine/error/orket-error";

const byteOrderMark = "\uFEFF";

function startsWithMark(file: string): boolean {
  try {
    const handle = openSync(file, "r");
    try {
      const start = Buffer.alloc(3);
      return readSync(handle, start, 0, 3, 0) === 3 && start.toString("utf8") === byteOrderMark;
    } finally {
      closeSync(handle);
    }
  } catch {
    return false;
  }
}

/** The project's file of an artifact. */
export function projectFile(workDomain: string, file: string): vscode.Uri {
  return vscode.Uri.file(path.join(workDomain, file));
}

/** The unsaved changes to a project's files in the window's editors. */
export class EditorDesk implements Desk {
  readonly #workDomain: string;
  constructor(workDomain: string) {
    this.#workDomain = workDomain;
  }

  /** The open document with unsaved changes. */
  dirty(file: string): vscode.TextDocument | undefined {
    const uri = projectFile(this.#workDomain, file).toString();
    return vscode.workspace.textDocuments.find((one) => one.isDirty && one.uri.toString() === uri);
  }

  unsaved(file: string): Uint8Array | undefined {
    const document = this.dirty(file);
    if (document === undefined) return undefined;
    const mark = startsWithMark(document.uri.fsPath) ? byteOrderMark : "";
    return Buffer.from(mark + document.getText(), "utf8");
  }

  async write(file: string, bytes: Uint8Array): Promise<void> {
    const document = this.dirty(file);
    const text = nodeUtf8.decode(bytes)?.replace(byteOrderMark, "");
    if (document === undefined || text === undefined || !(await replaceText(document, text)))
      throw new OrketError("acceptance_stale", `The editor did not apply the change to ${file}.`, {
        hint: "Save or close the file, look at the proposal again, then decide.",
      });
  }
}

/** Changes only what differs, so that cursors stay and a single undo reverts it. */
function replaceText(document: vscode.TextDocument, text: string): Thenable<boolean> {
  const old = document.getText();
  const most = Math.min(old.length, text.length);
  let start = 0;
  while (start < most && old[start] === text[start]) start += 1;
  let end = 0;
  while (end < most - start && old[old.length - 1 - end] === text[text.length - 1 - end]) end += 1;
  // Not between the two characters of a line ending.
  while (start > 0 && old[start - 1] === "\r") start -= 1;
  while (end > 0 && old[old.length - end] === "\n") end -= 1;
  const range = new vscode.Range(document.positionAt(start), document.positionAt(old.length - end));
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, range, text.slice(start, text.length - end));
  return vscode.workspace.applyEdit(edit);
}

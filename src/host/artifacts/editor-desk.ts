import path from "node:path";
import * as vscode from "vscode";
import { isSameBytes } from "../../app/artifact/text";
import type { Desk } from "../../app/artifact/project-offer";
import { OrketError } from "../../engine/error/orket-error";

/** The project's file of an artifact. */
export function projectFile(workDomain: string, file: string): vscode.Uri {
  return vscode.Uri.file(path.join(workDomain, file));
}

const mend = "Save or undo them first.";

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

  async unsaved(file: string): Promise<Uint8Array | undefined> {
    const document = this.dirty(file);
    if (document !== undefined) return encoded(document, document.getText());
    if (!this.#isHeldElsewhere(file)) return undefined;
    throw new OrketError(
      "acceptance_denied",
      `${file} has unsaved changes in an editor that is not for text.`,
      {
        hint: mend,
        details: { path: file, rule: "unsaved" },
      },
    );
  }

  /** A notebook or another editor whose unsaved contents no extension can read. */
  #isHeldElsewhere(file: string): boolean {
    const uri = projectFile(this.#workDomain, file).toString();
    return vscode.window.tabGroups.all
      .flatMap(({ tabs }) => tabs)
      .some(
        ({ input, isDirty }) =>
          isDirty &&
          (input instanceof vscode.TabInputNotebook || input instanceof vscode.TabInputCustom) &&
          input.uri.toString() === uri,
      );
  }

  async prepare(file: string, bytes: Uint8Array): Promise<() => Promise<void>> {
    const document = this.dirty(file);
    const text = document === undefined ? undefined : await textFor(document, bytes);
    if (document === undefined || text === undefined)
      throw new OrketError(
        "acceptance_conflict",
        `${file} has unsaved changes in an editor, which cannot hold the new text with its encoding and line ends. Nothing was written.`,
        { hint: mend, details: { path: file, rule: "unsaved" } },
      );
    return async () => {
      if (await replaceText(document, text)) return;
      throw new OrketError("acceptance_stale", `The editor did not apply the change to ${file}.`, {
        hint: "Save or close the file, look at the proposal again, then decide.",
      });
    };
  }
}

/** The bytes that saving the text would write. */
function encoded({ encoding }: vscode.TextDocument, text: string): Thenable<Uint8Array> {
  return vscode.workspace.encode(text, { encoding });
}

/** The text with which saving the document writes exactly these bytes; undefined: there is none. */
async function textFor(document: vscode.TextDocument, bytes: Uint8Array): Promise<string | undefined> {
  const text = await vscode.workspace.decode(bytes, { encoding: document.encoding });
  const end = document.eol === vscode.EndOfLine.CRLF ? "\r\n" : "\n";
  const isHeld =
    text.replace(/\r\n|\r|\n/g, end) === text && isSameBytes(await encoded(document, text), bytes);
  return isHeld ? text : undefined;
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

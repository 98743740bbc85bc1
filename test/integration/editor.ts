import assert from "node:assert/strict";
import * as vscode from "vscode";
import { until } from "../until";

/* What the suites inside VS Code do with documents, as an extension can. */

/** The place of the mark in what surrounds it: `role: wri‸ter`. */
export function at(document: vscode.TextDocument, around: string): vscode.Position {
  const offset = document.getText().indexOf(around.replace("‸", ""));
  assert.ok(offset >= 0, `${around} stands nowhere`);
  return document.positionAt(offset + around.indexOf("‸"));
}

export async function replace(document: vscode.TextDocument, from: string, to: string): Promise<void> {
  const start = document.getText().indexOf(from);
  assert.ok(start >= 0, `${from} stands nowhere`);
  const edit = new vscode.WorkspaceEdit();
  const range = new vscode.Range(document.positionAt(start), document.positionAt(start + from.length));
  edit.replace(document.uri, range, to);
  assert.ok(await vscode.workspace.applyEdit(edit));
}

export const codeOf = ({ code }: vscode.Diagnostic): string =>
  String(typeof code === "object" ? code.value : code);

/** A problem of a file, as soon as it has it. */
export async function problemOf(uri: vscode.Uri, code: string): Promise<vscode.Diagnostic> {
  return until(`${code} in ${uri.path}`, () =>
    vscode.languages.getDiagnostics(uri).find((one) => codeOf(one) === code),
  );
}

/** What completion offers at a place. */
export async function labels(document: vscode.TextDocument, position: vscode.Position): Promise<string[]> {
  const list = await vscode.commands.executeCommand<vscode.CompletionList>(
    "vscode.executeCompletionItemProvider",
    document.uri,
    position,
  );
  return list.items.map(({ label }) => (typeof label === "string" ? label : label.label));
}

export interface Lens {
  /** Without its icon. */
  readonly title: string;
  readonly command: vscode.Command;
}

/** Does what a press on a lens does. */
export async function press({ command }: Lens): Promise<void> {
  await vscode.commands.executeCommand(command.command, ...((command.arguments ?? []) as unknown[]));
}

export async function lensesOf(uri: vscode.Uri): Promise<Lens[]> {
  const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
    "vscode.executeCodeLensProvider",
    uri,
    50,
  );
  return lenses.flatMap(({ command }) =>
    command === undefined ? [] : [{ title: command.title.replace(/^\$\(.*?\) /, ""), command }],
  );
}

/** Closes every editor; what was typed and not saved is thrown away. */
export async function closeEditors(): Promise<void> {
  for (const document of vscode.workspace.textDocuments.filter(({ isDirty }) => isDirty)) {
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand("workbench.action.files.revert");
  }
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
}

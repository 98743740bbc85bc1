import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as vscode from "vscode";
import { at, labels, problemOf } from "../editor";

describe("a window without a folder", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "orket-loose-"));
  const venue = path.join(folder, "loose.venue.yaml");

  before(async () => {
    writeFileSync(venue, "version: 1\nname: loose\nprovider: olama\nmodel: m\n");
    await vscode.extensions.getExtension("orket.orket")?.activate();
    assert.equal(vscode.workspace.workspaceFolders, undefined);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it("checks a definition file by itself", async () => {
    await vscode.window.showTextDocument(vscode.Uri.file(venue));

    const found = await problemOf(vscode.Uri.file(venue), "orket/invalid-value");
    assert.equal(found.range.start.line, 2);
  });

  it("completes in it and fixes it", async () => {
    const document = await vscode.workspace.openTextDocument(venue);
    const values = await labels(document, at(document, "provider: ‸olama"));
    assert.ok(values.includes("ollama"), values.join());
    const { range } = await problemOf(document.uri, "orket/invalid-value");
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      "vscode.executeCodeActionProvider",
      document.uri,
      range,
    );
    const hint = actions.find(({ title }) => title === "Replace with 'ollama'");
    assert.ok(hint?.edit, actions.map(({ title }) => title).join("; "));
    assert.ok(await vscode.workspace.applyEdit(hint.edit));

    assert.match(document.getText(), /provider: ollama/);
    await vscode.commands.executeCommand("workbench.action.files.revert");
  });
});

import assert from "node:assert/strict";
import * as vscode from "vscode";

describe("the extension inside VS Code", () => {
  it("is found and starts", async () => {
    const extension = vscode.extensions.getExtension("orket.orket");

    assert.ok(extension);
    await extension.activate();
    assert.equal(extension.isActive, true);
  });

  it("sees the project that was opened", () => {
    assert.equal(vscode.workspace.workspaceFolders?.[0]?.uri.fsPath, process.env["ORKET_TEST_FOLDER"]);
  });
});

import { readdirSync } from "node:fs";
import path from "node:path";
import Mocha from "mocha";
import * as vscode from "vscode";

/** The launcher opens a window of each kind; all other suites are for a window with one folder. */
function kindOfWindow(): "folder" | "several" | "virtual" | "none" {
  // The folders of a workspace file can come after the extensions; that there is such a file is known from the start.
  if (vscode.workspace.workspaceFile !== undefined) return "several";
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (folder === undefined) return "none";
  return folder.uri.scheme === "file" ? "folder" : "virtual";
}

/** What VS Code calls in the extension host, in the server build and in Electron alike. */
export async function run(): Promise<void> {
  const mocha = new Mocha({
    ui: "bdd",
    timeout: 30_000,
    reporter: path.resolve(__dirname, "../../../scripts/reporter.cjs"),
    forbidOnly: Boolean(process.env["CI"]),
    ...(process.env["ORKET_GREP"] === undefined ? {} : { grep: process.env["ORKET_GREP"] }),
  });
  const kind = kindOfWindow();
  const folder = path.join(__dirname, ...(kind === "folder" ? [] : ["windows"]));
  for (const file of readdirSync(folder).sort()) {
    const wanted = kind === "folder" ? file.endsWith(".test.js") : file === `${kind}.test.js`;
    if (wanted) mocha.addFile(path.join(folder, file));
  }
  const failed = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failed > 0) throw new Error(`${failed} of the tests inside VS Code failed`);
}

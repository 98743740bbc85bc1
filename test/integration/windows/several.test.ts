import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import { at, closeEditors, labels, lensesOf, press, problemOf, replace } from "../editor";
import type { Lens } from "../editor";
import { until } from "../../until";

/* Two folders, each with a project whose files have the same names: north has a skier, south a diver. */

const folder = (name: string): vscode.Uri => {
  const found = vscode.workspace.workspaceFolders?.find((one) => one.name === name);
  assert.ok(found, `${name} is not open`);
  return found.uri;
};
const file = (where: string, name: string): vscode.Uri => vscode.Uri.joinPath(folder(where), name);

async function open(where: string, name: string): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument(file(where, name));
  await vscode.window.showTextDocument(document, { preview: false });
  return document;
}

describe("a window with two folders", () => {
  before(async () => {
    await until("both folders are there", () => vscode.workspace.workspaceFolders?.length === 2);
    await vscode.extensions.getExtension("orket.orket")?.activate();
  });

  afterEach(async () => {
    await closeEditors();
  });

  it("keeps names apart: the same name in both is no duplicate, and each offers its own roles", async () => {
    const north = await open("north", "crew.score.yaml");
    const roles = await labels(north, at(north, "role: ‸skier"));

    assert.ok(roles.includes("skier") && !roles.includes("diver"), roles.join());
    const found = ["north", "south"].flatMap((where) =>
      vscode.languages.getDiagnostics(file(where, "crew.band.yaml")).map(({ message }) => message),
    );
    assert.deepEqual(found, []);
  });

  it("finds the definition and all references within the folder", async () => {
    const south = await open("south", "crew.score.yaml");
    const position = at(south, "role: di‸ver");
    const [target] = await vscode.commands.executeCommand<vscode.LocationLink[]>(
      "vscode.executeDefinitionProvider",
      south.uri,
      position,
    );
    const places = await vscode.commands.executeCommand<vscode.Location[]>(
      "vscode.executeReferenceProvider",
      south.uri,
      position,
    );

    assert.equal(target?.targetUri.toString(), file("south", "crew.band.yaml").toString());
    assert.ok(places.length >= 2);
    for (const { uri } of places) assert.ok(uri.path.startsWith(folder("south").path), uri.path);
  });

  it("shows a problem only in the folder that has it", async () => {
    const band = await open("north", "crew.band.yaml");
    await replace(band, "skier:", "jumper:");

    await problemOf(file("north", "crew.score.yaml"), "orket/unknown-role");
    assert.deepEqual(vscode.languages.getDiagnostics(file("south", "crew.score.yaml")), []);
  });

  it("renames in one folder and leaves the other alone", async () => {
    const score = await open("north", "crew.score.yaml");
    const edit = await vscode.commands.executeCommand<vscode.WorkspaceEdit>(
      "vscode.executeDocumentRenameProvider",
      score.uri,
      at(score, "role: ski‸er"),
      "racer",
    );

    const touched = edit.entries().map(([uri]) => uri.toString());
    assert.deepEqual(touched.sort(), [
      file("north", "crew.band.yaml").toString(),
      file("north", "crew.score.yaml").toString(),
    ]);
  });

  it("finds names of all folders", async () => {
    const found = await vscode.commands.executeCommand<vscode.SymbolInformation[]>(
      "vscode.executeWorkspaceSymbolProvider",
      "er",
    );
    const names = found.map(({ name }) => name);

    assert.ok(names.includes("skier") && names.includes("diver"), names.join());
  });

  it("shows the plan of the Flow whose lens was pressed", async () => {
    const flow = await open("south", "crew.flow.yaml");
    const lens = (await lensesOf(flow.uri)).find(({ title }) => title === "Show Plan");
    assert.ok(lens);
    await press(lens);

    // It opens as a page; its text is a document all the same.
    const plan = await until("the plan", () =>
      vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === "orket-plan")?.getText(),
    );
    assert.match(plan, /You are in south/);
    assert.doesNotMatch(plan, /north/);
  });

  it("runs the Flow whose lens was pressed, with a session in its folder, and shows the result on its step only", async () => {
    const flow = await open("south", "crew.flow.yaml");
    const lens = (await lensesOf(flow.uri)).find(({ title }) => title === "Run");
    assert.ok(lens);
    await press(lens);

    const results = async (where: string): Promise<Lens[]> =>
      (await lensesOf(file(where, "crew.score.yaml"))).filter(({ title }) => title.startsWith("Last:"));
    await open("south", "crew.score.yaml");
    const done = await until("the step has its result", async () =>
      (await results("south")).find(({ title }) => /^Last: done · (about )?\d+ tokens$/.test(title)),
    );
    assert.deepEqual(await results("north"), []);
    await press(done);
    await until("the session is open", () =>
      vscode.window.tabGroups.all
        .flatMap(({ tabs }) => tabs)
        .find(
          ({ input }) => input instanceof vscode.TabInputWebview && input.viewType.includes("orket.session"),
        ),
    );
    assert.equal(readdirSync(path.join(folder("south").fsPath, ".orket", "sessions")).length, 1);
    assert.equal(existsSync(path.join(folder("north").fsPath, ".orket")), false);
  });
});

import assert from "node:assert/strict";
import * as vscode from "vscode";
import { at, labels, lensesOf, press, problemOf, replace } from "../editor";
import { until } from "../../until";

/* A folder that lies on no disk; test/integration/fixtures/memory holds it. */

const root = (): vscode.Uri => {
  const [found] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(found);
  return found.uri;
};
const file = (name: string): vscode.Uri => vscode.Uri.joinPath(root(), name);
const write = (name: string, text: string): Thenable<void> =>
  vscode.workspace.fs.writeFile(file(name), new TextEncoder().encode(text));

async function open(name: string): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument(file(name));
  await vscode.window.showTextDocument(document, { preview: false });
  return document;
}

describe("a window with a virtual folder", () => {
  before(async () => {
    await vscode.extensions.getExtension("orket.orket")?.activate();
    await write(
      "flows/crew.flow.yaml",
      "version: 1\nname: crew\nband: crew\nvenue: crew\nscore: crew\ntask: Sing.\n",
    );
    await write(
      "flows/crew.venue.yaml",
      "version: 1\nname: crew\nprovider: scripted\nreplies: crew.replies.yaml\n",
    );
    await write("flows/crew.replies.yaml", "version: 1\nsteps: { say: [{ text: La. }] }\n");
    await write("flows/crew.score.yaml", "version: 1\nname: crew\nsteps:\n  - { id: say, role: writr }\n");
  });

  it("is read through VS Code: files that nobody opened count", async () => {
    assert.notEqual(root().scheme, "file");
    const found = await problemOf(file("flows/crew.score.yaml"), "orket/unknown-role");

    assert.match(found.message, /writr/);
  });

  it("has the same help, in files that are edited", async () => {
    const score = await open("flows/crew.score.yaml");
    const roles = await labels(score, at(score, "role: ‸writr"));
    assert.ok(roles.includes("writer"), roles.join());
    await replace(score, "writr", "writer");
    await score.save();

    await until("the problem is gone", () =>
      vscode.languages.getDiagnostics(score.uri).length === 0 ? true : undefined,
    );
    const [target] = await vscode.commands.executeCommand<vscode.LocationLink[]>(
      "vscode.executeDefinitionProvider",
      score.uri,
      at(score, "role: wri‸ter"),
    );
    assert.equal(target?.targetUri.toString(), file("crew.band.yaml").toString());
  });

  it("opens prompts beside their files and writes them back", async () => {
    await open("crew.band.yaml");
    const lens = (await lensesOf(file("crew.band.yaml"))).find(({ title }) => title === "Edit Prompt");
    assert.ok(lens);
    await press(lens);
    const prompt = vscode.window.activeTextEditor?.document;
    assert.equal(prompt?.getText(), "You are the writer. The task: {{task}}\n");
    await replace(prompt, "the writer", "a writer");
    assert.ok(await prompt.save());

    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(file("crew.band.yaml")));
    assert.match(text, /^ {6}You are a writer\. The task: \{\{task\}\}$/m);
  });

  it("shows a plan", async () => {
    await vscode.commands.executeCommand("orket.showPlan", file("flows/crew.flow.yaml"));

    assert.match(
      vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === "orket-plan")?.getText() ?? "",
      /You are a writer\. The task: Sing\./,
    );
  });

  it("runs nothing", async () => {
    await vscode.commands.executeCommand("orket.runFlow", file("flows/crew.flow.yaml"));

    const names = (await vscode.workspace.fs.readDirectory(root())).map(([name]) => name);
    assert.deepEqual(names.sort(), ["crew.band.yaml", "flows"]);
  });
});

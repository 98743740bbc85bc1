import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Locator } from "playwright-core";
import { Workbench } from "../integration/workbench";
import { ConductorPage } from "./conductor";
import { showFailures } from "./failures";
import { inOrder } from "./in-order";
import { addFiles, removeProject, sampleProject } from "./sample";
import { pace } from "../until";

const files: Readonly<Record<string, string>> = {
  "flows/asked.flow.yaml": `version: 1
name: asked
description: VS Code asks before it lets Orket use the model.
band: standard
venue: editor
score: note
task: Write a note.
inputs: { node: { default: "22" } }
approval: none
`,
  // A person takes longer than the model may.
  "flows/editor.venue.yaml": `version: 1
name: editor
provider: vscode-lm
model: orket-test/guarded
timeouts: { first_token_seconds: 1 }
retry: { attempts: 1 }
`,
  "flows/note.score.yaml":
    "version: 1\nname: note\nsteps:\n  - { id: note, role: reviewer, instruction: Write it. }\n",
};

describe("a model of the editor that wants consent", function () {
  this.timeout(120_000);
  inOrder(this);
  showFailures(this, () => workbench);
  let folder: string;
  let workbench: Workbench;
  let conductor: ConductorPage;

  const question = async (): Promise<Locator> => {
    const dialog = workbench.page.locator(".monaco-dialog-box").filter({
      hasText: "'Orket' wants to access the language models provided by Models for tests",
    });
    await dialog.waitFor({ timeout: 30_000 });
    return dialog;
  };
  const journal = (): string => {
    const sessions = path.join(folder, ".orket", "sessions");
    return readFileSync(path.join(sessions, readdirSync(sessions)[0] ?? "", "journal.jsonl"), "utf8");
  };

  before(async () => {
    folder = await sampleProject(0);
    await addFiles(folder, files);
    workbench = await Workbench.open({ folder, theme: "dark", models: true });
    conductor = await ConductorPage.open(workbench);
  });

  after(async () => {
    await workbench?.close();
    await removeProject(folder);
  });

  it("is asked for with a reason, and a refusal ends the step with what can be done", async () => {
    await workbench.command("Orket: Run Flow");
    await workbench.pick("asked");
    await workbench.answer("22");
    const dialog = await question();
    await dialog.getByText("Orket performs a step of the Flow that you started.").waitFor();
    await workbench.screenshot("consent-dark");
    await dialog.getByRole("button", { name: "Cancel" }).click();

    await conductor.stands("Failed");
    await conductor.frame.getByText("Orket was not allowed to use").first().waitFor();
    await conductor.frame.getByText("Retry asks again").waitFor();
    assert.match(journal(), /"code":"refused_by_consent"/);
  });

  it("is asked for again on Retry, however long a person takes, and then the model answers", async () => {
    await conductor.button("Retry").click();
    const dialog = await question();
    await pace(1500);
    await dialog.getByRole("button", { name: "Allow" }).click();

    await conductor.stands("Completed");
    assert.equal(journal().match(/"type":"model_call_failed"/g)?.length, 1);
    assert.match(journal(), /"text":"Hello\."/);
  });

  it("is not asked for once it was given", async () => {
    await workbench.command("Orket: Run Flow");
    await workbench.pick("asked");
    await workbench.answer("22");

    await conductor.stands("Completed");
    assert.equal(await workbench.page.locator(".monaco-dialog-box").count(), 0);
  });
});

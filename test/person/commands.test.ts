import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Locator } from "playwright-core";
import { Workbench } from "../integration/workbench";
import { ConductorPage } from "./conductor";
import { showFailures } from "./failures";
import { inOrder } from "./in-order";
import { addFiles, removeProject, sampleProject } from "./sample";

const files: Readonly<Record<string, string>> = {
  "flows/release.flow.yaml": `version: 1
name: release
description: Builds until the tests pass, then publishes what was accepted.
band: standard
venue: scripted
score: release
task: Extend the package.
inputs: { node: { default: "22" } }
commands:
  check: { argv: [node, tests/run.js], description: The package's tests., isolation: view }
  publish:
    argv: [node, publish.js]
    description: Publishes the package.
    effects: outside
approval: none
`,
  "flows/release.score.yaml": `version: 1
name: release
steps:
  - { id: plan, role: architect, produces: [PLAN.md] }
  - loop:
      max: 3
      until: { step: check, verdict: pass }
      steps:
        - { id: build, role: coder }
        - { id: check, run: check }
  - { id: take, accept: ["**"] }
  - { id: publish, run: publish, must: pass }
`,
  "publish.js": `import { writeFileSync } from "node:fs";\nwriteFileSync("published.txt", "published\\n");\n`,
};

interface Line {
  readonly type: string;
  readonly step: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

describe("commands, from consent to the effect outside", function () {
  this.timeout(120_000);
  inOrder(this);
  showFailures(this, () => workbench);

  let folder: string;
  let workbench: Workbench;
  let conductor: ConductorPage;

  const sessions = (): string[] => {
    const root = path.join(folder, ".orket", "sessions");
    return existsSync(root) ? readdirSync(root) : [];
  };
  const journal = (): Line[] => {
    const text = readFileSync(
      path.join(folder, ".orket", "sessions", sessions()[0] ?? "", "journal.jsonl"),
      "utf8",
    );
    const lines = text.slice(0, text.lastIndexOf("\n")).split("\n");
    return lines.map((line) => JSON.parse(line) as Line);
  };
  const dialog = (text: string): Locator =>
    workbench.page.locator(".monaco-dialog-box").filter({ hasText: text });

  before(async () => {
    folder = await sampleProject(0);
    await addFiles(folder, files);
    workbench = await Workbench.open({ folder, theme: "light" });
    conductor = await ConductorPage.open(workbench);
  });

  after(async () => {
    await workbench?.close();
    await removeProject(folder);
  });

  it("shows the table before the first run, and starts nothing when it is refused", async () => {
    await workbench.command("Orket: Run Flow");
    await workbench.pick("release");
    await workbench.answer("22");
    const consent = dialog("The Flow release can run commands on this machine.");
    await consent.getByText("OUTSIDE: asked for each time, after an acceptance").waitFor();
    await consent.getByText("runs: node tests/run.js").waitFor();
    await workbench.screenshot("commands-consent-light");
    await consent.getByRole("button", { name: "Cancel" }).click();

    await consent.waitFor({ state: "detached" });
    assert.deepEqual(sessions(), []);
  });

  it("runs one command on the project alone, from its line in the Flow", async () => {
    await workbench.openFile("flows/release.flow.yaml");
    await workbench.page.locator(".codelens-decoration a", { hasText: "Run on the Project" }).first().click();
    await conductor.agreeToCommands();

    const output = workbench.page.locator(".part.panel .view-line");
    await output.filter({ hasText: "1 passed, 0 failed." }).first().waitFor();
    await output.filter({ hasText: "check: pass, exit code 0" }).first().waitFor();
    await workbench.screenshot("commands-check-light");
    assert.deepEqual(sessions(), []);
  });

  it("turns from red to green without asking again, and waits for what is proposed", async () => {
    await workbench.command("Orket: Run Flow");
    await workbench.pick("release");
    await workbench.answer("22");

    await workbench.page.locator(".statusbar-item").filter({ hasText: "Orket: waiting for you" }).waitFor();
    const ends = journal().filter(({ type }) => type === "command_end");
    assert.deepEqual(
      ends.map(({ step, data }) => [step, data["verdict"]]),
      [
        ["check#1", "fail"],
        ["check#2", "pass"],
      ],
    );
    await conductor.screenshot("commands-accept-light");
  });

  it("asks for the effect outside once everything is accepted", async () => {
    await workbench.command("Orket: Accept All Artifacts");
    await workbench.page
      .locator(".monaco-dialog-box")
      .getByRole("button", { name: /^Accept \d files$/ })
      .click();

    await conductor.asksFor("publish");
    assert.equal(existsSync(path.join(folder, "published.txt")), false);
    const card = conductor.frame.getByRole("region", { name: "Approval: publish" });
    await card.getByRole("heading", { name: "Command publish" }).waitFor();
    await card.getByText("OUTSIDE: it works on the project itself").waitFor();
    assert.equal(await card.getByRole("button", { name: "Edit prompt" }).count(), 0);
    await conductor.screenshot("commands-outside-light");
    await workbench.setTheme("dark");
    await conductor.screenshot("commands-outside-dark");
    await workbench.setTheme("high-contrast");
    await conductor.screenshot("commands-outside-high-contrast");
  });

  it("does it when it is allowed, once, and says what changed", async () => {
    await conductor.approve("publish");

    await conductor.stands("Completed");
    assert.equal(readFileSync(path.join(folder, "published.txt"), "utf8"), "published\n");
    const end = journal().find(({ type, step }) => type === "command_end" && step === "publish");
    assert.deepEqual(end?.data["changed"], ["published.txt"]);
    await conductor.screenshot("commands-done-high-contrast");
  });
});

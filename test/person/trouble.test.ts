import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import path from "node:path";
import type { Locator } from "playwright-core";
import { Workbench } from "../integration/workbench";
import { ConductorPage, notification } from "./conductor";
import { showFailures } from "./failures";
import { inOrder } from "./in-order";
import { addFiles, removeProject, sampleProject } from "./sample";
import { until } from "../until";
import { readable } from "./readable";

/** A Flow whose first step always fails, and one whose limit is too low. */
const files = {
  "flows/flaky.flow.yaml": `version: 1
name: flaky
description: Its model server cannot be reached.
band: standard
venue: flaky
score: brief
task: Say something.
inputs: { node: { default: "22" } }
approval: none
`,
  "flows/frugal.flow.yaml": `version: 1
name: frugal
description: Its limit on model calls is too low.
band: standard
venue: steady
score: brief
task: Say something.
inputs: { node: { default: "22" } }
approval: none
limits: { model_calls: 1 }
`,
  "flows/flaky.venue.yaml": `version: 1
name: flaky
provider: scripted
replies: flaky.replies.yaml
retry: { attempts: 1, backoff_seconds: 0 }
`,
  "flows/flaky.replies.yaml": `version: 1
steps:
  plan: [{ fail: unreachable }]
  check: [{ text: It is right. }]
`,
  "flows/steady.venue.yaml": `version: 1
name: steady
provider: scripted
replies: steady.replies.yaml
`,
  "flows/steady.replies.yaml": `version: 1
steps:
  plan: [{ text: The plan is short. }]
  check: [{ text: It is right. }]
`,
  "flows/brief.score.yaml": `version: 1
name: brief
steps:
  - { id: plan, role: architect, instruction: Say what the plan is., note: A step with a name that is a little longer than most of the others }
  - { id: check, role: reviewer, instruction: Say whether it is right. }
`,
};

describe("when something goes wrong", function () {
  this.timeout(120_000);
  inOrder(this);
  showFailures(this, () => workbench);

  let folder: string;
  let workbench: Workbench;
  let conductor: ConductorPage;

  /** Rows of the trees that can be seen; the Explorer has rows of its own. */
  const rowsNamed = (name: RegExp): Locator =>
    workbench.page.getByRole("treeitem", { name }).filter({ visible: true });

  const run = async (flow: string): Promise<void> => {
    await workbench.command("Orket: Run Flow");
    await workbench.pick(flow);
    await workbench.answer("22");
  };

  before(async () => {
    folder = await sampleProject();
    await addFiles(folder, files);
    workbench = await Workbench.open({ folder, theme: "dark" });
    conductor = await ConductorPage.open(workbench);
  });

  after(async () => {
    await workbench?.close();
    await removeProject(folder);
  });

  it("lists every Flow of the folder in the empty view", async () => {
    await conductor.button("Run flaky").waitFor();
    await conductor.button("Run frugal").waitFor();
  });

  it("says why a step failed and what can be done", async () => {
    await run("flaky");

    await conductor.stands("Failed");
    await conductor.frame.getByRole("heading", { name: "plan failed" }).waitFor();
    await conductor.frame.getByText("Check that the model server runs").waitFor();
    for (const name of ["Retry", "Edit prompt", "Skip", "Stop"]) await conductor.button(name).waitFor();
    await conductor.frame.getByTitle("The step begins anew.").waitFor();
    await conductor.screenshot("conductor-failed-dark");
  });

  it("tries the step again on Retry, and goes on without it on Skip", async () => {
    await conductor.button("Retry").click();
    await conductor.frame.getByText("2 model calls").waitFor();
    await conductor.frame.getByRole("heading", { name: "plan failed" }).waitFor();
    await conductor.button("Skip").click();

    await conductor.stands("Completed");
    await conductor.frame.getByText("2 done").waitFor();
  });

  it("pauses at a limit before it is overshot, and goes on with a higher one", async () => {
    await run("frugal");

    await conductor.frame.getByRole("heading", { name: "Limit on model calls reached" }).waitFor();
    await conductor.screenshot("conductor-limit-dark");
    await conductor.frame.getByRole("textbox", { name: "New limit (calls)" }).fill("5");
    await conductor.button("Resume").click();
    await conductor.stands("Completed");
  });

  it("skips the steps of a role that is switched off", async () => {
    await workbench.command("Orket: Run Flow with Step Approval");
    await workbench.pick("flaky");
    await workbench.answer("22");
    await conductor.asksFor("plan");
    const reviewer = conductor.frame.getByRole("switch", { name: "reviewer" });
    await reviewer.click();
    await conductor.frame.getByRole("switch", { name: "reviewer", checked: false }).waitFor();
    await conductor.button("Skip").click();

    await conductor.stands("Completed");
    assert.equal(await conductor.frame.locator(".step.skipped").count(), 2);
  });

  it("pauses and resumes", async () => {
    await workbench.command("Orket: Run Flow");
    await workbench.pick("shapes");
    await workbench.pick("20");
    await conductor.agreeToCommands();
    await conductor.asksFor("plan");
    await conductor.button("Pause").click();
    await conductor.stands("Paused");
    assert.equal(await conductor.button("Approve").count(), 0);
    await conductor.button("Resume").click();
    await conductor.asksFor("plan");
  });

  it("holds in a side bar of 200 pixels", async () => {
    const edge = await workbench.page.locator(".part.sidebar").boundingBox();
    assert.ok(edge);
    const from = edge.x + edge.width + 2;
    await workbench.page.mouse.move(from, 250);
    await workbench.page.mouse.down();
    await workbench.page.mouse.move(edge.x + 200, 250, { steps: 8 });
    await workbench.page.mouse.up();
    const width = (await workbench.page.locator(".part.sidebar").boundingBox())?.width ?? 0;
    assert.ok(width < 210, `the side bar is ${width} px wide`);
    await conductor.frame.getByText("Prompt that will be sent").click();
    await conductor.screenshot("conductor-narrow-dark");

    const overflow = await conductor.frame
      .locator("body")
      .evaluate(({ ownerDocument: { documentElement: page } }) => page.scrollWidth - page.clientWidth);
    assert.equal(overflow, 0);
  });

  it("shows a question in light and high contrast", async () => {
    for (const theme of ["light", "high-contrast", "high-contrast-light"] as const) {
      await workbench.setTheme(theme);
      await conductor.screenshot(`conductor-approval-narrow-${theme}`);
      await readable(conductor.frame.locator("body"), /Begin .*\?/);
    }
    await workbench.setTheme("dark");
  });

  it("stops at once", async () => {
    await conductor.stop();

    await conductor.stands("Stopped");
  });

  it("lists files that cannot be run, with their problems", async () => {
    await appendFile(path.join(folder, "flows", "flaky.flow.yaml"), "limts: {}\n");
    await workbench.command("Orket: Run Flow");
    await workbench.quickInputRows().filter({ hasText: "1 problem" }).first().waitFor({ timeout: 20_000 });
    await workbench.pick("flaky");
    const message = await notification(workbench, "Unknown key 'limts'");
    await message.getByRole("button", { name: "Open File" }).click();

    await workbench.page.locator(".tab.active").filter({ hasText: "flaky.flow.yaml" }).waitFor();
    await workbench.page.locator(".monaco-editor .squiggly-error").first().waitFor();
  });

  it("shows a plan, and a Flow's lenses", async () => {
    await workbench.openFile("flows/shapes.flow.yaml");
    const lens = workbench.page.locator(".codelens-decoration a").filter({ hasText: "Show Plan" });
    await lens.waitFor();
    await conductor.screenshot("flow-lenses-dark");
    await lens.click();

    await workbench.page.locator(".tab.active").filter({ hasText: "shapes.flow.yaml.plan.md" }).waitFor();
  });

  it("lists sessions and definitions", async () => {
    await workbench.page.locator(".pane-header").filter({ hasText: "Sessions" }).click();
    await workbench.page.locator(".pane-header").filter({ hasText: "Library" }).click();

    await rowsNamed(/^frugal.*completed/)
      .first()
      .waitFor();
    await rowsNamed(/^frugal.*limit/)
      .first()
      .waitFor();
    await conductor.screenshot("library-dark");
  });

  it("says which line of a journal is damaged", async () => {
    const sessions = path.join(folder, ".orket", "sessions");
    const id = readdirSync(sessions).find((name) => name.includes("-frugal-"));
    assert.ok(id !== undefined);
    const journal = path.join(sessions, id, "journal.jsonl");
    const lines = readFileSync(journal, "utf8").split("\n");
    lines[4] = (lines[4] ?? "").replace('"seq":4', '"seq":5');
    writeFileSync(journal, lines.join("\n"));
    await until("the panel names the line", async () => {
      await rowsNamed(/^frugal.*completed/)
        .first()
        .click();
      const panel = await workbench.panel(/^\d+ events$/);
      return panel
        .getByRole("alert")
        .filter({ hasText: /line 5/ })
        .isVisible();
    });
    await conductor.screenshot("session-damaged-dark");
  });
});

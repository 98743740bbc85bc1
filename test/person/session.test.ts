import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { Locator } from "playwright-core";
import { Workbench } from "../integration/workbench";
import { ConductorPage, notification } from "./conductor";
import { showFailures } from "./failures";
import { inOrder } from "./in-order";
import { removeProject, sampleProject } from "./sample";
import { readable } from "./readable";

interface Line {
  readonly type: string;
  readonly step: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What is on the disk, which is what counts. */
function journalOf(folder: string): Line[] {
  const sessions = path.join(folder, ".orket", "sessions");
  const [id] = readdirSync(sessions);
  assert.ok(id !== undefined);
  const text = readFileSync(path.join(sessions, id, "journal.jsonl"), "utf8");
  // Behind the last line a running session keeps room.
  return text
    .slice(0, text.lastIndexOf("\n"))
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

function stepsStarted(folder: string): readonly (string | null)[] {
  return journalOf(folder)
    .filter(({ type }) => type === "step_start")
    .map(({ step }) => step);
}

/** Makes the review long enough to reload the window in the middle of it, on a busy machine too. */
async function talkLonger(folder: string): Promise<void> {
  const file = path.join(folder, "flows", "shapes.replies.yaml");
  const sentence = "I read what is there now, not what the report says.";
  const text = readFileSync(file, "utf8");
  assert.ok(text.includes(sentence));
  await writeFile(file, text.replace(sentence, `${sentence} ${"I look again. ".repeat(130).trimEnd()}`));
}

describe("a session, from the palette to the file in the project", function () {
  this.timeout(120_000);
  inOrder(this);
  showFailures(this, () => workbench);

  let folder: string;
  let workbench: Workbench;
  let conductor: ConductorPage;

  /** A button above the editor. */
  const inTitle = (name: string): Locator =>
    workbench.page.locator(".editor-group-container .editor-actions").getByRole("button", { name }).first();

  before(async () => {
    folder = await sampleProject(40);
    await talkLonger(folder);
    workbench = await Workbench.open({ folder, theme: "dark" });
  });

  after(async () => {
    await workbench?.close();
    await removeProject(folder);
  });

  it("says how to begin where there is no session", async () => {
    conductor = await ConductorPage.open(workbench);

    await conductor.button("Run shapes").waitFor();
    await conductor.screenshot("conductor-empty-dark");
  });

  it("starts from the palette, asks the input and for consent to the commands, and leaves the focus in the editor", async () => {
    await workbench.openFile("shapes/index.js");
    await workbench.page.locator(".monaco-editor .view-lines").first().click();

    await workbench.command("Orket: Run Flow");
    await workbench.pick("shapes");
    await workbench.quickInputRows().filter({ hasText: "22" }).first().waitFor();
    await workbench.pick("22");
    const consent = workbench.page.locator(".monaco-dialog-box").filter({ hasText: "can run commands" });
    await consent.getByText("runs: node tests/run.js").waitFor();
    await workbench.screenshot("commands-consent-dark");
    await conductor.agreeToCommands();

    conductor = await ConductorPage.open(workbench, /Begin plan\?/);
    await conductor.asksFor("plan");
    const focused = await workbench.page.evaluate(() => document.activeElement?.tagName);
    assert.notEqual(focused, "IFRAME");
    await conductor.screenshot("conductor-approval-dark");
  });

  it("shows the prompt that would be sent, with the input in it", async () => {
    await conductor.frame.getByText("Prompt that will be sent").click();

    await conductor.frame.getByText("The code must run on Node 22 and later").waitFor();
    await conductor.frame.getByText("scripted replies", { exact: true }).waitFor();
    await conductor.screenshot("conductor-prompt-dark");
  });

  it("shows the question in the status bar and as a badge", async () => {
    await workbench.page.locator(".statusbar-item").filter({ hasText: "Orket: waiting for you" }).waitFor();
    await workbench.page
      .locator(".part.activitybar .badge-content")
      .filter({ hasText: "1" })
      .first()
      .waitFor();
  });

  it("builds the prompt again from an edited instruction, and asks again", async () => {
    await conductor.button("Edit prompt").click();
    await conductor.frame
      .getByRole("textbox", { name: "Instruction for this step" })
      .fill("Write PLAN.md, in brief.");
    await conductor.screenshot("conductor-edit-dark");
    await conductor.button("Rebuild prompt").click();

    await conductor.frame.locator(".instruction", { hasText: "Write PLAN.md, in brief." }).waitFor();
    await conductor.asksFor("plan");
  });

  it("streams the text of the step at work, and the flow view follows", async () => {
    // The folder's only Flow is shown without a question.
    await workbench.command("Orket: Show Flow");
    const flow = await workbench.panel("Events of the session");
    const plan = flow.getByRole("treeitem").filter({ hasText: /^plan/ });
    await plan.filter({ hasText: "waiting for you" }).waitFor();
    await conductor.approve("plan");

    await conductor.frame.locator(".stream").filter({ hasText: "look at what is there" }).waitFor();
    await conductor.screenshot("conductor-running-dark");
    await conductor.asksFor("build#1");
    await plan.filter({ hasText: "done" }).waitFor();
    await workbench.command("View: Close Editor");
  });

  it("answers one question with one press, however often the key is pressed", async () => {
    const approve = conductor.button("Approve");
    // A question takes no answer in its first moment.
    await approve.click({ trial: true });
    await approve.focus();
    for (let press = 0; press < 3; press += 1) await workbench.page.keyboard.press("Enter");

    await conductor.asksFor("build#2");
    const answers = journalOf(folder).filter(
      ({ type, data }) => type === "approval_resolved" && data["decision"] === "approve",
    );
    assert.equal(answers.length, 2);
  });

  it("shows the check red, and green after the coder has fixed what it printed", async () => {
    const check = conductor.frame.locator(".step").filter({ hasText: "check" });
    await check.filter({ hasText: "fail" }).first().waitFor();
    await conductor.screenshot("conductor-red-dark");
    await conductor.approve("build#2");

    await conductor.asksFor("review#2");
    await check.filter({ hasText: "pass" }).first().waitFor();
    await conductor.screenshot("conductor-green-dark");
  });

  it("loses nothing when the window is reloaded in mid-stream, and offers to go on", async () => {
    await conductor.approve("review#2");
    await conductor.frame.locator(".stream").filter({ hasText: "I look again." }).waitFor();
    await workbench.reload();

    const offer = await notification(workbench, "shapes was interrupted; nothing is lost");
    // The reload is only a test of anything if it cut a call off.
    const cut = journalOf(folder).filter(({ step }) => step === "review#2");
    assert.deepEqual(
      cut.slice(-2).map(({ type }) => type),
      ["model_call_start", "model_call_failed"],
    );
    await workbench.setTheme("dark");
    conductor = await ConductorPage.open(workbench);
    await conductor.button("Resume").waitFor();
    await conductor.screenshot("conductor-interrupted-dark");
    await workbench.command("Orket: Open Session");
    const panel = await workbench.panel(/^\d+ events$/);
    await offer.getByRole("button", { name: "Go on" }).click();

    // The panel shows the reply where it will stand, while it arrives.
    await panel
      .getByRole("article")
      .filter({ hasText: /in progress.*I look again/s })
      .waitFor();
    await conductor.stands("Completed");
    assert.deepEqual(stepsStarted(folder), ["plan", "build#1", "check#1", "build#2", "check#2", "review#2"]);
    await conductor.button("Review changes").waitFor();
    await conductor.screenshot("conductor-done-dark");
  });

  it("opens a proposed change as a diff against the project", async () => {
    await workbench.page.getByRole("treeitem", { name: /^shapes\/index\.js/ }).click();

    await workbench.page.locator(".tab.active").filter({ hasText: "index.js (proposed change)" }).waitFor();
    await workbench.page
      .locator(".monaco-diff-editor .view-line")
      .filter({ hasText: "circleArea" })
      .first()
      .waitFor();
    await conductor.screenshot("diff-dark");
    assert.doesNotMatch(readFileSync(path.join(folder, "shapes/index.js"), "utf8"), /circleArea/);
  });

  it("brings it into the project when it is accepted in the diff, and opens the next", async () => {
    await inTitle("Accept Artifact").click();

    await workbench.page.locator(".tab.active").filter({ hasText: "PLAN.md (new file)" }).waitFor();
    assert.match(readFileSync(path.join(folder, "shapes/index.js"), "utf8"), /circleArea/);
    await workbench.page.getByRole("treeitem", { name: /^shapes\/index\.js, changed, accepted/ }).waitFor();
  });

  it("leaves the project alone when an artifact is rejected", async () => {
    await inTitle("Reject Artifact").click();

    await workbench.page.getByRole("treeitem", { name: /^PLAN\.md, added, rejected/ }).waitFor();
    assert.equal(existsSync(path.join(folder, "PLAN.md")), false);
    // The next one opens, and takes the focus from whatever comes too early.
    const next = { hasText: "(new file)", hasNotText: "PLAN.md" };
    await workbench.page.locator(".tab.active").filter(next).waitFor();
  });

  it("accepts all the others at once, after a question", async () => {
    await workbench.command("Orket: Accept All Artifacts");
    await workbench.page
      .locator(".monaco-dialog-box")
      .getByRole("button", { name: "Accept 3 files" })
      .click();

    await workbench.page
      .getByRole("treeitem", { name: /^tests\/shapes\.test\.js, added, accepted/ })
      .waitFor();
    for (const file of ["shapes/circle.js", "shapes/rectangle.js", "tests/shapes.test.js"]) {
      assert.equal(existsSync(path.join(folder, file)), true, file);
    }
    await conductor.screenshot("artifacts-decided-dark");
  });

  it("puts an accepted file back", async () => {
    const item = workbench.page.getByRole("treeitem", { name: /^shapes\/circle\.js/ });
    await item.hover();
    await item.getByRole("button", { name: "Revert Acceptance" }).click();

    await workbench.page.getByRole("treeitem", { name: /^shapes\/circle\.js, added, pending/ }).waitFor();
    assert.equal(existsSync(path.join(folder, "shapes/circle.js")), false);
  });

  it("refuses a file that has unsaved changes in an editor", async () => {
    await workbench.page.getByRole("treeitem", { name: /^shapes\/index\.js/ }).hover();
    await workbench.openFile("shapes/index.js");
    await workbench.page.locator(".monaco-editor .view-lines").first().click();
    await workbench.page.keyboard.type("// mine\n");
    const item = workbench.page.getByRole("treeitem", { name: /^shapes\/index\.js/ });
    await item.hover();
    await item.getByRole("button", { name: "Revert Acceptance" }).click();

    await notification(workbench, "shapes/index.js has unsaved changes");
    await workbench.command("File: Revert File");
    await workbench.command("Notifications: Clear All Notifications");
  });

  it("shows every event of the session, filtered and in detail", async () => {
    await workbench.command("Orket: Open Session");
    const panel = await workbench.panel(/^\d+ events$/);
    await panel.getByRole("tab", { name: "Events" }).click();
    const rows = panel.getByRole("option");
    // The end is shown first, which is where the news are.
    await rows.last().filter({ hasText: "Acceptance reverted" }).waitFor();
    await panel.getByRole("listbox").focus();
    await workbench.page.keyboard.press("Home");
    await rows.first().filter({ hasText: "Session started" }).waitFor();
    await panel.getByRole("textbox", { name: "Text" }).fill("verdict");
    await panel.getByText(/^\d+ of \d+ events$/).waitFor();
    const row = rows.filter({ has: panel.locator(".cell-type", { hasText: /^Verdict$/ }) }).first();
    await row.click();

    await panel.getByText('"verdict": "approve"').waitFor();
    await conductor.screenshot("session-panel-dark");
    await panel.getByRole("textbox", { name: "Text" }).fill("");
    await panel.getByText(/^\d+ events$/).waitFor();
    await panel.getByRole("listbox").focus();
    await workbench.page.keyboard.press("End");
    await rows.last().filter({ hasText: "Acceptance reverted" }).waitFor();
  });

  it("reads like a conversation: a tool call is folded out, opened in an editor, and a role picked", async () => {
    const panel = await workbench.panel(/^\d+ events$/);
    await panel.getByRole("tab", { name: "Transcript" }).click();
    const feed = panel.getByRole("feed", { name: "Transcript" });
    await feed.focus();
    await workbench.page.keyboard.press("Home");
    await feed.getByRole("article").first().filter({ hasText: "Session started" }).waitFor();
    await panel.getByRole("combobox", { name: "Role" }).click();
    await panel.getByRole("option", { name: "coder" }).click();
    await panel.getByText(/^\d+ of \d+ events$/).waitFor();
    await feed.getByRole("heading", { name: "build#1" }).waitFor();
    assert.equal(await feed.getByRole("heading", { name: "plan" }).count(), 0);

    const call = feed
      .getByRole("article")
      .filter({ hasText: /^Wrote / })
      .first();
    await call.getByText(/^Arguments/).click();
    await call.getByRole("region", { name: "Arguments" }).getByText('"path"').waitFor();
    await conductor.screenshot("session-transcript-dark");
    await call.getByRole("button", { name: "Open in editor" }).click();
    await workbench.page
      .locator(".tab.active")
      .filter({ hasText: /^build-1-args-\d+\.json/ })
      .waitFor();
    await workbench.command("View: Close Editor");
    await call.getByRole("button", { name: "Show changes" }).click();
    await workbench.page
      .locator(".tab.active")
      .filter({ hasText: /\(build#1, event \d+\)/ })
      .waitFor();
    await workbench.command("View: Close Editor");
  });

  it("is there again after another reload, decisions and panel included", async () => {
    await workbench.reload();

    conductor = await ConductorPage.open(workbench);
    await conductor.stands("Completed");
    await workbench.page.getByRole("treeitem", { name: /^shapes\/rectangle\.js, added, accepted/ }).waitFor();
    const panel = await workbench.panel(/^\d+ of \d+ events$/);
    // The view and the filter are as they were left, and the tab bears the session's name.
    await panel.getByRole("tab", { name: "Transcript", selected: true }).waitFor();
    await panel.getByRole("feed").getByRole("heading", { name: "build#2" }).waitFor();
    await workbench.page
      .locator(".tab.active")
      .filter({ hasText: /^shapes \w+/ })
      .waitFor();
    assert.equal(await workbench.page.locator(".statusbar-item .codicon-bell-dot").count(), 0);
  });

  for (const theme of ["light", "high-contrast"] as const) {
    it(`can be read in the theme ${theme}`, async () => {
      await workbench.setTheme(theme);
      await conductor.frame.getByText("Steps").waitFor();

      await conductor.screenshot(`conductor-done-${theme}`);
      await readable(conductor.frame.locator("body"), /Completed/);
    });
  }
});

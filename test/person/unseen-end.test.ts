import assert from "node:assert/strict";
import type { Locator } from "playwright-core";
import { Workbench } from "../integration/workbench";
import { until } from "../until";
import { ConductorPage, notification } from "./conductor";
import { showFailures } from "./failures";
import { inOrder } from "./in-order";
import { addFiles, removeProject, sampleProject } from "./sample";

/* A session ends while its view is not on the screen: who was not looking learns of it once. */

const files: Readonly<Record<string, string>> = {
  "quick.flow.yaml":
    "version: 1\nname: quick\nband: ./quick.band.yaml\nvenue: ./quick.venue.yaml\nscore: ./quick.score.yaml\ntask: Talk.\napproval: none\n",
  "quick.band.yaml": "version: 1\nname: quick\nroles:\n  writer: { prompt: You talk. }\n",
  "quick.venue.yaml": "version: 1\nname: quick\nprovider: scripted\nreplies: quick.replies.yaml\n",
  // Long enough to look away, on a busy machine too.
  "quick.replies.yaml": `version: 1\nchunk_delay_ms: 60\nsteps: { talk: [{ text: "${"I am talking. ".repeat(50)}" }] }\n`,
  "quick.score.yaml": "version: 1\nname: quick\nsteps:\n  - { id: talk, role: writer, instruction: Talk. }\n",
};

describe("an end that nobody saw", function () {
  this.timeout(120_000);
  inOrder(this);
  showFailures(this, () => workbench);

  let folder: string;
  let workbench: Workbench;

  const status = (text: string): Locator =>
    workbench.page.locator(".part.statusbar .statusbar-item").filter({ hasText: text });
  const badge = (): Locator => workbench.page.locator(".part.activitybar .badge-content:visible");
  const needsYou = (): Locator =>
    workbench.page
      .locator(".pane")
      .filter({ has: workbench.page.locator(".pane-header", { hasText: "Needs You" }) })
      .locator(".monaco-list-row");
  const told = async (): Promise<number> =>
    workbench.page
      .locator(".notifications-center .notification-list-item", { hasText: "quick completed" })
      .count();

  before(async () => {
    folder = await sampleProject();
    await addFiles(folder, files);
    workbench = await Workbench.open({ folder, theme: "dark" });
  });

  after(async () => {
    await workbench?.close();
    await removeProject(folder);
  });

  it("is told once: by a notification, on the icon and in the status bar", async () => {
    await ConductorPage.open(workbench);
    await workbench.command("Orket: Run Flow");
    await workbench.pick("quick");
    await status("Orket: talk (1/1)").waitFor();
    await workbench.openContainer("Explorer");

    await notification(workbench, "Orket: quick completed.");
    assert.equal(await told(), 1);
    await status("Orket: quick completed").waitFor();
    await badge().filter({ hasText: /^1$/ }).waitFor();
    await workbench.screenshot("unseen-end-dark");
  });

  it("is still on the icon and in the status bar after a reload, and is not told again", async () => {
    await workbench.reload();

    await status("Orket: quick completed").waitFor();
    await badge().filter({ hasText: /^1$/ }).waitFor();
    assert.equal(await workbench.page.locator(".statusbar-item .codicon-bell-dot").count(), 0);
  });

  it("is over once a person has looked, everywhere at the same time", async () => {
    await status("Orket: quick completed").click();

    const conductor = await ConductorPage.opened(workbench);
    await conductor.stands("Completed");
    await status("Orket: quick completed").waitFor({ state: "detached" });
    await until("no number on the icon", async () => (await badge().count()) === 0);
    assert.equal(await needsYou().count(), 0);
  });
});

import assert from "node:assert/strict";
import { existsSync, unlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Locator } from "playwright-core";
import { Workbench } from "../integration/workbench";
import { ConductorPage, notification } from "./conductor";
import { showFailures } from "./failures";
import { inOrder } from "./in-order";
import { addFiles } from "./sample";

const typo = `version: 1
name: typo
band: standrd
venue: scripted
score: standard
task: Say something.
`;

describe("a folder that is empty and not trusted, and no folder at all", function () {
  this.timeout(120_000);
  inOrder(this);
  showFailures(this, () => workbench);

  let folder: string;
  let workbench: Workbench;
  let conductor: ConductorPage;

  const library = (): Locator => workbench.page.locator(".pane").filter({ hasText: "Library" }).last();
  const welcome = (text: string | RegExp): Locator =>
    library().locator(".welcome-view-content").filter({ hasText: text });
  const expand = async (): Promise<void> => {
    const header = library().locator(".pane-header");
    if ((await header.getAttribute("aria-expanded")) !== "true") await header.click();
  };
  const key = (name: string): Promise<void> => workbench.page.keyboard.press(name);

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "orket-empty-"));
    workbench = await Workbench.open({ folder, theme: "dark", askForTrust: true });
  });

  after(async () => {
    await workbench?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });

  it("says in the conductor why nothing runs", async () => {
    await workbench.page.locator(".statusbar-item").filter({ hasText: "Restricted Mode" }).waitFor();
    conductor = await ConductorPage.open(workbench, /not trusted/);

    await conductor.button("Manage Trust").waitFor();
  });

  it("leads from the Library's empty view to New Flow and Import", async () => {
    await expand();
    await welcome("No Flow, Band, Venue or Score in this folder yet.").waitFor();
    await conductor.screenshot("places-empty-untrusted-dark");
    await welcome("").getByRole("button", { name: "New Flow" }).click();
    await workbench.quickInputRows().filter({ hasText: "Plan, build, review" }).waitFor();
    await key("Escape");

    await welcome("").getByRole("button", { name: "Import" }).click();
    await workbench.quickInputRows().filter({ hasText: "This folder" }).waitFor();
    await key("Escape");
    assert.equal(existsSync(path.join(folder, "flows")), false);
  });

  it("writes the sample, lists it, and opens its Flow", async () => {
    await welcome("").getByRole("button", { name: "Write Sample Project" }).click();

    await workbench.page.locator(".tab.active").filter({ hasText: "shapes.flow.yaml" }).waitFor();
    await library().locator(".monaco-list-row").filter({ hasText: "shapes" }).first().waitFor();
    assert.ok(existsSync(path.join(folder, "flows", "standard.band.yaml")));
  });

  it("checks files and offers what is right, though it is not trusted", async () => {
    await addFiles(folder, { "flows/typo.flow.yaml": typo });
    await workbench.openFile("flows/typo.flow.yaml");
    await workbench.page.locator(".monaco-editor .squiggly-error").first().waitFor();
    await workbench.page.locator(".view-line span span").filter({ hasText: "standrd" }).first().click();
    await workbench.page
      .locator('.glyph-margin-widgets [class*="lightbulb"], .lightBulbWidget')
      .first()
      .waitFor();
    await key("Control+.");
    const fix = workbench.page.locator(".action-widget:visible").getByText("Replace with 'standard'");
    await fix.click();

    await workbench.page.locator(".monaco-editor .squiggly-error").first().waitFor({ state: "detached" });
    await key("Control+s");
    await workbench.command("View: Close All Editors");
    unlinkSync(path.join(folder, "flows", "typo.flow.yaml"));
  });

  it("runs nothing, says why, and leads to where trust is given", async () => {
    await workbench.command("Orket: Run Flow");
    const message = await notification(workbench, "Nothing runs in a folder that is not trusted");
    await conductor.screenshot("places-untrusted-run-dark");
    await message.getByRole("button", { name: "Manage Trust" }).click();
    assert.equal(existsSync(path.join(folder, ".orket", "sessions")), false);
    await workbench.page
      .locator(".workspace-trust-editor")
      .getByRole("button", { name: "Trust", exact: true })
      .first()
      .click();

    conductor = await ConductorPage.open(workbench, /No session yet/);
    await conductor.button("Run shapes").waitFor();
  });

  it("says without a folder what to do, in both views and for each command", async () => {
    await workbench.openInstead(undefined);
    conductor = await ConductorPage.open(workbench, "Orket works on the folder that is open.");
    await conductor.button("Open Folder").waitFor();
    await expand();
    await welcome("Orket works on the folder that is open.")
      .getByRole("button", { name: "Open Folder" })
      .waitFor();
    await conductor.screenshot("places-no-folder-dark");

    await workbench.command("Orket: Run Flow");
    const message = await notification(workbench, "No folder is open");
    await message.getByRole("button", { name: "Open Folder" }).waitFor();
    await workbench.command("Orket: New Flow");
    await notification(workbench, "Open a folder first.");
  });
});

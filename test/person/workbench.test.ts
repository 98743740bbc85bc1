import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Workbench } from "../integration/workbench";
import { showFailures } from "./failures";

describe("the workbench that people sit in front of", function () {
  this.timeout(120_000);
  showFailures(this, () => workbench);

  let folder: string;
  let workbench: Workbench;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "orket-person-"));
    await writeFile(path.join(folder, "README.md"), "# Shapes\n");
    workbench = await Workbench.open({ folder, theme: "light" });
  });

  after(async () => {
    await workbench?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("opens in the theme that was asked for, and changes it", async () => {
    assert.equal(await workbench.page.locator(".monaco-workbench.vs").count(), 1);
    await workbench.screenshot("workbench-light");

    await workbench.setTheme("high-contrast");

    assert.equal(await workbench.page.locator(".monaco-workbench.hc-black").count(), 1);
    await workbench.screenshot("workbench-high-contrast");
  });

  it("opens a file and runs a command from the palette", async () => {
    await workbench.openFile("README.md");

    await workbench.command("View: Toggle Zen Mode");
    await workbench.page.locator(".part.statusbar").waitFor({ state: "hidden" });
    await workbench.command("View: Toggle Zen Mode");

    assert.equal(await workbench.page.locator(".part.statusbar").isVisible(), true);
  });

  it("keeps its editors and its theme over a reload", async () => {
    await workbench.reload();

    await workbench.page.locator(".tab.active").filter({ hasText: "README.md" }).waitFor();
    assert.equal(await workbench.page.locator(".monaco-workbench.hc-black").count(), 1);
    await workbench.screenshot("workbench-reloaded");
  });
});

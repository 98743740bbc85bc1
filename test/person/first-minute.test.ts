import assert from "node:assert/strict";
import type { Locator } from "playwright-core";
import { Workbench } from "../integration/workbench";
import { until } from "../until";
import { ConductorPage } from "./conductor";
import { showFailures } from "./failures";
import { inOrder } from "./in-order";
import { removeProject, sampleProject } from "./sample";

describe("the first minute with Orket", function () {
  this.timeout(120_000);
  inOrder(this);
  showFailures(this, () => workbench);

  let folder: string;
  let workbench: Workbench;

  const walkthrough = (): Locator =>
    workbench.page.locator(".tabs-container .tab").filter({ hasText: "Welcome" });

  before(async () => {
    folder = await sampleProject();
    workbench = await Workbench.open({
      folder,
      theme: "light",
      settings: { "workbench.welcomePage.walkthroughs.openOnInstall": true },
    });
  });

  after(async () => {
    await workbench?.close();
    await removeProject(folder);
  });

  it("opens the walkthrough in a project with a Flow before anything is clicked; its pictures are there", async () => {
    await walkthrough().first().click();

    await workbench.page.getByText("Write a team").first().waitFor();
    const picture = async (): Promise<boolean> => {
      for (const frame of workbench.page.frames()) {
        const images = frame.locator('img[alt^="A Flow names"]');
        if ((await images.count().catch(() => 0)) === 0) continue;
        return images.first().evaluate((one) => one instanceof HTMLImageElement && one.naturalWidth > 0);
      }
      return false;
    };
    assert.equal(await until("the picture", picture), true);
    await workbench.screenshot("walkthrough-light");
  });

  it("does not open it again", async () => {
    await workbench.command("View: Close All Editors");
    await until("no tab", async () => (await walkthrough().count()) === 0);
    await workbench.reload();
    const conductor = await ConductorPage.open(workbench);
    await conductor.button("Run shapes").waitFor();

    assert.equal(await walkthrough().count(), 0);
  });
});

import assert from "node:assert/strict";
import { Workbench } from "../integration/workbench";
import { until } from "../until";
import { ConductorPage } from "./conductor";
import { showFailures } from "./failures";
import { inOrder } from "./in-order";
import { removeProject, sampleProject } from "./sample";

describe("questions in a small window", function () {
  this.timeout(120_000);
  inOrder(this);
  showFailures(this, () => workbench);

  let folder: string;
  let workbench: Workbench;
  let conductor: ConductorPage;

  const heading = (step: string) => conductor.frame.getByRole("heading", { name: `Begin ${step}?` });
  /** Whether the heading is in the part of the view that can be seen. */
  const isSeen = (step: string): Promise<boolean> =>
    heading(step).evaluate((element) => {
      const { top, bottom } = element.getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    });

  before(async () => {
    folder = await sampleProject(2);
    workbench = await Workbench.open({ folder, size: { width: 700, height: 450 } });
    conductor = await ConductorPage.open(workbench);
    await conductor.button("Run shapes").click();
    await workbench.pick("22");
    await conductor.agreeToCommands();
    conductor = await ConductorPage.open(workbench, /Begin plan\?/);
  });

  after(async () => {
    await workbench?.close();
    await removeProject(folder);
  });

  it("scroll into view after the answer to the one before, however far down that was", async () => {
    await conductor.asksFor("plan");
    await conductor.button("Approve").scrollIntoViewIfNeeded();
    await conductor.approve("plan");
    await conductor.asksFor("build#1");
    await until("the question is seen", () => isSeen("build#1"));
  });

  it("leave the view where the user has scrolled since", async () => {
    await conductor.button("Approve").scrollIntoViewIfNeeded();
    await conductor.approve("build#1");
    // A key pressed in the view: whoever reads something there is not disturbed.
    await conductor.frame.locator("body").press("End");
    await conductor.asksFor("build#2");
    assert.equal(await isSeen("build#2"), false);
  });
});

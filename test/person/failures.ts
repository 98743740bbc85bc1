import type { Workbench } from "../integration/workbench";

/** Of a test that failed: a picture of the window, and in words what stood in front. A log outlives the pictures. */
export function showFailures(suite: Mocha.Suite, workbench: () => Workbench | undefined): void {
  suite.afterEach(async function () {
    if (this.currentTest?.state !== "failed") return;
    console.log(await workbench()?.inFront());
    await workbench()?.screenshot(`failed ${this.currentTest.title}`);
  });
}

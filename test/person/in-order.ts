/**
 * Each test of the suite goes on where the one before ended: after a failure its other tests are skipped, and said to
 * be. Other suites run. Mocha's own `bail` would leave out the other suites too, and count nothing of it.
 */
export function inOrder(suite: Mocha.Suite): void {
  let failed = false;
  suite.beforeEach(function () {
    if (failed) this.skip();
  });
  suite.afterEach(function () {
    failed ||= this.currentTest?.state === "failed";
  });
}

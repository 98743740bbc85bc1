import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

/*
 * What the last line counts is what a build is judged by. These suites fail on purpose, and are run as the real ones
 * are: by mocha, with the repository's own reporter.
 */

const root = path.resolve(__dirname, "../..");

interface Outcome {
  readonly counts: { readonly passed: number; readonly failed: number; readonly skipped: number };
  readonly output: string;
}

/** Runs a test file of this text, with whatever else is asked of mocha. */
async function outcomeOf(text: string, ...more: readonly string[]): Promise<Outcome> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "orket-counts-"));
  const counts = path.join(folder, "counts.json");
  const file = path.join(folder, "fails.test.ts");
  try {
    await writeFile(file, text);
    const output = await new Promise<string>((resolve) => {
      execFile(
        process.execPath,
        [path.join(root, "node_modules/mocha/bin/mocha.js"), file, ...more],
        { cwd: root, env: { ...process.env, ORKET_COUNTS: counts, ORKET_LINE_MARK: "" } },
        (_error, stdout) => {
          resolve(stdout);
        },
      );
    });
    return { counts: JSON.parse(await readFile(counts, "utf8")) as Outcome["counts"], output };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const helper = JSON.stringify(path.join(root, "test/person/in-order.ts"));

describe("what is counted when a test fails", function () {
  this.timeout(30_000);

  it("are the later tests of a suite that goes in order, as skipped; other suites run", async () => {
    const { counts, output } = await outcomeOf(`
      const { inOrder } = require(${helper});
      describe("in order", function () {
        inOrder(this);
        it("one", () => {});
        it("two", () => { throw new Error("no"); });
        it("three", () => {});
        it("four", () => {});
      });
      describe("another, in order", function () {
        inOrder(this);
        it("five", () => {});
      });
    `);
    assert.deepEqual(counts, { passed: 2, failed: 1, skipped: 2 });
    assert.match(output, /^\s+- three$/m);
  });

  it("are the tests that a failed hook left out, as skipped, but not those that nobody asked for", async () => {
    const suites = `
      describe("without a window", () => {
        before(() => { throw new Error("no window"); });
        it("one", () => {});
        it("two", () => {});
      });
      describe("with one", () => { it("three", () => {}); });
    `;
    const all = await outcomeOf(suites);
    assert.deepEqual(all.counts, { passed: 1, failed: 1, skipped: 2 });
    assert.match(all.output, /without a window two \(not run: a hook failed\)/);
    const some = await outcomeOf(suites, "--grep", "one");
    assert.deepEqual(some.counts, { passed: 1, failed: 1, skipped: 1 });
  });
});

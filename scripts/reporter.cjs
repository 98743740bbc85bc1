/*
 * A spec-like reporter whose last line is always `N passed, N failed, N skipped`, which CI and
 * scripts/test.mjs read. With ORKET_COUNTS set to a file, the counts go there as JSON too, so that a suite's output
 * need not be parsed. A test that mocha never reached, because a hook failed, counts as skipped.
 */
const fs = require("node:fs");
const util = require("node:util");

const slowMs = 1000;

// Inside VS Code everything shares one console. The launcher requests a mark by which it recognizes our lines there.
const mark = process.env.ORKET_LINE_MARK ?? "";
const print = (text) => console.log(mark + text);

function describeError(error) {
  if (!(error instanceof Error) && !(error && error.message)) return util.inspect(error);
  const lines = [error.stack && error.stack.includes(error.message) ? error.stack : error.message];
  if (error.expected !== undefined && error.actual !== undefined && error.showDiff !== false) {
    const show = (value) => util.inspect(value, { depth: 8, breakLength: 100, maxStringLength: 2000 });
    lines.push(`expected: ${show(error.expected)}`, `actual:   ${show(error.actual)}`);
  }
  if (error.cause) lines.push(`cause: ${describeError(error.cause)}`);
  return lines.join("\n");
}

/** A suite that runs in several windows of VS Code writes a report for each. */
function addCounts(file, counts) {
  const before = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : {};
  const sum = Object.entries(counts).map(([name, count]) => [name, count + (before[name] ?? 0)]);
  fs.writeFileSync(file, JSON.stringify(Object.fromEntries(sum)));
}

module.exports = class OrketReporter {
  constructor(runner) {
    const failures = [];
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const left = new Set();
    let depth = 0;
    const say = (text) => print(`${"  ".repeat(depth)}${text}`);

    runner.once("start", () => {
      runner.suite.eachTest((test) => {
        // Mocha's own check of whether a test is selected, for one test.
        if (runner.grepTotal({ eachTest: (visit) => visit(test) }) > 0) left.add(test);
      });
    });
    runner.on("test end", (test) => left.delete(test));
    runner.on("suite", (suite) => {
      if (suite.root) return;
      say(suite.title);
      depth += 1;
    });
    runner.on("suite end", (suite) => {
      if (!suite.root) depth -= 1;
    });
    runner.on("pass", (test) => {
      counts.passed += 1;
      say(`✓ ${test.title}${test.duration > slowMs ? ` (${test.duration} ms)` : ""}`);
    });
    runner.on("pending", (test) => {
      counts.skipped += 1;
      say(`- ${test.title}`);
    });
    runner.on("fail", (test, error) => {
      counts.failed += 1;
      failures.push({ title: test.fullTitle(), error });
      say(`${counts.failed}) ${test.title}`);
    });
    runner.once("end", () => {
      for (const test of left) {
        counts.skipped += 1;
        print(`- ${test.fullTitle()} (not run: a hook failed)`);
      }
      failures.forEach(({ title, error }, index) => {
        print(`\n${index + 1}) ${title}\n${describeError(error).replace(/^/gm, "     ")}`);
      });
      if (process.env.ORKET_COUNTS) addCounts(process.env.ORKET_COUNTS, counts);
      print(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    });
  }
};

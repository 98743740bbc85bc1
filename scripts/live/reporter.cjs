/*
 * The usual reporter, which also writes the outcome of every test as JSON with the reason for those that were skipped: the
 * input of the report.
 */
const fs = require("node:fs");
const path = require("node:path");
const OrketReporter = require("../reporter.cjs");

module.exports = class LiveReporter extends OrketReporter {
  constructor(runner) {
    super(runner);
    const outcomes = [];
    const note = (test, outcome, why) => {
      const [suite, ...inner] = test.titlePath();
      const title = inner.join(": ");
      outcomes.push({ suite, title, outcome, ...(why === undefined ? {} : { why }) });
    };
    let said;
    runner.on("pass", (test) => note(test, "passed"));
    runner.on("pending", (test) => {
      note(test, "skipped", test.orketReason ?? "It gives no reason.");
      if (test.orketReason === said) return;
      said = test.orketReason;
      console.log(`      ${said}`);
    });
    runner.on("fail", (test, error) =>
      note(test, "failed", String(error.message).split("\n").slice(0, 6).join(" ")),
    );
    // Before the parent's own listener, which prints the last line.
    runner.prependOnceListener("end", () =>
      fs.writeFileSync(path.join(process.env.ORKET_LIVE, "outcomes.json"), JSON.stringify(outcomes)),
    );
  }
};

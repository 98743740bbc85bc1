// `npx mocha test/unit/some.test.ts` runs one file under the project's Node; scripts/test.mjs runs the suites.
module.exports = {
  require: ["./scripts/transpile-hook.cjs"],
  reporter: "./scripts/reporter.cjs",
  extension: ["ts", "tsx"],
  timeout: 10000,
  // A test that is left out by accident must not pass for one that ran.
  forbidOnly: Boolean(process.env.CI),
};

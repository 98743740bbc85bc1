// Runs the tests beside it: node tests/run.js. It needs nothing but Node.
import { readdirSync } from "node:fs";

const here = new URL(".", import.meta.url);
const files = readdirSync(here).filter((name) => name.endsWith(".test.js"));
let passed = 0;
let failed = 0;

function report(name, error) {
  if (error === undefined) passed += 1;
  else failed += 1;
  console.log(error === undefined ? `passed  ${name}` : `FAILED  ${name}\n        ${error.message}`);
}

for (const file of files.sort()) {
  const { tests } = await import(new URL(file, here)).catch((error) => {
    report(`${file} cannot be loaded`, error);
    return { tests: {} };
  });
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test();
      report(name);
    } catch (error) {
      report(name, error);
    }
  }
}
console.log(`\n${passed} passed, ${failed} failed.`);
process.exitCode = failed === 0 ? 0 : 1;

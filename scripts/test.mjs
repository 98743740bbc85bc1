/*
 * `npm test`: every suite, and a last line with the totals. A suite that ran no test counts as a failure:
 * a glob or a launcher is broken, which would otherwise look like success. Suites that need no screen run two at a time;
 * those with windows run alone, since whoever sits in front of one expects an answer in time. What they print comes suite by
 * suite.
 *
 *   npm test -- [SUITE…]     unit contract replay survival simulation golden cli architecture person integration
 */
import { root, run, underProjectNode } from "./bootstrap.mjs";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";

const output = path.join(root, "test-output");
const hook = path.join(root, "scripts", "transpile-hook.cjs");
const mocha = path.join(root, "node_modules", "mocha", "bin", "mocha.js");

const inNode = (name) => [mocha, `test/${name}/**/*.test.{ts,tsx}`];
const suites = {
  unit: inNode("unit"),
  contract: inNode("contract"),
  replay: inNode("replay"),
  survival: inNode("survival"),
  simulation: inNode("simulation"),
  golden: inNode("golden"),
  cli: inNode("cli"),
  architecture: inNode("architecture"),
  person: inNode("person"),
  integration: ["-r", hook, "test/integration/run.ts"],
};
const needScreen = new Set(["integration", "person"]);

/** Prints in the order of the names: the first that has not ended at once, the others when it is their turn. */
function printInTurn(names) {
  const left = [...names];
  const held = new Map(names.map((name) => [name, []]));
  const ended = new Set();
  return {
    say: (name, text) => (name === left[0] ? process.stdout.write(text) : held.get(name).push(text)),
    end: (name) => {
      ended.add(name);
      while (ended.has(left[0])) {
        left.shift();
        for (const text of held.get(left[0])?.splice(0) ?? []) process.stdout.write(text);
      }
    },
  };
}

async function runSuite(name, { say, end }) {
  const countsFile = path.join(output, `${name}.counts.json`);
  rmSync(countsFile, { force: true });
  say(name, `\n── ${name} ──\n`);
  const started = performance.now();
  const environment = { ...process.env, ORKET_COUNTS: countsFile };
  const status = await run(process.execPath, suites[name], environment, (text) => say(name, text));
  const seconds = (performance.now() - started) / 1000;
  let counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    counts = JSON.parse(readFileSync(countsFile, "utf8"));
  } catch {
    say(name, `The suite ${name} ended (${status}) without saying what it ran.\n`);
  }
  end(name);
  // A suite can fail outside any test; it must not end with a clean count.
  const silent = counts.passed + counts.failed === 0;
  if ((status !== 0 && counts.failed === 0) || silent) counts.failed += 1;
  return { name, seconds, ...counts };
}

async function prepare(names) {
  const { build } = await import("../esbuild.mjs");
  await build();
  if (!names.some((name) => needScreen.has(name))) return;
  const { testHost } = await import("./setup-test-host.mjs");
  const { findChromium } = await import("./find-chromium.mjs");
  testHost();
  process.env.ORKET_CHROMIUM = findChromium();
}

async function main(args) {
  const names = args.length > 0 ? [...new Set(args)] : Object.keys(suites);
  const unknown = names.filter((name) => !(name in suites));
  if (unknown.length > 0)
    throw new Error(`no suite ${unknown.join(", ")}; there are ${Object.keys(suites).join(", ")}`);
  mkdirSync(output, { recursive: true });
  await prepare(names);
  const printer = printInTurn(names);
  const byName = new Map();
  const runAll = async (left) => {
    for (let name = left.shift(); name !== undefined; name = left.shift())
      byName.set(name, await runSuite(name, printer));
  };
  const beside = names.filter((name) => !needScreen.has(name));
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, () => runAll(beside)));
  await runAll(names.filter((name) => needScreen.has(name)));
  const results = names.map((name) => byName.get(name));

  console.log("");
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { name, seconds, ...counts } of results) {
    for (const key of Object.keys(total)) total[key] += counts[key];
    const text = `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
    console.log(`  ${name.padEnd(13)} ${text} (${seconds.toFixed(1)} s)`);
  }
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0 ? 0 : 1;
}

await underProjectNode(import.meta.url, async (args) => {
  try {
    return await main(args);
  } catch (error) {
    console.error(error.message);
    console.log("\n0 passed, 1 failed, 0 skipped");
    return 1;
  }
});

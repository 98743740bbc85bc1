/*
 * Writes docs/live-report.md. What was found is kept in test/live/results.json; a run replaces what it ran and keeps the
 * rest, so that a run of some servers or some tests does not erase what is known of the others.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const cell = (text) => String(text).replaceAll("|", "\\|").replace(/\s+/g, " ");
const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");

const titles = {
  model: "the model",
  ollama: "Ollama",
  llamaServer: "llama.cpp's server",
  llamaCppPython: "llama-cpp-python's server",
  litellm: "LiteLLM's proxy",
};

/** Machine paths and addresses mean nothing to a reader, and differ with each run. */
function impersonal(text, folder, root) {
  return text
    .replaceAll(folder, ".live")
    .replaceAll(root, ".")
    .replace(/http:\/\/127\.0\.0\.1:\d+/g, "…")
    .replace(/\b127\.0\.0\.1:\d+/g, "…")
    .replace(/\/(?:tmp|root|home|work)\/[^\s'"]*/g, "…");
}

/** The entries with those of the run in the place of the known ones of the same key, new ones behind their group's last. */
function merged(known, found, keyOf, groupOf) {
  const all = [...known];
  for (const entry of found) {
    const at = all.findIndex((one) => keyOf(one) === keyOf(entry));
    const last = all.findLastIndex((one) => groupOf(one) === groupOf(entry));
    if (at >= 0) all[at] = entry;
    else all.splice(last < 0 ? all.length : last + 1, 0, entry);
  }
  return all;
}

/**
 * The results with those of a run. `isPartial`: only some tests of a suite ran, so the others are kept; after a whole suite,
 * tests and measurements of it that were not made again are gone. Tests that were left out because the run did not ask for
 * their servers change nothing.
 */
export function mergeResults(known, { run, pieces, outcomes, measures, isPartial }) {
  const notAsked = Object.values(pieces).flatMap(({ asked, reason }) => (asked === false ? [reason] : []));
  const isOther = ({ outcome, why = "" }) =>
    outcome === "skipped" && notAsked.some((reason) => why.includes(reason));
  const tests = outcomes.filter((entry) => !isOther(entry)).map((entry) => ({ ...entry, run: run.date }));
  const found = measures.map((entry) => ({ ...entry, run: run.date }));
  const suites = new Set(isPartial ? [] : tests.map(({ suite }) => suite));
  const servers = new Set(isPartial ? [] : found.map(({ server }) => server));
  const installed = Object.entries(pieces)
    .filter(([name, { asked }]) => asked !== false || known.pieces[name] === undefined)
    .map(([name, { asked: _, ...piece }]) => [name, { ...piece, run: run.date }]);
  const results = {
    pieces: { ...known.pieces, ...Object.fromEntries(installed) },
    tests: merged(
      known.tests.filter(({ suite }) => !suites.has(suite)),
      tests,
      ({ suite, title }) => `${suite}\n${title}`,
      ({ suite }) => suite,
    ),
    measures: merged(
      known.measures.filter(({ server }) => !servers.has(server)),
      found,
      ({ server, what }) => `${server}\n${what}`,
      ({ server }) => server,
    ),
  };
  const used = new Set([...results.tests, ...results.measures].map((entry) => entry.run));
  return { runs: [...known.runs, run].filter(({ date }) => used.has(date)), ...results };
}

const count = (list, outcome) => list.filter((entry) => entry.outcome === outcome).length;
const latest = (list) => list.map(({ run }) => run).reduce((a, b) => (a > b ? a : b), "");

function runRows({ runs, tests }) {
  return runs.map(({ date, command, machine, node }) => {
    const own = tests.filter(({ run }) => run === date);
    const outcome = `${count(own, "passed")} passed, ${count(own, "failed")} failed, ${count(own, "skipped")} skipped`;
    return [date, command, outcome, machine, node];
  });
}

function testParts({ tests }) {
  const suites = [...new Set(tests.map(({ suite }) => suite))];
  const of = (suite) => tests.filter((entry) => entry.suite === suite);
  const parts = [
    "## What was shown",
    table(
      ["suite", "passed", "failed", "skipped", "last run"],
      suites.map((suite) => {
        const own = of(suite);
        return [suite, count(own, "passed"), count(own, "failed"), count(own, "skipped"), latest(own)];
      }),
    ),
  ];
  const failed = tests.filter(({ outcome }) => outcome === "failed");
  if (failed.length > 0) {
    parts.push(
      "### Failed",
      failed.map(({ suite, title, why }) => `- ${suite}: ${title}. ${why}`).join("\n"),
    );
  }
  const skipped = tests.filter(({ outcome }) => outcome === "skipped");
  if (skipped.length > 0) {
    const byReason = Map.groupBy(skipped, ({ why }) => why);
    parts.push(
      "### Skipped",
      [...byReason]
        .map(
          ([why, list]) =>
            `- ${why} (${list.length}: ${[...new Set(list.map(({ suite }) => suite))].join(", ")})`,
        )
        .join("\n"),
    );
  }
  const marks = { passed: "✓", failed: "✗", skipped: "–" };
  const every = ["## Every test"];
  for (const suite of suites)
    every.push(
      `### ${suite}: tests`,
      of(suite)
        .map(({ title, outcome }) => `- ${marks[outcome]} ${title}`)
        .join("\n"),
    );
  return { parts, every };
}

/** The report, before it is formatted. */
export function reportText(results) {
  const { pieces, measures } = results;
  const { parts, every } = testParts(results);
  const servers = [...new Set(measures.map(({ server }) => server))];
  return `${[
    "# Live report",
    "Written by `npm run test:live`; not edited by hand. The suite installs real model servers from the package registries,\n" +
      "starts them on loopback and runs Orket against them. A model of this size says nothing sensible: what is shown here is\n" +
      "that the servers are spoken to rightly, not that the work is good. A run replaces the rows of what it ran; the others are\n" +
      "those of the runs before. No run used a GPU.",
    table(["run", "started as", "tests shown here", "machine", "Node"], runRows(results)),
    "## What was installed",
    table(
      ["piece", "version", "digest", "last run"],
      Object.entries(pieces).map(([name, piece]) => [
        titles[name] ?? name,
        piece.reason === undefined
          ? `${piece.title ? `${piece.title}: ` : ""}${piece.version}`
          : `**not installed.** ${piece.reason}`,
        piece.sha256 === undefined ? "" : `\`sha256:${piece.sha256}\``,
        piece.run,
      ]),
    ),
    ...parts,
    "## What was measured",
    ...servers.flatMap((server) => [
      `### ${server}`,
      table(
        ["what", "found"],
        measures.filter((entry) => entry.server === server).map(({ what, value }) => [what, value]),
      ),
    ]),
    ...every,
  ].join("\n\n")}\n`;
}

const told = ({ version, title, sha256, reason, asked }) =>
  reason === undefined ? { version, title, sha256 } : { reason, asked };

export function writeReport({ folder, root, pieces, arguments: args, isPartial }) {
  const kept = path.join(root, "test", "live", "results.json");
  const [cpu] = os.cpus();
  const memoryGib = Math.round(os.totalmem() / 2 ** 30);
  const run = {
    date: `${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC`,
    command: `npm run test:live${args.length === 0 ? "" : ` -- ${args.map(quoted).join(" ")}`}`,
    machine: `${os.cpus().length} × ${cpu?.model.trim() ?? "?"}, ${memoryGib} GiB, ${os.type()} ${os.arch()}`,
    node: process.version,
  };
  const known = existsSync(kept)
    ? JSON.parse(readFileSync(kept, "utf8"))
    : { runs: [], pieces: {}, tests: [], measures: [] };
  const found = {
    run,
    pieces: Object.fromEntries(Object.entries(pieces).map(([name, piece]) => [name, told(piece)])),
    outcomes: JSON.parse(readFileSync(path.join(folder, "outcomes.json"), "utf8")),
    measures: readFileSync(path.join(folder, "measures.ndjson"), "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
    isPartial,
  };
  const results = JSON.parse(
    impersonal(JSON.stringify(mergeResults(known, found), undefined, 2), folder, root),
  );
  writeFileSync(kept, `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(path.join(root, "docs", "live-report.md"), reportText(results));
}

const quoted = (argument) => (/\s/.test(argument) ? `"${argument}"` : argument);

/* Writes docs/live-report.md from a run's results in .live/. */
import { readFileSync, writeFileSync } from "node:fs";
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

export function writeReport({ folder, root, pieces, arguments: args, seconds }) {
  const outcomes = JSON.parse(readFileSync(path.join(folder, "outcomes.json"), "utf8"));
  const measures = readFileSync(path.join(folder, "measures.ndjson"), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const count = (list, outcome) => list.filter((entry) => entry.outcome === outcome).length;
  const suites = [...new Set(outcomes.map(({ suite }) => suite))];
  const servers = [...new Set(measures.map(({ server }) => server))];
  const [cpu] = os.cpus();

  const parts = [
    "# Live report",
    "Written by `npm run test:live`; not edited by hand. The suite installs real model servers from the package registries,\n" +
      "starts them on loopback and runs Orket against them. A model of this size says nothing sensible: what is shown here is\n" +
      "that the servers are spoken to rightly, not that the work is good.",
    table(
      ["", ""],
      [
        ["date", new Date().toISOString().slice(0, 16).replace("T", " ") + " UTC"],
        [
          "machine",
          `${os.cpus().length} × ${cpu?.model ?? "?"}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.arch()}, no GPU used`,
        ],
        ["Node", process.version],
        ["started as", `npm run test:live${args.length === 0 ? "" : ` -- ${args.join(" ")}`}`],
        [
          "tests",
          `${count(outcomes, "passed")} passed, ${count(outcomes, "failed")} failed, ${count(outcomes, "skipped")} skipped, in ${Math.round(seconds / 60)} minutes`,
        ],
      ],
    ),
    "## What was installed",
    table(
      ["piece", "version", "digest"],
      Object.entries(pieces).map(([name, piece]) => [
        titles[name] ?? name,
        piece.reason === undefined
          ? `${piece.title ? `${piece.title}: ` : ""}${piece.version}`
          : `**not installed.** ${piece.reason}`,
        piece.sha256 === undefined ? "" : `\`sha256:${piece.sha256}\``,
      ]),
    ),
    "## What was shown",
    table(
      ["suite", "passed", "failed", "skipped"],
      suites.map((suite) => {
        const own = outcomes.filter((entry) => entry.suite === suite);
        return [suite, count(own, "passed"), count(own, "failed"), count(own, "skipped")];
      }),
    ),
  ];
  const failed = outcomes.filter(({ outcome }) => outcome === "failed");
  if (failed.length > 0) {
    parts.push(
      "### Failed",
      failed.map(({ suite, title, why }) => `- ${suite}: ${title}. ${why}`).join("\n"),
    );
  }
  const skipped = outcomes.filter(({ outcome }) => outcome === "skipped");
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
  parts.push("## What was measured");
  for (const server of servers) {
    const own = new Map(
      measures.filter((entry) => entry.server === server).map(({ what, value }) => [what, value]),
    );
    parts.push(`### ${server}`, table(["what", "found"], [...own]));
  }
  parts.push("## Every test");
  for (const suite of suites) {
    const marks = { passed: "✓", failed: "✗", skipped: "–" };
    const own = outcomes.filter((entry) => entry.suite === suite);
    parts.push(
      `### ${suite}: tests`,
      own.map(({ title, outcome }) => `- ${marks[outcome]} ${title}`).join("\n"),
    );
  }
  const text = impersonal(`${parts.join("\n\n")}\n`, folder, root);
  writeFileSync(path.join(root, "docs", "live-report.md"), text);
}

import assert from "node:assert/strict";
import path from "node:path";

interface Entry {
  readonly [field: string]: unknown;
}
interface Results {
  readonly runs: readonly Entry[];
  readonly pieces: Readonly<Record<string, Entry>>;
  readonly tests: readonly Entry[];
  readonly measures: readonly Entry[];
}
interface Report {
  mergeResults(known: Results, found: Entry): Results;
  reportText(results: Results): string;
}

const run = (date: string): Entry => ({
  date,
  command: "npm run test:live",
  machine: "a machine",
  node: "v24",
});
const test = (suite: string, title: string, outcome: string, why?: string): Entry => ({
  suite,
  title,
  outcome,
  ...(why === undefined ? {} : { why }),
});

const known: Results = {
  runs: [run("2026-01-01")],
  pieces: {
    model: { version: "1" },
    ollama: { version: "0.1", run: "2026-01-01" },
    llamaServer: { version: "b1" },
  },
  tests: [
    { ...test("Ollama", "streams", "passed"), run: "2026-01-01" },
    { ...test("llama.cpp", "streams", "passed"), run: "2026-01-01" },
    { ...test("llama.cpp", "was renamed", "passed"), run: "2026-01-01" },
  ],
  measures: [
    { server: "Ollama", what: "speed", value: "5", run: "2026-01-01" },
    { server: "llama.cpp", what: "speed", value: "6", run: "2026-01-01" },
  ],
};
const notAsked = "This run named other pieces.";
const pieces = {
  model: { version: "2" },
  ollama: { asked: false, reason: notAsked },
  llamaServer: { version: "b2" },
};
const skipped = test("Ollama", "streams", "skipped", `ollama is not installed: ${notAsked}`);

describe("the report of the live suite", () => {
  let report: Report;
  before(async () => {
    report = (await import(path.resolve(__dirname, "../../../scripts/live/report.mjs"))) as Report;
  });
  const rows = ({ tests }: Results): string[] =>
    tests.map(({ suite, title, outcome, run: of }) => [suite, title, outcome, of].map(String).join(" "));

  it("keeps what a run of one server, or of some tests, did not run", () => {
    const found = {
      run: run("2026-02-02"),
      pieces,
      outcomes: [skipped, test("llama.cpp", "has a full window", "failed", "too slow")],
      measures: [{ server: "llama.cpp", what: "full window", value: "1.1" }],
      isPartial: true,
    };
    const results = report.mergeResults(known, found);
    assert.deepEqual(rows(results), [
      "Ollama streams passed 2026-01-01",
      "llama.cpp streams passed 2026-01-01",
      "llama.cpp was renamed passed 2026-01-01",
      "llama.cpp has a full window failed 2026-02-02",
    ]);
    assert.deepEqual(
      results.measures.map(({ what, value }) => `${String(what)} ${String(value)}`),
      ["speed 5", "speed 6", "full window 1.1"],
    );
    assert.deepEqual(results.pieces.ollama, { version: "0.1", run: "2026-01-01" });
    assert.deepEqual(results.pieces.llamaServer, { version: "b2", run: "2026-02-02" });
    const text = report.reportText(results);
    assert.match(text, /\| llama\.cpp \| 2 \| 1 \| 0 \| 2026-02-02 \|/);
    assert.match(text, /\| Ollama \| 1 \| 0 \| 0 \| 2026-01-01 \|/);
    assert.match(text, /- llama\.cpp: has a full window\. too slow/);
  });

  it("replaces a suite that ran as a whole, and forgets runs of which nothing is left", () => {
    const found = {
      run: run("2026-02-02"),
      pieces,
      outcomes: [skipped, test("llama.cpp", "streams", "passed")],
      measures: [{ server: "llama.cpp", what: "first token", value: "1 s" }],
      isPartial: false,
    };
    const once = report.mergeResults(known, found);
    assert.deepEqual(rows(once), ["Ollama streams passed 2026-01-01", "llama.cpp streams passed 2026-02-02"]);
    assert.deepEqual(
      once.measures.map(({ what }) => what),
      ["speed", "first token"],
    );
    const again = report.mergeResults(once, { ...found, run: run("2026-03-03") });
    assert.deepEqual(
      again.runs.map(({ date }) => date),
      ["2026-01-01", "2026-03-03"],
    );
  });
});

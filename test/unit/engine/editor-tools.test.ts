import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { NodeGuardedFiles } from "../../../src/adapters/files/guarded-files";
import { replay } from "../../../src/engine/history/replay";
import type {
  CodePlace,
  CodeProblem,
  CodeSymbol,
  LanguageFeatures,
} from "../../../src/engine/port/language-features";
import { noLanguageFeatures } from "../../../src/engine/port/language-features";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import type { Harness } from "../../fakes/engine-harness";
import { replayPorts } from "../../fakes/replay-ports";
import { ToolBench } from "../../fakes/tool-bench";

/** An editor that answers every question with the same places, and remembers the questions. */
class FakeEditor implements LanguageFeatures {
  readonly available = true;
  readonly asked: unknown[] = [];
  symbolsFound: CodeSymbol[] = [];
  placesFound: CodePlace[] = [];
  problemsFound: CodeProblem[] = [];
  outside = 0;

  symbols(of: unknown): ReturnType<LanguageFeatures["symbols"]> {
    this.asked.push(of);
    return Promise.resolve({ kind: "found", items: this.symbolsFound, outside: this.outside });
  }

  references(of: unknown): ReturnType<LanguageFeatures["references"]> {
    this.asked.push(of);
    return Promise.resolve({ kind: "found", items: this.placesFound, outside: this.outside });
  }

  problems(of: unknown): ReturnType<LanguageFeatures["problems"]> {
    this.asked.push(of);
    return Promise.resolve({ kind: "found", items: this.problemsFound, outside: this.outside });
  }
}

const symbolAt = (file: string, line: number, name: string): CodeSymbol => ({
  path: file,
  line,
  name,
  kind: "function",
});

describe("a tool that asks the editor", () => {
  let folder: string;
  let editor: FakeEditor;
  let bench: ToolBench;

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "orket-editor-tools-"));
    mkdirSync(path.join(folder, "src"));
    writeFileSync(path.join(folder, "src/a.ts"), "export function alpha() {}\n  alpha();\n");
    writeFileSync(path.join(folder, "src/b.ts"), "alpha();\n");
    writeFileSync(path.join(folder, ".env"), "KEY=hush\n");
    symlinkSync(path.join(folder, ".env"), path.join(folder, "src/link.ts"));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  beforeEach(() => {
    editor = new FakeEditor();
    bench = benchOf();
  });

  function benchOf(read_scope = ["workspace" as const, "domain" as const]): ToolBench {
    const policy = { read_scope, write_scope: ["workspace" as const], allow: [], foreign_tools: [] };
    const made = new ToolBench(
      new NodeGuardedFiles({ workDomain: folder, startDirectory: folder, references: [], policy }),
    );
    made.features = editor;
    return made;
  }

  it("shows symbols by path and line, says whose project it is, and never shows one twice", async () => {
    editor.symbolsFound = [
      symbolAt("src/b.ts", 1, "beta"),
      { ...symbolAt("src/a.ts", 2, "inner"), container: "alpha" },
      symbolAt("src/a.ts", 1, "alpha"),
      symbolAt("src/a.ts", 1, "alpha"),
    ];
    const { ok, text } = await bench.call("symbols", { query: "a" });

    assert.equal(ok, true);
    assert.deepEqual(editor.asked, [{ text: "a" }]);
    assert.equal(
      text,
      "src/a.ts:1: function alpha\nsrc/a.ts:2: function inner (in alpha)\nsrc/b.ts:1: function beta\n" +
        "[3 symbols. This is the project as VS Code sees it]",
    );
  });

  it("filters the symbols of one file by name", async () => {
    editor.symbolsFound = [symbolAt("src/a.ts", 1, "alpha"), symbolAt("src/a.ts", 2, "Other")];
    const { text } = await bench.call("symbols", { path: "src/a.ts", query: "oth" });

    assert.deepEqual(editor.asked, [{ path: "src/a.ts" }]);
    assert.match(text, /^src\/a\.ts:2: function Other\n\[1 symbol\./);
  });

  it("asks nothing without a query and a path", async () => {
    assert.equal((await bench.call("symbols", { query: " " })).ok, false);
    assert.deepEqual(editor.asked, []);
  });

  it("shows the lines of references, and names what the team wrote, which VS Code does not see", async () => {
    await bench.call("write_file", { path: "src/new.ts", content: "alpha();\n" });
    editor.placesFound = [
      { path: "src/b.ts", line: 1 },
      { path: "src/a.ts", line: 2 },
    ];
    const { text } = await bench.call("find_references", { path: "src/a.ts", line: 1, symbol: "alpha" });

    assert.deepEqual(editor.asked, [{ path: "src/a.ts", line: 1, symbol: "alpha" }]);
    assert.match(text, /^src\/a\.ts:2: alpha\(\);\nsrc\/b\.ts:1: alpha\(\);\n\[2 references\./);
    assert.match(text, /without what the team wrote: src\/new\.ts\]$/);
  });

  it("says that a file which only the team has is not in the project", async () => {
    await bench.call("write_file", { path: "src/new.ts", content: "alpha();\n" });
    const { ok, text } = await bench.call("find_references", {
      path: "src/new.ts",
      line: 1,
      symbol: "alpha",
    });

    assert.equal(ok, false);
    assert.match(text, /src\/new\.ts.*without what the team wrote: src\/new\.ts/s);
    assert.deepEqual(editor.asked, []);
  });

  it("shows diagnostics down to the severity that is asked for", async () => {
    const problem = (line: number, severity: CodeProblem["severity"]): CodeProblem => ({
      path: "src/a.ts",
      line,
      severity,
      message: `It is\n  ${severity}.`,
    });
    editor.problemsFound = [
      problem(4, "hint"),
      problem(3, "info"),
      problem(2, "warning"),
      { ...problem(1, "error"), source: "ts 2304" },
    ];
    const { text } = await bench.call("diagnostics", {});
    assert.match(
      text,
      /^src\/a\.ts:1: error \[ts 2304\] It is error\.\nsrc\/a\.ts:2: warning It is warning\.\n\[2 diagnostics\./,
    );
    assert.match((await bench.call("diagnostics", { severity: "hint" })).text, /\[4 diagnostics\./);
    assert.match((await bench.call("diagnostics", { severity: "error" })).text, /\[1 diagnostic\./);
    assert.deepEqual(editor.asked, [undefined, undefined, undefined]);
  });

  it("shows nothing of files that the policy keeps from the role, also behind a link", async () => {
    editor.outside = 1;
    editor.symbolsFound = [
      symbolAt(".env", 1, "KEY"),
      symbolAt("src/link.ts", 1, "KEY"),
      symbolAt(".orket/sessions/s/workspace/a.ts", 1, "KEY"),
      symbolAt("src/a.ts", 1, "alpha"),
    ];
    const { text } = await bench.call("symbols", { query: "k" });

    assert.doesNotMatch(text, /KEY|env|orket|link/);
    assert.match(
      text,
      /\[1 symbol\. 4 in files that may not be read, or outside the project, are not shown\./,
    );
  });

  for (const [tool, args] of [
    ["symbols", {}],
    ["find_references", { line: 1, symbol: "KEY" }],
    ["diagnostics", {}],
  ] as const) {
    it(`denies ${tool} of a secret file, with the policy's rule, before VS Code is asked`, async () => {
      for (const secret of [".env", "src/link.ts"]) {
        const { event } = await bench.call(tool, { ...args, path: secret });
        assert.equal(event.type === "tool_denied" && event.data.rule, "secret-file");
      }
      const { event } = await bench.call(tool, { ...args, path: "../elsewhere.ts" });
      assert.equal(event.type, "tool_denied");
      assert.deepEqual(editor.asked, []);
    });
  }

  it("shows nothing at all where the role may not read the project", async () => {
    const closed = benchOf(["workspace" as const] as never);
    editor.symbolsFound = [symbolAt("src/a.ts", 1, "alpha")];
    assert.doesNotMatch((await closed.call("symbols", { query: "alpha" })).text, /src\/a\.ts/);
    const { event } = await closed.call("diagnostics", { path: "src/a.ts" });
    assert.equal(event.type === "tool_denied" && event.data.rule, "read-scope");
  });

  it("is bounded, and says how much more there is", async () => {
    editor.symbolsFound = Array.from({ length: 1000 }, (_, index) => symbolAt("src/a.ts", index + 1, "x"));
    const { text } = await bench.call("symbols", { query: "x" });

    assert.equal(text.split("\n").length, 201);
    assert.match(text, /800 more are not shown: ask for something narrower/);
  });

  it("tells the model what VS Code could not answer, and that there is no VS Code", async () => {
    bench.features = {
      ...noLanguageFeatures,
      problems: () => Promise.resolve({ kind: "failed", message: "VS Code did not answer within 30 s." }),
    };
    assert.deepEqual(
      [(await bench.call("diagnostics", {})).text, (await bench.call("symbols", { query: "a" })).text],
      [
        "VS Code did not answer within 30 s.",
        "This tool exists only inside VS Code; this run has no editor.",
      ],
    );
  });
});

describe("a step whose role has tools of the editor", () => {
  const definition = (): ReturnType<typeof definitionOf> => {
    const made = definitionOf([step("look", "writer")]);
    Object.assign(made.band.roles["writer"] ?? {}, { tools: ["symbols", "read_file"] });
    return made;
  };
  const session = (tool_calls: "native" | "text", features?: LanguageFeatures): Harness => {
    const made = definition();
    made.venue.tool_calls = tool_calls;
    const call = { query: "alpha" };
    return harness(
      made,
      (_, number) =>
        number > 1
          ? "All done."
          : tool_calls === "native"
            ? { calls: [["symbols", call]] }
            : JSON.stringify({ tool: "symbols", args: call }),
      { project: { "src/a.ts": "alpha" }, ...(features === undefined ? {} : { features }) },
    );
  };

  for (const mode of ["native", "text"] as const)
    it(`records the editor's answer, and replays without an editor (${mode} calls)`, async () => {
      const editor = new FakeEditor();
      editor.symbolsFound = [symbolAt("src/a.ts", 1, "alpha")];
      const made = session(mode, editor);
      assert.equal((await made.run()).outcome, "completed");

      assert.equal(editor.asked.length, 1);
      const [request] = made.model.requests;
      assert.match(JSON.stringify([request?.tools, request?.messages]), /symbols/);
      assert.match(made.model.lastMessage(2), /src\/a\.ts:1: function alpha/);
      const report = await replay(made.definition, made.store.events, replayPorts(made.store));
      assert.equal(report.divergence, undefined);
    });

  for (const mode of ["native", "text"] as const)
    it(`is not told about them where there is no editor, and goes on (${mode} calls)`, async () => {
      const made = session(mode);
      assert.equal((await made.run()).outcome, "completed");

      const [request] = made.model.requests;
      const told = JSON.stringify([request?.tools, request?.messages]);
      assert.match(told, /read_file/);
      assert.doesNotMatch(told, /symbols/);
      assert.match(made.model.lastMessage(2), /exists only inside VS Code/);
      const report = await replay(made.definition, made.store.events, replayPorts(made.store));
      assert.equal(report.divergence, undefined);
    });

  it("is cut off with the session while VS Code has not answered", async () => {
    const made: Harness = session("native", {
      ...noLanguageFeatures,
      available: true,
      symbols: (_, cancellation) =>
        new Promise((resolve) => {
          cancellation.addEventListener("abort", () =>
            resolve({ kind: "failed", message: "It was cancelled." }),
          );
          made.orchestrator.cancel();
        }),
    });
    assert.equal((await made.run()).status, "paused");
    assert.equal(made.eventsOf("tool_result")[0]?.data.ok, false);
  });
});

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { NodeGuardedFiles } from "../../../src/adapters/files/guarded-files";
import { ToolBench } from "../../fakes/tool-bench";

describe("The file tools", () => {
  let root = "";
  let bench: ToolBench;

  beforeEach(() => {
    root = mkdtempSync(path.join(os.tmpdir(), "orket-tools-"));
    bench = over();
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  function over(contextTokens?: number): ToolBench {
    return new ToolBench(
      new NodeGuardedFiles({
        workDomain: root,
        startDirectory: root,
        references: [],
        policy: { read_scope: ["workspace", "reference", "domain"], write_scope: ["workspace"], allow: [] },
      }),
      contextTokens,
    );
  }

  function put(name: string, content: string | Buffer): void {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), content);
  }

  async function text(name: string): Promise<string> {
    const { scope } = bench.active;
    const content = scope.changes.at(scope.changeOfPath.get(name) ?? -1)?.content;
    return content == null ? "(none)" : Buffer.from(await bench.store.getBytes(content)).toString();
  }

  it("read a range of a file that is far larger than what they write, and say how many lines there are", async () => {
    put("big.log", "a line of the log\n".repeat(300_000));
    const { ok, text: said } = await bench.call("read_file", {
      path: "big.log",
      start_line: 299_999,
      end_line: 400_000,
    });
    assert.ok(ok, said);
    assert.equal(
      said,
      "299999\ta line of the log\n300000\ta line of the log\n[big.log: lines 299999 to 300000 of 300000, 5400000 bytes]",
    );
    const none = await bench.call("read_file", { path: "big.log", start_line: 300_001 });
    assert.deepEqual([none.ok, none.text], [false, "big.log has 300000 lines; there is no line 300001."]);
  });

  it("cut a file at a line where the window is small, and say where to read on", async () => {
    put("a.txt", "some text on a line\n".repeat(1000));
    bench = over(8192);
    const first = await bench.call("read_file", { path: "a.txt" });
    const next = Number(/read on with start_line (\d+)\]$/.exec(first.text)?.[1]);
    assert.ok(next > 20 && first.text.length < 4000, first.text.slice(-200));
    assert.match(
      (await bench.call("read_file", { path: "a.txt", start_line: next })).text,
      new RegExp(`^${next}\t`),
    );
  });

  it("say what a file is that is not text", async () => {
    put("p.png", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0]));
    put("w.txt", Buffer.from("\ufeffhello", "utf16le"));
    put("l.txt", Buffer.from("Gr\u00fc\u00dfe", "latin1"));
    assert.match((await bench.call("read_file", { path: "p.png" })).text, /a PNG picture of 7 bytes/);
    assert.match(
      (await bench.call("read_file", { path: "w.txt" })).text,
      /UTF-16 \(little endian\) of 12 bytes/,
    );
    assert.match(
      (await bench.call("read_file", { path: "l.txt" })).text,
      /another encoding, such as Latin-1, of 5 bytes/,
    );
  });

  it("make several edits or none, keep CR LF, and take a piece that was pasted with line numbers", async () => {
    put("a.ts", "one\r\ntwo\r\nthree\r\nfour\r\n");
    const failed = await bench.call("edit_file", {
      path: "a.ts",
      edits: [
        { old_text: "one\n", new_text: "1\n" },
        { old_text: "nine", new_text: "9" },
      ],
    });
    assert.match(failed.text, /^Edit 2 of 2: old_text does not occur in a\.ts\.[\s\S]*No edit was made\.$/);
    assert.equal(await text("a.ts"), "(none)");
    const made = await bench.call("edit_file", {
      path: "a.ts",
      edits: [
        { old_text: "one\ntwo", new_text: "1\n2" },
        { old_text: "3\tthree\n4\tfour", new_text: "3\tdrei\n4\tvier" },
      ],
    });
    assert.ok(made.ok, made.text);
    assert.equal(await text("a.ts"), "1\r\n2\r\ndrei\r\nvier\r\n");
  });

  it("name the nearest place of a text that does not occur, and how often one occurs", async () => {
    put("a.py", "def area(w, h):\n    return w * h\n\ndef other():\n    return 1\n");
    const near = await bench.call("edit_file", {
      path: "a.py",
      old_text: "def area(w, h):\n  return w*h",
      new_text: "x",
    });
    assert.match(
      near.text,
      /The nearest place is line 1, it reads:\n1\tdef area\(w, h\):\n2\t {4}return w \* h/,
    );
    const spaces = await bench.call("edit_file", {
      path: "a.py",
      old_text: "  return w * h  ",
      new_text: "x",
    });
    assert.match(spaces.text, /line 2, the same but for spaces/);
    const twice = await bench.call("edit_file", { path: "a.py", old_text: "return", new_text: "x" });
    assert.match(twice.text, /occurs 2 times in a\.py/);
  });

  it("keep the line ends and the byte order mark of a file that is written anew, and refuse half of a character", async () => {
    put("a.txt", "one\r\ntwo\r\n");
    await bench.call("write_file", { path: "a.txt", content: "1\n2\n" });
    assert.equal(await text("a.txt"), "1\r\n2\r\n");
    put("mark.txt", "\ufeffone\r\n");
    for (const content of ["1\n", "1", "\ufeff1\r\n"]) {
      await bench.call("write_file", { path: "mark.txt", content });
      const written = content === "1" ? "\ufeff1" : "\ufeff1\r\n";
      assert.equal(await text("mark.txt"), written, JSON.stringify(content));
      await bench.call("write_file", { path: "mark.txt", content: "\ufeffone\r\n" });
    }
    const half = await bench.call("write_file", { path: "b.txt", content: "x\ud83d" });
    assert.match(half.text, /half of a character/);
  });

  it("move a file with its bytes, and none onto another", async () => {
    put("a.bin", Buffer.from([0, 1, 2]));
    put("b.txt", "b");
    assert.equal((await bench.call("move_file", { from: "a.bin", to: "b.txt" })).ok, false);
    const moved = await bench.call("move_file", { from: "a.bin", to: "bin/c.bin" });
    assert.equal(moved.text, "Moved a.bin to bin/c.bin (3 bytes).");
    assert.match(
      (await bench.call("list_dir", { path: ".", depth: 3 })).text,
      /^b\.txt \(1 bytes\)\nbin\/\nbin\/c\.bin \(3 bytes, written by build\)$/,
    );
    assert.equal((await bench.call("read_file", { path: "a.bin" })).text, "a.bin was deleted by build.");
  });

  it("list a tree to a depth and by a glob, without what is in folders of packages", async () => {
    for (const name of ["src/a.ts", "src/deep/b.ts", "src/deep/c.md", "node_modules/p/i.ts"]) put(name, "x");
    assert.match(
      (await bench.call("list_dir", { path: ".", depth: 2 })).text,
      /^node_modules\/\nsrc\/\nsrc\/a\.ts \(1 bytes\)\nsrc\/deep\/$/,
    );
    assert.equal(
      (await bench.call("list_dir", { path: ".", glob: "**/*.ts" })).text,
      "src/a.ts (1 bytes)\nsrc/deep/b.ts (1 bytes)",
    );
  });

  it("search by text and by expression, in both cases, with lines around, in files that match, and by path and line", async () => {
    put("src/b.ts", "first\nlet Alpha = 1;\nlast\n");
    put("src/a.ts", "alpha\nbeta\nalpha\n");
    put("docs/a.md", "alpha\n");
    assert.equal(
      (await bench.call("search_files", { query: "alpha", glob: "*.ts" })).text,
      "src/a.ts:1: alpha\nsrc/a.ts:3: alpha\n[2 matches in 1 file; 2 files searched]",
    );
    assert.equal(
      (await bench.call("search_files", { query: "^let \\w+ = \\d", regex: true, context_lines: 1 })).text,
      "src/b.ts-1- first\nsrc/b.ts:2: let Alpha = 1;\nsrc/b.ts-3- last\n[1 match in 1 file; 3 files searched]",
    );
    assert.equal(
      (await bench.call("search_files", { query: "ALPHA", ignore_case: true, files_only: true })).text,
      "docs/a.md\nsrc/a.ts\nsrc/b.ts\n[3 matches in 3 files; 3 files searched]",
    );
    assert.match(
      (await bench.call("search_files", { query: "(?=a)", regex: true })).text,
      /no regular expression of RE2/,
    );
  });

  it("search what the team wrote in place of the project's, and nothing that it deleted", async () => {
    put("a.ts", "needle in the project\n");
    put("b.ts", "needle too\n");
    await bench.call("write_file", { path: "a.ts", content: "a needle of the team\n" });
    await bench.call("delete_file", { path: "b.ts" });
    await bench.call("write_file", { path: "new/c.ts", content: "needle\n" });
    assert.equal(
      (await bench.call("search_files", { query: "needle" })).text,
      "a.ts:1: a needle of the team\nnew/c.ts:1: needle\n[2 matches in 2 files; 2 files searched]",
    );
    assert.match(
      (await bench.call("search_files", { query: "needle", path: "new" })).text,
      /^new\/c\.ts:1: needle/,
    );
  });

  it("obey ignore files, and say what was not searched", async () => {
    put(".gitignore", "out/\n*.gen.ts\n!keep.gen.ts\n");
    put("out/x.ts", "needle");
    put("a.gen.ts", "needle");
    put("keep.gen.ts", "needle");
    put("src/.gitignore", "local.ts\n");
    put("src/local.ts", "needle");
    put("p.png", Buffer.from([0x89, 0, 0]));
    put("huge.txt", Buffer.alloc(9 << 20, "x"));
    const { text: said } = await bench.call("search_files", { query: "needle" });
    assert.match(said, /^keep\.gen\.ts:1: needle\n/);
    assert.match(
      said,
      /Not searched: 1 file without text, 1 file of more than 8388608 bytes, 3 ignored files and folders/,
    );
    const all = await bench.call("search_files", { query: "needle", with_ignored: true });
    assert.match(all.text, /a\.gen\.ts:1[\s\S]*out\/x\.ts:1[\s\S]*src\/local\.ts:1/);
  });

  it("answer an expression that would take another engine for ever", async () => {
    put("a.txt", `${"a".repeat(5000)}!\n`);
    const { ok } = await bench.call("search_files", { query: "(a+)+$", regex: true });
    assert.ok(ok);
  });
});

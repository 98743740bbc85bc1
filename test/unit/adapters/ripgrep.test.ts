import assert from "node:assert/strict";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { searchFolders } from "../../../src/adapters/command/environment";
import { NodeGuardedFiles } from "../../../src/adapters/files/guarded-files";
import { requiredText } from "../../../src/adapters/files/required-text";
import { filesWith, findRipgrep } from "../../../src/adapters/files/ripgrep";
import type { FilesFound, SearchOptions } from "../../../src/engine/port/files";

/*
 * ripgrep says which files may have a match; everything else is decided by reading them. Whatever it is asked, the answer must
 * be the one that reading every file gives. Without ripgrep on this machine these tests are skipped.
 */
const ripgrep = findRipgrep(searchFolders(process.env), path.join(os.tmpdir(), "orket-no-project"));
const policy = { read_scope: ["domain" as const], write_scope: [], allow: [], foreign_tools: [] };

/** Pieces that lines are made of: letters whose case is special, bytes that are no text, ends of lines. */
const pieces: readonly (string | Buffer)[] = [
  ..."aikKsS. x\t".split(""),
  ...[
    "\u0130",
    "\u0131",
    "\u212a",
    "\u017f",
    "\u03a3\u03c2",
    "ß",
    "日本",
    "🙂",
    "e\u0301",
    "\ufeff",
    "\ufffd",
  ],
  ...["alpha", "ALPHA", "Ali", "ALİ", "[x]", "a.b"],
  ...[Buffer.from([0xff]), Buffer.from([0]), Buffer.from([0xc3]), Buffer.from([0xff, 0xfe, 0x61, 0])],
  ...["\n", "\n", "\r\n"],
];
const piece = fc.constantFrom(...pieces);
const content = fc
  .array(piece, { maxLength: 24 })
  .map((all) => Buffer.concat(all.map((one) => Buffer.from(one))));
const name = fc.constantFrom(
  ...["a.ts", "B.ts", ".hidden", "ä.md", "日本.txt", "with space", "-dash", "x.log", ".env", ".rgignore"],
);
const folder = fc.constantFrom("", "src/", "src/deep/", "dist/", "node_modules/m/", ".git/", "-d/", ".h/");
const rules = fc.array(fc.constantFrom("*.log", "dist/", "!x.log", "/src/deep", "a.ts", "#", "\\-dash"), {
  maxLength: 3,
});
const tree = fc.record({
  files: fc.array(fc.tuple(folder, name, content), { minLength: 1, maxLength: 14 }),
  ignored: fc.array(fc.tuple(folder, fc.constantFrom(".gitignore", ".ignore"), rules), { maxLength: 2 }),
});
const query = fc.oneof(
  fc
    .array(piece, { minLength: 1, maxLength: 4 })
    .map((all) => Buffer.concat(all.map((one) => Buffer.from(one))).toString("utf8")),
  fc.constantFrom("alpha", "ali", "İ", "k", "s", "a.b", "[x]", "-e", "^", "\\", "a|b", "(", "\u0307"),
);
const expression = fc.constantFrom(
  ...[
    "alpha",
    "al+pha",
    "a[l]pha",
    "al(?:ph)?a",
    "a.b",
    "a\\.b",
    "^alpha$",
    "k|s",
    "\\balpha\\b",
    "[[:alpha:]]x",
  ],
  ...["alphax*", "日.*🙂", "(?i)alpha", "alp{1}ha", "\\[x\\]", "x{0,2}alpha", "alpha\\d*"],
);
const options = fc.record({
  ignoreCase: fc.boolean(),
  filesOnly: fc.boolean(),
  withIgnored: fc.boolean(),
  context: fc.constantFrom(0, 0, 1),
});

/** How many files are read before ripgrep is asked. */
const earlier = fc.constantFrom(0, 2, 5);

function made(root: string, { files, ignored }: typeof tree extends fc.Arbitrary<infer T> ? T : never): void {
  for (const [below, file, bytes] of files) {
    mkdirSync(path.join(root, below), { recursive: true });
    writeFileSync(path.join(root, below, file), bytes);
  }
  for (const [below, file, lines] of ignored) {
    mkdirSync(path.join(root, below), { recursive: true });
    writeFileSync(path.join(root, below, file), lines.join("\n"));
  }
}

function filesOf(root: string, rg: string | undefined, ripgrepFrom = 0): NodeGuardedFiles {
  const all = { workDomain: root, startDirectory: root, references: [], policy };
  return new NodeGuardedFiles(rg === undefined ? all : { ...all, ripgrep: rg, ripgrepFrom });
}

async function found(
  files: NodeGuardedFiles,
  text: string,
  more: SearchOptions,
  at = ".",
): Promise<FilesFound> {
  const answer = await files.search(text, at, 10_000, { ...more, report: true });
  assert.equal(answer.kind, "matches");
  return answer;
}

/** Files that were looked at in one way or the other. */
const looked = ({ searched = 0, skipped }: FilesFound): number =>
  searched + (skipped?.binary ?? 0) + (skipped?.large ?? 0) + (skipped?.unreadable ?? 0);

describe("a search with ripgrep", () => {
  let root: string;

  before(function () {
    if (ripgrep === undefined) this.skip();
  });

  beforeEach(() => {
    root = mkdtempSync(path.join(os.tmpdir(), "orket-ripgrep-"));
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  async function same(text: string, more: SearchOptions, at?: string, from = 0): Promise<FilesFound> {
    const plain = await found(filesOf(root, undefined), text, more, at);
    const quick = await found(filesOf(root, ripgrep, from), text, more, at);
    assert.deepEqual(quick.matches, plain.matches);
    assert.equal(quick.truncated, plain.truncated);
    assert.equal(quick.skipped?.ignored, plain.skipped?.ignored);
    assert.equal(looked(quick), looked(plain));
    assert.ok((quick.skipped?.binary ?? 0) <= (plain.skipped?.binary ?? 0));
    return quick;
  }

  it("finds what reading every file finds, and says the same of what is ignored", async () => {
    await fc.assert(
      fc.asyncProperty(tree, query, options, earlier, async (files, text, more, from) => {
        rmSync(root, { recursive: true, force: true });
        mkdirSync(root);
        made(root, files);
        await same(text, more, ".", from);
      }),
      { numRuns: Number(process.env["ORKET_SEARCH_RUNS"] ?? 150) },
    );
  });

  it("finds the same by regular expressions", async () => {
    await fc.assert(
      fc.asyncProperty(tree, expression, options, earlier, async (files, text, more, from) => {
        rmSync(root, { recursive: true, force: true });
        mkdirSync(root);
        made(root, files);
        await same(text, { ...more, regex: true }, ".", from);
      }),
      { numRuns: Number(process.env["ORKET_SEARCH_RUNS"] ?? 100) },
    );
  });

  it("reads only the files that ripgrep names", async () => {
    mkdirSync(path.join(root, "src"));
    for (const file of ["src/a.ts", "src/b.ts", "src/c.ts"]) writeFileSync(path.join(root, file), "beta\n");
    writeFileSync(path.join(root, "src/a.ts"), "alpha\n");
    writeFileSync(path.join(root, "src/bin"), Buffer.from([0, 1, 2]));
    const { searched, skipped, matches } = await same("alpha", {}, "src");

    assert.deepEqual(matches, [{ path: "src/a.ts", line: 1, text: "alpha" }]);
    // The binary file was searched, too: nothing in it matches.
    assert.deepEqual([searched, skipped?.binary], [4, 0]);
  });

  it("shows nothing of secrets, links and files with further names", async function () {
    if (process.platform === "win32") this.skip();
    const other = mkdtempSync(path.join(os.tmpdir(), "orket-other-"));
    try {
      writeFileSync(path.join(other, "out.ts"), "alpha\n");
      writeFileSync(path.join(root, ".env"), "alpha\n");
      writeFileSync(path.join(root, "a.ts"), "alpha\n");
      symlinkSync(path.join(other, "out.ts"), path.join(root, "link.ts"));
      symlinkSync(other, path.join(root, "folder"));
      linkSync(path.join(other, "out.ts"), path.join(root, "hard.ts"));
      const { matches } = await same("alpha", {});
      assert.deepEqual(
        matches.map((one) => one.path),
        ["a.ts"],
      );
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });

  it("finds what ripgrep alone would take for binary, or for another encoding", async () => {
    const late = Buffer.concat([Buffer.from("x\n".repeat(5000)), Buffer.from([0]), Buffer.from("\nalpha\n")]);
    writeFileSync(path.join(root, "late.txt"), late);
    writeFileSync(
      path.join(root, "marked.txt"),
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from("alphas")]),
    );
    const { matches } = await same("alpha", {});
    assert.deepEqual(
      matches.map((one) => one.path),
      ["late.txt", "marked.txt"],
    );
  });

  it("obeys no configuration of ripgrep", async () => {
    writeFileSync(path.join(root, "a.ts"), "alpha\n");
    writeFileSync(path.join(root, "rc"), "--glob=!*.ts\n");
    process.env["RIPGREP_CONFIG_PATH"] = path.join(root, "rc");
    try {
      assert.equal((await same("alpha", {})).matches.length, 1);
    } finally {
      delete process.env["RIPGREP_CONFIG_PATH"];
    }
  });

  it("reads every file when ripgrep could not read all of them", async function () {
    if (process.platform === "win32" || process.getuid?.() === 0) this.skip();
    writeFileSync(path.join(root, "a.ts"), "alpha\n");
    writeFileSync(path.join(root, "closed.ts"), "alpha\n");
    chmodSync(path.join(root, "closed.ts"), 0);
    assert.equal(await filesWith(ripgrep ?? "", root, { kind: "text", text: "alpha" }), undefined);
    const { matches, skipped } = await same("alpha", {});
    assert.deepEqual([matches.length, skipped?.unreadable], [1, 1]);
  });
});

describe("a search without a working ripgrep", () => {
  let root: string;

  before(() => {
    root = mkdtempSync(path.join(os.tmpdir(), "orket-no-ripgrep-"));
    mkdirSync(path.join(root, "bin"));
    writeFileSync(path.join(root, "a.ts"), "alpha\n");
    writeFileSync(path.join(root, "bin", "rg"), "#!/bin/sh\nprintf 'b.ts\\0'\nexit 2\n", { mode: 0o755 });
  });

  after(() => rmSync(root, { recursive: true, force: true }));

  for (const [what, program] of [
    ["is not there", "gone"],
    ["fails", "rg"],
  ] as const) {
    it(`reads every file when it ${what}`, async () => {
      const { matches } = await found(filesOf(root, path.join(root, "bin", program)), "alpha", {});
      assert.deepEqual(matches, [{ path: "a.ts", line: 1, text: "alpha" }]);
    });
  }

  it("starts no ripgrep that lies in the project", function () {
    if (process.platform === "win32") this.skip();
    const folders = [path.join(root, "bin")];
    assert.equal(findRipgrep(folders, path.join(root, "elsewhere")), path.join(root, "bin", "rg"));
    assert.equal(findRipgrep(folders, root), undefined);
  });
});

describe("the text that every match of a regular expression contains", () => {
  for (const [pattern, text] of [
    ["hayst[a-c]ck-needle", "ck-needle"],
    ["alpha\\(\\)", "alpha()"],
    ["al+pha", "pha"],
    ["alphas?", "alpha"],
    ["日本{2}語テキ", "語テキ"],
    ["(alpha)?beta", "beta"],
    ["[]]alpha[^]]", "alpha"],
    ["alpha|beta", undefined],
    ["(?i)alpha", undefined],
    ["\\x41lpha", undefined],
    [".*", undefined],
    ["alpha{2,", undefined],
  ] as const) {
    it(`is ${text ?? "unknown"} for ${pattern}`, () => {
      assert.equal(requiredText(pattern), text);
    });
  }

  it("is in every line that matches", () => {
    const part = fc.constantFrom(
      ...[
        "a",
        "b",
        "ab",
        "日",
        "🙂",
        ".",
        "^",
        "$",
        "\\.",
        "\\d",
        "\\b",
        "[ab]",
        "[^a]",
        "[]a]",
        "(ab)",
        "(?:a)",
      ],
      ...["a*", "a?", "a+", "b{2}", "b{0,1}", "(ab)?", "(?:ab)*", "a*?", "a+?", "🙂?"],
    );
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 6 }),
        fc.array(fc.constantFrom("a", "b", "日", "🙂", ".", "1", "]", " "), { maxLength: 12 }),
        (parts, line) => {
          const pattern = parts.join("");
          const text = requiredText(pattern);
          const matches = RE2JS.compile(pattern, 0).matcher(line.join("")).find();
          if (matches && text !== undefined) assert.ok(line.join("").includes(text), `${pattern}: ${text}`);
        },
      ),
      { numRuns: 5000 },
    );
  });
});

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { NodeGuardedFiles } from "../../../src/adapters/files/guarded-files";
import { ToolBench } from "../../fakes/tool-bench";

/*
 * Random calls of the file tools over random trees, against a model that is as simple as can be: a map of paths to bytes.
 * ORKET_FUZZ_CALLS sets how many (100,000 for a whole look), ORKET_FUZZ_SEED where they begin.
 */
const calls = Number(process.env["ORKET_FUZZ_CALLS"] ?? 2400);
const firstSeed = Number(process.env["ORKET_FUZZ_SEED"] ?? 20_261_130);
const callsOfTree = 60;

class Chance {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }
  one<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

const words = ["alpha", "beta", "Gamma", "äöü", "日本", "🙂", "x = 1;", "", "\tindented", "end"];

function someText(chance: Chance): string {
  const end = chance.one(["\n", "\n", "\r\n"]);
  const count = chance.below(40) === 0 ? 20_000 : chance.one([0, 1, 3, 12, 80, 900]);
  const lines = Array.from({ length: count }, () => `${chance.one(words)} ${chance.one(words)}`);
  return lines.join(end) + (count > 0 && chance.below(3) > 0 ? end : "");
}

function someBytes(chance: Chance): Buffer {
  const text = someText(chance);
  switch (chance.below(12)) {
    case 0:
      return Buffer.from(text, "latin1");
    case 1:
      return Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")]);
    case 2:
      return Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3]);
    case 3:
      return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]);
    default:
      return Buffer.from(text);
  }
}

const names = [
  "a.ts",
  "b.md",
  "src/a.ts",
  "src/b.ts",
  "src/deep/c.ts",
  "docs/d.md",
  "docs/e.txt",
  "src/deep/er/f.md",
];

function decoded(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Lines as the tools count them; undefined: not text. */
function linesIn(bytes: Buffer): string[] | undefined {
  const text = bytes.subarray(0, 8000).includes(0) ? undefined : decoded(bytes);
  if (text === undefined) return undefined;
  if (text === "\ufeff") return [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => line.replace(/\r$/, ""));
}

const withoutMark = (line: string): string => line.replace(/^\ufeff/, "");

class Tree {
  readonly now = new Map<string, Buffer>();
  readonly root = mkdtempSync(path.join(os.tmpdir(), "orket-fuzz-"));
  readonly bench: ToolBench;

  constructor(readonly chance: Chance) {
    for (const name of names) {
      if (chance.below(3) === 0) continue;
      const bytes = someBytes(chance);
      mkdirSync(path.dirname(path.join(this.root, name)), { recursive: true });
      writeFileSync(path.join(this.root, name), bytes);
      this.now.set(name, bytes);
    }
    this.bench = new ToolBench(
      new NodeGuardedFiles({
        workDomain: this.root,
        startDirectory: this.root,
        references: [],
        policy: { read_scope: ["workspace", "reference", "domain"], write_scope: ["workspace"], allow: [] },
      }),
    );
  }

  async read(): Promise<void> {
    const name = this.chance.one(names);
    const range =
      this.chance.below(2) === 0
        ? {}
        : { start_line: 1 + this.chance.below(90), end_line: 1 + this.chance.below(100) };
    const { ok, text } = await this.bench.call("read_file", { path: name, ...range });
    const bytes = this.now.get(name);
    const lines = bytes === undefined ? undefined : linesIn(bytes);
    const { start_line: start = 1, end_line: end = Infinity } = range;
    // A part of a file in another encoding can be UTF-8 anyway.
    if (ok && bytes !== undefined && lines === undefined && !bytes.includes(0)) return;
    if (lines === undefined || end < start || (lines.length > 0 && start > lines.length)) {
      assert.equal(ok, false, `${name} ${JSON.stringify(range)}: ${text}`);
      return;
    }
    assert.equal(ok, true, text);
    const shown = text.split("\n").slice(0, -1);
    const expected = lines.slice(start - 1, end).slice(0, shown.length);
    assert.deepEqual(
      shown,
      expected.map((line, at) => `${start + at}\t${start + at === 1 ? withoutMark(line) : line}`),
    );
    if (!text.includes("read on with")) assert.equal(shown.length, lines.slice(start - 1, end).length);
  }

  async search(): Promise<void> {
    const query = this.chance.one(["alpha", "Gamma", "日本", "= 1", "nothing like it", "🙂"]);
    const regex = this.chance.below(3) === 0;
    const { ok, text } = await this.bench.call("search_files", {
      query: regex ? query.replace("=", "[=]") : query,
      regex,
    });
    assert.equal(ok, true, text);
    const all: string[] = [];
    for (const [name, bytes] of this.now) {
      linesIn(bytes)?.forEach((line, at) => {
        if (line.includes(query)) all.push(`${name}:${at + 1}`);
      });
    }
    const found = text.split("\n").flatMap((line) => /^([^:[]+:\d+): /.exec(line)?.[1] ?? []);
    assert.equal(new Set(found).size, found.length);
    // What is not UTF-8 is looked at anyway where it has no zero byte; no such place is counted by the model.
    const known = new Set(all);
    const sound = found.filter(
      (one) => linesIn(this.now.get(one.replace(/:\d+$/, "")) ?? Buffer.alloc(0)) !== undefined,
    );
    for (const one of sound) assert.ok(known.has(one), `${one} does not match`);
    if (!text.includes("more matches"))
      for (const one of all) assert.ok(found.includes(one), `${one} was missed:\n${text}`);
  }

  async list(): Promise<void> {
    const { ok, text } = await this.bench.call("list_dir", { path: ".", depth: 5 });
    const files = text.split("\n").flatMap((line) => /^(.*?) \(\d+ bytes/.exec(line)?.[1] ?? []);
    assert.ok(ok || this.now.size === 0, text);
    assert.deepEqual(files.sort(), [...this.now.keys()].sort());
  }

  async write(): Promise<void> {
    const name = this.chance.one(names);
    const content = someText(this.chance);
    const before = this.now.get(name);
    const { ok, text } = await this.bench.call("write_file", { path: name, content });
    assert.equal(ok, true, text);
    const after = await this.after(name);
    const lines = before === undefined ? undefined : decoded(before);
    const crlf = lines !== undefined && lines.split("\r\n").length * 2 - 2 > lines.split("\n").length - 1;
    const expected = crlf && !content.includes("\r\n") ? content.replaceAll("\n", "\r\n") : content;
    const mark = lines?.startsWith("\ufeff") === true && !expected.startsWith("\ufeff") ? "\ufeff" : "";
    assert.equal(after.toString(), mark + expected);
    this.now.set(name, after);
  }

  async edit(): Promise<void> {
    const name = this.chance.one(names);
    const bytes = this.now.get(name);
    const text = bytes === undefined ? undefined : decoded(bytes);
    const lines = text?.split("\n") ?? [];
    const at = this.chance.below(Math.max(1, lines.length));
    const piece = lines
      .slice(at, at + 1 + this.chance.below(3))
      .map((line) => line.replace(/\r$/, ""))
      .join("\n");
    if (piece === "" || piece === `new ${at}`) return;
    const all = this.chance.below(2) === 0;
    const asked = { path: name, old_text: piece, new_text: `new ${at}`, replace_all: all };
    const said = await this.bench.call("edit_file", asked);
    if (text === undefined) {
      assert.equal(said.ok, false);
      return;
    }
    const lf = text.replaceAll("\r\n", "\n");
    const count = (text.includes(piece) ? text : lf).split(piece).length - 1;
    assert.equal(said.ok, count === 1 || all, `${said.text} (${count})`);
    if (!said.ok) assert.match(said.text, new RegExp(`occurs ${count} times`));
    else {
      const after = await this.after(name);
      assert.equal(after.toString().replaceAll("\r\n", "\n"), lf.split(piece).join(`new ${at}`));
      this.now.set(name, after);
    }
  }

  async move(): Promise<void> {
    const from = this.chance.one(names);
    const to = this.chance.one(names);
    const { ok, text } = await this.bench.call("move_file", { from, to });
    const bytes = this.now.get(from);
    assert.equal(ok, bytes !== undefined && from !== to && !this.now.has(to), text);
    if (!ok || bytes === undefined) return;
    this.now.delete(from);
    this.now.set(to, bytes);
    assert.deepEqual(await this.after(to), bytes);
  }

  async remove(): Promise<void> {
    const name = this.chance.one(names);
    const { ok, text } = await this.bench.call("delete_file", { path: name });
    assert.equal(ok, this.now.delete(name), text);
  }

  async after(name: string): Promise<Buffer> {
    const { scope } = this.bench.active;
    const change = scope.changes.at(scope.changeOfPath.get(name) ?? -1);
    assert.ok(change?.content, name);
    return Buffer.from(await this.bench.store.getBytes(change.content));
  }

  /** Arguments that mean nothing are answered, too. */
  async nonsense(): Promise<void> {
    const tool = this.chance.one([
      "read_file",
      "list_dir",
      "search_files",
      "write_file",
      "edit_file",
      "move_file",
    ]);
    const args = this.chance.one<unknown>([
      {},
      [],
      { path: "../../etc/passwd" },
      { path: "src" },
      { path: "a.ts", old_text: "", new_text: "" },
      { query: "(", regex: true },
      { query: "(a+)+$", regex: true },
      { path: "a.ts", content: "\ud800" },
      { from: "nothing", to: "a.ts" },
      { path: "a.ts", edits: [] },
    ]);
    const { text } = await this.bench.call(tool, args);
    assert.equal(typeof text, "string");
  }
}

describe("The file tools, over random trees", () => {
  it(`answer ${calls} random calls truly, and none throws`, async () => {
    for (let tree = 0; tree * callsOfTree < calls; tree += 1) {
      const seed = firstSeed + tree;
      const chance = new Chance(seed);
      const at = new Tree(chance);
      try {
        for (let call = 0; call < callsOfTree; call += 1) {
          await at[
            chance.one([
              "read",
              "read",
              "search",
              "list",
              "write",
              "edit",
              "edit",
              "move",
              "remove",
              "nonsense",
            ] as const)
          ]();
        }
      } catch (error) {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      } finally {
        rmSync(at.root, { recursive: true, force: true });
      }
    }
  }).timeout(Math.max(60_000, calls * 20));
});

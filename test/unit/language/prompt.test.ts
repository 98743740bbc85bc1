import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { stringify } from "yaml";
import {
  applyEdits,
  completePrompt,
  createProject,
  diagnosePrompt,
  fileKindOf,
  hoverPrompt,
  listPrompts,
  parseSource,
  promptUses,
  readPrompt,
  savePrompt,
} from "../../../src/language";
import type { PromptRef, SourceDocument } from "../../../src/language";
import { mapScalar } from "../../../src/language/text/scalar-map";

const root = path.join(process.cwd(), "examples", "shapes", "flows");
const files = fs
  .readdirSync(root)
  .filter((file) => fileKindOf(file) !== undefined)
  .map((file) => ({ path: file, text: fs.readFileSync(path.join(root, file), "utf8") }));
const sample = createProject(files);
const bandFile = "standard.band.yaml";

const styles: Readonly<Record<string, string>> = {
  literal:
    "# top\nversion: 1\nname: t\nroles:\n  # the one\n  a:\n    prompt: |  # said\n      One\n\n      Two\n\n    # after\n    tools: [] # end\n  b: { prompt: x }\n",
  "literal-strip":
    "version: 1\nname: t\nroles:\n    a:\n        prompt: |-\n            One\n        tools: []\n",
  "literal-keep":
    "version: 1\nname: t\nroles:\n  a:\n    prompt: |+\n      One\n\n\n    # after\n    tools: []\n",
  folded:
    "version: 1\nname: t\nroles:\n  a:\n    prompt: >\n      One\n      two\n\n      three\n       four\n\n    tools: []\n",
  "folded-strip":
    "version: 1\nname: t\nroles:\n  a:\n    prompt: >-\n      One\n      two\n    # after\n    tools: []",
  plain: "version: 1\nname: t\nroles:\n  a:\n    prompt: One two  # said\n    tools: []\n",
  double: 'version: 1\nname: t\nroles:\n  a:\n    prompt: "One \\u00e9\\ttwo"  # said\n    tools: []\n',
  single: "version: 1\nname: t\nroles:\n  a:\n    prompt: 'One ''two'''\n    tools: []\n",
  flow: "version: 1\nname: t\nroles: { a: { prompt: One, tools: [] }, b: { prompt: 'x' } }  # end\n",
  "last-line": "version: 1\nname: t\nroles:\n  a:\n    tools: []\n    prompt: |\n      One",
  windows:
    "version: 1\r\nname: t\r\nroles:\r\n  a:\r\n    prompt: |\r\n      One\r\n\r\n    # after\r\n    tools: []\r\n",
};

function promptOf(source: SourceDocument, name: string): PromptRef {
  const found = listPrompts(source).find((prompt) => prompt.name === name);
  assert.ok(found);
  return found;
}

/** What a person might leave behind: lines, blanks, placeholders, and what YAML reads as something else. */
const texts = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "",
        " ",
        "  deep",
        "# head",
        "- item",
        "key: value",
        "{{task}}",
        "'quoted'",
        '"q"',
        "\ttab",
        "é ✓ 😀",
        "a # b",
        "|",
        "---",
        "...",
        "%x",
        "\\n",
        "x ",
        "null",
        "&a *b !c",
      ),
      fc.string({ maxLength: 12 }).map((text) => text.replace(/[\r\n\u0085\u2028\u2029]/g, "")),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((lines) => lines.join("\n"))
  .filter((text) => text !== "");

describe("a prompt as its own document", () => {
  for (const [style, start] of Object.entries(styles)) {
    it(`is written back as ${style}, and nothing else changes in 500 edits`, () => {
      let text = start;
      for (const edited of fc.sample(texts, { numRuns: 500, seed: 7 })) {
        const source = parseSource("t.band.yaml", text);
        const ref = promptOf(source, "a");
        const base = readPrompt(source, ref.path) ?? "";
        const saved = savePrompt(source, ref.path, base, edited);
        if (saved.kind === "unchanged") continue;
        assert.equal(saved.kind, "edited", JSON.stringify({ style, edited, text }));
        const made = applyEdits(text, saved.kind === "edited" ? saved.edits : []);
        const again = parseSource("t.band.yaml", made);
        assert.equal(readPrompt(again, ref.path), edited);
        const comments = (written: string): string => written.replace(/\r\n/g, "\n");
        const [before, after] = [outside(source, ref), outside(again, ref)];
        assert.equal(comments(after), comments(before), JSON.stringify({ style, edited, text, made }));
        text = made;
      }
    });
  }

  it("keeps what changed elsewhere in the meantime", () => {
    const opened = parseSource(bandFile, files.find(({ path: file }) => file === bandFile)?.text ?? "");
    const ref = promptOf(opened, "coder");
    const base = readPrompt(opened, ref.path) ?? "";
    const now = parseSource(
      bandFile,
      opened.text.replace("Checks the work", "Checks all work").replace("  coder:\n", "  # new\n  coder:\n"),
    );
    const saved = savePrompt(now, promptOf(now, "coder").path, base, `${base}More.\n`);
    assert.ok(saved.kind === "edited");
    const made = applyEdits(now.text, saved.edits);
    assert.ok(made.includes("Checks all work") && made.includes("# new") && made.includes("      More.\n"));
  });

  it("shows its own problems, completions and help at its own places", () => {
    const source = sample.sources.get(bandFile);
    assert.ok(source);
    const { path: at } = promptOf(source, "coder");
    const text = "Build {{tsk}} as {{role}} says: {{inputs.";
    const found = diagnosePrompt(sample, bandFile, at, text);
    assert.deepEqual(
      found.map(({ code, range }) => [code, text.slice(range.start.character, range.end.character)]),
      [
        ["orket/placeholder-unknown", "{{tsk}}"],
        ["orket/placeholder-syntax", "{{inputs."],
      ],
    );
    assert.ok(
      completePrompt(sample, bandFile, at, text, text.length).some(({ label }) => label === "inputs.node"),
    );
    const help = hoverPrompt(sample, bandFile, at, text, text.indexOf("role"));
    assert.match(JSON.stringify(help?.contents), /role that performs/);
    assert.deepEqual(promptUses(sample, bandFile, at), [{ flow: "shapes.flow.yaml", steps: ["build"] }]);
  });

  it("is refused when it is gone, or the file cannot be read", () => {
    const gone = parseSource(bandFile, "version: 1\nname: standard\nroles: {}\n");
    assert.equal(savePrompt(gone, ["roles", "coder", "prompt"], "x", "y").kind, "gone");
    const broken = parseSource(bandFile, "roles: [");
    assert.equal(savePrompt(broken, ["roles", "coder", "prompt"], "x", "y").kind, "gone");
  });
});

/**
 * The file without the prompt's own text. A comment on the prompt's line counts as outside; blank lines right behind it do
 * not, since they are part of a text that keeps them.
 */
function outside(source: SourceDocument, { path: at }: PromptRef): string {
  const map = mapScalar(source, at);
  assert.ok(map, "the prompt's writing can be followed");
  const { start, end } = map.span;
  const written = source.text.slice(start, end);
  const block = /^[|>][^\s#]*([^\S\r\n]+#[^\r\n]*)?/.exec(written);
  const tail = source.text.slice(end);
  const said = block === null ? (/^[^\S\r\n]+#[^\r\n]*/.exec(tail)?.[0] ?? "") : (block[1] ?? "");
  const rest = block === null ? tail.slice(said.length) : tail;
  return `${source.text.slice(0, start)}${said}\n${rest.replace(/^([^\S\r\n]*\r?\n)+/, "")}`;
}

describe("where a text value stands in its file", () => {
  it("is known for every way to write it", () => {
    const piece = fc.constantFrom("a", "b", " ", "\n", "{{", "'", '"', "\\", ":", "#", "é", "- ");
    const words = fc.array(piece, { maxLength: 30 }).map((parts) => parts.join(""));
    const types = ["BLOCK_LITERAL", "BLOCK_FOLDED", "QUOTE_DOUBLE", "QUOTE_SINGLE", "PLAIN"] as const;
    fc.assert(
      fc.property(words, fc.constantFrom(...types), (value, type) => {
        const text = stringify(
          { a: value, b: 1 },
          { defaultStringType: type, lineWidth: 20, defaultKeyType: "PLAIN" },
        );
        const source = parseSource("x.band.yaml", text);
        const map = mapScalar(source, ["a"]);
        assert.equal(map?.value, (source.value as { a: string }).a);
        [...value].forEach((_, at) => {
          const character = value[at] ?? "";
          if (/[ab]/.test(character)) assert.equal(text[map.toSource(at)], character);
          if (/[ab]/.test(character)) assert.equal(map.toValue(map.toSource(at)), at);
        });
      }),
      { numRuns: 3000, seed: 11 },
    );
  });
});

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { isMap, isScalar, visit } from "yaml";
import type { Node, Pair } from "yaml";
import { complete, createProject, fileKindOf, parseSource, updateProject } from "../../../src/language";
import type { ProjectFile } from "../../../src/language";
import { contextAt } from "../../../src/language/text/context";

const root = path.join(process.cwd(), "examples");
const examples: ProjectFile[] = fs
  .readdirSync(root, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => fileKindOf(file) !== undefined && file.startsWith("shapes/"))
  .sort()
  .map((file) => ({ path: file, text: fs.readFileSync(path.join(root, file), "utf8") }));
const whole = createProject(examples);

/** What is offered at the mark, with the parts of the file's own project beside it. */
function offered(file: string, marked: string): string[] {
  const offset = marked.indexOf("‸");
  const source = parseSource(file, marked.replace("‸", ""));
  return complete({ project: updateProject(whole, source), source, offset }).map(({ label }) => label);
}

function keysOffered(file: string, marked: string): string[] {
  const offset = marked.indexOf("‸");
  const source = parseSource(file, marked.replace("‸", ""));
  return complete({ project: updateProject(whole, source), source, offset })
    .filter(({ data }) => data.kind === "key")
    .map(({ label }) => label);
}

/** Ways to write a Band with a half tool in it; each is asked for the tool. */
const toolPlaces: Readonly<Record<string, string>> = {
  "an anchor on the map around": "roles:\n  coder: &c\n    prompt: x\n    tools: [re‸]\n",
  "an anchor on a map further out": "roles: &r\n  coder:\n    prompt: x\n    tools: [re‸]\n",
  "an anchor on the list": "roles:\n  coder:\n    tools: &t [re‸]\n",
  "an anchor on the entry": "roles:\n  coder:\n    tools: [&one re‸]\n",
  "an anchor on a line of its own": "roles:\n  coder:\n    &c\n    tools: [re‸]\n",
  "an anchor and a comment": "roles:\n  coder: &c # the one who writes\n    tools: [re‸]\n",
  "a tag on the map around": "roles:\n  coder: !!map\n    tools: [re‸]\n",
  "a tag and an anchor": "roles:\n  coder: !!map &c\n    tools: !!seq [re‸]\n",
  "an alias above": "roles:\n  a: &a { prompt: x }\n  b: *a\n  coder:\n    tools: [re‸]\n",
  "an alias beside it in the list": "roles:\n  coder:\n    tools: [*x, re‸]\n",
  "a merge key above": "roles:\n  a: &a { prompt: x }\n  coder:\n    <<: *a\n    tools: [re‸]\n",
  "a block scalar above": 'roles:\n  coder:\n    prompt: |\n      tools: [x\n      "half\n    tools: [re‸]\n',
  "a folded scalar with keep and indent above":
    "roles:\n  coder:\n    prompt: >2+\n        far\n      in\n\n    tools: [re‸]\n",
  "a prompt over several plain lines above":
    "roles:\n  coder:\n    prompt: You are\n      the coder, aren't you\n    tools: [re‸]\n",
  "a quoted prompt over several lines above":
    'roles:\n  coder:\n    prompt: "You are\n      the: [coder"\n    tools: [re‸]\n',
  "comments between": "roles:\n  # { here\n  coder:\n# at the left\n    # [ and here\n    tools: [re‸]\n",
  "a comment inside the brackets":
    "roles:\n  coder:\n    tools: [ # the first, it's\n      read_file, # }\n      re‸\n    ]\n",
  "a comment beside it in a flow map": "roles:\n  coder: { prompt: x, # a note\n    tools: [re‸] }\n",
  "flow maps over several lines":
    "roles: {\n  coder: {\n    prompt: x,\n    tools: [\n      re‸\n    ]\n  }\n}\n",
  "quoted keys": '"roles":\n  \'coder\':\n    "tools": [re‸]\n',
  "quoted keys in a flow map": "roles: { 'coder': { \"tools\": ['re‸'] } }\n",
  "an explicit document": "---\nroles:\n  coder:\n    tools: [re‸]\n...\n",
  "a directive": "%YAML 1.2\n---\nroles:\n  coder:\n    tools: [re‸]\n",
  "blanks behind the keys": "roles:  \n  coder:   \n    tools:   [re‸\n",
  "a list of lines": "roles:\n  coder:\n    tools:\n      - read_file\n      - re‸\n",
  "a list of lines at the key's column": "roles:\n  coder:\n    tools:\n    - read_file\n    - re‸\n",
  "an anchor on the entry of a list of lines": "roles:\n  coder:\n    tools:\n      - &one re‸\n",
  "an entry on the line below its dash": "roles:\n  coder:\n    tools:\n      -\n        re‸\n",
  "everything indented": "  roles:\n    coder:\n      tools: [re‸]\n",
  "one blank of indentation": "roles:\n coder:\n  tools: [re‸]\n",
  "a key with a colon in it": 'roles:\n  "co: der":\n    tools: [re‸]\n',
  "a key that begins with a dash": "roles:\n  -coder:\n    tools: [re‸]\n",
  "a quote that is not closed above": 'roles:\n  coder:\n    prompt: "x\n    tools: [re‸]\n',
  "a single quote that is not closed above": "roles:\n  coder:\n    prompt: 'x\n    tools: [re‸]\n",
  "a bracket that is not closed above": "roles:\n  coder:\n    produces: [x, {\n    tools: [re‸]\n",
  "a bracket too many above": "roles:\n  coder:\n    produces: [x]]\n    tools: [re‸]\n",
  "a key without a colon above": "roles:\n  coder:\n    prompt\n    tools: [re‸]\n",
  "a top key that is indented less than the first": "  version: 1\nroles:\n  coder:\n    tools: [re‸]\n",
};

describe("what may be typed at a place", () => {
  for (const [what, text] of Object.entries(toolPlaces)) {
    for (const end of ["\n", "\r\n"]) {
      it(`is found beside ${what}${end === "\n" ? "" : ", with Windows line ends"}`, () => {
        const labels = offered("team.band.yaml", text.replaceAll("\n", end));
        assert.ok(labels.includes("read_file"), labels.join(", "));
      });
    }
  }

  const keyPlaces: Readonly<Record<string, string>> = {
    "below an anchor": "roles:\n  coder: &c\n    description: x\n    ‸\n    tools: []\n",
    "in a flow map with a comment": "roles:\n  coder: { description: x, # note\n    ‸\n    tools: [] }\n",
    "in a flow map with keys on the lines after":
      "roles:\n  coder: {\n    ‸\n    description: x,\n    # not: this\n    tools: [] }\n",
    "before quoted keys": "roles:\n  coder:\n    ‸\n    'description': x\n    \"tools\": []\n",
    "before a block scalar that looks like keys":
      "roles:\n  coder:\n    ‸\n    description: |\n      prompt: not a key\n    tools: []\n",
    "before an anchor and a tag": "roles:\n  coder:\n    ‸\n    description: &d x\n    tools: !!seq []\n",
    "between blank lines and comments":
      "roles:\n  coder:\n    description: x\n\n    # what it does\n    ‸\n\n    # what it may\n    tools: []\n",
    "with half the key typed": "roles:\n  coder:\n    description: x\n    pro‸\n    tools: []\n",
    "in a map that is written twice":
      "roles:\n  coder:\n    description: x\n    description: y\n    ‸\n    tools: []\n",
    "behind a text over several lines":
      "roles:\n  coder:\n    description: one\n      two\n    ‸\n    tools: [a,\n      b]\n",
  };
  for (const [what, text] of Object.entries(keyPlaces)) {
    for (const end of ["\n", "\r\n"]) {
      it(`is a key that the map does not have yet, ${what}${end === "\n" ? "" : ", with Windows line ends"}`, () => {
        const keys = keysOffered("team.band.yaml", text.replaceAll("\n", end));
        assert.ok(keys.includes("prompt"), keys.join(", "));
        assert.deepEqual(
          keys.filter((key) => key === "tools" || key === "description"),
          [],
        );
      });
    }
  }

  it("is nothing in a comment, an anchor, an alias, a tag or a directive", () => {
    for (const text of [
      "roles: # ‸\n",
      "roles: &‸\n",
      "roles: *‸\n",
      "roles: !‸\n",
      "# ‸\n",
      "%‸\n",
      "roles: { a: 1 } # ‸",
    ]) {
      assert.deepEqual(offered("team.band.yaml", text), [], text);
    }
  });

  it("is every key of the file in an empty one, behind a comment and in an empty document", () => {
    for (const text of ["‸", "\n\n‸\n", "# a Band\n‸", "---\n‸", "---\n‸\n...\n", "\r\n‸"]) {
      assert.ok(keysOffered("team.band.yaml", text).includes("roles"), JSON.stringify(text));
    }
  });

  it("is an entry of the list as well as a key where a list stands at its key's own column", () => {
    const labels = offered("a.score.yaml", "version: 1\nsteps:\n- role: coder\n‸\n");
    assert.ok(labels.includes("name") && labels.includes("role"), labels.join(", "));
  });

  it("replaces the word that is typed, within its quotes", () => {
    const typed = (marked: string): string => {
      const text = marked.replace("‸", "");
      const { span } = contextAt(text, marked.indexOf("‸"));
      return text.slice(span.start, span.end);
    };
    assert.equal(typed('approval: "before‸_step" # why\n'), "before_step");
    assert.equal(typed("approval: before‸_step # why\n"), "before_step");
    assert.equal(typed("{ approval: before‸_step, name: x }\n"), "before_step");
    assert.equal(typed("{ 'appro‸val' : x }\n"), "approval");
    assert.equal(typed("appro‸val: x\n"), "approval");
    assert.equal(typed("tools:\n  - read‸_file\n"), "read_file");
    assert.equal(typed("a: one\n  two thr‸ee\n"), "two three");
  });

  it("does a bounded amount of work in a text of brackets, quotes or dashes alone", () => {
    for (const text of ["[", "{", '"', "'", "- ", "? ", "a: [\n- ", "&a ", "a:\n", "@\n", " a\nb\n"]) {
      const long = text.repeat(4000);
      contextAt(long, long.length);
      contextAt(long, 0);
    }
  });
});

/** Every key of a file that stands on lines of its own, with the names of the others in its map. */
function keyLines(text: string): { start: number; end: number; key: string; others: string[] }[] {
  const source = parseSource("x.score.yaml", text);
  const found: { start: number; end: number; key: string; others: string[] }[] = [];
  if (source.document === undefined) return found;
  visit(source.document, {
    Map: (_key, map) => {
      const keys = map.items.map(({ key }) => (isScalar(key) ? String(key.value) : ""));
      map.items.forEach((pair: Pair, index) => {
        const node = pair.key as Node;
        const [start] = node.range ?? [0];
        const value = pair.value as Node | null;
        const to = value?.range?.[1] ?? node.range?.[1] ?? start;
        const end = text.slice(0, to).trimEnd().length;
        const lineStart = text.lastIndexOf("\n", start - 1) + 1;
        if (text.slice(lineStart, start).trim() !== "" || isMap(value)) return;
        found.push({ start, end, key: keys[index] ?? "", others: keys.filter((_, at) => at !== index) });
      });
    },
  });
  return found;
}

describe("completion of a key that was taken out of an example", () => {
  for (const { path: file, text } of examples) {
    const full = String(text);
    it(`offers it again, and none that is there, in ${file}`, () => {
      for (const { start, end, key, others } of keyLines(full)) {
        for (const eol of ["\n", "\r\n"]) {
          const marked = `${full.slice(0, start)}‸${full.slice(end)}`.replaceAll("\n", eol);
          const keys = keysOffered(file, marked);
          const line = full.slice(0, start).split("\n").length;
          assert.ok(keys.includes(key) || keys.length === 0, `${key} in line ${line}: ${keys.join(", ")}`);
          assert.deepEqual(
            keys.filter((one) => others.includes(one)),
            [],
            `line ${line}`,
          );
        }
      }
    });
  }
});

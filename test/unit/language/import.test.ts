import assert from "node:assert/strict";
import fc from "fast-check";
import { parseTemplate } from "../../../src/engine/model/template";
import { createProject, diagnose, parseSource } from "../../../src/language";
import { detectImport, importFiles, neighboursOf } from "../../../src/language/import";
import { Draft } from "../../../src/language/import/draft";
import { ImportReport } from "../../../src/language/import/report";
import { escapeTemplate, translateTemplate } from "../../../src/language/import/text";

/** A text that other tools' templates are made of. */
const odd = fc.string({
  unit: fc.constantFrom("{", "}", "\\", "a", " ", "\n", "%", "#", "$", ":", "é", "-"),
});

function plain(template: string): string {
  const { segments, problems } = parseTemplate(template);
  assert.deepEqual(problems, []);
  return segments
    .map((segment) => (segment.kind === "text" ? segment.text : `<${segment.placeholder.kind}>`))
    .join("");
}

describe("text from another tool", () => {
  it("means just itself as a template", () => {
    fc.assert(fc.property(odd, (text) => assert.equal(plain(escapeTemplate(text)), text)));
  });

  it("keeps its translated placeholders whatever stands around them", () => {
    fc.assert(
      fc.property(odd, odd, (before, after) => {
        const template = translateTemplate(`${before}@${after}`, /@/g, () => ({
          placeholder: { kind: "task" },
        }));
        const braces = /\{*$/.exec(before)?.[0].length ?? 0;
        assert.equal(plain(template), `${before}${braces % 2 === 1 ? " " : ""}<task>${after}`);
      }),
    );
  });
});

describe("a file that an import writes", () => {
  it("is read back as what was meant", () => {
    const text = fc.oneof(
      odd,
      fc.string({ unit: "binary" }),
      fc.constantFrom("yes", "null", "1", "~", "# x", "- a", "a: b", "\ttab", "x \n y"),
    );
    fc.assert(
      fc.property(text, fc.array(text), text, (prompt, list, comment) => {
        const draft = new Draft("band", "b", new ImportReport());
        draft.value.roles = { a: { prompt, list } };
        draft.comment(["roles", "a"], comment);
        draft.say(comment);
        assert.deepEqual(parseSource("b.band.yaml", draft.toText()).value, draft.value);
      }),
    );
  });
});

const kinds = [
  ".roomodes",
  "agents.yaml",
  "tasks.yaml",
  "flow.dag.yaml",
  "a.agent.md",
  "model/band/a.json",
  "model/flow/a.json",
  "model/score/a.json",
  "model/venue/a.json",
];

describe("an import of anything", () => {
  const key = fc.constantFrom(
    ...[
      "customModes",
      "slug",
      "name",
      "roleDefinition",
      "groups",
      "role",
      "goal",
      "tools",
      "description",
      "agent",
    ],
    ...[
      "context",
      "output_file",
      "nodes",
      "inputs",
      "outputs",
      "source",
      "path",
      "type",
      "roles",
      "steps",
      "model",
    ],
    ...[
      "task",
      "band",
      "score",
      "venue",
      "handoffs",
      "default",
      "node_variants",
      "variants",
      "llm",
      "params",
    ],
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.oneof(
        fc.constantFrom("llm", "${a.output}", "{topic}", "read", ""),
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
      ),
      fc.array(tie("tree"), { maxLength: 4 }),
      fc.dictionary(fc.oneof(key, fc.string()), tie("tree"), { maxKeys: 6 }),
    ),
  }));

  it("gives files without an error of their own, or says why not", () => {
    fc.assert(
      fc.property(fc.constantFrom(...kinds), tree, (path, value) => {
        const json = JSON.stringify(value);
        const text = path.endsWith(".md") ? `---\n${json}\n---\n${json}` : json;
        const { files, report } = importFiles([{ path, text }]);
        const errors = files.flatMap((file) =>
          diagnose(parseSource(file.path, file.text)).filter(({ severity }) => severity === "error"),
        );
        assert.ok(
          errors.every(({ message }) =>
            report.some((entry) => entry.level === "error" && entry.message.startsWith(message)),
          ),
        );
        if (files.length === 0) assert.ok(report.some(({ level }) => level === "error"));
      }),
      { numRuns: 400 },
    );
  });

  it("says that a list of modes has no mode in it", () => {
    const { files, report } = importFiles([{ path: ".roomodes", text: '{"customModes":[0]}' }]);
    assert.deepEqual(files, []);
    assert.ok(report.some(({ level, message }) => level === "error" && message.includes("no mode in it")));
  });

  it("never throws on text that is cut off or full of noise", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...kinds),
        fc.string({
          unit: fc.constantFrom("-", " ", "\n", ":", "[", "{", "}", "a", "|", "\t", '"', "&", "*", "!", "%"),
        }),
        (path, text) => {
          importFiles([{ path, text }]);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("stays quick and bounded on what is large", () => {
    const many = Array.from({ length: 5000 }, (_, index) => `k${index}`);
    const modes = `customModes:\n  - slug: a\n${many.map((name) => `    ${name}: 1\n`).join("")}`;
    const { report } = importFiles([{ path: ".roomodes", text: modes }]);
    assert.ok(report.length < 1100);
    const bomb = many.slice(0, 12).map((name, index) => ({
      name,
      type: index === 11 ? "llm" : "prompt",
      source: { type: "code", path: "p.jinja2" },
      inputs: { x: index === 0 ? "x" : `\${k${index - 1}.output}` },
    }));
    const { files } = importFiles([
      { path: "flow.dag.yaml", text: JSON.stringify({ inputs: {}, nodes: bomb }) },
      { path: "p.jinja2", text: "{{x}} ".repeat(100) },
    ]);
    assert.ok(files.every(({ text }) => text.length < 1_000_000));
    const rows = ["{% ", "{# ", "{{ ", "\\", " ", "{"].map((piece) => piece.repeat(30_000));
    for (const text of rows) importFiles([{ path: "a.agent.md", text: `${text}x` }]);
    const { report: refused } = importFiles([{ path: "a.agent.md", text: "x".repeat(2_000_000) }]);
    assert.ok(refused.some(({ level }) => level === "error"));
  });
});

describe("an import into a project", () => {
  const roo = { path: ".roomodes", text: "customModes: [{ slug: a, roleDefinition: You are. }]" };

  it("takes no name and no path that exists", () => {
    const first = importFiles([roo], { folder: "flows" });
    const project = createProject([
      ...first.files,
      { path: "flows/ROO-MODES-2.band.yaml", text: "version: 1" },
    ]);
    const second = importFiles([roo], { folder: "flows", project });
    assert.deepEqual(
      first.files.map(({ path }) => path),
      ["flows/roo-modes.band.yaml"],
    );
    assert.deepEqual(
      second.files.map(({ path }) => path),
      ["flows/roo-modes-3.band.yaml"],
    );
    assert.ok(second.report.some(({ message }) => message.includes("'roo-modes-3'")));
  });

  it("takes the model and the backend that were asked for", () => {
    const tasks = { path: "tasks.yaml", text: "a: { description: Do it. }" };
    const { files } = importFiles([tasks], { provider: "openai", model: "mine" });
    const venue = parseSource(
      "v.venue.yaml",
      files.find(({ path }) => path.endsWith(".venue.yaml"))?.text ?? "",
    );
    assert.equal((venue.value as { provider: string }).provider, "openai");
    assert.equal((venue.value as { model: string }).model, "mine");
  });
});

describe("files to import", () => {
  it("are put together by what they are", () => {
    const files = [
      { path: "x/config/tasks.yaml", text: "a: { description: b }" },
      { path: "x/config/agents.yaml", text: "a: { role: b }" },
      { path: "y/flow.dag.yaml", text: "nodes: [{ name: a, type: llm, source: { path: p.txt } }]" },
      { path: "y/p.txt", text: "Hello" },
      { path: "any.json", text: '{ "name": "b", "roles": { "a": { "description": "x", "tools": [] } } }' },
      { path: "package.json", text: '{ "name": "b" }' },
    ];
    const { sets, unknown } = detectImport(files);
    assert.deepEqual(
      sets.map(({ kind, files: own }) => [kind, ...own.map(({ path }) => path)]),
      [
        ["python-orket", "any.json"],
        ["crewai", "x/config/agents.yaml", "x/config/tasks.yaml"],
        ["prompt-flow", "y/flow.dag.yaml", "y/p.txt"],
      ],
    );
    assert.deepEqual(unknown, ["package.json"]);
  });

  it("name the files beside them that belong to them", () => {
    const text = '{ "band": "model/band/b.json", "score": "s", "venue": 5 }';
    assert.deepEqual(neighboursOf({ path: "model/flow/f.json", text }), [
      "model/band/b.json",
      "model/score/s.json",
    ]);
    assert.deepEqual(neighboursOf({ path: "c/agents.yaml", text: "" }), ["c/tasks.yaml"]);
    const dag =
      "nodes: [{ name: a, source: { path: ../../up.jinja2 } }, { name: b, source: { path: p/q.jinja2 } }]";
    assert.deepEqual(neighboursOf({ path: "f/flow.dag.yaml", text: dag }), ["f/p/q.jinja2"]);
  });
});

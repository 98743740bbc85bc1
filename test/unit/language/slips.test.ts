import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import {
  applyEdits,
  createProject,
  diagnose,
  diagnoseProject,
  fileKindOf,
  formatDiagnostic,
  parseSource,
  updateProject,
} from "../../../src/language";
import type { Diagnostic } from "../../../src/language";
import { slipsIn } from "./slips";

const root = path.join(process.cwd(), "examples", "shapes", "flows");
const files = fs
  .readdirSync(root)
  .filter((file) => fileKindOf(file) !== undefined)
  .sort()
  .map((file) => ({ path: file, text: fs.readFileSync(path.join(root, file), "utf8") }));
const project = createProject(files);
const sound = diagnoseProject(project).map(formatDiagnostic);

interface Told {
  readonly kind: string;
  readonly at: string;
  readonly line: number;
  readonly found: readonly Diagnostic[];
}

/** What is told of every third slip, which ones depends on the file. */
function tell(): Told[] {
  return files.flatMap(({ path: file, text }) =>
    slipsIn(text)
      .filter((_, index) => index % 3 === file.length % 3)
      .map((slip): Told => {
        const found = diagnoseProject(updateProject(project, { path: file, text: slip.text }));
        const at = `${slip.kind}, ${file}:${slip.line + 1}`;
        return {
          kind: slip.kind,
          at,
          line: slip.line,
          found: found.filter((one) => !sound.includes(formatDiagnostic(one))),
        };
      }),
  );
}

describe("one slip in a YAML file", function () {
  this.timeout(60_000);
  let told: readonly Told[] = [];
  before(() => void (told = tell()));

  it("is told once, rarely twice, and never more often", () => {
    const many = told.filter(({ found }) => found.length > 1);
    assert.deepEqual(
      told.flatMap(({ at, found }) => (found.length > 2 ? [at, ...found.map(formatDiagnostic)] : [])),
      [],
    );
    assert.ok(many.length <= told.length / 100, many.map(({ at }) => at).join("\n"));
  });

  it("is told at its line or the one beside it", () => {
    const far = told.filter(
      ({ found, line }) =>
        found.length > 0 && !found.some(({ range }) => Math.abs(range.start.line - line) <= 1),
    );
    assert.ok(
      far.length <= told.length / 200,
      far.map(({ at, found }) => [at, ...found.map(formatDiagnostic)].join("\n")).join("\n"),
    );
  });

  it("is told in words that need no knowledge of a parser", () => {
    const words =
      /\b(?:token|node|flow (?:map|sequence|collection)|block collection|scalar|implicit|map-value-ind|seq-item|stream|indicator)\b/i;
    const jargon = told
      .flatMap(({ found }) => found.map(formatDiagnostic))
      .filter((text) => words.test(text));
    assert.deepEqual(jargon, []);
  });

  it("is gone when the change that is offered has been made", () => {
    for (const { found, at } of told) {
      for (const { suggestion, code, file } of found) {
        if (suggestion === undefined || !code.startsWith("orket/yaml") || at.startsWith("a wide space"))
          continue;
        const slip = slipsIn(String(files.find((one) => one.path === file)?.text)).find(
          ({ kind, line }) => at.startsWith(`${kind}, `) && at.endsWith(`:${line + 1}`),
        );
        if (slip === undefined) continue;
        const text = applyEdits(slip.text, [{ range: suggestion.range, newText: suggestion.replacement }]);
        const left = parseSource(file, text).problems.filter(
          (problem) => problem.code === "orket/yaml-syntax",
        );
        assert.deepEqual(left.map(formatDiagnostic), [], at);
      }
    }
  });
});

describe("a slip in a definition file", () => {
  const cases: readonly (readonly [what: string, text: string, place: string, message: RegExp])[] = [
    [
      "hard spaces in the indentation",
      "version: 1\nname: s\nsteps:\n\u00a0\u00a0- { id: work, role: worker }\n",
      "4:1",
      /non-breaking space \(U\+00A0\).*indentation/,
    ],
    [
      "a hard space behind a colon",
      "version: 1\nname: s\nsteps:\n  - role:\u00a0worker\n",
      "4:10",
      /non-breaking space \(U\+00A0\).*behind 'role:'/,
    ],
    [
      "an invisible space before a key",
      "version: 1\n\u200bname: s\nsteps:\n  - role: worker\n",
      "2:1",
      /invisible space.*U\+200B/,
    ],
    ["a tab", "version: 1\nname: s\nsteps:\n\t- role: worker\n", "4:1", /tab/],
    [
      "a missing colon",
      "version: 1\nname: s\nsteps:\n  - role worker\n    note: x\n",
      "4:5",
      /'role' stands here without a ':'/,
    ],
    [
      "a missing bracket",
      "version: 1\nname: s\nsteps:\n  - role: worker\n    produces: [a.md\n    note: x\n",
      "5:15",
      /'\[' that opens here is not closed/,
    ],
    [
      "a missing quote",
      'version: 1\nname: s\nsteps:\n  - role: worker\n    note: "x\n    produces: [a.md]\n',
      "5:11",
      /quote that opens here is not closed/,
    ],
    [
      "a placeholder without quotes",
      "version: 1\nname: s\nsteps:\n  - role: worker\n    note: {{task}} now\n",
      "5:11",
      /begins with '\{\{' must be in quotes/,
    ],
    [
      "an en dash",
      "version: 1\nname: s\nsteps:\n  – role: worker\n    note: x\n",
      "4:3",
      /begins with '-', not with '–'/,
    ],
    [
      "a missing dash",
      "version: 1\nname: s\nsteps:\n    role: worker\n    note: x\n  - role: worker\n",
      "4:3",
      /'-' is missing/,
    ],
    [
      "a key over the one above",
      "version: 1\nname: s\nsteps:\n  - role: worker\n     note: x\n",
      "5:1",
      /indented by 5 spaces/,
    ],
  ];
  for (const [what, text, place, message] of cases) {
    for (const end of ["\n", "\r\n"]) {
      it(`is named as ${what}${end === "\n" ? "" : ", with Windows line ends"}`, () => {
        const [first, ...rest] = diagnose(parseSource("s.score.yaml", text.replaceAll("\n", end)));
        assert.ok(
          first !== undefined && rest.length === 0,
          [first, ...rest].flatMap((one) => (one ? [formatDiagnostic(one)] : [])).join("\n"),
        );
        assert.match(first.message, message);
        assert.equal(`${first.range.start.line + 1}:${first.range.start.character + 1}`, place);
      });
    }
  }

  it("is looked for in a bounded part of a long file", () => {
    const steps = Array.from({ length: 3000 }, (_, index) => `  - id: s${index}\n    role: worker\n`).join(
      "",
    );
    const text = `version: 1\nname: s\nsteps:\n${steps}`.replace(
      "id: s1500\n    role: worker",
      "id: s1500\n    role worker",
    );
    const [found] = parseSource("s.score.yaml", text).problems;
    assert.match(found?.message ?? "", /'role' stands here without a ':'/);
  });
});

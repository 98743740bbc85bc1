import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import {
  createProject,
  diagnoseProject,
  fileKindOf,
  parseSource,
  removeFile,
  updateProject,
  type Project,
} from "../../../src/language";

const folder = path.join(process.cwd(), "test", "golden", "language", "help", "team");
const files = new Map(
  fs
    .readdirSync(folder)
    .filter((file) => fileKindOf(file) !== undefined)
    .map((file) => [file, fs.readFileSync(path.join(folder, file), "utf8")]),
);

/** What is found when everything is read anew. */
function fresh(texts: ReadonlyMap<string, string>): unknown {
  const sources = [...texts].map(([file, text]) => parseSource(file, text));
  return diagnoseProject(createProject(sources), { hints: true });
}

/** Changes that each make, mend or move problems, in files other than those they show in. */
const changes: readonly (readonly [string, string, string])[] = [
  ["team.band.yaml", "  coder:", "  builder:"],
  ["steps.score.yaml", "role: coder", "role: builder"],
  ["team.band.yaml", "name: team", "name: crew"],
  ["main.flow.yaml", "band: team", "band: crew"],
  ["main.flow.yaml", "  language:", "  tongue:"],
  ["local.venue.yaml", "name: local", "name: played"],
  ["local.venue.yaml", "name: played", "name: local"],
  ["steps.score.yaml", "id: plan", "id: design"],
  ["played.venue.yaml", "played.replies.yaml", "other.replies.yaml"],
  ["played.flow.yaml", "name: played", "name: main"],
  ["steps.score.yaml", "role: reviewer", "role: architect"],
  ["team.band.yaml", "  builder:", "  coder: ["],
  ["team.band.yaml", "  coder: [", "  builder:"],
  ["main.flow.yaml", "model_calls: 60", "model_calls: 1"],
];

describe("a project that is edited", () => {
  it("has the same problems after each change as one that is read anew", () => {
    const texts = new Map(files);
    let project: Project = createProject([...texts].map(([file, text]) => ({ path: file, text })));
    for (const [file, from, to] of changes) {
      const text = texts.get(file) ?? "";
      assert.ok(text.includes(from), `${file}: ${from}`);
      texts.set(file, text.replace(from, to));
      project = updateProject(project, { path: file, text: texts.get(file) ?? "" });
      assert.deepEqual(diagnoseProject(project, { hints: true }), fresh(texts), `${file}: ${to}`);
    }
  });

  it("has the same problems after files came and went", () => {
    const texts = new Map(files);
    let project: Project = createProject([...texts].map(([file, text]) => ({ path: file, text })));
    for (const file of ["team.band.yaml", "played.replies.yaml", "steps.score.yaml"]) {
      texts.delete(file);
      project = removeFile(project, file);
      assert.deepEqual(diagnoseProject(project, { hints: true }), fresh(texts), `without ${file}`);
      texts.set(file, files.get(file) ?? "");
      project = updateProject(project, { path: file, text: files.get(file) ?? "" });
      assert.deepEqual(diagnoseProject(project, { hints: true }), fresh(texts), `with ${file}`);
    }
  });

  it("gives hints only to who asks for them", () => {
    const project = createProject([...files].map(([file, text]) => ({ path: file, text })));
    const hints = diagnoseProject(project, { hints: true }).filter(({ severity }) => severity === "hint");
    assert.ok(hints.length > 0);
    assert.ok(diagnoseProject(project).every(({ severity }) => severity !== "hint"));
  });
});

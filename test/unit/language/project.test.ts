import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import {
  createProject,
  diagnose,
  diagnoseProject,
  examine,
  fileKindOf,
  parseSource,
  removeFile,
  updateProject,
  withAbsentTools,
} from "../../../src/language";
import type { Diagnosis, Project, SourceDocument } from "../../../src/language";

const folder = path.join(process.cwd(), "test", "golden", "language", "help", "team");
const files = new Map(
  fs
    .readdirSync(folder)
    .filter((file) => fileKindOf(file) !== undefined)
    .map((file) => [file, fs.readFileSync(path.join(folder, file), "utf8")]),
);

/** What is found when everything is read anew. */
function fresh(texts: ReadonlyMap<string, string>): unknown {
  return listed(examine(createProject([...texts].map(([file, text]) => parseSource(file, text)))));
}

function listed({ byFile }: Diagnosis): unknown {
  return [...byFile].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Changes that each make, fix or move problems, in files other than those they show in. */
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
  ["played.flow.yaml", "version: 1", "# Moves what the other file points to.\nversion: 1"],
  ["main.flow.yaml", "band: crew", "band: nobody"],
  ["team.band.yaml", "prompt: |", "prompt: | # changed while no Flow leads to it"],
  ["main.flow.yaml", "band: nobody", "band: crew"],
  ["steps.score.yaml", "role: reviewer", "role: architect"],
  ["team.band.yaml", "  builder:", "  coder: ["],
  ["team.band.yaml", "  coder: [", "  builder:"],
  ["main.flow.yaml", "model_calls: 60", "model_calls: 1"],
];

describe("a project that is edited", () => {
  it("has the same problems after each change as one that is read anew", () => {
    const texts = new Map(files);
    let project: Project = createProject([...texts].map(([file, text]) => ({ path: file, text })));
    let known = examine(project);
    for (const [file, from, to] of changes) {
      const text = texts.get(file) ?? "";
      assert.ok(text.includes(from), `${file}: ${from}`);
      texts.set(file, text.replace(from, to));
      project = updateProject(project, { path: file, text: texts.get(file) ?? "" });
      known = examine(project, known);
      assert.deepEqual(listed(known), fresh(texts), `${file}: ${to}`);
    }
  });

  it("keeps the lists of files that a change cannot touch", () => {
    const before = examine(createProject([...files].map(([file, text]) => ({ path: file, text }))));
    const lone = "version: 1\nname: lone\nsteps: []\n";
    const first = examine(updateProject(before.project, { path: "lone.score.yaml", text: lone }), before);
    const text = `${files.get("team.band.yaml") ?? ""}# typed\n`;
    const after = examine(updateProject(first.project, { path: "team.band.yaml", text }), first);
    assert.ok((first.byFile.get("lone.score.yaml")?.length ?? 0) > 0);
    assert.equal(after.byFile.get("lone.score.yaml"), first.byFile.get("lone.score.yaml"));
    assert.notEqual(after.byFile.get("team.band.yaml"), first.byFile.get("team.band.yaml"));
  });

  it("has the same problems after files came and went", () => {
    const texts = new Map(files);
    let project: Project = createProject([...texts].map(([file, text]) => ({ path: file, text })));
    let known = examine(project);
    for (const file of ["team.band.yaml", "played.replies.yaml", "steps.score.yaml"]) {
      texts.delete(file);
      project = removeFile(project, file);
      known = examine(project, known);
      assert.deepEqual(listed(known), fresh(texts), `without ${file}`);
      texts.set(file, files.get(file) ?? "");
      project = updateProject(project, { path: file, text: files.get(file) ?? "" });
      known = examine(project, known);
      assert.deepEqual(listed(known), fresh(texts), `with ${file}`);
    }
  });

  it("gives hints only to who asks for them", () => {
    const project = createProject([...files].map(([file, text]) => ({ path: file, text })));
    const hints = diagnoseProject(project, { hints: true }).filter(({ severity }) => severity === "hint");
    assert.ok(hints.length > 0);
    assert.ok(diagnoseProject(project).every(({ severity }) => severity !== "hint"));
  });
});

describe("tools of the editor", () => {
  const band = (tools: string): SourceDocument =>
    parseSource("a.band.yaml", `version: 1\nname: a\nroles:\n  r: { prompt: p, tools: [${tools}] }\n`);
  const codes = (tools: string, offered: readonly string[]): string[] =>
    withAbsentTools(band(tools), [], ...offered).map(
      ({ code, message, hint }) => `${code} ${message} ${hint ?? ""}`,
    );

  it("are warned of when no extension offers them, with the nearest that one does", () => {
    assert.deepEqual(codes("read_file, vscode:fetch", ["fetch"]), []);
    assert.match(codes("vscode:fetsh", ["fetch"]).join(), /'vscode:fetsh'.* Did you mean 'vscode:fetch'\?/);
    assert.match(codes("vscode:weather", ["fetch"]).join(), /Install or enable the extension/);
  });

  it("stand in the same list as before until the Band, its other problems or the offer change", () => {
    const source = band("vscode:weather");
    const found = diagnose(source);
    const before = withAbsentTools(source, found, "fetch", "search");
    assert.equal(before.length, found.length + 1);
    assert.equal(withAbsentTools(source, found, "fetch", "search"), before);
    assert.notEqual(withAbsentTools(source, found, "fetch"), before);
    assert.notEqual(withAbsentTools(band("vscode:weather"), found, "fetch", "search"), before);
    assert.equal(withAbsentTools(source, found, "weather"), found);
  });
});

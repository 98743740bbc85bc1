import assert from "node:assert/strict";
import {
  codeActions,
  complete,
  createProject,
  diagnoseProject,
  lspDiagnostic,
  semanticTokenTypes,
  templateTokens,
} from "../../../src/language";
import type { DefinitionAction, ProjectFile } from "../../../src/language";

const flow: ProjectFile = {
  path: "a/main.flow.yaml",
  text: "version: 1\nname: main\nband: team\nvenue: local\nscore: steps\ntask: Build it.\n",
};
const band: ProjectFile = {
  path: "a/team.band.yaml",
  text: "version: 1\nname: team\nroles:\n  coder: { prompt: Write., tools: [] }\n  idle: { prompt: Wait., tools: [] }\n",
};
const venue: ProjectFile = {
  path: "a/local.venue.yaml",
  text: "version: 1\nname: local\nprovider: openai\nmodel: m\napi_key: sk-abcdefabcdefabcdefabcdef\n",
};
const uriOf = (file: string): string => `file:///project/${file}`;

function actionsIn(files: readonly ProjectFile[], file: string): DefinitionAction[] {
  const project = createProject(files);
  const source = project.sources.get(file);
  assert.ok(source);
  return codeActions(project, source, diagnoseProject(project), uriOf);
}

describe("what the editing help answers, as language server types", () => {
  it("creates a missing file by an edit that any editor can make", () => {
    const [made] = actionsIn([flow, band, venue], flow.path);
    assert.ok(made?.data.create);
    const uri = uriOf("a/steps.score.yaml");
    const [creation, content] = made.edit?.documentChanges ?? [];
    assert.deepEqual(creation, { kind: "create", uri });
    const start = { line: 0, character: 0 };
    assert.deepEqual(content, {
      textDocument: { uri, version: null },
      edits: [{ range: { start, end: start }, newText: made.data.create.text }],
    });
  });

  it("takes a key out of its file only by way of the command that stores it", () => {
    const moving = actionsIn([flow, band, venue], venue.path).find(({ data }) => data.moveKey !== undefined);
    assert.ok(moving);
    assert.equal(moving.edit, undefined);
    assert.equal(moving.data.moveKey?.value, "sk-abcdefabcdefabcdefabcdef");
    const edits = moving.data.moveKey?.edit.changes?.[uriOf(venue.path)];
    assert.deepEqual(
      edits?.map(({ newText }) => newText),
      [`secret:${moving.data.moveKey?.name ?? ""}`],
    );
  });

  it("says of a problem what it is, where it is explained, and which other places belong to it", () => {
    const second = { ...band, path: "a/other.band.yaml" };
    const found = diagnoseProject(createProject([flow, band, second, venue]));
    const twice = found.find(({ code }) => code === "orket/duplicate-name");
    assert.ok(twice);
    const shown = lspDiagnostic(twice, uriOf);
    assert.equal(shown.severity, 1);
    assert.match(shown.codeDescription?.href ?? "", /docs\/diagnostics\.md#orketduplicate-name$/);
    const related = shown.relatedInformation?.map(({ location }) => location.uri);
    assert.deepEqual(
      related,
      twice.related?.map(({ file }) => uriOf(file)),
    );
    assert.ok(related !== undefined && related.length > 0);
  });

  it("replaces the typed word when a value is inserted, and the whole word when it is replaced", () => {
    const text = flow.text as string;
    const project = createProject([flow, band, venue]);
    const source = project.sources.get(flow.path);
    assert.ok(source);
    const offset = text.indexOf("team") + 2;
    const item = complete({ project, source, offset }).find(({ label }) => label === "team");
    const start = { line: 2, character: 6 };
    assert.deepEqual(item?.textEdit, {
      newText: "team",
      insert: { start, end: { line: 2, character: 8 } },
      replace: { start, end: { line: 2, character: 10 } },
    });
  });

  it("counts each token from the one before it", () => {
    const type = semanticTokenTypes.indexOf("parameter");
    const { data } = templateTokens("Do {{task}} as {{role}}.\n\n {{step}}");
    assert.deepEqual(data, [0, 3, 8, type, 0, 0, 12, 8, type, 0, 2, 1, 8, type, 0]);
  });
});

import assert from "node:assert/strict";
import { createProject, diagnoseProject, formatDiagnostic, resolveFlow } from "../../../src/language";
import {
  detectTestRunners,
  flowTemplates,
  newFlowFiles,
  newFlowNameProblem,
  newFlowProviders,
} from "../../../src/language/templates";
import type { NewFlowOptions } from "../../../src/language/templates";

function filesOf(options: NewFlowOptions) {
  const made = newFlowFiles(options);
  assert.equal(made.kind, "files", made.kind === "refused" ? made.message : "");
  assert.ok(made.kind === "files");
  return made;
}

describe("a new Flow", () => {
  for (const { id } of flowTemplates) {
    for (const provider of newFlowProviders) {
      it(`from ${id} for ${provider} has nothing to complain of, with its own Venue and the scripted one`, () => {
        const { files, flow, scriptedVenue } = filesOf({
          template: id,
          name: "my.flow-1",
          provider,
          folder: "a/b/",
        });
        assert.ok(files.every(({ path }) => path.startsWith("a/b/my.flow-1")));
        const project = createProject(files);
        assert.deepEqual(diagnoseProject(project).map(formatDiagnostic), []);
        for (const options of [{}, { venue: scriptedVenue }]) {
          const { definition, diagnostics } = resolveFlow(project, flow, options);
          assert.deepEqual(diagnostics.map(formatDiagnostic), []);
          assert.equal(definition?.flow.name, "my.flow-1");
        }
      });
    }
  }

  for (const { id } of flowTemplates) {
    it(`from ${id} has no hints but the one that shows what a run can access`, () => {
      const { files, flow, scriptedVenue } = filesOf({ template: id, name: "mine", folder: "flows" });
      const project = createProject(files);
      const shown = [
        ...diagnoseProject(project, { hints: true }),
        ...resolveFlow(project, flow, { venue: scriptedVenue, hints: true }).diagnostics,
      ];
      assert.deepEqual(shown.filter(({ code }) => code !== "orket/reach").map(formatDiagnostic), []);
      assert.ok(shown.some(({ code }) => code === "orket/reach"));
    });
  }

  it("keeps any valid name and model as they are", () => {
    for (const name of ["1.0", "null", "2026-11-22", "1e3", "a".repeat(55), "0x1F", "true"]) {
      for (const model of ["qwen3:8b", "a b", "1", "x: y", "null", '"', "org/model:tag"]) {
        const { files, flow } = filesOf({ template: "write-edit", name, model });
        const { definition, diagnostics } = resolveFlow(createProject(files), flow);
        assert.deepEqual(diagnostics, []);
        assert.equal(definition?.flow.name, name);
        assert.equal(definition.venue.model, model);
      }
    }
  });

  it("is refused where a name is taken, wrong or too long, or the template is unknown", () => {
    const project = createProject(filesOf({ template: "write-edit", name: "post" }).files);
    const refusal = (options: NewFlowOptions) => {
      const made = newFlowFiles(options);
      return made.kind === "refused" ? `${made.field}: ${made.message}` : made.kind;
    };
    assert.equal(
      refusal({ template: "write-edit", name: "post", project }),
      "name: A flow is named 'post' already: post.flow.yaml.",
    );
    assert.match(refusal({ template: "write-edit", name: "a b" }), /^name: The name 'a b': use letters/);
    assert.match(refusal({ template: "write-edit", name: "a".repeat(56) }), /55 characters/);
    assert.match(refusal({ template: "write-edti", name: "x" }), /^template: .* Did you mean write-edit\?$/);
    assert.equal(refusal({ template: "write-edit", name: "other", project }), "files");
    assert.match(newFlowNameProblem("POST", project) ?? "", /There is a file 'POST.flow.yaml' already/);
    assert.equal(newFlowNameProblem("POST", project, "elsewhere"), undefined);
  });
});

describe("how a project's tests run", () => {
  const found = (files: Readonly<Record<string, string>>, ...names: string[]) =>
    detectTestRunners(new Map(Object.entries(files)), names);

  it("is found by the files that say it, and by nothing else", () => {
    assert.deepEqual(found({}), []);
    assert.deepEqual(found({ "package.json": '{"scripts":{"test":"jest"}}' }), ["npm"]);
    const fresh = '{"scripts":{"test":"echo \\"Error: no test specified\\" && exit 1"}}';
    assert.deepEqual(found({ "package.json": fresh }), []);
    assert.deepEqual(found({ "package.json": "{" }, "a.test.mjs"), ["node"]);
    assert.deepEqual(found({ "pyproject.toml": "[tool.pytest.ini_options]\n" }, "test_a.py"), ["pytest"]);
    assert.deepEqual(found({ "pyproject.toml": "[project]\n" }, "test_a.py"), ["unittest"]);
    assert.deepEqual(found({ "setup.cfg": "[tool:pytest]\n" }), ["pytest"]);
    assert.deepEqual(found({ "Cargo.toml": "", "go.mod": "" }), ["cargo", "go"]);
    assert.deepEqual(found({ Makefile: "all:\n\ttrue\ntest: all\n" }), ["make"]);
    assert.deepEqual(found({ Makefile: "test := x\ntests:\n" }), []);
  });
});

import assert from "node:assert/strict";
import {
  createProject,
  diagnoseProject,
  examine,
  formatDiagnostic,
  resolveFlow,
  wantedMaterials,
  withMaterials,
} from "../../../src/language";
import type { Materials, Project } from "../../../src/language";
import { maxInstructionBytes } from "../../../src/engine/model/pinned";
import { materialsOf } from "../../fakes/materials";

const files = {
  "a/main.flow.yaml": "version: 1\nname: main\nband: team\nvenue: local\nscore: steps\ntask: Build it.\n",
  "a/team.band.yaml":
    "version: 1\nname: team\nroles:\n  coder: { prompt: Write., instructions: [AGENTS.md], skills: [pdf] }\n",
  "local.venue.yaml": "version: 1\nname: local\nprovider: ollama\nmodel: m\ncontext_tokens: 131072\n",
  "steps.score.yaml": "version: 1\nname: steps\nsteps:\n  - role: coder\n",
};
const skill = "---\nname: pdf\ndescription: Reads PDF files.\n---\nDo it.\n";

function projectOf(texts: Readonly<Record<string, string>>): Project {
  const project = createProject(Object.entries(files).map(([path, text]) => ({ path, text })));
  return withMaterials(project, materialsOf(Object.entries(texts)));
}
const errors = (project: Project): string[] => diagnoseProject(project).map(formatDiagnostic);

describe("instructions and skills of a Band", () => {
  it("are read from the Band's folder and those above it, and from the project's skill folders", () => {
    const flow = "version: 1\nname: other\nband: x\nvenue: y\nscore: z\npolicy: { allow: ['*.pem'] }\n";
    const project = createProject(
      Object.entries({ ...files, "b.flow.yaml": flow }).map(([path, text]) => ({ path, text })),
    );
    assert.deepEqual(wantedMaterials(project), {
      files: ["AGENTS.md", "a/AGENTS.md"],
      folders: ["pdf"],
      allow: ["*.pem"],
    });
  });

  it("are in the definition, nearest first, each once, and their role has the tool that reads skills", () => {
    const project = projectOf({ "AGENTS.md": "Root.", "a/AGENTS.md": "Near.", "pdf/SKILL.md": skill });
    const band = resolveFlow(project, "a/main.flow.yaml").definition?.band;
    assert.deepEqual(band?.roles["coder"]?.instructions, ["a/AGENTS.md", "AGENTS.md"]);
    assert.deepEqual(band?.roles["coder"]?.tools, ["read_skill"]);
    assert.deepEqual(
      band?.instructions?.map(({ text }) => text),
      ["Near.", "Root."],
    );
    assert.deepEqual(
      band?.skills?.map(({ name, folder }) => [name, folder]),
      [["pdf", "pdf"]],
    );
  });

  it("can be a folder of skills: each of its folders with a SKILL.md is one", () => {
    const other = skill.replace("pdf", "csv");
    const project = projectOf({
      "AGENTS.md": "One.",
      "pdf/one/SKILL.md": skill,
      "pdf/one/forms.md": "Forms.",
      "pdf/two/SKILL.md": other,
      "pdf/readme.txt": "About them.",
    });
    assert.deepEqual(errors(project), []);
    const band = resolveFlow(project, "a/main.flow.yaml").definition?.band;
    assert.deepEqual(band?.roles["coder"]?.skills, ["pdf/one", "pdf/two"]);
    assert.deepEqual(
      band.skills?.map(({ name, folder, files: own }) => [name, folder, own.map(({ path }) => path)]),
      [
        ["pdf", "pdf/one", ["SKILL.md", "forms.md"]],
        ["csv", "pdf/two", ["SKILL.md"]],
      ],
    );
    const [twice = ""] = errors(
      projectOf({ "AGENTS.md": "One.", "pdf/one/SKILL.md": skill, "pdf/two/SKILL.md": skill }),
    );
    assert.match(twice, /The skill 'pdf\/two': The role's skill 'pdf\/one' has the same name, 'pdf'/);
  });

  it("give the role read_skill, which its recorded replies may call", () => {
    const venue = "version: 1\nname: local\nprovider: scripted\nreplies: a.replies.yaml\n";
    const replies =
      "version: 1\nsteps:\n  coder:\n    - tool_calls: [{ tool: read_skill, args: { name: pdf } }]\n    - text: Done.\n";
    const score = files["steps.score.yaml"].replace("- role", "- id: coder\n    role");
    const all = { ...files, "local.venue.yaml": venue, "a.replies.yaml": replies, "steps.score.yaml": score };
    const project = createProject(Object.entries(all).map(([path, text]) => ({ path, text })));
    const texts = Object.entries({ "AGENTS.md": "One.", "pdf/SKILL.md": skill });
    assert.deepEqual(errors(withMaterials(project, materialsOf(texts))), []);
  });

  it("are an error where a file is larger than a prompt should be", () => {
    const text = "x".repeat(maxInstructionBytes);
    assert.deepEqual(errors(projectOf({ "AGENTS.md": text, "pdf/SKILL.md": skill })), []);
    const [found = "", ...more] = errors(projectOf({ "AGENTS.md": `${text}x`, "pdf/SKILL.md": skill }));
    assert.deepEqual(more, []);
    assert.match(found, /orket\/instructions 'AGENTS\.md' cannot be part of a prompt: It has 65,537 bytes/);
  });

  it("are no files that usually hold secrets, except for a Flow whose policy lists them", () => {
    const texts = { "AGENTS.md": "One.", "pdf/SKILL.md": skill, "a/rules.env": "A=1" };
    const band = files["a/team.band.yaml"].replace("[AGENTS.md]", "[AGENTS.md, rules.env]");
    const problems = (flow: string): string[] => {
      const all = { ...files, "a/team.band.yaml": band, "a/main.flow.yaml": flow };
      const project = createProject(Object.entries(all).map(([path, text]) => ({ path, text })));
      return errors(withMaterials(project, materialsOf(Object.entries(texts))));
    };
    const [found = "", ...more] = problems(files["a/main.flow.yaml"]);
    assert.match(found, /'a\/rules\.env' cannot be part of a prompt: .* usually holds secrets/);
    assert.deepEqual(more, []);
    assert.deepEqual(problems(`${files["a/main.flow.yaml"]}policy: { allow: [a/rules.env] }\n`), []);
  });

  it("are checked again when only they have changed, as a whole new look would find", () => {
    const before = projectOf({ "AGENTS.md": "One.", "pdf/SKILL.md": skill });
    const states: readonly Materials[] = [
      materialsOf([["pdf/SKILL.md", skill]]),
      materialsOf([["AGENTS.md", "Two."]]),
      materialsOf([
        ["AGENTS.md", "Two."],
        ["pdf/SKILL.md", skill],
      ]),
    ];
    let diagnosis = examine(before);
    assert.equal(diagnosis.byFile.get("a/team.band.yaml"), undefined);
    for (const [index, materials] of states.entries()) {
      const project = withMaterials(before, materials);
      diagnosis = examine(project, diagnosis);
      assert.deepEqual(diagnosis.byFile, examine(project).byFile);
      assert.equal(diagnosis.byFile.get("a/team.band.yaml")?.length ?? 0, index < 2 ? 1 : 0);
    }
  });
});

import assert from "node:assert/strict";
import type { Definition } from "../../../src/engine/model/definition";
import { definitionNow } from "../../../src/host/history/definition-now";
import { createProject, resolveFlow, withMaterials } from "../../../src/language";
import type { Project } from "../../../src/language";
import { materialsOf } from "../../fakes/materials";

const files = {
  "main.flow.yaml": "version: 1\nname: main\nband: team\nvenue: local\nscore: steps\ntask: Build it.\n",
  "team.band.yaml": "version: 1\nname: team\nroles:\n  coder: { prompt: Write. }\n",
  "local.venue.yaml": "version: 1\nname: local\nprovider: vscode-lm\n",
  "other.venue.yaml": "version: 1\nname: other\nprovider: ollama\nmodel: m\n",
  "steps.score.yaml": "version: 1\nname: steps\nsteps:\n  - role: coder\n",
};

const projectOf = (changes: Partial<typeof files> = {}): Project =>
  createProject(Object.entries({ ...files, ...changes }).map(([path, text]) => ({ path, text })));

function runOf(venue?: string): Definition {
  const { definition } = resolveFlow(projectOf(), "main.flow.yaml", venue === undefined ? {} : { venue });
  assert(definition !== undefined);
  return definition;
}

describe("The definition of a session as its files say it now", () => {
  const reworded = { "team.band.yaml": files["team.band.yaml"].replace("Write.", "Write well.") };
  const broken = { "local.venue.yaml": "version: 1\nname: local\nprovider: nobody\n" };

  it("is none as long as the files say what runs, whoever chose the Venue", () => {
    assert.equal(definitionNow(projectOf(), runOf()), undefined);
    assert.equal(definitionNow(projectOf(), runOf("other")), undefined);
  });

  it("is on the session's Venue", () => {
    const now = definitionNow(projectOf(reworded), runOf("other"));
    assert.equal(now?.band.roles.coder?.prompt, "Write well.");
    assert.equal(now.venue.name, "other");
  });

  it("needs the Venue that the Flow names only where the session runs on it", () => {
    const project = projectOf({ ...reworded, ...broken });
    assert.equal(definitionNow(project, runOf("other"))?.band.roles.coder?.prompt, "Write well.");
    assert.equal(definitionNow(project, runOf()), undefined);
  });

  it("is another one when a file that the Band names as instructions or a skill has another text", () => {
    const band =
      "version: 1\nname: team\nroles:\n  coder: { prompt: Write., instructions: [AGENTS.md], skills: [pdf] }\n";
    const named = (agents: string, skill: string): Project =>
      withMaterials(
        projectOf({ "team.band.yaml": band }),
        materialsOf([
          ["AGENTS.md", agents],
          ["pdf/SKILL.md", `---\nname: pdf\ndescription: Reads PDF files.\n---\n${skill}\n`],
        ]),
      );
    const run = resolveFlow(named("One.", "Do it."), "main.flow.yaml").definition;
    assert(run !== undefined);
    const recorded = JSON.parse(JSON.stringify(run)) as Definition;
    assert.equal(definitionNow(named("One.", "Do it."), recorded), undefined);
    assert.equal(definitionNow(named("Two.", "Do it."), recorded)?.band.instructions?.[0]?.text, "Two.");
    assert.match(
      definitionNow(named("One.", "Do more."), recorded)?.band.skills?.[0]?.files[0]?.text ?? "",
      /Do more\./,
    );
  });

  it("leaves out what a person chose for the run alone", () => {
    const run = runOf();
    const asked = { ...run, venue: { ...run.venue, model: "picked" } };
    assert.equal(
      definitionNow(projectOf(), { ...asked, flow: { ...run.flow, approval: "both" } }),
      undefined,
    );
  });
});

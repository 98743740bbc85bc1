import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { planFlow } from "../../../src/engine/model/plan-flow";
import { createProject, formatDiagnostic, resolveFlow } from "../../../src/language";

const root = path.join(__dirname, "../../..");
const pages = ["README.md", ...readdirSync(path.join(root, "docs")).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith(".md"),
);

/** The whole files that a page shows. */
function examplesIn(page: string): string[] {
  const text = readFileSync(path.join(root, page), "utf8");
  return [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].flatMap(([, block = ""]) =>
    /^version: 1$/m.test(block) ? [block] : [],
  );
}

const namesOf = (text: string, key: string): string[] => [
  ...new Set(
    [...text.matchAll(new RegExp(`\\b${key}: "?([A-Za-z][\\w-]*)`, "g"))].map(([, name = ""]) => name),
  ),
];

/** A Flow around a Score that a page shows: its roles with every tool, its commands, a scripted Venue. */
function flowAround(score: string): Parameters<typeof createProject>[0] {
  const tools = "[read_file, write_file, set_verdict, set_result]";
  const roles = [...namesOf(score, "role"), "somebody"].map(
    (name) => `  ${name}: { prompt: Work., tools: ${tools} }\n`,
  );
  // What reaches outside is called so in the pages' examples.
  const commands = namesOf(score, "run").map(
    (name) =>
      `  ${name}: { argv: [node, x.cjs], isolation: view${name === "open_pr" ? ", effects: outside" : ""}${
        new RegExp(`run: ${name}, .*result:`).test(score) ? ", output: json" : ""
      } }\n`,
  );
  return [
    { path: "a.score.yaml", text: score },
    { path: "a.band.yaml", text: `version: 1\nname: a\nroles:\n${roles.join("")}` },
    { path: "a.venue.yaml", text: "version: 1\nname: a\nprovider: scripted\nreplies: a.replies.yaml\n" },
    { path: "a.replies.yaml", text: "version: 1\nsteps: {}\n" },
    {
      path: "a.flow.yaml",
      text: `version: 1\nname: a\nband: a\nvenue: a\nscore: ./a.score.yaml\ntask: Do it.\n${
        commands.length === 0 ? "" : `commands:\n${commands.join("")}`
      }`,
    },
  ];
}

describe("A Score in the documentation", () => {
  let found = 0;
  for (const page of pages)
    for (const [number, text] of examplesIn(page).entries()) {
      const value = parse(text) as Record<string, unknown>;
      if (!Array.isArray(value["steps"])) continue;
      found += 1;
      it(`can be planned: ${page}, example ${number + 1}`, () => {
        const { definition, diagnostics } = resolveFlow(createProject(flowAround(text)), "a.flow.yaml", {
          forRun: false,
        });
        const serious = diagnostics.filter(({ severity }) => severity === "error");
        assert.deepEqual(serious.map(formatDiagnostic), []);
        assert.ok(definition);
        assert.ok(planFlow(definition).worst.maxSteps > 0);
      });
    }
  it("is found", () => assert.ok(found >= 2, String(found)));
});

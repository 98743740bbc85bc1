import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { allowCommands, orket } from "./orket";
import type { Finished } from "./orket";
import { smallProject } from "./small-project";

/** What every object of JavaScript inherits, and what a promise or JSON would look for. */
const names = ["constructor", "valueOf", "toJSON"];

/** A project that uses the name wherever a Flow may give one, and for a file. */
const project = (name: string): string =>
  smallProject({
    flow: `task: Try it.
approval: none
inputs: { ${name}: { default: given } }
commands:
  ${name}: { argv: [node, -e, "0"], isolation: view }
`,
    venue: `provider: scripted\nreplies: small.replies.yaml\nroles: { ${name}: { temperature: 0.5 } }\n`,
    replies: `steps:
  ${name}:
    - tool_calls:
        - { tool: update_notes, args: { set: { ${name}: noted } } }
        - { tool: write_file, args: { path: ${name}, content: "one\\n" } }
        - { tool: set_verdict, args: { verdict: ${name} } }
        - { tool: set_result, args: { ${name}: found } }
  second:
    - text: "Done."
`,
    files: {
      "small.band.yaml": `version: 1\nname: small\nroles:\n  ${name}: { prompt: "Work: {{inputs.${name}}}.", tools: [write_file, update_notes, set_verdict, set_result] }\n`,
      "small.score.yaml": `version: 1
name: small
result: { step: ${name} }
steps:
  - { id: ${name}, role: ${name}, verdict: [${name}, other], result: { ${name}: {} }, produces: [${name}] }
  - id: second
    role: ${name}
    instruction: "{{steps.${name}.result.${name}}} {{steps.${name}.verdict}} {{notes.${name}}}"
    when: [{ step: ${name}, verdict: ${name} }, { step: ${name}, field: ${name}, is: found }, { input: ${name}, is: given }]
  - { id: check, run: ${name} }
`,
    },
  });

describe("Names that every object has", function () {
  this.timeout(120_000);

  for (const name of names) {
    it(`are names like any other: ${name} for steps, roles, inputs, results, notes, commands and files`, async () => {
      const folder = project(name);
      const call = async (...args: string[]): Promise<Finished> => {
        const done = await orket(["-C", folder, ...args]);
        assert.equal(done.code, 0, `${args.join(" ")}: ${done.stderr}`);
        return done;
      };
      const consent = await allowCommands(folder, "small");
      const run = await call("run", "small", ...consent);
      assert.deepEqual(JSON.parse(run.stdout), { [name]: "found" });
      const { steps } = JSON.parse((await call("show", "last", "--json")).stdout) as {
        steps: { key: string; status: string }[];
      };
      assert.deepEqual(
        steps.map(({ key, status }) => [key, status]),
        [
          [name, "done"],
          ["second", "done"],
          ["check", "done"],
        ],
      );
      const prompt = (await call("show", "last", "--step", "second")).stdout;
      assert.match(prompt, new RegExp(`found ${name} noted`));
      await call("verify", "last");
      await call("replay", "last");

      const file = path.join(folder, name);
      assert.match((await call("diff", "last")).stdout, /^\+one$/m);
      await call("accept", "last");
      assert.equal(readFileSync(file, "utf8"), "one\n");
      await call("revert", "last");
      assert.equal(existsSync(file), false);

      const changes = ["--instruction", `${name}=Otherwise.`, "--role-model", `${name}=other`];
      await call("fork", "last", "--at", name, "--no-run", ...changes);
    });
  }
});

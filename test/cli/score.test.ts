import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { emptyFolder, orket } from "./orket";
import type { Finished } from "./orket";
import { smallProject } from "./small-project";

const score = `version: 1
name: small
steps:
  - { id: scope, ask: "How much?", verdict: [all, half], fields: { note: { type: string }, times: { type: number, default: 1 } } }
  - { id: make, role: worker, instruction: "{{steps.scope.verdict}} {{steps.scope.result.note}}" }
  - { id: take, accept: ["**"] }
  - { id: deploy, run: deploy }
`;

const replies = `steps:
  make:
    - text: Written.
      tool_calls: [{ tool: write_file, args: { path: a.txt, content: "a\\n" } }]
    - text: Done.
`;

describe("A Score that asks a person at a terminal", function () {
  this.timeout(60_000);

  it("ends with 7 wherever an answer is missing, goes on with each, and starts what reaches outside once", async () => {
    const log = path.join(emptyFolder(), "deployed");
    const folder = smallProject({
      flow: `task: Ship it.\napproval: none\ncommands:\n  deploy: { argv: [node, deploy.cjs], env: { LOG: ${JSON.stringify(log)} }, isolation: view, effects: outside, network: allowed }\n`,
      replies,
      files: {
        "small.score.yaml": score,
        "deploy.cjs": 'require("node:fs").appendFileSync(process.env.LOG, "x");\n',
      },
    });
    const call = (...args: string[]): Promise<Finished> => orket(["-C", folder, ...args]);
    const plan = JSON.parse((await call("plan", "small", "--json")).stdout) as {
      commands: { sha256: string };
    };
    const consent = ["--allow-commands", plan.commands.sha256];

    const unanswered = await call("run", "small", ...consent);
    assert.equal(unanswered.code, 7, unanswered.stderr);
    assert.match(unanswered.stderr, /--answer scope=all\|half --answer scope\.note=VALUE/);

    // A word alone is not the whole answer; a wrong one is refused in words.
    const half = await call("resume", "last", "--answer", "scope=half");
    assert.equal(half.code, 7, half.stderr);
    assert.match(half.stderr, /The answer to scope does not fit: note is missing\./);

    const answered = await call("resume", "last", "--answer", "scope=half", "--answer", "scope.note=only a");
    assert.equal(answered.code, 7, answered.stderr);
    assert.match(answered.stderr, /decided about a\.txt.*orket accept/s);
    assert.equal(existsSync(log), false);

    assert.equal((await call("accept", "last", "a.txt")).code, 0);
    assert.equal(readFileSync(path.join(folder, "a.txt"), "utf8"), "a\n");

    const asked = await call("resume", "last");
    assert.equal(asked.code, 7, asked.stderr);
    const exact = /--answer (\w+@[0-9a-f]+)=yes/.exec(asked.stderr)?.[1];
    assert.ok(exact, asked.stderr);
    assert.equal(existsSync(log), false);

    const stale = await call("resume", "last", "--answer", `${exact.slice(0, -8)}00000000=yes`);
    assert.equal(stale.code, 7, stale.stderr);
    assert.equal(existsSync(log), false);

    const done = await call("resume", "last", "--answer", `${exact}=yes`);
    assert.equal(done.code, 0, done.stderr);
    assert.equal(readFileSync(log, "utf8"), "x");
  });
});

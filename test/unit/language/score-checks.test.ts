import assert from "node:assert/strict";
import { createProject, resolveFlow } from "../../../src/language";

const commands = `commands:
  tests: { argv: [npm, test] }
  publish: { argv: [npm, publish], effects: outside }
`;

/** What is wrong with a Flow whose Score has these steps: codes and messages. */
function problems(
  steps: string,
  more: Readonly<Record<string, string>> = {},
  tools = "set_verdict",
  level: "error" | "warning" = "error",
): string[] {
  const files = {
    "main.flow.yaml": `version: 1\nname: main\nband: team\nvenue: local\nscore: steps\ntask: Build it.\ninputs: { list: { type: list, default: [a] } }\n${commands}`,
    "team.band.yaml": `version: 1\nname: team\nroles:\n  coder: { prompt: Write., tools: [${tools}] }\n`,
    "local.venue.yaml": "version: 1\nname: local\nprovider: ollama\nmodel: m\n",
    "steps.score.yaml": `version: 1\nname: steps\nsteps:\n${steps}`,
    ...more,
  };
  const project = createProject(Object.entries(files).map(([path, text]) => ({ path, text })));
  return resolveFlow(project, "main.flow.yaml", {})
    .diagnostics.filter(({ severity }) => severity === level)
    .map(({ code, message }) => `${code}: ${message}`);
}

describe("The checks of a Score", () => {
  it("warn of values that what a condition looks at can never be, and of conditions that exclude each other", () => {
    const judged =
      "  - { id: a, role: coder, verdict: [yes, no], result: { risk: { enum: [low, high] }, ok: { type: boolean }, n: { type: number }, all: { type: list } } }\n";
    const found = (when: string): string[] =>
      problems(`${judged}  - { role: coder, when: ${when} }\n`, {}, "set_verdict, set_result", "warning");
    assert.deepEqual(found("{ step: a, field: risk, is: [low, medium] }"), [
      "orket/condition-unknown: The field 'risk' is never 'medium': it is one of low, high.",
    ]);
    assert.deepEqual(found("{ step: a, field: ok, is_not: 3 }"), [
      "orket/condition-unknown: The field 'ok' is never '3': it is true or false.",
    ]);
    assert.deepEqual(found("{ step: a, field: n, is: many }"), [
      "orket/condition-unknown: The field 'n' is never 'many': it is a number.",
    ]);
    assert.deepEqual(found("{ step: a, field: all, is: x }"), [
      "orket/condition-unknown: The field 'all' is never 'x': it is a list, which no condition compares.",
    ]);
    assert.deepEqual(found("[{ step: a, verdict: yes }, { step: a, verdict: no }]"), [
      "orket/condition-unknown: The conditions can never hold together: one wants yes, this one no.",
    ]);
    assert.deepEqual(found("[{ step: a, field: n, is: [1, 2] }, { step: a, field: n, is: 2 }]"), []);
    assert.deepEqual(found("[{ step: a, verdict: yes }, { step: a, field: ok, is: true }]"), []);
  });

  it("refuse effects outside and accept steps where others are at work, also in a used Score", () => {
    const used = {
      "used.score.yaml": "version: 1\nname: used\nsteps:\n  - accept: ['**']\n  - run: publish\n",
    };

    assert.deepEqual(problems("  - accept: ['**']\n  - run: publish\n"), []);
    assert.deepEqual(
      problems("  - accept: ['**']\n  - parallel: { steps: [{ run: publish }, { run: tests }] }\n"),
      [
        "orket/not-beside-others: The command 'publish' has effects outside and cannot run in a parallel group.",
      ],
    );
    assert.deepEqual(
      problems(
        "  - accept: ['**']\n  - each: { in: { input: list }, max: 2, at_once: 2, steps: [{ run: publish }] }\n",
      ),
      [
        "orket/not-beside-others: The command 'publish' has effects outside and cannot run in an each with at_once above 1.",
      ],
    );
    assert.deepEqual(
      problems("  - each: { in: { input: list }, max: 2, steps: [{ accept: ['**'] }, { run: publish }] }\n"),
      [],
    );
    assert.deepEqual(problems("  - use: used\n", used), []);
    assert.deepEqual(problems("  - parallel: { steps: [{ use: used }, { run: tests }] }\n", used), [
      "orket/not-beside-others: The Score used.score.yaml holds an accept step and cannot be used in a parallel group.",
      "orket/not-beside-others: The Score used.score.yaml holds the command 'publish' with effects outside and cannot be used in a parallel group.",
    ]);
  });

  it("refuse a result of a role that may not give one", () => {
    const step = "  - { role: coder, result: { files: { type: list } } }\n";

    assert.deepEqual(problems(step), [
      "orket/result-tool-missing: The step must give a result, but the role 'coder' may not call set_result.",
    ]);
    assert.deepEqual(problems(step, {}, "set_result"), []);
  });

  it("refuse fields of results that nobody declares, in instructions, questions, given inputs and prompts", () => {
    const plan =
      "  - { id: plan, role: coder, result: { files: { type: list }, risk: { type: object, of: { level: {} } } } }\n";
    const read = (what: string): string[] =>
      problems(`${plan}  - { role: coder, instruction: "{{steps.plan.result${what}}}" }\n`, {}, "set_result");

    assert.deepEqual([...read(""), ...read(".files"), ...read(".risk.level")], []);
    assert.deepEqual(read(".file"), [
      "orket/placeholder-unresolved: The result of 'plan' has no field 'file'; it has files, risk.",
    ]);
    assert.deepEqual(read(".risk.lvl"), [
      "orket/placeholder-unresolved: The result of 'plan' has no field 'lvl'; it has level.",
    ]);
    assert.match(
      problems(`${plan}  - { ask: "{{steps.plan.result.x}}?" }\n`, {}, "set_result").join(),
      /no field 'x'/,
    );
    assert.match(
      problems(
        '  - { id: a, role: coder }\n  - { role: coder, instruction: "{{steps.a.result.x}}" }\n',
      ).join(),
      /The step 'a' has no result\./,
    );
  });

  it("refuse an item where there is none", () => {
    const each = (step: string): string => `  - each: { in: { input: list }, max: 2, steps: [${step}] }\n`;
    const doc = '{ role: coder, instruction: "{{item}}", produces: ["{{item}}.md"] }';

    assert.deepEqual(problems(each(doc), {}, "write_file"), []);
    assert.deepEqual(problems(`  - ${doc}\n`, {}, "write_file"), [
      "orket/placeholder-unresolved: The step 'coder-1' is not in an 'each', so there is no item.",
      "orket/placeholder-unresolved: The step 'coder-1' is not in an 'each', so there is no item.",
    ]);
    assert.match(problems('  - accept: ["{{item}}"]\n').join(), /is not in an .each./);
    assert.match(
      problems('  - accept: ["{{task}}"]\n').join(),
      /only inputs and \{\{item\}\} can be used in a path/,
    );
    const band = {
      "team.band.yaml": 'version: 1\nname: team\nroles:\n  coder: { prompt: "For {{item}}.", tools: [] }\n',
    };
    assert.deepEqual(problems(each("{ role: coder }"), band), []);
    assert.match(problems("  - role: coder\n", band).join(), /The step 'coder-1' is not in an .each./);
  });

  it("know what a group can say: a loop and a sequence what their last step says, others nothing", () => {
    const after = (group: string, word: string): string[] =>
      problems(`  - ${group}\n  - { role: coder, when: { step: g, verdict: ${word} } }\n`);
    const steps = (last: string): string => `steps: [{ id: a, role: coder, verdict: [early] }, ${last}]`;
    const tests = "{ run: tests, must: [pass, fail, timeout] }";

    assert.deepEqual(after(`sequence: { id: g, ${steps(tests)} }`, "fail"), []);
    assert.deepEqual(after(`loop: { id: g, max: 2, ${steps(tests)} }`, "pass"), []);
    assert.deepEqual(after(`sequence: { id: g, ${steps(tests)} }`, "early"), [
      "orket/condition-unknown: The sequence 'g' has no verdict 'early'; it has pass, fail, timeout.",
    ]);
    const skipped = "{ run: tests, when: { step: a, verdict: early } }";
    assert.deepEqual(after(`sequence: { id: g, ${steps(skipped)} }`, "early"), []);
    assert.deepEqual(after(`parallel: { id: g, ${steps(tests)} }`, "pass"), [
      "orket/condition-unknown: The parallel 'g' gives no verdict.",
    ]);
    assert.deepEqual(after(`sequence: { id: g, ${steps("{ role: coder }")} }`, "early"), [
      "orket/condition-unknown: The sequence 'g' gives no verdict.",
    ]);
  });
});

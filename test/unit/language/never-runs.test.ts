import assert from "node:assert/strict";
import { createProject, resolveFlow } from "../../../src/language";
import type { Diagnostic } from "../../../src/language";

const roles = "coder: { prompt: Write., tools: [set_verdict, set_result, write_file] }";

/** The problems of a Flow whose Score has these steps, without hints. */
function found(steps: string, more: Readonly<Record<string, string>> = {}): Diagnostic[] {
  const files = {
    "main.flow.yaml":
      "version: 1\nname: main\nband: team\nvenue: local\nscore: steps\ntask: Build it.\ninputs: { depth: { enum: [quick, full], default: quick } }\ncommands:\n  tests: { argv: [npm, test] }\n  publish: { argv: [npm, publish], effects: outside }\n",
    "team.band.yaml": `version: 1\nname: team\nroles:\n  ${roles}\n`,
    "local.venue.yaml": "version: 1\nname: local\nprovider: ollama\nmodel: m\n",
    "steps.score.yaml": `version: 1\nname: steps\nsteps:\n${steps}`,
    ...more,
  };
  const project = createProject(Object.entries(files).map(([path, text]) => ({ path, text })));
  return [...resolveFlow(project, "main.flow.yaml", {}).diagnostics];
}
const problems = (steps: string, more: Readonly<Record<string, string>> = {}): string[] =>
  found(steps, more).map(
    ({ range, code, message }) => `${range.start.line - 2} ${code.slice(6)}: ${message}`,
  );

const judged = "  - { id: a, role: coder, verdict: [yes, no], result: { risk: { enum: [low, high] } } }\n";

describe("Steps that never run", () => {
  it("are reported once, at the condition, with the other condition that excludes it", () => {
    assert.deepEqual(
      problems(
        `${judged}  - sequence: { id: g, when: { step: a, verdict: yes }, steps: [{ id: b, role: coder, when: { step: a, verdict: no } }, { role: coder, when: { step: b, verdict: x } }] }\n`,
      ).slice(0, 1),
      [
        "2 never-runs: The condition can never hold: it requires that a says no, but the sequence 'g' around it runs only when a says yes.",
      ],
    );
    assert.deepEqual(
      problems(
        `${judged}  - { id: b, role: coder, verdict: [ok], when: { step: a, field: risk, is: high } }\n  - { role: coder, when: [{ step: b, verdict: ok }, { step: a, field: risk, is: low }] }\n`,
      ),
      [
        "3 never-runs: The condition can never hold: it requires that a.risk is low, but 'b' runs only when a.risk is high.",
      ],
    );
    assert.deepEqual(
      problems(
        "  - sequence: { when: { input: depth, is: full }, steps: [{ role: coder, when: { input: depth, is_not: full } }] }\n",
      ),
      [
        "1 never-runs: The condition can never hold: it requires that input depth is not full, but the sequence 'sequence-1' around it runs only when input depth is full.",
      ],
    );
    assert.deepEqual(
      problems(`${judged}  - { role: coder, when: { step: a, field: risk, is_not: [low, high] } }\n`),
      ["2 never-runs: The condition can never hold: nothing makes it true that a.risk is not low or high."],
    );
  });

  it("include those that wait for a verdict with which the step fails", () => {
    assert.deepEqual(
      problems(
        "  - { id: t, run: tests, must: pass }\n  - { role: coder, when: { step: t, verdict: fail } }\n",
      ),
      [
        "2 never-runs: The condition can never hold: it requires that t says fail, but 't' has 'must: pass' and fails otherwise.",
      ],
    );
  });

  it("do not include what a later round can reach", () => {
    const loop = (steps: string): string =>
      `  - loop: { max: 3, until: { step: z, verdict: yes }, steps: [${steps}, { id: z, role: coder, verdict: [yes, no] }] }\n`;
    assert.deepEqual(
      problems(
        loop(
          "{ id: b, role: coder, verdict: [ok], when: { step: c, verdict: no } }, { id: c, role: coder, verdict: [yes, no] }, { role: coder, when: [{ step: b, verdict: ok }, { step: c, verdict: yes }] }",
        ),
      ),
      [],
    );
    assert.deepEqual(
      problems(
        loop(
          "{ id: c, role: coder, verdict: [yes, no] }, { id: b, role: coder, verdict: [ok], when: { step: c, verdict: no } }, { role: coder, when: [{ step: b, verdict: ok }, { step: c, verdict: yes }] }",
        ),
      ).map((text) => text.slice(0, 13)),
      ["1 never-runs:"],
    );
  });

  it("include a loop's end, and what comes after a loop that always fails", () => {
    const loop = (more: string): string =>
      `  - loop: { id: l, max: 3, ${more}until: [{ step: t, verdict: pass }, { step: r, verdict: ok }], steps: [{ id: t, run: tests }, { id: r, role: coder, verdict: [ok], when: { step: t, verdict: fail } }] }\n`;
    const why = "'until' can never hold: it requires that t says pass, but 'r' runs only when t says fail.";
    assert.deepEqual(problems(loop("")), [`1 until-never: ${why} The loop always fails.`]);
    assert.deepEqual(problems(`${loop("")}  - role: coder\n`), [
      `1 until-never: ${why} The loop always fails, and nothing after it runs.`,
    ]);
    assert.deepEqual(problems(loop("on_exhausted: continue, ")), [`1 until-never: ${why}`]);
  });

  it("include a command with effects outside that no accept step comes before; the fix adds one", () => {
    const [one, ...more] = found("  - role: coder\n  - id: pr\n    run: publish\n  - role: coder\n");
    assert.equal(
      one?.message,
      "The command has effects outside, and no 'accept' step comes before it: it always fails, and nothing after it runs.",
    );
    assert.deepEqual([one.code, one.severity, more.length], ["orket/accept-missing", "error", 0]);
    const { span, replacement } = one.suggestion ?? { span: { start: 0, end: 0 }, replacement: "" };
    const steps =
      "version: 1\nname: steps\nsteps:\n  - role: coder\n  - id: pr\n    run: publish\n  - role: coder\n";
    const fixed = steps.slice(0, span.start) + replacement + steps.slice(span.end);
    assert.deepEqual(found("", { "steps.score.yaml": fixed }), []);
    assert.match(fixed, /\n {2}- accept: \["\*\*"\]\n {2}- id: pr\n/);
    assert.deepEqual(problems("  - accept: ['**']\n  - run: publish\n"), []);
  });
});

describe("Placeholders of items", () => {
  const each = (steps: string): string =>
    `  - { id: p, role: coder, result: { docs: { type: list, of: { title: {}, n: { type: number } } } } }\n  - each: { id: e, in: { step: p, field: docs }, max: 2, steps: [${steps}] }\n`;
  const flow = (command: string): Record<string, string> => ({
    "main.flow.yaml": `version: 1\nname: main\nband: team\nvenue: local\nscore: steps\ntask: Build it.\ncommands:\n  tests: { argv: [npm, test], ${command} }\n`,
  });

  it("name a field that the list's items have", () => {
    assert.deepEqual(problems(each('{ role: coder, instruction: "{{item.title}} {{item.n}}" }')), []);
    assert.deepEqual(problems(each('{ role: coder, instruction: "{{item.titel}}" }')), [
      "2 placeholder-unresolved: The items of 'e' have no field 'titel'; they have title, n.",
    ]);
    assert.deepEqual(
      problems(
        '  - each: { id: e, in: { glob: "*.md" }, max: 2, steps: [{ role: coder, instruction: "{{item.x}}" }] }\n',
      ),
      ["1 placeholder-unresolved: The items of 'e' are texts: they have no field 'x'."],
    );
  });

  it("can stand in what a command gets by stdin and env, if every step that runs it is in an each", () => {
    const uses = 'stdin: "{{item}}", env: { TITLE: "{{item.title}}" }';
    assert.deepEqual(problems(each("{ run: tests }"), flow(uses)), []);
    assert.deepEqual(
      problems(`${each("{ run: tests }")}  - { id: t, run: tests }\n`, flow('stdin: "{{item}}"')),
      ["5 command-placeholder: The step 't' is not in an 'each', so there is no item."],
    );
    const [wrong] = found(each("{ run: tests }"), flow('env: { T: "{{item.titel}}" }'));
    assert.match(wrong?.message ?? "", /have no field 'titel'/);
    assert.equal(wrong?.suggestion?.replacement, "{{item.title}}");
    assert.deepEqual(problems("  - run: tests\n", flow('stdin: "{{steps.x.summary}}"')), [
      "5 command-placeholder: The Score has no step 'x'.",
    ]);
  });
});

describe("Verdicts and results that nobody gives", () => {
  it("are refused in 'must' and in placeholders", () => {
    assert.deepEqual(problems("  - { id: a, role: coder, verdict: [yes, no], must: [yess] }\n"), [
      "1 condition-unknown: The step 'a' has no verdict 'yess'; it has yes, no.",
    ]);
    assert.deepEqual(problems("  - { id: a, role: coder, must: ok }\n"), [
      "1 condition-unknown: The step 'a' gives no verdict.",
    ]);
    assert.deepEqual(
      problems('  - { id: a, role: coder }\n  - { role: coder, instruction: "{{steps.a.verdict}}" }\n'),
      ["2 placeholder-unresolved: 'a' gives no verdict."],
    );
  });

  it("are known through a used Score", () => {
    const used = (result: string): Record<string, string> => ({
      "used.score.yaml": `version: 1\nname: used\n${result}steps:\n  - { id: x, role: coder, verdict: [yes, no], result: { n: { type: number }, l: { type: list } } }\n  - { id: y, run: tests }\n`,
    });
    const steps = `  - { id: u, use: used }
  - { role: coder, when: { step: u, verdict: yes } }
  - { role: coder, when: { step: u, field: m, is: 1 } }
  - { role: coder, instruction: "{{steps.u.result.n}} {{steps.u.verdict}} {{steps.u.result.q}}" }
  - { id: v, use: used, must: maybe }
  - each: { in: { step: u, field: k }, max: 2, steps: [{ role: coder }] }
`;
    assert.deepEqual(problems(steps, used("result: { step: x }\n")), [
      "3 condition-unknown: The result of 'u' has no field 'm'; it has n, l.",
      "4 placeholder-unresolved: The result of 'u' has no field 'q'; it has n, l.",
      "5 condition-unknown: The step 'v' has no verdict 'maybe'; it has yes, no.",
      "6 unknown-step: The result of 'u' has no field 'k'; it has n, l.",
    ]);
    assert.deepEqual(problems(steps, used("")).slice(0, 2), [
      "2 condition-unknown: The step 'u' has no verdict 'yes'; it has pass, fail, timeout.",
      "3 condition-unknown: The step 'u' has no result.",
    ]);
  });

  it("make a step after a used Score unreachable where its verdicts exclude each other", () => {
    const used = {
      "used.score.yaml": "version: 1\nname: used\nsteps:\n  - { id: y, run: tests, must: pass }\n",
    };
    assert.deepEqual(
      problems("  - { id: u, use: used }\n  - { role: coder, when: { step: u, verdict: fail } }\n", used),
      ["2 never-runs: The condition can never hold: nothing makes it true that u says fail."],
    );
  });
});

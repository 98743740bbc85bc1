import assert from "node:assert/strict";
import { planFlow } from "../../../src/engine/model/plan-flow";
import { createProject, formatDiagnostic, resolveFlow } from "../../../src/language";
import { importFiles } from "../../../src/language/import";

/** A construct of a workflow, and what of the import shows what became of it. */
interface Case {
  readonly name: string;
  readonly text: string;
  readonly score?: RegExp;
  readonly flow?: RegExp;
  readonly band?: RegExp;
  readonly venue?: RegExp;
  /** With the line of the construct. */
  readonly report?: RegExp;
}

const agents = (more: string, head = ""): string =>
  `workflow:\n  name: w\n  entry_point: one\n  input: { topic: { type: string, required: true } }\n${head}agents:\n${more}`;
const one = (keys: string): string => agents(`  - { name: one, prompt: Work., ${keys} }\n`);

const conductor: readonly Case[] = [
  { name: "agent", text: one("description: d"), score: /id: one\n +role: one\n +instruction: Work\./ },
  { name: "input", text: one("description: d"), flow: /inputs:\n +topic: \{?/ },
  {
    name: "placeholder of an input",
    text: agents('  - { name: one, prompt: "On {{ workflow.input.topic }}" }\n'),
    score: /On \{\{inputs\.topic\}\}/,
  },
  {
    name: "output",
    text: one("output: { n: { type: number }, all: { type: array, items: { type: string } } }"),
    score: /result:\s+n:\s+type: number\s+all:\s+type: list/,
  },
  { name: "model", text: one("model: big"), venue: /# .* gave one the model big\./ },
  {
    name: "route to the next agent",
    text: agents("  - { name: one, prompt: A., routes: [{ to: two }] }\n  - { name: two, prompt: B. }\n"),
    score: /id: one[\s\S]*id: two/,
  },
  {
    name: "route on equality",
    text: agents(
      '  - { name: one, prompt: A., output: { ok: { type: boolean } }, routes: [{ to: two, when: "{{ output.ok }}" }, { to: $end }] }\n  - { name: two, prompt: B. }\n',
    ),
    score: /when: \{step: one, field: ok, is: true\}/,
  },
  {
    name: "route on a comparison of numbers",
    text: agents(
      '  - { name: one, prompt: A., output: { n: { type: number } }, routes: [{ to: two, when: "{{ output.n > 3 }}" }, { to: $end }] }\n  - { name: two, prompt: B. }\n',
    ),
    score: /verdict: \[two, done\][\s\S]*when: \{step: one, verdict: two\}/,
    report: /^6 .*says by a verdict where to go/,
  },
  {
    name: "route back",
    text: agents(
      '  - { name: one, prompt: A., routes: [{ to: two }] }\n  - { name: two, prompt: B., output: { ok: { type: boolean } }, routes: [{ to: $end, when: "{{ output.ok }}" }, { to: one }] }\n',
      "  limits: { max_iterations: 6 }\n",
    ),
    score: /loop:[\s\S]*max: \d[\s\S]*until: \{step: two, field: ok, is: true\}/,
  },
  {
    name: "parallel",
    text: "workflow: { name: w, entry_point: both }\nparallel:\n  - { name: both, agents: [one, two], failure_mode: continue_on_error }\nagents:\n  - { name: one, prompt: A. }\n  - { name: two, prompt: B. }\n",
    score: /parallel:\s+id: both\s+on_failure: continue/,
  },
  {
    name: "for_each",
    text: 'workflow: { name: w, entry_point: one }\nagents:\n  - { name: one, prompt: A., output: { docs: { type: array, items: { type: string } } }, routes: [{ to: each }] }\nfor_each:\n  - { name: each, type: for_each, source: one.output.docs, as: doc, max_concurrent: 3, agent: { name: write, prompt: "Write {{ doc }}" } }\n',
    score: /each:[\s\S]*in: \{step: one, field: docs\}[\s\S]*at_once: 3[\s\S]*Write \{\{item\}\}/,
    report: /takes 50 items at most/,
  },
  {
    name: "human gate",
    text: agents(
      "  - { name: one, type: human_gate, prompt: Publish?, options: [{ label: Yes, value: go, route: $end }] }\n",
    ),
    score: /ask: Publish\?\n +verdict: \[go\]/,
  },
  {
    name: "script",
    text: agents("  - { name: one, type: script, command: npm, args: [test], timeout: 9 }\n"),
    score: /run: one/,
    flow: /argv: \[npm, test\][\s\S]*timeout_seconds: 9/,
  },
  {
    name: "script with text of the session",
    text: agents(
      '  - { name: one, type: script, command: bash, args: ["-c", "wc <<< {{ workflow.input.topic }}"] }\n',
    ),
    flow: /\$TOPIC[\s\S]*TOPIC: "?\{\{inputs\.topic\}\}/,
  },
  {
    name: "script with output",
    text: agents("  - { name: one, type: script, command: x, output: { n: { type: number } } }\n"),
    flow: /output: json/,
    score: /result:\s+n:/,
  },
  {
    name: "stdin",
    text: agents('  - { name: one, type: script, command: x, stdin: "{{ workflow.input.topic }}" }\n'),
    flow: /stdin: "?\{\{inputs\.topic\}\}/,
  },
  {
    name: "questions",
    text: agents(
      "  - { name: one, prompt: A., output: { open: { type: array } }, routes: [{ to: two }] }\n  - { name: two, type: questions, source: one.output.open }\n",
    ),
    score: /ask:\s+from:\s+step: one\s+field: open/,
  },
  {
    name: "condition in a prompt",
    text: agents(
      "  - name: one\n    prompt: |\n      Work.\n      {% if workflow.input.topic %}\n      On it.\n      {% endif %}\n",
    ),
    score: /On it\./,
    report: /^9 .*a prompt has no conditions/,
  },
  {
    name: "output of the workflow",
    text: `${one("output: { n: { type: number } }")}output: { n: "{{ one.output.n }}" }\n`,
    score: /result:\s+step: one|result: \{ ?step: one/,
  },
  {
    name: "MCP servers",
    text: agents("  - { name: one, prompt: A. }\n", "  runtime: { mcp_servers: { x: { command: y } } }\n"),
    report: /^5 .*MCP servers.*vscode:NAME/,
  },
  {
    name: "set",
    text: agents(
      "  - { name: one, prompt: A., routes: [{ to: two }] }\n  - { name: two, type: set, value: x }\n",
    ),
    report: /^7 .*the type 'set'.*output: json/,
  },
  {
    name: "wait",
    text: agents(
      "  - { name: one, prompt: A., routes: [{ to: two }] }\n  - { name: two, type: wait, duration: 5 }\n",
    ),
    report: /^7 .*the type 'wait'.*pause_seconds/,
  },
  {
    name: "terminate",
    text: agents(
      "  - { name: one, prompt: A., routes: [{ to: two }] }\n  - { name: two, type: terminate }\n",
    ),
    report: /^7 .*the type 'terminate'.*'must'/,
  },
  {
    name: "sub-workflow",
    text: agents(
      "  - { name: one, prompt: A., routes: [{ to: two }] }\n  - { name: two, type: workflow, workflow: ./other.yaml }\n",
    ),
    report: /^7 .*other\.yaml.*use: other/,
  },
  { name: "validator", text: one("validator: { criteria: c }"), report: /^6 .*'validator' of one.*verdict/ },
  { name: "dialog", text: one("dialog: { enabled: true }"), report: /^6 .*'dialog' of one.*'ask'/ },
  { name: "skills", text: one("skills: [a]"), report: /^6 .*'skills' of one.*'skills'/ },
  {
    name: "settings of the Venue",
    text: one("temperature: 0.2"),
    report: /^6 'temperature' is a matter of the Venue/,
  },
];

const nodes = (more: string): string => `name: w\nnodes:\n${more}`;
const archon: readonly Case[] = [
  {
    name: "prompt",
    text: nodes("  - { id: a, prompt: Do $ARGUMENTS }\n"),
    score: /instruction: "?Do \{\{task\}\}/,
  },
  {
    name: "output of a node",
    text: nodes("  - { id: a, prompt: A. }\n  - { id: b, prompt: On $a.output, depends_on: [a] }\n"),
    score: /On \{\{steps\.a\.summary\}\}/,
  },
  {
    name: "output_format",
    text: nodes(
      "  - { id: a, prompt: A., output_format: { type: object, properties: { k: { type: string, enum: [x, y] } } } }\n  - { id: b, prompt: On $a.output.k, depends_on: [a] }\n",
    ),
    score: /enum: \[x, y\][\s\S]*\{\{steps\.a\.result\.k\}\}/,
  },
  {
    name: "nodes that wait for the same ones",
    text: nodes(
      "  - { id: a, prompt: A. }\n  - { id: b, prompt: B., depends_on: [a] }\n  - { id: c, prompt: C., depends_on: [a] }\n",
    ),
    score: /parallel:[\s\S]*id: b[\s\S]*id: c/,
  },
  {
    name: "when",
    text: nodes(
      "  - { id: a, prompt: A., output_format: { type: object, properties: { ok: { type: boolean } } } }\n  - { id: b, prompt: B., depends_on: [a], when: \"$a.output.ok == 'true'\" }\n",
    ),
    score: /when: \{step: a, field: ok, is: true\}/,
  },
  {
    name: "when with or",
    text: nodes(
      "  - { id: a, prompt: A. }\n  - { id: b, prompt: B., depends_on: [a], when: \"$a.output == 'x' || $a.output == 'y'\" }\n",
    ),
    report: /^4 .*condition .* of b/,
  },
  {
    name: "bash",
    text: nodes("  - { id: a, bash: npm test, timeout: 60000 }\n"),
    score: /run: a/,
    flow: /argv: \[bash, "?-c"?, npm test\]/,
  },
  {
    name: "bash with text of the session",
    text: nodes("  - { id: a, prompt: A. }\n  - { id: b, bash: echo $a.output, depends_on: [a] }\n"),
    flow: /\$A[\s\S]*A: "?\{\{steps\.a\.summary\}\}/,
    report: /as variables \(A\)/,
  },
  {
    name: "script of another language",
    text: nodes(
      "  - { id: a, prompt: A. }\n  - { id: b, script: print($a.output), runtime: uv, depends_on: [a] }\n",
    ),
    report: /^4 .*script of b holds text/,
  },
  {
    name: "loop",
    text: nodes("  - { id: a, loop: { prompt: Go., until: DONE, max_iterations: 4 } }\n"),
    score: /loop:[\s\S]*max: 4[\s\S]*until: \{step: a, verdict: done\}/,
  },
  {
    name: "approval",
    text: nodes("  - { id: a, prompt: A. }\n  - { id: b, approval: { message: Good? }, depends_on: [a] }\n"),
    score: /ask: Good\?/,
  },
  {
    name: "allowed_tools",
    text: nodes("  - { id: a, prompt: A., allowed_tools: [Read, Bash] }\n"),
    band: /tools: \[read_file\]|- read_file/,
    report: /^3 .*the tool 'Bash': a command of the Flow/,
  },
  {
    name: "model",
    text: nodes("  - { id: a, prompt: A., model: opus }\n"),
    venue: /# .* gave a the model opus\./,
  },
  {
    name: "retry",
    text: nodes("  - { id: a, prompt: A., retry: { max_attempts: 3 } }\n"),
    score: /attempts: 3/,
  },
  {
    name: "command without its text",
    text: nodes("  - { id: a, command: review }\n"),
    report: /^3 .*the command 'review' of a/,
  },
  {
    name: "trigger_rule",
    text: nodes(
      "  - { id: a, prompt: A. }\n  - { id: b, prompt: B., depends_on: [a], trigger_rule: all_done }\n",
    ),
    report: /^4 The rule 'all_done'/,
  },
  {
    name: "hooks",
    text: nodes("  - { id: a, prompt: A., hooks: { PostToolUse: [] } }\n"),
    report: /^3 .*'hooks' of a.*command of the Flow/,
  },
  {
    name: "include",
    text: nodes("  - { id: a, prompt: A. }\n  - { id: b, include: other, depends_on: [a] }\n"),
    report: /^4 .*'include' of b.*use: NAME/,
  },
  {
    name: "workflow",
    text: nodes("  - { id: a, prompt: A. }\n  - { id: b, workflow: other, depends_on: [a] }\n"),
    report: /^4 .*step b \(workflow\).*use: NAME/,
  },
  {
    name: "cancel",
    text: nodes("  - { id: a, prompt: A. }\n  - { id: b, cancel: Stop., depends_on: [a] }\n"),
    report: /^4 .*'cancel' of b.*'must'/,
  },
  {
    name: "loop_group",
    text: nodes("  - { id: a, prompt: A. }\n  - { id: b, loop_group: { nodes: [] }, depends_on: [a] }\n"),
    report: /^4 .*'loop_group' of b.*'loop'/,
  },
  {
    name: "fan_out",
    text: nodes("  - { id: a, prompt: A., fan_out: { items: x } }\n"),
    report: /^3 .*'fan_out' of a.*each/,
  },
];

const steps = (more: string): string =>
  `schema_version: "1.0"\nworkflow: { id: w, name: W }\ninputs: { scope: { type: string, default: full, enum: [full, small] }, idea: { type: string } }\nsteps:\n${more}`;
const specKit: readonly Case[] = [
  {
    name: "command",
    text: steps('  - { id: a, command: speckit.plan, input: { args: "{{ inputs.idea }}" } }\n'),
    score: /Perform the command 'speckit\.plan'[\s\S]*\{\{inputs\.idea\}\}/,
  },
  {
    name: "prompt",
    text: steps("  - { id: a, type: prompt, prompt: Work. }\n"),
    score: /instruction: Work\./,
  },
  {
    name: "gate",
    text: steps("  - { id: a, type: gate, message: Good?, options: [approve, reject], on_reject: abort }\n"),
    score: /ask: Good\?\n +verdict: \[approve, reject\]\n +must: approve/,
  },
  {
    name: "shell",
    text: steps("  - { id: a, type: shell, run: npm run lint }\n"),
    score: /run: a/,
    flow: /argv: \[sh, "?-c"?, npm run lint\]/,
  },
  {
    name: "shell with text of the session",
    text: steps(
      '  - { id: b, type: prompt, prompt: B. }\n  - { id: a, type: shell, run: "echo {{ inputs.idea }}" }\n',
    ),
    report: /^6 .*command line of a holds text/,
  },
  {
    name: "if",
    text: steps(
      "  - { id: a, type: if, condition: \"{{ inputs.scope == 'full' }}\", then: [{ id: b, type: prompt, prompt: B. }], else: [{ id: c, type: prompt, prompt: C. }] }\n",
    ),
    score: /when: \{input: scope, is: full\}[\s\S]*when: \{input: scope, is_not: full\}/,
  },
  {
    name: "switch",
    text: steps(
      '  - { id: a, type: switch, expression: "{{ inputs.scope }}", cases: { full: [{ id: b, type: prompt, prompt: B. }] }, default: [{ id: c, type: prompt, prompt: C. }] }\n',
    ),
    score: /when: \{input: scope, is: full\}[\s\S]*when: \{input: scope, is_not: \[full\]\}/,
  },
  {
    name: "while",
    text: steps(
      "  - { id: a, type: while, condition: \"{{ inputs.scope == 'full' }}\", max_iterations: 3, steps: [{ id: b, type: prompt, prompt: B. }] }\n",
    ),
    score: /loop:[\s\S]*max: 3/,
  },
  {
    name: "fan-out",
    text: steps("  - { id: a, type: fan-out, items: x, step: { id: b, type: prompt, prompt: B. } }\n"),
    report: /^5 .*the type 'fan-out'.*each/,
  },
  {
    name: "fan-in",
    text: steps("  - { id: b, type: prompt, prompt: B. }\n  - { id: a, type: fan-in }\n"),
    report: /^6 .*the type 'fan-in'.*reads/,
  },
  {
    name: "a condition that compares no single value",
    text: steps(
      "  - { id: a, type: if, condition: \"{{ inputs.scope == 'full' or inputs.idea }}\", then: [{ id: b, type: prompt, prompt: B. }] }\n",
    ),
    report: /^5 .*the condition .* of a/,
  },
];

for (const [tool, path, cases] of [
  ["Conductor", "examples/w.yaml", conductor],
  ["Archon", ".archon/workflows/w.yaml", archon],
  ["Spec Kit", "workflows/w/workflow.yml", specKit],
] as const) {
  describe(`A construct of ${tool}`, () => {
    for (const { name, text, ...expected } of cases)
      it(`is carried over or reported, and the Flow can be planned: ${name}`, () => {
        const { files, report } = importFiles([{ path, text }]);
        const said = report.map(
          ({ message, place }) => `${place === undefined ? "" : `${place.range.start.line + 1} `}${message}`,
        );
        const flow = files.find((file) => file.path.endsWith(".flow.yaml"));
        assert.ok(flow, said.join("\n"));
        const { definition, diagnostics } = resolveFlow(createProject(files), flow.path, { forRun: false });
        assert.ok(definition, diagnostics.map(formatDiagnostic).join("\n"));
        assert.ok(planFlow(definition).worst.maxSteps > 0);
        for (const kind of ["score", "flow", "band", "venue"] as const) {
          const made = files.filter((file) => file.path.endsWith(`.${kind}.yaml`)).map((file) => file.text);
          const wanted = expected[kind];
          if (wanted !== undefined) assert.match(made.join("\n"), wanted);
        }
        const line = expected.report;
        if (line !== undefined)
          assert.ok(
            said.some((entry) => line.test(entry)),
            said.join("\n"),
          );
      });
  });
}

describe("A workflow of Archon in a file that ends in agents.yaml", () => {
  it("is not taken for one of CrewAI", () => {
    const { files } = importFiles([
      { path: "flows/many-agents.yaml", text: nodes("  - { id: a, prompt: A. }\n") },
    ]);
    assert.ok(files.some((file) => file.path.endsWith(".score.yaml")));
  });
});

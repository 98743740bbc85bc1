import assert from "node:assert/strict";
import { createProject, formatDiagnostic, resolveFlow } from "../../../src/language";
import { importFiles } from "../../../src/language/import";
import { readCondition } from "../../../src/language/import/workflow/condition";

function imported(path: string, text: string) {
  const { files, report } = importFiles([{ path, text }]);
  const flow = files.find((file) => file.path.endsWith(".flow.yaml"));
  assert.ok(flow, JSON.stringify(report));
  const { definition, diagnostics } = resolveFlow(createProject(files), flow.path, { forRun: false });
  assert.ok(definition, diagnostics.map(formatDiagnostic).join("\n"));
  const score = files.find((file) => file.path.endsWith(".score.yaml"))?.text ?? "";
  return {
    score,
    flow: flow.text,
    report: report.map(
      ({ message, place }) => `${place === undefined ? "" : `${place.range.start.line + 1} `}${message}`,
    ),
  };
}

const conductor = `workflow:
  name: review
  entry_point: writer
  input:
    topic: { type: string, required: true }
  limits: { max_iterations: 9 }
agents:
  - name: writer
    prompt: |
      Write about {{ workflow.input.topic }}.
      {% if reviewer is defined %}
      Feedback: {{ reviewer.output.feedback }}
      {% endif %}
    output:
      text: { type: string }
    routes: [{ to: reviewer }]
  - name: reviewer
    prompt: "Review {{ writer.output.text }}"
    output:
      approved: { type: boolean }
      feedback: { type: string }
    routes:
      - { to: gate, when: "{{ output.approved }}" }
      - { to: writer }
  - name: gate
    type: human_gate
    prompt: Publish?
    options:
      - { label: Yes, value: publish, route: check }
      - { label: No, value: stop, route: $end }
  - name: check
    type: script
    command: bash
    args: ["-c", "wc -w <<< {{ workflow.input.topic }}"]
    routes: [{ to: $end }]
output:
  text: "{{ writer.output.text }}"
`;

const archon = `name: fix
nodes:
  - id: classify
    prompt: Classify $ARGUMENTS
    output_format: { type: object, properties: { kind: { type: string, enum: [bug, idea] } } }
  - id: tests
    bash: npm test
    depends_on: [classify]
  - id: look
    prompt: Look at $classify.output.kind
    depends_on: [classify]
    when: "$classify.output.kind == 'bug'"
  - id: odd
    prompt: Odd
    depends_on: [classify]
    when: "$classify.output.kind == 'bug' || $look.output == 'x'"
  - id: build
    depends_on: [look, tests]
    loop: { prompt: Build it., until: COMPLETE, max_iterations: 4 }
  - id: approve
    depends_on: [build]
    approval: { message: Good? }
`;

const specKit = `schema_version: "1.0"
workflow: { id: sdd, name: Cycle }
inputs:
  spec: { type: string, required: true, prompt: What? }
  scope: { type: string, default: full, enum: [full, small] }
steps:
  - { id: specify, command: speckit.specify, input: { args: "{{ inputs.spec }}" } }
  - { id: gate, type: gate, message: Good?, options: [approve, reject], on_reject: abort }
  - id: choose
    type: if
    condition: "{{ inputs.scope == 'full' }}"
    then: [{ id: whole, prompt: All of it., type: prompt }]
    else: [{ id: part, prompt: A part., type: prompt }]
  - { id: lint, type: shell, run: npm run lint }
  - { id: unsafe, type: shell, run: "echo {{ inputs.spec }}" }
`;

describe("import of workflows", () => {
  it("makes loops, conditions, questions, commands and a result of a workflow of Conductor", () => {
    const { score, flow, report } = imported("examples/review.yaml", conductor);
    assert.match(score, /loop:[\s\S]*until: \{step: reviewer, field: approved, is: true\}/);
    assert.match(score, /ask: Publish\?/);
    assert.match(score, /result:\s+step: writer/);
    assert.match(flow, /TOPIC: .*inputs\.topic/);
    assert.ok(
      report.some((line) => /^1\d .*a prompt has no conditions/.test(line)),
      report.join("\n"),
    );
  });

  it("makes parallel steps, loops with a verdict and questions of a workflow of Archon", () => {
    const { score, report } = imported(".archon/workflows/fix.yaml", archon);
    assert.match(score, /when: \{step: classify, field: kind, is: bug\}/);
    assert.match(score, /run: tests/);
    assert.match(score, /max: 4[\s\S]*until: \{step: build, verdict: done\}/);
    assert.ok(
      report.some((line) => /^1\d .*condition .* of odd/.test(line)),
      report.join("\n"),
    );
  });

  it("makes questions, cases and commands of a workflow of Spec Kit", () => {
    const { score, report } = imported("workflows/sdd/workflow.yml", specKit);
    assert.match(score, /must: approve/);
    assert.match(score, /when: \{input: scope, is: full\}/);
    assert.match(score, /when: \{input: scope, is_not: full\}/);
    assert.ok(
      report.some((line) => /command line of unsafe.*holds text of the session/.test(line)),
      report.join("\n"),
    );
  });

  it("reads only conditions that a Score can say", () => {
    const read = (text: string) => readCondition(text, (name) => ({ step: "s", field: name }));
    assert.deepEqual(read("{{ ok }}"), [{ step: "s", field: "ok", is: true }]);
    assert.deepEqual(read("not ok and kind == 'a'"), [
      { step: "s", field: "ok", is: false },
      { step: "s", field: "kind", is: "a" },
    ]);
    assert.deepEqual(read("kind in ['a', 'b']"), [{ step: "s", field: "kind", is: ["a", "b"] }]);
    for (const text of ["score < 90", "a or b", "a || b", "len(x) == 1", "x | length == 2"])
      assert.equal(read(text), undefined, text);
  });
});

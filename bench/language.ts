import { parseDocument } from "yaml";
import { complete, createProject, examine, parseSource, updateProject } from "../src/language";
import type { Diagnosis, Project, ProjectFile } from "../src/language";
import type { BenchRow } from "./row";

/** Four files of one Flow, as a large project has them. */
function flowFiles(number: number): ProjectFile[] {
  const name = `f${number}`;
  const roles = ["architect", "coder", "reviewer"].map(
    (role) =>
      `  ${role}:\n    description: The ${role} of ${name}.\n    prompt: |\n      You are the ${role}. The task: {{task}}\n      Write {{inputs.language}}. Notes: {{notes.design}}\n    tools: [read_file, write_file, set_verdict]\n`,
  );
  return [
    {
      path: `${name}.flow.yaml`,
      text: `version: 1\nname: ${name}\nband: ${name}\nvenue: ${name}\nscore: ${name}\ntask: Build ${name}.\ninputs:\n  language: { type: string, default: python }\nlimits: { total_tokens: 200000, model_calls: 100 }\n`,
    },
    { path: `${name}.band.yaml`, text: `version: 1\nname: ${name}\nroles:\n${roles.join("")}` },
    {
      path: `${name}.venue.yaml`,
      text: `version: 1\nname: ${name}\nprovider: ollama\nmodel: qwen3-coder:latest\ntemperature: 0\nroles:\n  reviewer: { temperature: 0.1 }\n`,
    },
    { path: `${name}.score.yaml`, text: score(name, 6) },
  ];
}

/** A Score with this many steps, ten lines each. */
function score(name: string, steps: number): string {
  const body = Array.from({ length: steps }, (_, index) =>
    [
      `  - id: step-${index + 1}`,
      `    role: ${index % 2 === 0 ? "coder" : "reviewer"}`,
      `    note: The ${index + 1}. step of ${name}.`,
      "    instruction: |",
      `      Do part ${index + 1} of {{task}}, in {{inputs.language}}.`,
      index === 0 ? "      Begin." : `      Before it: {{steps.step-${index}.summary}}`,
      `    produces: [part-${index + 1}.md]`,
      "    max_turns: 4",
      "    retry: { attempts: 2 }",
      "",
    ].join("\n"),
  );
  return `version: 1\nname: ${name}\nsteps:\n${body.join("\n")}`;
}

/** A Score of 500 steps with every construct of the language, ten steps per part. */
function grownScore(name: string, parts: number): string {
  const body = Array.from(
    { length: parts },
    (
      _,
      n,
    ) => `  - { id: plan${n}, role: architect, verdict: [go, stop], result: { files: { type: list, max: 5 }, risk: { enum: [low, high] } } }
  - { id: ask${n}, ask: "Go on with {{steps.plan${n}.result.files}}?", when: { step: plan${n}, field: risk, is: high }, verdict: [go, stop], fields: { note: { optional: true } } }
  - loop:
      id: loop${n}
      max: 3
      until: [{ step: check${n}, verdict: pass }, { step: review${n}, verdict: approve }]
      on_exhausted: continue
      steps:
        - { id: build${n}, role: coder, note: The ${n}. part., instruction: "{{steps.review${n}.summary}}", reads: [plan${n}], timeout_seconds: 600, retry: { attempts: 2, feedback: true } }
        - { id: check${n}, run: tests }
        - { id: review${n}, role: reviewer, when: { step: check${n}, verdict: pass }, verdict: [approve, revise] }
  - each:
      id: docs${n}
      in: { step: plan${n}, field: files }
      max: 5
      at_once: 2
      on_failure: continue
      when: { input: language, is_not: none }
      steps: [ { id: doc${n}, role: coder, instruction: "Document {{item}} in {{inputs.language}}." } ]
  - parallel:
      id: both${n}
      steps:
        - { id: left${n}, use: part, with: { doc: "part ${n}" }, must: [pass, fail] }
        - sequence: { id: right${n}, steps: [ { id: first${n}, role: coder }, { id: second${n}, run: tests, must: pass } ] }
  - { id: take${n}, accept: ["**"] }
`,
  );
  return `version: 1\nname: ${name}\nresult: { step: plan0 }\nsteps:\n${body.join("")}`;
}

/** The Score that each part of it uses. */
const partScore = `version: 1
name: part
inputs: { doc: {} }
result: { step: tested }
steps:
  - { id: written, role: coder, instruction: "{{inputs.doc}}", produces: ["{{inputs.doc}}.md"] }
  - each: { in: { glob: "*.md" }, max: 3, steps: [{ id: read, role: reviewer, instruction: "{{item}}" }] }
  - { id: tested, run: tests }
`;

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

/** The duration of the work in ms: the fastest of three, since it is pure and other load on the machine only adds. */
function measure(work: () => unknown): number {
  let best = Infinity;
  for (let time = 0; time < 3; time++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

interface Cost {
  readonly diagnose: number;
  readonly complete: number;
}

/** The p95 cost of a keystroke, as ratios to the p95 of one parse of the same text, taken in turns. */
function keystrokes(project: Project, file: string, before: string, rounds: number, batches: number): Cost {
  const text = project.sources.get(file)?.text ?? "";
  const at = text.indexOf(before) + before.length;
  let known = examine(project);
  const batch = (): Cost => {
    const parses: number[] = [];
    const diagnoses: number[] = [];
    const completions: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const typed = text.slice(0, at) + "abcdefghij".slice(0, 1 + (round % 10)) + text.slice(at);
      parses.push(measure(() => parseDocument(typed)));
      const type = (): Diagnosis => examine(updateProject(known.project, parseSource(file, typed)), known);
      diagnoses.push(measure(type));
      known = type();
      const source = known.project.sources.get(file);
      completions.push(measure(() => source && complete({ project: known.project, source, offset: at })));
    }
    const floor = percentile(parses, 0.95);
    return { diagnose: percentile(diagnoses, 0.95) / floor, complete: percentile(completions, 0.95) / floor };
  };
  // The first runs do not count, so that all code is compiled, as in an editor that has been open for a while.
  for (let warmUp = 0; warmUp < batches; warmUp++) batch();
  const ratios = Array.from({ length: batches }, batch);
  return {
    diagnose: percentile(
      ratios.map(({ diagnose }) => diagnose),
      0.5,
    ),
    complete: percentile(
      ratios.map(({ complete: completion }) => completion),
      0.5,
    ),
  };
}

/** Editing help after a keystroke, as a ratio to one parse of the file. */
export function benchLanguage(): Promise<BenchRow[]> {
  const many = createProject(Array.from({ length: 50 }, (_, index) => flowFiles(index)).flat());
  const long = createProject([
    ...flowFiles(0).slice(0, 3),
    { path: "f0.score.yaml", text: score("f0", 200) },
  ]);
  const small = keystrokes(many, "f7.score.yaml", "note: The 3. step", 60, 15);
  const large = keystrokes(long, "f0.score.yaml", "note: The 90. step", 8, 3);
  const [flow, band, venue] = flowFiles(0);
  const grown = createProject([
    { path: "f0.flow.yaml", text: `${String(flow?.text ?? "")}commands: { tests: { argv: [npm, test] } }\n` },
    {
      path: "f0.band.yaml",
      text: String(band?.text ?? "").replaceAll("set_verdict]", "set_verdict, set_result]"),
    },
    { path: "f0.venue.yaml", text: String(venue?.text ?? "") },
    { path: "f0.score.yaml", text: grownScore("f0", 50) },
    { path: "part.score.yaml", text: partScore },
  ]);
  const whole = keystrokes(grown, "f0.score.yaml", "note: The 20. part", 4, 2);
  const row = (name: string, value: number): BenchRow => ({ name, value, unit: "x one parse", atMost: 2 });
  return Promise.resolve([
    row("diagnostics p95, project of 200 files", small.diagnose),
    row("completion p95, project of 200 files", small.complete),
    row("diagnostics p95, Score of 2,000 lines", large.diagnose),
    row("completion p95, Score of 2,000 lines", large.complete),
    row("diagnostics p95, Score of 500 steps with the whole language", whole.diagnose),
    row("completion p95, Score of 500 steps with the whole language", whole.complete),
  ]);
}

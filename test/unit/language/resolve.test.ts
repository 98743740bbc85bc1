import { nodesIn } from "../../../src/engine/model/definition";
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { definitionSchema } from "../../../src/engine/model/definition-schema";
import type { Definition, PlanNode } from "../../../src/engine/model/definition";
import {
  artifactPathProblem,
  createProject,
  diagnoseProject,
  fileKindOf,
  flowSummaries,
  formatDiagnostic,
  listInputs,
  parseSource,
  readInput,
  referencePathProblem,
  resolveFlow,
  resolveReference,
} from "../../../src/language";
import type { ProjectFile, ResolveOptions } from "../../../src/language";

const sampleRoot = path.join(process.cwd(), "examples", "shapes");
const sample: ProjectFile[] = fs
  .readdirSync(sampleRoot, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => fileKindOf(file) !== undefined)
  .map((file) => ({ path: file, text: fs.readFileSync(path.join(sampleRoot, file)) }));

const base: Readonly<Record<string, string>> = {
  "main.flow.yaml": "version: 1\nname: main\nband: team\nvenue: local\nscore: steps\ntask: Build it.\n",
  "team.band.yaml":
    "version: 1\nname: team\nroles:\n  coder: { prompt: Write. }\n  reviewer: { prompt: Review., tools: [set_verdict] }\n",
  "local.venue.yaml": "version: 1\nname: local\nprovider: ollama\nmodel: m\n",
  "steps.score.yaml": "version: 1\nname: steps\nsteps:\n  - role: coder\n",
};

function resolve(changes: Readonly<Record<string, string>> = {}, options: ResolveOptions = {}): Definition {
  const result = attempt(changes, options);
  assert.deepEqual(
    result.diagnostics.filter(({ severity }) => severity === "error").map(formatDiagnostic),
    [],
  );
  assert.ok(result.definition);
  return result.definition;
}

function attempt(
  changes: Readonly<Record<string, string>>,
  options: ResolveOptions = {},
): ReturnType<typeof resolveFlow> {
  const files = Object.entries({ ...base, ...changes }).map(([file, text]) => ({ path: file, text }));
  return resolveFlow(createProject(files), "main.flow.yaml", options);
}

function score(steps: string): Record<string, string> {
  return { "steps.score.yaml": `version: 1\nname: steps\nsteps:\n${steps}` };
}

function ids(nodes: readonly PlanNode[]): string[] {
  return nodes.flatMap((node) => (node.kind === "step" ? [node.id] : ids(nodesIn(node))));
}

describe("the sample project", () => {
  it("has no diagnostics, with each of its Venues", () => {
    const project = createProject(sample);
    assert.deepEqual(diagnoseProject(project).map(formatDiagnostic), []);
    for (const venue of ["scripted", "ollama", "openai"]) {
      const { definition, diagnostics } = resolveFlow(project, "flows/shapes.flow.yaml", { venue });
      assert.deepEqual(diagnostics, []);
      assert.equal(definition?.venue.name, venue);
    }
  });

  it("changes one file of the project, adds the others, and its edits fit what it wrote", () => {
    const { definition } = resolveFlow(createProject(sample), "flows/shapes.flow.yaml");
    const files = new Map<string, string>();
    const existing = new Set<string>();
    for (const replies of Object.values(definition?.venue.replies?.steps ?? {})) {
      for (const { tool, args } of replies.flatMap(({ tool_calls }) => tool_calls)) {
        const file = String(args.path);
        const onDisk = path.join(sampleRoot, file);
        if (tool === "write_file") files.set(file, String(args.content));
        if (tool !== "edit_file") continue;
        if (!files.has(file)) existing.add(file);
        const before = files.get(file) ?? fs.readFileSync(onDisk, "utf8");
        const pieces = before.split(String(args.old_text));
        assert.equal(pieces.length, 2, `${file}: old_text must occur once`);
        files.set(file, pieces.join(String(args.new_text)));
      }
    }
    assert.deepEqual([...existing], []);
    assert.deepEqual(
      [...files.keys()].filter((file) => fs.existsSync(path.join(sampleRoot, file))),
      ["shapes/index.js"],
    );
    assert.match(files.get("shapes/circle.js") ?? "", /throw new RangeError/);
  });
});

describe("a resolved definition", () => {
  it("satisfies its schema and survives being written and read", () => {
    const { definition } = resolveFlow(createProject(sample), "flows/shapes.flow.yaml");
    const read: unknown = JSON.parse(JSON.stringify(definition));
    assert.deepEqual(definitionSchema.parse(read), definition);
    assert.deepEqual(read, definition);
  });

  it("names the file that each part came from", () => {
    const { flow, band, venue, score: steps } = resolve();
    assert.deepEqual(
      [flow.source, band.source, venue.source, steps.source],
      ["main.flow.yaml", "team.band.yaml", "local.venue.yaml", "steps.score.yaml"],
    );
  });

  it("has the defaults filled in", () => {
    const { flow, venue, score: steps } = resolve();
    assert.equal(flow.approval, "before_step");
    assert.deepEqual(flow.policy.write_scope, ["workspace"]);
    assert.equal(venue.endpoint, "http://127.0.0.1:11434");
    assert.deepEqual(steps.steps, [
      {
        kind: "step",
        id: "coder-1",
        role: "coder",
        instruction: "",
        produces: [],
        approval: "before_step",
        max_turns: 8,
        retry_attempts: 1,
        reads: { nearest: [] },
      },
    ]);
  });

  it("has limits where the Flow has none, in dollars only where something has a price", () => {
    const prices = "pricing: { input_per_million_usd: 1, output_per_million_usd: 2 }";
    const venue = base["local.venue.yaml"] ?? "";
    const flow = base["main.flow.yaml"] ?? "";
    const most = { total_tokens: 2_000_000, model_calls: 500 };
    assert.deepEqual(resolve().flow.limits, most);
    for (const priced of [prices, `roles: { coder: { ${prices} } }`]) {
      const { limits } = resolve({ "local.venue.yaml": `${venue}${priced}\n` }).flow;
      assert.deepEqual(limits, { ...most, cost_usd: 5 });
    }
    assert.deepEqual(resolve({ "main.flow.yaml": `${flow}limits: {}\n` }).flow.limits, {});
    const own = resolve({ "main.flow.yaml": `${flow}limits: { duration_seconds: 60 }\n` });
    assert.deepEqual(own.flow.limits, { duration_seconds: 60 });
  });

  it("has the endpoint of the hosted service when openai names none, and the routing of a mesh", () => {
    const openai = resolve({
      "local.venue.yaml": "version: 1\nname: local\nprovider: openai\nmodel: m\napi_key: env:KEY\n",
    });
    assert.equal(openai.venue.endpoint, "https://api.openai.com/v1");
    assert.equal(openai.venue.api_key, "env:KEY");
    const mesh = resolve({
      "local.venue.yaml":
        "version: 1\nname: local\nprovider: mesh\nmodel: m\nnodes: [{ name: a, provider: ollama, endpoint: 'http://10.0.0.1:1' }]\n",
    });
    assert.deepEqual([mesh.venue.routing, mesh.venue.same_model], ["least_busy", "required"]);
  });

  it("takes a step's approval before the Flow's", () => {
    const changes = {
      ...score("  - role: coder\n  - { role: coder, approval: both }\n"),
      "main.flow.yaml": `${base["main.flow.yaml"] ?? ""}approval: none\n`,
    };
    const steps = resolve(changes).score.steps;
    assert.deepEqual(
      steps.map((node) => node.kind === "step" && node.approval),
      ["none", "both"],
    );
  });

  it("keeps loops and groups in the order of the file", () => {
    const definition = resolve(
      score(
        [
          "  - loop:",
          "      max: 3",
          "      until: { step: reviewer-1, verdict: approve }",
          "      steps:",
          "        - role: coder",
          "        - parallel: { steps: [{ role: coder }, { id: x, role: coder }] }",
          "        - { role: reviewer, verdict: [approve] }",
          "",
        ].join("\n"),
      ),
    );
    assert.deepEqual(ids(definition.score.steps), ["coder-1", "coder-2", "x", "reviewer-1"]);
    const [loop] = definition.score.steps;
    assert.ok(loop?.kind === "loop");
    assert.deepEqual(loop.until, [{ step: "reviewer-1", verdict: ["approve"] }]);
    assert.deepEqual(
      loop.body.map(({ kind }) => kind),
      ["step", "parallel", "step"],
    );
  });

  it("gives steps without an id the role and its ordinal, past ids that are taken", () => {
    const steps =
      "  - role: coder\n  - { id: coder-1, role: reviewer }\n  - { id: named, role: coder }\n  - role: coder\n";
    assert.deepEqual(ids(resolve(score(steps)).score.steps), ["coder-2", "coder-1", "named", "coder-4"]);
  });

  it("holds the replies of a scripted Venue", () => {
    const definition = resolve({
      "local.venue.yaml": "version: 1\nname: local\nprovider: scripted\nreplies: ./sub/a.replies.yaml\n",
      "sub/a.replies.yaml": "version: 1\nsteps: { coder-1: [{ text: done }] }\n",
    });
    assert.deepEqual(definition.venue.replies?.steps, { "coder-1": [{ text: "done", tool_calls: [] }] });
  });

  it("is read from JSON files as well", () => {
    const flow = JSON.stringify({
      version: 1,
      name: "main",
      band: "team",
      venue: "local",
      score: "steps",
      task: "t",
    });
    const files = Object.entries(base).filter(([file]) => file !== "main.flow.yaml");
    const project = createProject([
      ...files.map(([file, text]) => ({ path: file, text })),
      { path: "main.flow.json", text: flow },
    ]);
    assert.ok(resolveFlow(project, "main.flow.json").definition);
  });

  it("expands what an alias stands for", () => {
    const band = "version: 1\nname: team\nroles:\n  coder: &c { prompt: Write. }\n  reviewer: *c\n";
    assert.equal(resolve({ "team.band.yaml": band }).band.roles.reviewer?.prompt, "Write.");
  });
});

describe("references between files", () => {
  it("are paths relative to the file that holds them, with '..' inside the project", () => {
    const moved = {
      "a/b/main.flow.yaml": (base["main.flow.yaml"] ?? "").replace("band: team", "band: ../../x/t.band.yaml"),
    };
    const project = createProject([
      ...Object.entries({ ...base, ...moved, "x/t.band.yaml": base["team.band.yaml"] ?? "" })
        .filter(([file]) => file !== "team.band.yaml" && file !== "main.flow.yaml")
        .map(([file, text]) => ({ path: file, text })),
    ]);
    assert.equal(resolveFlow(project, "a/b/main.flow.yaml").definition?.band.source, "x/t.band.yaml");
  });

  it("never lead out of the project or to an absolute path", () => {
    const project = createProject([{ path: "a.band.yaml", text: base["team.band.yaml"] ?? "" }]);
    for (const reference of [
      "../a.band.yaml",
      "/a.band.yaml",
      "C:/a.band.yaml",
      "x\\a.band.yaml",
      "b/../../a.band.yaml",
    ]) {
      const resolved = resolveReference(project, "band", reference, "main.flow.yaml");
      assert.equal("code" in resolved && resolved.code, "orket/reference-outside", reference);
    }
  });

  it("find a file by its name though other things in it are wrong, and report those", () => {
    const { diagnostics } = attempt({ "team.band.yaml": "version: 1\nname: team\nroles: {}\n" });
    assert.deepEqual(
      diagnostics.map(({ code, file }) => `${file} ${code}`),
      ["steps.score.yaml orket/unknown-role", "team.band.yaml orket/invalid-value"],
    );
  });
});

describe("options of a run", () => {
  const flow = {
    "main.flow.yaml": `${base["main.flow.yaml"] ?? ""}inputs:
  text: {}
  number: { type: number, default: 1 }
  flag: { type: boolean, default: false }
  choice: { type: number, enum: [1, 2], default: 1 }
`,
  };

  it("replace the task and the Venue", () => {
    const other = { "other.venue.yaml": "version: 1\nname: other\nprovider: vscode-lm\n" };
    const definition = resolve(other, { task: "Something else.", venue: "other" });
    assert.equal(definition.flow.task, "Something else.");
    assert.equal(definition.venue.provider, "vscode-lm");
  });

  it("are read by the type of the input", () => {
    const definition = resolve(flow, { inputs: { text: "3", number: "2.5", flag: "true", choice: "2" } });
    assert.deepEqual(definition.flow.inputs, { text: "3", number: 2.5, flag: true, choice: 2 });
  });

  it("are checked, as the caller's mistakes and not the file's", () => {
    const { definition, diagnostics } = attempt(flow, {
      inputs: { number: "x", flag: "1", choice: "3", txt: "a" },
    });
    assert.equal(definition, undefined);
    assert.deepEqual(
      diagnostics.map(({ code, origin }) => `${code} ${origin ?? "file"}`),
      [
        "orket/input-unknown options",
        "orket/input-missing options",
        "orket/input-value options",
        "orket/input-value options",
        "orket/input-value options",
      ],
    );
  });

  it("may be left out where nothing is run yet", () => {
    const open = { "main.flow.yaml": (flow["main.flow.yaml"] ?? "").replace(/task:.*\n/, "") };
    assert.deepEqual(
      attempt(open).diagnostics.map(({ code }) => code),
      ["orket/task-missing", "orket/input-missing"],
    );
    assert.deepEqual(resolve(open, { forRun: false }).flow.inputs, { number: 1, flag: false, choice: 1 });
  });

  it("cannot reach what every object has", () => {
    assert.deepEqual(
      attempt({}, { inputs: { constructor: "x", toString: "y" } }).diagnostics.map(({ code }) => code),
      ["orket/input-unknown", "orket/input-unknown"],
    );
    assert.deepEqual(
      attempt({
        "main.flow.yaml": `${base["main.flow.yaml"] ?? ""}inputs: { constructor: {} }\n`,
      }).diagnostics.map(({ code }) => code),
      ["orket/input-missing"],
    );
  });

  it("name a Flow that is there", () => {
    const project = createProject([{ path: "a.band.yaml", text: "" }]);
    for (const file of ["a.band.yaml", "b.flow.yaml"]) {
      assert.deepEqual(
        resolveFlow(project, file).diagnostics.map(({ code }) => code),
        ["orket/file-not-found"],
      );
    }
  });
});

describe("a project", () => {
  it("lists its Flows for pickers, with what is wrong", () => {
    const files = { ...base, "bad.flow.yaml": "version: 1\ndescription: Not done.\nband: nobody\n" };
    const project = createProject(Object.entries(files).map(([file, text]) => ({ path: file, text })));
    const [bad, main] = flowSummaries(project);
    assert.deepEqual([bad?.name, bad?.description, bad?.runnable], ["bad.flow.yaml", "Not done.", false]);
    assert.ok((bad?.errors ?? 0) > 2);
    assert.deepEqual([main?.name, main?.errors, main?.warnings, main?.runnable], ["main", 0, 0, true]);
  });

  it("says of its Flows whether they can run on another Venue than their own", () => {
    const broken = { "local.venue.yaml": "version: 1\nname: local\nprovider: ollama\n" };
    const other = { "other.venue.yaml": "version: 1\nname: other\nprovider: ollama\nmodel: m\n" };
    const project = createProject(
      Object.entries({ ...base, ...broken, ...other }).map(([file, text]) => ({ path: file, text })),
    );
    const runnable = (venue?: string): boolean | undefined => flowSummaries(project, venue)[0]?.runnable;
    assert.deepEqual([runnable(), runnable("other"), runnable("nowhere")], [false, true, false]);
  });

  it("takes documents that were parsed before as they are", () => {
    const source = parseSource("team.band.yaml", base["team.band.yaml"] ?? "");
    assert.equal(createProject([source]).sources.get("team.band.yaml"), source);
  });

  it("has every problem listed once, though two Flows lead to it", () => {
    const files = {
      ...base,
      "second.flow.yaml": (base["main.flow.yaml"] ?? "").replace("name: main", "name: second"),
      "twin.band.yaml": "version: 1\nname: twin\nroles: {}\n",
      "twin2.band.yaml": "version: 1\nname: twin\nroles: { a: { prompt: b } }\n",
      ...score("  - role: codr\n"),
    };
    const project = createProject(Object.entries(files).map(([file, text]) => ({ path: file, text })));
    assert.deepEqual(
      diagnoseProject(project).map(({ file, code }) => `${file} ${code}`),
      [
        "steps.score.yaml orket/unknown-role",
        "twin.band.yaml orket/duplicate-name",
        "twin.band.yaml orket/invalid-value",
        "twin2.band.yaml orket/duplicate-name",
      ],
    );
  });

  it("is not held up by a prompt that is one long row of braces", () => {
    for (const prompt of ["{{".repeat(400_000), "{{}}".repeat(200_000), "{{task}}".repeat(100_000)]) {
      const band = `version: 1\nname: team\nroles:\n  coder: { prompt: "${prompt}" }\n`;
      assert.ok(attempt({ "team.band.yaml": band }).diagnostics.length <= 50);
    }
  });

  it("lists a bounded number of problems across files", () => {
    const { diagnostics } = attempt(score("  - { role: nobody, produces: [../x] }\n".repeat(5000)));
    assert.ok(diagnostics.length <= 502);
    assert.ok(diagnostics.some(({ code }) => code === "orket/too-many-problems"));
  });
});

describe("inputs", () => {
  it("are listed in the file's order with their types", () => {
    const source = parseSource(
      "a.flow.yaml",
      "inputs:\n  b: { description: B }\n  a: { type: number, default: 1, enum: [1] }\n  c: 3\n",
    );
    assert.deepEqual(listInputs(source), [
      { name: "b", type: "string", description: "B", required: true },
      { name: "a", type: "number", default: 1, enum: [1], required: false },
    ]);
  });

  it("are read strictly", () => {
    const number = { name: "n", type: "number", required: true } as const;
    assert.deepEqual(readInput(number, " 1e3 "), { value: 1000 });
    for (const word of ["", " ", "x", "Infinity", "NaN"])
      assert.ok("problem" in readInput(number, word), word);
  });
});

describe("paths of artifacts and references", () => {
  it("are accepted where they are plain paths below the project", () => {
    for (const file of [
      "PLAN.md",
      "src/a b/c.ts",
      "./a.md",
      ".gitignore",
      ".env",
      "a.git/b",
      "größe.md",
      "console.log",
    ]) {
      assert.equal(artifactPathProblem(file), undefined, file);
    }
    for (const folder of ["docs", "docs/style/", "./docs", ".", ".vscode"])
      assert.equal(referencePathProblem(folder), undefined, folder);
  });

  it("are refused where they lead out, are protected, or mean something else on another system", () => {
    const files = [
      "",
      ".",
      "..",
      "a/../b",
      "/a",
      "~/a",
      "\\\\host\\a",
      "C:a",
      "a:b",
      "a//b",
      "a/",
      "NUL",
      "com1.txt",
      "a ",
      "b.",
      "a\u0000b",
    ];
    for (const file of [
      ...files,
      ".git",
      ".Git/x",
      "./.orket/x",
      ".vscode/x",
      "sub/x.flow.yaml",
      "x.replies.yml",
    ]) {
      assert.notEqual(artifactPathProblem(file), undefined, JSON.stringify(file));
    }
    for (const folder of ["..", "/a", ".git", "./.ORKET/sessions"])
      assert.notEqual(referencePathProblem(folder), undefined, folder);
  });
});

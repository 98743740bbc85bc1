import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { replay } from "../../../src/engine/history/replay";
import { planFlow } from "../../../src/engine/model/plan-flow";
import type { Definition } from "../../../src/engine/model/definition";
import type { InputValue } from "../../../src/engine/model/flow";
import type { CommandResult, CommandRunner } from "../../../src/engine/port/commands";
import { changeAt } from "../../../src/engine/state/scope";
import type { Json } from "../../../src/engine/model/field";
import { activeRuns } from "../../../src/engine/state/cursor";
import { createProject, resolveFlow } from "../../../src/language";
import { harness } from "../../fakes/engine-harness";
import type { Answer, FakeReply, Harness } from "../../fakes/engine-harness";
import { replayPorts } from "../../fakes/replay-ports";

const folder = path.join(process.cwd(), "test/unit/flows/scores");
const texts = new Map(
  fs.readdirSync(folder).map((name) => [name, fs.readFileSync(path.join(folder, name), "utf8")]),
);

/** A Flow around one of the Scores: its roles with every tool, its commands, a scripted Venue. */
function definitionOf(
  file: string,
  {
    inputs = "",
    given = {},
    commands: table = "",
  }: { inputs?: string; given?: Record<string, InputValue>; commands?: string },
): Definition {
  const used = [file, "simple-qa.score.yaml"];
  const roles = new Set(
    used.flatMap((name) =>
      [...(texts.get(name) ?? "").matchAll(/\brole: ([a-z_]+)/g)].map(([, role]) => role),
    ),
  );
  const band = [...roles].map(
    (role) => `  ${role ?? ""}: { prompt: You are it., tools: [write_file, set_verdict, set_result] }`,
  );
  const project = createProject([
    ...used.map((name) => ({ path: name, text: texts.get(name) ?? "" })),
    { path: "a.band.yaml", text: `version: 1\nname: a\nroles:\n${band.join("\n")}\n` },
    { path: "a.venue.yaml", text: "version: 1\nname: a\nprovider: scripted\nreplies: a.replies.yaml\n" },
    { path: "a.replies.yaml", text: "version: 1\nsteps: {}\n" },
    {
      path: "a.flow.yaml",
      text: `version: 1\nname: a\nband: a\nvenue: a\nscore: ./${file}\ntask: Do it.\napproval: none\n${inputs}${table}`,
    },
  ]);
  const { definition, diagnostics } = resolveFlow(project, "a.flow.yaml", { inputs: given });
  const errors = diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message);
  assert.deepEqual(errors, []);
  assert.ok(definition);
  return definition;
}

const says = (verdict: string, reason = verdict): FakeReply => ({
  calls: [["set_verdict", { verdict, reason }]],
});
const gives = (result: Record<string, unknown>): FakeReply => ({ calls: [["set_result", result]] });
const writes = (file: string): FakeReply => ({
  text: "written",
  calls: [["write_file", { path: file, content: "x" }]],
});

/** Commands by name: an exit code and what is printed, as a function of how often it ran. */
function commands(table: Record<string, (number: number) => { code: number; out?: string }>): CommandRunner {
  const counts = new Map<string, number>();
  return {
    run: ({ name }) => {
      const number = (counts.get(name) ?? 0) + 1;
      counts.set(name, number);
      const { code, out = "" } = table[name]?.(number) ?? { code: 0 };
      const result: CommandResult = {
        end: { kind: "exited", code },
        place: "view",
        output: out,
        stdout: out,
        files: [],
        discarded: { files: 0, bytes: 0 },
        durationMs: 1,
      };
      return Promise.resolve(result);
    },
  };
}

/** Runs a Flow on a script; `person` answers its questions. Every run replays identically. */
async function perform(
  definition: Definition,
  script: Answer,
  more: {
    runner?: CommandRunner;
    person?: (step: string, number: number) => { verdict?: string; answers?: Json } | undefined;
    /** What the person does with the artifacts that they are asked about, and with commands that ask. */
    takes?: boolean;
  } = {},
): Promise<Harness> {
  // A model that wrote its file says so, and calls nothing more.
  const ending: Answer = (request, ...rest) => {
    const last = request.messages.at(-1);
    return last?.role === "tool" && last.toolName === "write_file"
      ? { text: "written" }
      : script(request, ...rest);
  };
  const session = harness(definition, ending, { commands: more.runner ?? commands({}) });
  let asked = 0;
  session.orchestrator.listen({
    onEvents: (events) => {
      for (const event of events) {
        if (event.type === "approval_requested" && more.takes === true) {
          const { id, sha256 } = event.data;
          session.orchestrator.submit({
            kind: "resolve_approval",
            id,
            sha256,
            decision: "approve",
            by: "person",
          });
        }
        if (event.type !== "question_asked" || event.step === null) continue;
        if (event.data.kind === "accept" && more.takes !== undefined) {
          decideAll(session, event.data.paths ?? [], more.takes);
          continue;
        }
        if (
          !activeRuns(session.orchestrator.state.score).some(({ run }) => run.question?.id === event.data.id)
        )
          continue;
        const answer = more.person?.(event.step, ++asked);
        if (answer === undefined) {
          session.orchestrator.submit({
            kind: "adjust",
            adjustment: { kind: "pause", by: "command_line", pause: "approval" },
          });
          continue;
        }
        const { id, sha256 } = event.data;
        session.orchestrator.submit({ kind: "answer_question", id, sha256, by: "person", ...answer });
      }
    },
  });
  await session.run();
  const { divergence } = await replay(definition, session.store.events, replayPorts(session.store));
  assert.equal(divergence, undefined, JSON.stringify(divergence));
  const { worst } = planFlow(definition, { prompts: false });
  assert.ok(session.orchestrator.state.spending.modelCalls <= worst.calls);
  return session;
}

function decideAll({ orchestrator }: Harness, paths: readonly string[], taken: boolean): void {
  for (const file of paths) {
    const content = changeAt(orchestrator.state.score.scope, file)?.content ?? null;
    void orchestrator.recordDecision(
      taken
        ? {
            type: "artifact_accepted",
            step: null,
            data: { path: file, content, replaced: null, mode: "whole" },
          }
        : { type: "artifact_rejected", step: null, data: { path: file, content, reason: "not like this" } },
    );
  }
}

const golden = path.join(process.cwd(), "test/unit/flows/prompts");
const update = process.env["ORKET_UPDATE_GOLDEN"] === "1";

/** The first and the last prompt of each step of these runs, as one text: all that its model was told at first. */
function told(runs: Readonly<Record<string, Harness>>): string {
  const sections: string[] = [];
  for (const [name, { model }] of Object.entries(runs)) {
    const ofStep = new Map<string, Parameters<Answer>[0][]>();
    const seen = new Set<string>();
    for (const request of model.requests) {
      const { stepId, stepKey } = request.origin;
      if (!seen.has(stepKey)) ofStep.set(stepId, [...(ofStep.get(stepId) ?? []), request]);
      seen.add(stepKey);
    }
    for (const requests of ofStep.values())
      for (const { origin, messages } of new Set(
        [requests[0], requests.at(-1)].flatMap((one) => one ?? []),
      )) {
        assert.deepEqual(
          messages.map(({ role }) => role),
          ["system", "user"],
        );
        sections.push(`==== ${name}: ${origin.stepKey}\n${messages[1]?.content ?? ""}\n`);
      }
  }
  return sections.join("\n");
}

/** Compares all prompts of a Flow's runs with those that were written down. */
function assertPrompts(flow: string, runs: Readonly<Record<string, Harness>>): void {
  const file = path.join(golden, `${flow}.txt`);
  const text = told(runs);
  if (update) fs.writeFileSync(file, text);
  assert.equal(text, fs.readFileSync(file, "utf8").replaceAll("\r\n", "\n"));
}

const promptsOf = ({ model }: Harness, step: string): string[] =>
  model.requests.filter(({ origin }) => origin.stepId === step).map(prompt);
const prompt = ({ messages }: Parameters<Answer>[0]): string => messages.at(-1)?.content ?? "";
const outcome = ({ orchestrator: { state } }: Harness): string =>
  state.outcome ?? state.pause?.message ?? state.status;

describe("The six Flows", () => {
  it("design: revises until both reviewers approve; asks when the rounds are used up", async () => {
    const definition = definitionOf("1-design.score.yaml", {});
    const script =
      (technical: (round: number) => string): Answer =>
      ({ origin }) => {
        const round = Number(origin.stepKey.split("#")[1]);
        if (origin.stepId === "write") return writes("DESIGN.md");
        return origin.stepId === "technical" ? says(technical(round), "too thin") : says("approve");
      };
    const happy = await perform(
      definition,
      script((round) => (round < 2 ? "revise" : "approve")),
    );
    const exhausted = await perform(
      definition,
      script(() => "revise"),
      { person: () => ({ verdict: "go_on" }) },
    );
    const refused = await perform(
      definition,
      script(() => "revise"),
      { person: () => ({ verdict: "fail" }) },
    );

    assert.equal(outcome(happy), "completed");
    const second =
      happy.model.requests.filter(({ origin }) => origin.stepKey === "write#2").map(prompt)[0] ?? "";
    assert.match(second, /Technical review: too thin\nReadability review: *\n/);
    assert.equal(outcome(exhausted), "completed");
    assert.deepEqual(exhausted.eventsOf("session_end")[0]?.data.unfinished, ["loop-1"]);
    assert.match(outcome(refused), /loop-1 failed: After 4 rounds/);
    assertPrompts("design", { happy, exhausted, refused });
  });

  it("implement: carries a plan out part by part, each built, tested, reviewed", async () => {
    const definition = definitionOf("2-implement.score.yaml", {
      inputs: "inputs: { plan: { type: path } }\n",
      given: { plan: "PLAN.md" },
      commands: "commands: { tests: { argv: [npm, test], isolation: view } }\n",
    });
    const script: Answer = ({ origin }) => {
      if (origin.stepId === "parts")
        return gives({
          parts: [
            { title: "one", details: "first", files: ["a"] },
            { title: "two", details: "second", files: [] },
          ],
        });
      return origin.role === "reviewer" ? says("approve") : "coded";
    };
    const happy = await perform(definition, script, {
      runner: commands({ tests: (number) => ({ code: number === 1 ? 1 : 0, out: `run ${number}` }) }),
    });
    const exhausted = await perform(definition, script, { runner: commands({ tests: () => ({ code: 1 }) }) });

    assert.equal(outcome(happy), "completed");
    const coded = happy.model.requests.filter(({ origin }) => origin.stepId === "code");
    assert.deepEqual(
      coded.map(({ origin }) => origin.stepKey),
      ["build[1].code#1", "build[1].code#2", "build[2].code#1"],
    );
    assert.match(prompt(coded[1] as never), /one: first\nTests: run 1\nReview: *\n?/);
    assert.match(prompt(coded[2] as never), /two: second\nTests: *\n/);
    assert.match(outcome(exhausted), /build\[1\]\.loop-1 failed: After 4 rounds/);

    const refused = await perform(
      definition,
      (request, ...rest) =>
        request.origin.stepId === "whole" ? says("revise", "parts do not fit") : script(request, ...rest),
      { runner: commands({ tests: () => ({ code: 0 }) }) },
    );
    assert.match(outcome(refused), /loop-2 failed: After 3 rounds/);
    assert.equal(promptsOf(refused, "fix").length, 3);
    assert.ok(promptsOf(refused, "fix").every((text) => text.includes("parts do not fit")));
    assertPrompts("implement", { happy, exhausted, refused });
  });

  it("smart-review: only the reviewers that matter, then one synthesis", async () => {
    const definition = definitionOf("3-smart-review.score.yaml", {
      inputs: "inputs: { diff: { multiline: true } }\n",
      given: { diff: "+ a line" },
    });
    const script =
      (verdict: string, file: string): Answer =>
      (request) => {
        switch (request.origin.stepId) {
          case "classify":
            return gives({ code: true, errors: false, tests: true, size: "small" });
          case "synthesis":
            return request.origin.answeredCalls === 0 ? writes(file) : says(verdict);
          default:
            return `${request.origin.stepId} is fine`;
        }
      };
    const session = await perform(definition, script("ready", "REVIEW.md"));
    const fixed = await perform(definition, script("needs_fixes", "REVIEW.md"));
    const lacking = await perform(definition, script("ready", "OTHER.md"));
    assert.equal(outcome(fixed), "completed");
    assert.match(promptsOf(fixed, "fixes")[0] ?? "", /Your step: fixes\n\nx$/);
    assert.match(outcome(lacking), /synthesis failed: .*REVIEW\.md/);

    assert.equal(outcome(session), "completed");
    assert.deepEqual(
      session.eventsOf("step_skipped").map(({ step }) => step),
      ["errors", "fixes"],
    );
    const synthesis = prompt(
      session.model.requests.find(({ origin }) => origin.stepId === "synthesis") as never,
    );
    assert.match(synthesis, /## code\n\ncode is fine\n\n## errors\n\nSkipped\.\n\n## tests\n\ntests is fine/);
    assertPrompts("smart-review", { happy: session, "needs fixes": fixed, "no report": lacking });
  });

  it("fix-issue: ends at the review that does not approve, and at what a person has not accepted", async () => {
    const definition = definitionOf("4-fix-issue.score.yaml", {
      inputs: "inputs: { issue: { type: number } }\n",
      given: { issue: 7 },
      commands:
        'commands:\n  fetch_issue: { argv: [gh, issue, view, "{{inputs.issue}}"], isolation: view }\n  validate: { argv: [npm, test], isolation: view }\n  open_pr: { argv: [pr, "{{inputs.issue}}"], effects: outside, isolation: view }\n',
    });
    const script =
      (review: string): Answer =>
      ({ origin }) => {
        switch (origin.stepId) {
          case "classify":
            return gives({ kind: "bug" });
          case "investigate":
            return writes("PLAN.md");
          case "review":
            return says(review);
          default:
            return "done";
        }
      };
    const waits = await perform(definition, script("approve"));
    const refused = await perform(definition, script("revise"));

    assert.equal(waits.eventsOf("command_start")[0]?.data.argv.at(-1), "7");
    assert.deepEqual(
      waits.eventsOf("question_asked").map(({ data }) => data.paths),
      [["PLAN.md"]],
    );
    assert.equal(waits.orchestrator.state.pause?.reason, "approval");
    assert.match(outcome(refused), /review failed: Its verdict is revise; it must be approve/);

    const happy = await perform(definition, script("approve"), { takes: true });
    assert.equal(outcome(happy), "completed");
    assert.deepEqual(
      happy.eventsOf("command_start").map(({ step }) => step),
      ["issue", "validate#1", "pr"],
    );
    const rejected = await perform(definition, script("approve"), { takes: false });
    assert.match(outcome(rejected), /take failed: Its verdict is rejected/);
    const exhausted = await perform(definition, script("approve"), {
      runner: commands({ validate: (number) => ({ code: 1, out: `red ${number}` }) }),
    });
    assert.match(outcome(exhausted), /loop-1 failed: After 5 rounds/);
    assert.match(promptsOf(exhausted, "fix").at(-1) ?? "", /What the checks said last: red 4/);
    assertPrompts("fix-issue", { happy, refused, rejected, exhausted });
  });

  it("piv: a person and an agent take turns, then tasks until none is left", async () => {
    const definition = definitionOf("5-piv.score.yaml", {
      commands:
        "commands:\n  tests: { argv: [npm, test], isolation: view }\n  open_tasks: { argv: [tasks], output: json, isolation: view }\n",
    });
    const session = await perform(
      definition,
      ({ origin }) => (origin.stepId === "plan" ? writes("PLAN.md") : "ok"),
      {
        runner: commands({
          open_tasks: (number) => ({ code: 0, out: JSON.stringify({ left: 2 - number }) }),
        }),
        person: (step) => ({ verdict: step.startsWith("talk") ? "plan_it" : "approve" }),
      },
    );

    assert.equal(outcome(session), "completed");
    assert.deepEqual(
      session.eventsOf("command_end").map(({ step }) => step),
      ["tests#1", "next#1", "tests#2", "next#2"],
    );

    const model: Answer = ({ origin }) => (origin.stepId === "plan" ? writes("PLAN.md") : "ok");
    const never = await perform(definition, model, {
      runner: commands({ open_tasks: () => ({ code: 0, out: '{"left": 3}' }) }),
      person: (step) => ({ verdict: step.startsWith("talk") ? "plan_it" : "approve" }),
    });
    assert.match(outcome(never), /loop-3 failed: After 15 rounds/);
    const refused = await perform(definition, model, {
      person: (step) =>
        step.startsWith("talk")
          ? { verdict: "plan_it" }
          : { verdict: "change", answers: { change: "smaller" } },
    });
    assert.match(outcome(refused), /loop-2 failed: After 10 rounds/);
    assert.match(promptsOf(refused, "plan").at(-2) ?? "", /change: smaller/);
    assertPrompts("piv", { happy: session, exhausted: never, refused });
  });

  it("research: questions several at once, each by another Score", async () => {
    const definition = definitionOf("6-research.score.yaml", {
      inputs: "inputs: { topic: {}, depth: { enum: [quick, full], default: quick } }\n",
      given: { topic: "tea" },
    });
    const script =
      (verdict: string): Answer =>
      (request) => {
        switch (request.origin.stepId) {
          case "split":
            return gives({ questions: ["why", "how"], unclear: [] });
          case "synthesis":
            return writes("REPORT.md");
          case "judge":
            return {
              calls: [
                ["set_result", { gaps: [] }],
                ["set_verdict", { verdict }],
              ],
            };
          default:
            return "an answer";
        }
      };
    const session = await perform(definition, script("thin"));
    const happy = await perform(definition, script("enough"));
    assert.equal(outcome(happy), "completed");
    assert.equal(happy.eventsOf("session_end")[0]?.data.unfinished, undefined);
    assert.match(promptsOf(happy, "synthesis")[0] ?? "", /an answer/);
    const refused = await perform(definition, (request, ...rest) =>
      request.origin.stepId === "synthesis" ? "no report" : script("enough")(request, ...rest),
    );
    assert.match(outcome(refused), /synthesis#1 failed: .*REPORT\.md/);

    assert.equal(outcome(session), "completed");
    assert.deepEqual(session.eventsOf("session_end")[0]?.data.unfinished, ["loop-1"]);
    assert.deepEqual(
      session.eventsOf("step_skipped").map(({ step }) => step),
      ["clear"],
    );
    const asked = session.model.requests.filter(({ origin }) => origin.stepId === "answer.a").map(prompt);
    assert.ok(
      asked.some((text) => text.includes("why (the person said: )")),
      asked.join("\n"),
    );
    assertPrompts("research", { happy, exhausted: session, refused });
  });
});

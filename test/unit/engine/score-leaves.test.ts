import assert from "node:assert/strict";
import { driftAfter } from "../../../src/engine/conductor/after-step";
import type { DriftRule, Finding } from "../../../src/engine/conductor/drift/rule";
import type { Definition, PlanNode } from "../../../src/engine/model/definition";
import type { CommandResult, CommandRunner } from "../../../src/engine/port/commands";
import { viewSession } from "../../../src/engine/view/session-view";
import { harness, question, step } from "../../fakes/engine-harness";
import type { Harness } from "../../fakes/engine-harness";
import { answerAll, commands, grown, keysOf, replays, run, says } from "../../fakes/grown-score";
import { MemorySessionStore } from "../../fakes/memory-session-store";

const accept = (id: string, more: Partial<PlanNode & { kind: "step" }> = {}): PlanNode =>
  step(id, "a person", {
    does: { kind: "accept", paths: ["**"] },
    instruction: "",
    must: ["accepted", "partly"],
    ...more,
  });

/** A Flow whose command `tests` reaches outside. */
function reachingOutside(steps: readonly PlanNode[], result: string): Definition {
  const definition = grown(steps, result);
  const tests = definition.flow.commands?.tests;
  if (tests !== undefined) tests.effects = "outside";
  return definition;
}

const writesTwo: Parameters<typeof harness>[1] = ({ origin }) =>
  origin.stepId === "make" && origin.answeredCalls === 0
    ? {
        calls: [
          ["write_file", { path: "a.md", content: "a" }],
          ["write_file", { path: "b.md", content: "b" }],
        ],
      }
    : "done";

async function decide(session: Harness, decisions: Readonly<Record<string, boolean>>): Promise<void> {
  for (const [path, taken] of Object.entries(decisions)) {
    const written = session.eventsOf("artifact_written").findLast(({ data }) => data.path === path);
    assert.ok(written);
    const { content } = written.data;
    await session.orchestrator.recordDecision(
      taken
        ? {
            type: "artifact_accepted",
            step: null,
            data: { path, content, replaced: null, mode: "whole", by: "person" },
          }
        : {
            type: "artifact_rejected",
            step: null,
            data: { path, content, reason: "too long", by: "person" },
          },
    );
  }
}

/** Waits until the session asks something in a step. */
async function asked(session: Harness, at: string): Promise<void> {
  for (let turn = 0; turn < 1000; turn += 1) {
    if (session.eventsOf("question_asked").some((event) => event.step === at)) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`${at} asked nothing`);
}

describe("A step that waits for a decision about artifacts", () => {
  const steps: PlanNode[] = [
    step("make", "writer"),
    accept("take"),
    step("last", "writer", { instruction: "{{steps.take.verdict}}: {{steps.take.summary}}" }),
  ];
  const cases = [
    [{ "a.md": true, "b.md": true }, "accepted: The person's decision: accepted. Accepted: a.md, b.md."],
    [
      { "a.md": true, "b.md": false },
      "partly: The person's decision: partly. Accepted: a.md. Rejected: b.md (too long).",
    ],
  ] as const;
  for (const [decisions, said] of cases) {
    it(`ends when all of them are decided about: ${said.slice(0, said.indexOf(":"))}`, async () => {
      const session = harness(grown(steps, "last"), writesTwo);
      const running = session.run();
      await asked(session, "take");
      assert.deepEqual(
        viewSession(session.orchestrator.state).questions.map(({ kind, step: at }) => [kind, at]),
        [["accept", "take"]],
      );
      const [first, ...rest] = Object.entries(decisions);
      await decide(session, Object.fromEntries([first ?? ["", true]]));
      assert.equal(session.types("take").includes("step_end"), false);
      await decide(session, Object.fromEntries(rest));

      const state = await running;

      assert.equal(state.outcome, "completed");
      assert.ok(session.model.lastMessage().includes(said), session.model.lastMessage());
      await replays(session);
    });
  }

  it("fails when all of them are rejected, unless a condition looks at that", async () => {
    const session = harness(grown(steps, "last"), writesTwo);
    const running = session.run();
    await asked(session, "take");
    await decide(session, { "a.md": false, "b.md": false });

    const state = await running;

    assert.equal(state.status, "paused");
    assert.match(session.eventsOf("step_failed")[0]?.data.message ?? "", /rejected/);
    await replays(session);
  });

  it("asks nothing where nothing is proposed", async () => {
    const session = harness(grown([step("make", "writer"), accept("take")], "take"), () => "nothing made");

    const state = await session.run();

    assert.equal(state.outcome, "completed");
    assert.equal(session.eventsOf("step_end").at(-1)?.data.verdict, "accepted");
    await replays(session);
  });
});

describe("A command with effects outside", () => {
  const steps = [step("make", "writer"), accept("take"), run("deploy", { must: ["pass"] })];

  async function upToDeploy(session: Harness, taken: boolean): Promise<ReturnType<Harness["run"]>> {
    const running = session.run();
    await asked(session, "take");
    await decide(session, { "a.md": taken, "b.md": taken });
    return running;
  }

  it("is asked for with what was accepted, and runs once it was agreed to", async () => {
    const runner = commands(0);
    const session = harness(reachingOutside(steps, "deploy"), writesTwo, { commands: runner });
    const running = upToDeploy(session, true);
    const { id, sha256 } = await question(session);
    const shows = session.eventsOf("approval_requested")[0]?.data.shows;
    const shown = JSON.parse(shows === undefined ? "{}" : await session.store.getText(shows)) as {
      accepted: [string, string][];
    };
    assert.deepEqual(
      shown.accepted.map(([path]) => path),
      ["a.md", "b.md"],
    );
    assert.deepEqual(runner.started, []);
    session.orchestrator.submit({ kind: "resolve_approval", id, sha256, decision: "approve", by: "person" });

    const state = await running;

    assert.equal(state.outcome, "completed");
    assert.equal(runner.started.length, 1);
    await replays(session);
  });

  it("does not run without an acceptance before it", async () => {
    const runner = commands(0);
    const session = harness(reachingOutside([step("make", "writer"), run("deploy")], "deploy"), writesTwo, {
      commands: runner,
    });

    const state = await session.run();

    assert.equal(state.status, "paused");
    assert.deepEqual(
      session.eventsOf("step_failed").map(({ data }) => data.code),
      ["not_accepted"],
    );
    assert.deepEqual(runner.started, []);
  });

  /** As on disk when the machine failed while the command ran. */
  async function cutOff(): Promise<{ session: Harness; runner: ReturnType<typeof commands> }> {
    const first = harness(reachingOutside(steps, "deploy"), writesTwo, { commands: commands(0) });
    const running = upToDeploy(first, true);
    const { id, sha256 } = await question(first);
    first.orchestrator.submit({ kind: "resolve_approval", id, sha256, decision: "approve", by: "person" });
    await running;
    const cut = first.store.events.findIndex(({ type }) => type === "command_start");
    const events = first.store.events.slice(0, cut + 1);
    const store = new MemorySessionStore(() => first.clock.nowMs(), { events, blobs: first.store.blobs });
    const runner = commands(0);
    const session = harness(first.definition, writesTwo, { store, commands: runner });
    session.orchestrator.resume("person");
    return { session, runner };
  }

  for (const [answer, starts] of [
    ["happened", 0],
    ["did_not_happen", 1],
  ] as const) {
    it(`is never started again by itself once it was cut off: a person says that it ${answer}`, async () => {
      const { session, runner } = await cutOff();
      answerAll(session, () => ({ verdict: answer }));
      const running = session.run();
      if (starts > 0) {
        // It is asked for once more, with a question of its own.
        const { id, sha256 } = await question(session);
        assert.deepEqual(runner.started, []);
        session.orchestrator.submit({
          kind: "resolve_approval",
          id,
          sha256,
          decision: "approve",
          by: "person",
        });
      }

      const state = await running;

      assert.equal(state.outcome, "completed");
      assert.equal(runner.started.length, starts);
      assert.equal(session.eventsOf("approval_requested").length, 1 + starts);
      assert.deepEqual(
        session.eventsOf("question_asked").map(({ data }) => data.kind),
        ["accept", "happened"],
      );
      await replays(session);
    });
  }
});

describe("The time of a step", () => {
  /** Works until it is cancelled. */
  const endless: CommandRunner = {
    run: (_request, _onOutput, cancellation) =>
      new Promise((resolve) => {
        cancellation.addEventListener("abort", () => {
          const result: CommandResult = {
            end: { kind: "cancelled" },
            place: "view",
            output: "so far",
            files: [],
            discarded: { files: 0, bytes: 0 },
            durationMs: 5,
          };
          resolve(result);
        });
      }),
  };

  it("cuts off a call that takes longer, and tries the step again where it may", async () => {
    const slow = step("slow", "writer", { timeout_seconds: 20, retry_attempts: 2 });
    const session = harness(grown([slow], "slow"), (_, call) =>
      call === 1 ? new Promise(() => undefined) : "in time",
    );
    // The first time is used up at once, the second one not at all.
    let sleeps = 0;
    session.clock.sleep = (ms) => {
      if (++sleeps > 1) return new Promise(() => undefined);
      session.clock.ms += ms;
      return Promise.resolve();
    };

    const state = await session.run();

    assert.equal(state.outcome, "completed");
    assert.deepEqual(
      session.eventsOf("model_call_failed").map(({ data }) => data.code),
      ["cancelled"],
    );
    assert.deepEqual(
      session
        .eventsOf("step_failed")
        .map(({ data: { code, message, will_retry } }) => [code, message, will_retry]),
      [["timeout", "The step took longer than 20 s (timeout_seconds).", true]],
    );
    await replays(session);
  });

  it("cuts off a command, and leaves other steps alone", async () => {
    const session = harness(
      grown(
        [
          {
            kind: "parallel",
            id: "both",
            on_failure: "continue",
            branches: [run("tests", { timeout_seconds: 5 }), step("other", "writer")],
          },
        ],
        "both",
      ),
      () => "done",
      { commands: endless },
    );

    const state = await session.run();

    assert.equal(state.outcome, "completed");
    assert.deepEqual(
      session.eventsOf("step_failed").map(({ step: key, data }) => [key, data.code]),
      [["tests", "timeout"]],
    );
    assert.deepEqual(keysOf(session, "step_end"), ["other"]);
    await replays(session);
  });

  it("does not run while a person is waited for", async () => {
    const ask = step("scope", "a person", {
      does: { kind: "ask", question: "Go on?", fields: {} },
      verdict: ["go"],
      timeout_seconds: 10,
      instruction: "",
    });
    const session = harness(grown([ask], "scope"), () => "ok");
    answerAll(session, () => {
      session.clock.ms += 3_600_000;
      return { verdict: "go" };
    });

    const state = await session.run();

    assert.equal(state.outcome, "completed");
  });

  it("asks whether a command with effects outside happened, before anything else", async () => {
    const steps = [step("make", "writer"), accept("take"), run("deploy", { timeout_seconds: 5 })];
    const session = harness(reachingOutside(steps, "deploy"), writesTwo, { commands: endless });
    const running = session.run();
    await asked(session, "take");
    await decide(session, { "a.md": true, "b.md": true });
    const { id, sha256 } = await question(session);
    answerAll(session, () => ({ verdict: "happened" }));
    session.orchestrator.submit({ kind: "resolve_approval", id, sha256, decision: "approve", by: "person" });

    await running;

    assert.deepEqual(
      session.eventsOf("question_asked").map(({ data }) => data.kind),
      ["accept", "happened"],
    );
    assert.equal(session.eventsOf("command_start").length, 1);
    await replays(session);
  });
});

describe("Another attempt", () => {
  const failing: Parameters<typeof harness>[1] = (_, call) => (call === 1 ? says("no") : says("yes"));
  const reviewed = (more: Partial<PlanNode & { kind: "step" }>): PlanNode =>
    step("review", "reviewer", { verdict: ["yes", "no"], must: ["yes"], retry_attempts: 2, ...more });

  for (const feedback of [true, undefined] as const) {
    it(
      feedback === true ? "is told why the one before failed" : "is told nothing where nothing says so",
      async () => {
        const session = harness(
          grown([reviewed(feedback === undefined ? {} : { retry_feedback: feedback })], "review"),
          failing,
        );

        const state = await session.run();

        assert.equal(state.outcome, "completed");
        const told = /The attempt before this one failed: Its verdict is no; it must be yes\./.test(
          session.model.lastMessage(2),
        );
        assert.equal(told, feedback === true, session.model.lastMessage(2));
        await replays(session);
      },
    );
  }

  it("waits before it begins, an agent's and a command's", async () => {
    const session = harness(
      grown(
        [
          reviewed({ retry_pause_seconds: 7 }),
          run("tests", { must: ["pass"], retry_attempts: 2, retry_pause_seconds: 11 }),
        ],
        "tests",
      ),
      failing,
      { commands: commands(1, 0) },
    );

    const state = await session.run();

    assert.equal(state.outcome, "completed");
    assert.deepEqual(session.clock.slept, [7000, 11_000]);
    await replays(session);
  });
});

describe("An each over a glob", () => {
  const each = (max: number): PlanNode => ({
    kind: "each",
    id: "docs",
    in: { glob: "src/{{inputs.kind}}/*.ts" },
    max,
    at_once: 1,
    on_failure: "stop",
    body: [step("doc", "writer", { instruction: "Document {{item}}." })],
  });
  const project = { "src/a/one.ts": "1", "src/a/two.md": "2", "src/a/gone.ts": "3", "src/b/other.ts": "4" };
  const answer: Parameters<typeof harness>[1] = ({ origin }) =>
    origin.stepId === "make" && origin.answeredCalls === 0
      ? {
          calls: [
            ["write_file", { path: "src/a/new.ts", content: "n" }],
            ["delete_file", { path: "src/a/gone.ts" }],
          ],
        }
      : origin.stepId === "doc" && origin.answeredCalls === 0
        ? { calls: [["write_file", { path: "src/a/later.ts", content: "l" }]] }
        : "done";

  it("takes the files of the Workspace over those of the project as they are when it starts, sorted", async () => {
    const definition = grown([step("make", "writer"), each(5)], "docs");
    definition.flow.inputs = { kind: "a" };
    for (const role of Object.values(definition.band.roles)) role.tools = ["write_file", "delete_file"];
    const session = harness(definition, answer, { project });

    const state = await session.run();

    assert.equal(state.outcome, "completed");
    assert.deepEqual(session.eventsOf("items_resolved")[0]?.data.items, ["src/a/new.ts", "src/a/one.ts"]);
    assert.deepEqual(keysOf(session, "step_end"), ["make", "docs[1].doc", "docs[2].doc"]);
    await replays(session);
  });

  it("fails before the first file when there are more than it takes", async () => {
    const definition = grown([step("make", "writer"), each(1)], "docs");
    definition.flow.inputs = { kind: "a" };
    for (const role of Object.values(definition.band.roles)) role.tools = ["write_file", "delete_file"];
    const session = harness(definition, answer, { project });

    await session.run();

    assert.deepEqual(
      session.eventsOf("step_failed").map(({ data }) => data.code),
      ["too_many_items"],
    );
  });
});

describe("What the Conductor says after a step", () => {
  it("is asked once a step's result is recorded, and is told which", async () => {
    const seen: string[] = [];
    const rule = (finding: Finding | null): DriftRule => ({
      name: "repetition",
      looksFor: "",
      find: ({ run }) => {
        seen.push(run.key);
        return finding;
      },
    });
    const session = harness(grown([step("one", "writer")], "one"), () => "short");
    const state = await session.run();

    const drift = driftAfter(state, "one", [rule(null), rule({ message: "too short", evidence: [4] })]);

    assert.deepEqual(seen, ["one", "one"]);
    assert.equal(drift?.message, "too short");
    assert.equal(driftAfter(state, "never", [rule(null)]), null);
  });
});

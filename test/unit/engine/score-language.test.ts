import assert from "node:assert/strict";
import { replay } from "../../../src/engine/history/replay";
import type { PlanNode } from "../../../src/engine/model/definition";
import type { CommandRunner } from "../../../src/engine/port/commands";
import { viewSession } from "../../../src/engine/view/session-view";
import type { Answer } from "../../fakes/engine-harness";
import { harness, step } from "../../fakes/engine-harness";
import { MemorySessionStore } from "../../fakes/memory-session-store";
import { replayPorts } from "../../fakes/replay-ports";
import { answerAll, commands, gives, grown, keysOf, replays, run, says } from "../../fakes/grown-score";

describe("The Score's language", () => {
  const fixing = (more: Partial<PlanNode & { kind: "loop" }> = {}): PlanNode => ({
    kind: "loop",
    id: "fixing",
    max: 3,
    until: [
      { step: "tests", verdict: ["pass"] },
      { step: "review", verdict: ["approve"] },
    ],
    on_exhausted: "fail",
    body: [
      step("build", "writer"),
      run("tests"),
      step("review", "reviewer", {
        verdict: ["approve", "revise"],
        when: [{ step: "tests", verdict: ["pass"] }],
      }),
    ],
    ...more,
  });

  it("repeats a loop until all of its conditions hold in one round; what a condition skips is an event", async () => {
    const session = harness(
      grown([fixing()], "fixing"),
      ({ origin }) => (origin.stepId === "review" ? says("approve") : "built"),
      { commands: commands(1, 0) },
    );

    const state = await session.run();

    assert.equal(state.outcome, "completed");
    assert.deepEqual(keysOf(session, "step_end"), ["build#1", "tests#1", "build#2", "tests#2", "review#2"]);
    assert.deepEqual(keysOf(session, "step_skipped"), ["review#1"]);
    assert.match(session.eventsOf("step_skipped")[0]?.data.reason ?? "", /^tests says fail, not pass$/);
    assert.equal(session.eventsOf("session_end")[0]?.data.result?.verdict, "approve");
    await replays(session);
  });

  it("keeps the words of a session that an earlier version began", async () => {
    const session = harness(grown([fixing()], "fixing"), () => "built", { commands: commands(1) });
    await session.run();
    const now = JSON.stringify(session.store.events);
    assert.match(now, /"reasons":3/);
    const before = now
      .replace('"reasons":3,', "")
      .replaceAll("After 3 rounds its `until` does not hold:", "After 3 rounds it is not so that WANTED (")
      .replaceAll("tests says fail, not pass", "tests says pass: it is fail")
      .replaceAll("( tests says pass: it is fail.", "(tests says pass: it is fail).")
      .replaceAll("WANTED", "tests says pass and review says approve");
    const events = JSON.parse(before) as typeof session.store.events;
    const { divergence } = await replay(session.definition, events, replayPorts(session.store));

    assert.equal(divergence, undefined, JSON.stringify(divergence));
    assert.match(before, /fixing failed: After 3 rounds it is not so that tests says pass and review/);
  });

  it("fails a loop whose end never came, names why, and gives it as many rounds again when it is tried again", async () => {
    const session = harness(grown([fixing()], "fixing"), () => "built", { commands: commands(1) });

    const state = await session.run();

    assert.equal(state.pause?.reason, "step_failed");
    assert.equal(session.eventsOf("loop_exhausted")[0]?.data.rounds, 3);
    assert.match(
      state.pause?.message ?? "",
      /fixing failed: After 3 rounds its `until` does not hold: tests says fail, not pass\./,
    );
    session.orchestrator.resume("person");
    await session.run();
    assert.deepEqual(
      session.eventsOf("loop_exhausted").map(({ data }) => data.rounds),
      [3, 6],
    );
    await replays(session);
  });

  it("goes on after a loop that may be exhausted, and names it at the end", async () => {
    const session = harness(
      grown([fixing({ on_exhausted: "continue" }), step("last", "writer")], "last"),
      () => "built",
      {
        commands: commands(1),
      },
    );

    const state = await session.run();

    assert.equal(state.outcome, "completed");
    assert.deepEqual(session.eventsOf("session_end")[0]?.data.unfinished, ["fixing"]);
    assert.match(
      viewSession(state).ending ?? "",
      /^Completed: 7 steps are done; until never came true: fixing; skipped: review#1 /,
    );
    await replays(session);
  });

  it("asks a person about a loop without its end, and does what the answer says", async () => {
    const session = harness(grown([fixing({ on_exhausted: "ask" })], "fixing"), () => "built", {
      commands: commands(1),
    });
    answerAll(session, (asked) => (asked === 1 ? { verdict: "more" } : { verdict: "go_on" }));

    const state = await session.run();

    assert.equal(state.outcome, "completed");
    assert.equal(session.eventsOf("question_asked").length, 2);
    assert.equal(keysOf(session, "step_end").filter((key) => key?.startsWith("tests#") === true).length, 6);
    await replays(session);
  });

  it("fails a command that must pass, and no other; a replay starts none", async () => {
    const must = { must: ["pass"] };
    const runner = commands(1);
    const session = harness(grown([run("tests", must)], "tests"), () => "", { commands: runner });

    const state = await session.run();

    assert.equal(session.eventsOf("step_failed")[0]?.data.code, "must_not_met");
    assert.match(
      state.pause?.message ?? "",
      /Its verdict is fail \(exit code 1\); it must be pass\. It wrote: exit 1/,
    );
    await replays(session);
    assert.deepEqual(runner.started, ["tests/1/1"]);

    const before = JSON.stringify(session.store.events)
      .replace('"reasons":3,', '"reasons":2,')
      .replaceAll("fail (exit code 1);", "fail;");
    const events = JSON.parse(before) as typeof session.store.events;
    const { divergence } = await replay(session.definition, events, replayPorts(session.store));
    assert.equal(divergence, undefined, JSON.stringify(divergence));
  });

  it("fills an argument from a bounded value; one that would be an option, or no single word, starts nothing", async () => {
    const filled = async (value: string, argument = "{{inputs.only}}") => {
      const definition = grown([run("tests", { retry_attempts: 3 })], "tests");
      const tests = definition.flow.commands?.tests;
      if (tests !== undefined) tests.argv = ["node", argument];
      definition.flow.inputs = { only: value };
      definition.flow.input_specs = { only: { type: "string", pattern: "[\\s\\S]*" } };
      const runner = commands(0);
      const session = harness(definition, () => "", { commands: runner });
      const state = await session.run();
      await replays(session);
      const failures = session.eventsOf("step_failed").map(({ data }) => data);
      return { argv: session.eventsOf("command_start")[0]?.data.argv, failures, runner, state };
    };

    assert.deepEqual((await filled("tests/{{task}} a b")).argv, ["node", "tests/{{task}} a b"]);
    for (const [value, why] of [
      ["--require=evil.js", "it begins with '-' and would be an option"],
      ["a\nb", "it holds a control character"],
      ["a\u0000b", "it holds a control character"],
      ["x".repeat(4097), "it has more than 4096 characters"],
      ["", "it is empty"],
    ] as const) {
      const { argv, failures, runner, state } = await filled(value);
      assert.deepEqual([argv, runner.started], [undefined, []], why);
      const message = `{{inputs.only}} cannot be an argument: ${why}.`;
      assert.deepEqual(failures, [{ attempt: 1, code: "argument_not_allowed", message, will_retry: false }]);
      assert.ok(state.pause?.message.includes(message), state.pause?.message);
    }
    assert.match((await filled("a", "{{task}}")).failures[0]?.message ?? "", /free text/);
    assert.match(
      (await filled("a", "--only={{inputs.only}}")).failures[0]?.message ?? "",
      /a whole argument/,
    );
  });

  it("takes an argument of a command in a used Score only where that Score's input is bounded", async () => {
    for (const bounded of [false, true]) {
      const only = { type: "string" as const, enum: ["a", "b"] };
      const use: PlanNode = {
        kind: "use",
        id: "qa",
        score: "simple",
        source: "simple.score.yaml",
        inputs: { only: bounded ? only : {} },
        with: { only: "a" },
        result: "qa.tests",
        body: [run("qa.tests", { frame: "qa" })],
      };
      const definition = grown([use], "qa");
      const tests = definition.flow.commands?.tests;
      if (tests !== undefined) tests.argv = ["node", "{{inputs.only}}"];
      definition.flow.inputs = { only: "b" };
      definition.flow.input_specs = { only };
      const session = harness(definition, () => "", { commands: commands(0) });

      await session.run();

      assert.deepEqual(session.eventsOf("command_start")[0]?.data.argv, bounded ? ["node", "a"] : undefined);
      assert.deepEqual(
        session.eventsOf("step_failed").map(({ data }) => data.code),
        bounded ? [] : ["argument_not_allowed"],
      );
      await replays(session);
    }
  });

  it("performs the steps of an each once per item, the item in the prompt and in the key", async () => {
    for (const at_once of [1, 3]) {
      const each: PlanNode = {
        kind: "each",
        id: "docs",
        in: { step: "plan", field: "files" },
        max: 3,
        at_once,
        on_failure: "stop",
        body: [step("doc", "writer", { instruction: "Document {{item}}." })],
      };
      const plan = step("plan", "writer", { result: { files: { type: "list", max: 5 } } });
      const session = harness(
        grown([plan, each, step("last", "writer", { instruction: "{{steps.docs.summary}}" })], "last"),
        ({ origin, messages }) => {
          if (origin.stepId === "plan") return gives({ files: ["a.ts", "b.ts"] });
          const asked = /Document (\S+)\./.exec(messages.at(-1)?.content ?? "")?.[1];
          return asked === undefined ? "end" : `about ${asked}`;
        },
      );

      const state = await session.run();

      assert.equal(state.outcome, "completed");
      assert.deepEqual(keysOf(session, "step_end"), ["plan", "docs[1].doc", "docs[2].doc", "last"]);
      assert.match(
        session.model.lastMessage(),
        /## docs\[1\] a\.ts\n\nabout a\.ts\n\n## docs\[2\] b\.ts\n\nabout b\.ts/,
      );
      await replays(session);
    }
  });

  it("fails before the first item when there are more than the each takes", async () => {
    const each: PlanNode = {
      kind: "each",
      id: "docs",
      in: { step: "plan", field: "files" },
      max: 1,
      at_once: 1,
      on_failure: "continue",
      body: [step("doc", "writer")],
    };
    const plan = step("plan", "writer", { result: { files: { type: "list" } } });
    const session = harness(grown([plan, each], "docs"), () => gives({ files: ["a", "b"] }));

    const state = await session.run();

    assert.match(state.pause?.message ?? "", /There are 2 items, and docs takes 1 at most/);
    assert.equal(session.eventsOf("items_resolved").length, 0);
  });

  it("goes on without the branches that failed where the group says so, and names them; fails when all did", async () => {
    const group = (both: boolean): PlanNode => ({
      kind: "parallel",
      id: "reviews",
      on_failure: "continue",
      branches: [
        run("one", { must: ["pass"] }),
        both ? run("two", { must: ["pass"] }) : step("two", "writer"),
      ],
    });
    const session = harness(grown([group(false)], "reviews"), () => "fine", { commands: commands(1) });
    const all = harness(grown([group(true)], "reviews"), () => "fine", { commands: commands(1) });

    const state = await session.run();
    const failed = await all.run();

    assert.equal(state.outcome, "completed");
    assert.deepEqual(session.eventsOf("session_end")[0]?.data.failed, ["one"]);
    assert.equal(viewSession(state).ending, "Completed: 1 step is done; failed and left out: one.");
    assert.match(failed.pause?.message ?? "", /Everything in reviews failed/);
    await replays(session);
    await replays(all);
  });

  it("lets what runs beside a failed step end and be counted before its item is left out, also after a crash", async () => {
    const body: PlanNode = {
      kind: "parallel",
      id: "both",
      branches: [run("tests", { must: ["pass"] }), step("slow", "writer"), step("after", "writer")],
    };
    const each: PlanNode = {
      kind: "each",
      id: "docs",
      in: { input: "list" },
      max: 2,
      at_once: 2,
      on_failure: "continue",
      body: [body],
    };
    const definition = grown([each], "docs");
    definition.flow.inputs = { list: ["a", "b"] };
    const fails: CommandRunner = {
      run: async (request, ...more) => {
        const result = await commands(0).run(request, ...more);
        return { ...result, end: { kind: "exited", code: request.run.startsWith("docs[1]") ? 1 : 0 } };
      },
    };
    const slow: Answer = async ({ origin }) => {
      for (let turn = origin.stepId === "slow" ? 20 : 0; turn > 0; turn -= 1)
        await new Promise((resolve) => setImmediate(resolve));
      return "done";
    };
    const session = harness(definition, slow, { commands: fails });

    const state = await session.run();

    assert.equal(state.outcome, "completed");
    assert.deepEqual(session.eventsOf("session_end")[0]?.data.failed, ["docs[1].tests"]);
    assert.ok(keysOf(session, "step_end").includes("docs[1].slow"));
    assert.equal(state.spending.reservedTokens, 0);
    assert.equal(session.eventsOf("model_call_end").length, session.eventsOf("model_call_start").length);
    await replays(session);
    const failedAt = session.store.events.findIndex(({ type }) => type === "step_failed");
    const events = session.store.events.slice(0, failedAt + 1);
    const store = new MemorySessionStore(() => session.clock.nowMs(), { events, blobs: session.store.blobs });
    const again = harness(definition, slow, { commands: fails, store });
    again.orchestrator.resume("command_line");
    const resumed = await again.run();
    assert.equal(resumed.outcome, "completed");
    assert.equal(again.eventsOf("step_failed").length, 1);
    assert.deepEqual(again.eventsOf("session_end")[0]?.data.failed, ["docs[1].tests"]);
  });

  it("tells a step exactly what its result lacks, and takes it once it fits", async () => {
    const ask = step("plan", "writer", {
      result: { risk: { enum: ["low", "high"] }, left: { type: "number" } },
    });
    const session = harness(grown([ask], "plan"), (_, call) =>
      call === 1 ? gives({ risk: "none", other: 1 }) : gives({ risk: "low", left: "3" }),
    );

    const state = await session.run();

    assert.equal(state.outcome, "completed");
    const told = session.eventsOf("tool_result")[0]?.data.content;
    assert.match(
      JSON.stringify(told),
      /other is not asked for.*risk must be one of low, high, not .*left is missing/,
    );
    assert.deepEqual(session.eventsOf("session_end")[0]?.data.result?.result, { risk: "low", left: 3 });
    await replays(session);
  });

  it("gives a used Score its inputs, and takes its verdict and summary from it", async () => {
    const use: PlanNode = {
      kind: "use",
      id: "qa",
      score: "simple",
      source: "simple.score.yaml",
      inputs: { question: {} },
      with: { question: "Why {{steps.plan.summary}}?" },
      result: "qa.a",
      body: [step("qa.a", "writer", { instruction: "{{inputs.question}}", frame: "qa" })],
    };
    const session = harness(grown([step("plan", "writer"), use], "qa"), ({ origin }) =>
      origin.stepId === "plan" ? "so" : "because",
    );

    const state = await session.run();

    assert.equal(state.outcome, "completed");
    assert.match(session.model.lastMessage(), /Why so\?/);
    assert.deepEqual(session.eventsOf("session_end")[0]?.data.result?.summary, { text: "because" });
    await replays(session);
  });

  it("waits for a person's answer, checks it, and hands it on", async () => {
    const ask = step("scope", "a person", {
      does: { kind: "ask", question: "Go on?", fields: { note: { optional: true } } },
      verdict: ["go", "smaller"],
      instruction: "",
    });
    const session = harness(
      grown([ask, step("last", "writer", { instruction: "{{steps.scope.summary}}" })], "last"),
      () => "ok",
    );
    answerAll(session, () => ({ verdict: "smaller", answers: { note: "half of it" } }));

    await session.run();

    assert.match(session.model.lastMessage(), /smaller\n\nnote: half of it/);
    await replays(session);
  });

  it("shows an open question, with its words, fields and digest, until it is answered", async () => {
    const ask = step("scope", "a person", {
      does: { kind: "ask", question: "Go on?", fields: { note: { optional: true } } },
      verdict: ["go", "smaller"],
      instruction: "",
    });
    const session = harness(grown([ask], "scope"), () => "ok");
    answerAll(session, () => {
      const { questions, steps } = viewSession(session.orchestrator.state);
      const [asked] = session.eventsOf("question_asked");
      assert.deepEqual(questions, [
        {
          id: "q1",
          kind: "ask",
          sha256: asked?.data.sha256,
          step: "scope",
          text: { text: "Go on?" },
          words: ["go", "smaller"],
          fields: { note: { optional: true } },
        },
      ]);
      assert.deepEqual(
        steps.map(({ status, activity }) => [status, activity]),
        [["waiting", "asks a question"]],
      );
      return { verdict: "go" };
    });

    const state = await session.run();

    assert.equal(state.outcome, "completed");
    assert.deepEqual(viewSession(state).questions, []);
  });

  it("runs a command again that was under way when Orket stopped, and says so", async () => {
    const session = harness(grown([run("tests")], "tests"), () => "", { commands: commands(0) });
    await session.run();
    const cut = session.store.events.findIndex(({ type }) => type === "command_start");
    const events = session.store.events.slice(0, cut + 1);
    const store = new MemorySessionStore(() => session.clock.nowMs(), { events, blobs: session.store.blobs });
    const again = harness(session.definition, () => "", { store, commands: commands(0) });
    again.orchestrator.resume("command_line");

    const state = await again.run();

    assert.equal(state.outcome, "completed");
    assert.deepEqual(
      again.eventsOf("command_end").map(({ data }) => data.end.kind),
      ["lost", "exited"],
    );
    await replays(again);
  });
});

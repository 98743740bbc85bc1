import assert from "node:assert/strict";
import { OrketError } from "../../../src/engine/error/orket-error";
import { ProviderError } from "../../../src/engine/error/provider-error";
import { draft } from "../../../src/engine/event/event";
import type { ArtifactDecisionDraft } from "../../../src/engine/orchestrator/orchestrator";
import { definitionOf, harness, question, step } from "../../fakes/engine-harness";

const measured = (input: number, output: number) => ({
  input: { count: input, source: "measured" as const },
  output: { count: output, source: "measured" as const },
});

describe("A session", () => {
  it("performs the steps in the Score's order and records each in the order that the design fixes", async () => {
    const { run, types, model } = harness(
      definitionOf([step("plan", "writer"), step("build", "writer")]),
      (request) => `${request.origin.stepId} is done`,
    );

    const state = await run();

    assert.equal(state.outcome, "completed");
    assert.deepEqual(types(), [
      "session_start",
      "plan_resolved",
      ...["step_start", "prompt_built", "model_call_start", "model_call_end", "step_end"],
      ...["step_start", "prompt_built", "model_call_start", "model_call_end", "step_end"],
      "session_end",
    ]);
    assert.match(model.lastMessage(2), /## plan \(writer\)\n\nplan is done/);
  });

  it("performs tool calls in order, tells the model what came of them, and keeps artifacts in the Workspace", async () => {
    const session = harness(definitionOf([step("build", "writer", { produces: ["a.txt"] })]), (_, call) =>
      call === 1
        ? {
            calls: [
              ["write_file", { path: "a.txt", content: "one\n" }],
              ["edit_file", { path: "a.txt", old_text: "one", new_text: "two" }],
              ["read_file", { path: "a.txt" }],
            ],
          }
        : "done",
    );

    const state = await session.run();

    assert.equal(state.outcome, "completed");
    assert.equal(Buffer.from(session.store.workspace.get("a.txt") ?? []).toString(), "two\n");
    const results = session.model.requests[1]?.messages
      .filter(({ role }) => role === "tool")
      .map(({ content }) => content);
    assert.deepEqual(results, [
      "Wrote a.txt (4 bytes).",
      "Wrote a.txt (4 bytes).",
      "1\ttwo\n[a.txt: all 1 line, 4 bytes]",
    ]);
  });

  it("repeats a loop until the verdict, and each round's step has a key of its own", async () => {
    const { run, eventsOf } = harness(
      definitionOf([
        {
          kind: "loop",
          max: 5,
          until: { step: "review", verdict: "approve" },
          body: [
            step("build", "writer"),
            step("review", "reviewer", { verdict: ["approve", "request_changes"] }),
          ],
        },
        step("last", "writer"),
      ]),
      ({ origin }) =>
        origin.stepId === "review"
          ? {
              calls: [["set_verdict", { verdict: origin.answeredCalls < 2 ? "request_changes" : "approve" }]],
            }
          : "ok",
    );

    await run();

    assert.deepEqual(
      eventsOf("step_end").map(({ step: key }) => key),
      ["build#1", "review#1", "build#2", "review#2", "build#3", "review#3", "last"],
    );
  });

  it("asks again for a verdict that was not given, and fails the step when the turns are used up", async () => {
    const session = harness(
      definitionOf([step("review", "reviewer", { verdict: ["approve"], max_turns: 2 })]),
      () => "I like it",
    );

    const state = await session.run();

    assert.equal(state.status, "paused");
    assert.match(session.model.lastMessage(2), /No verdict was given with set_verdict \(one of: approve\)/);
    assert.equal(session.eventsOf("step_failed")[0]?.data.code, "verdict_missing");
  });

  it("tries a failed call again as the Venue says, each try an event, and then pauses; going on tries the step again", async () => {
    let broken = true;
    const session = harness(definitionOf([step("plan", "writer")]), () =>
      broken ? new ProviderError("server_error", "It broke.") : "ok",
    );

    const paused = await session.run();
    broken = false;
    session.orchestrator.resume("person");
    const ended = await session.run();

    assert.equal(paused.pause?.reason, "step_failed");
    assert.equal(session.eventsOf("model_call_failed").length, 3);
    assert.deepEqual(session.clock.slept, [1000, 2000]);
    assert.equal(ended.outcome, "completed");
    assert.deepEqual(
      session.eventsOf("step_start").map(({ data }) => data.attempt),
      [1, 2],
    );
  });

  it("does not try a call again whose failure another try cannot fix", async () => {
    const session = harness(
      definitionOf([step("plan", "writer", { retry_attempts: 3 })]),
      () => new ProviderError("unauthorized", "No."),
    );

    await session.run();

    assert.equal(session.eventsOf("model_call_failed").length, 1);
    assert.equal(session.eventsOf("step_start").length, 1);
  });

  it("writes tool calls as text after the backend refused them, and says so in an event", async () => {
    const session = harness(
      definitionOf([step("build", "writer", { produces: ["a.txt"] })]),
      (request, call) => {
        if (request.tools.length > 0) return new ProviderError("tools_unsupported", "no tools");
        return call === 2 ? "TOOL: write_file\nPATH: a.txt\nCONTENT:\nhello\nEND" : "done";
      },
    );

    const state = await session.run();

    assert.equal(state.outcome, "completed");
    assert.equal(session.eventsOf("model_call_failed")[0]?.data.switch_to_text, true);
    assert.equal(Buffer.from(session.store.workspace.get("a.txt") ?? []).toString(), "hello\n");
  });

  it("denies a tool that the Band does not list, and tells the model", async () => {
    const session = harness(definitionOf([step("hear", "listener")]), (_, call) =>
      call === 1 ? { calls: [["read_file", { path: "a" }]] } : "ok",
    );

    await session.run();

    assert.equal(session.eventsOf("tool_denied")[0]?.data.rule, "tool-not-listed");
  });

  it("skips the steps of a role that is switched off, and says why", async () => {
    const session = harness(
      definitionOf([step("plan", "writer"), step("review", "reviewer")], {
        conductor: { disabled_roles: ["reviewer"], drift: "off" },
      }),
      () => "ok",
    );

    await session.run();

    assert.match(session.eventsOf("step_skipped")[0]?.data.reason ?? "", /reviewer is switched off/);
    assert.equal(session.model.requests.length, 1);
  });
});

describe("A failure of the machine", () => {
  it("ends the run, also when it comes while the journal is being written", async () => {
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const session = harness(
      definitionOf([{ kind: "parallel", branches: [step("a", "writer"), step("b", "writer")] }]),
      async ({ origin }) => {
        if (origin.stepId === "b") await answered;
        return `${origin.stepId} is done`;
      },
    );
    const { store } = session;
    const flush = store.flush.bind(store);
    store.flush = async () => {
      await flush();
      if (store.events.at(-1)?.type !== "step_end") return;
      store.putText = () => {
        throw new Error("The disk is gone.");
      };
      answer();
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    };

    await assert.rejects(session.run(), /The disk is gone/);
  });

  it("asks no model when its question did not come to the disk, also when a decision of a person was to bring it there", async () => {
    let answers = 0;
    const session = harness(definitionOf([step("a", "writer")]), () => `answer ${(answers += 1)}`);
    const { store, orchestrator } = session;
    const append = store.append.bind(store);
    let decided: Promise<void> | undefined;
    store.append = (drafts) => {
      if (decided === undefined && drafts.some(({ type }) => type === "model_call_start")) {
        store.failure = new OrketError("disk_failed", "The disk is gone.");
        decided = Promise.resolve().then(() =>
          orchestrator.recordDecision(
            draft("artifact_rejected", null, { path: "a.md", content: null }) as ArtifactDecisionDraft,
          ),
        );
        decided.catch(() => undefined);
      }
      return append(drafts);
    };

    await assert.rejects(session.run(), /The disk is gone/);
    await assert.rejects(decided ?? Promise.resolve(), /The disk is gone/);
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(answers, 0);
  });
});

describe("An approval", () => {
  it("holds the call back until a person approves exactly what was shown", async () => {
    const session = harness(definitionOf([step("plan", "writer", { approval: "before_step" })]), () => "ok");
    const running = session.run();
    const asked = await question(session);
    assert.equal(session.model.requests.length, 0);

    assert.throws(
      () => {
        session.orchestrator.submit({
          kind: "resolve_approval",
          id: asked.id,
          sha256: "f".repeat(64),
          decision: "approve",
          by: "person",
        });
      },
      { code: "approval_stale" },
    );
    session.orchestrator.submit({
      kind: "resolve_approval",
      id: asked.id,
      sha256: asked.sha256,
      decision: "approve",
      by: "person",
    });
    assert.throws(
      () => {
        session.orchestrator.submit({
          kind: "resolve_approval",
          id: asked.id,
          sha256: asked.sha256,
          decision: "approve",
          by: "person",
        });
      },
      { code: "approval_unknown" },
    );

    assert.equal((await running).outcome, "completed");
  });

  it("asks anew about an edited prompt, with another digest", async () => {
    const session = harness(definitionOf([step("plan", "writer", { approval: "before_step" })]), () => "ok");
    const running = session.run();
    const first = await question(session);
    session.orchestrator.submit({
      kind: "resolve_approval",
      id: first.id,
      sha256: first.sha256,
      decision: "edit",
      instruction: "Do less.",
      by: "person",
    });
    const second = await question(session);
    assert.notEqual(second.sha256, first.sha256);
    session.orchestrator.submit({
      kind: "resolve_approval",
      id: second.id,
      sha256: second.sha256,
      decision: "approve",
      by: "person",
    });

    await running;

    assert.match(session.model.lastMessage(1), /Do less\./);
  });

  it("lets a refused step be left out, and the next one reads the reason", async () => {
    const session = harness(
      definitionOf([step("plan", "writer", { approval: "before_step" }), step("build", "writer")]),
      () => "ok",
    );
    const running = session.run();
    const { id, sha256 } = await question(session);
    const refuse = (comment: string): void =>
      session.orchestrator.submit({
        kind: "resolve_approval",
        id,
        sha256,
        decision: "refuse",
        comment,
        by: "person",
      });
    assert.throws(() => refuse(" "), { code: "command_refused" });
    refuse("We have a plan already.");

    assert.equal((await running).outcome, "completed");
    assert.equal(session.model.requests.length, 1);
    assert.match(session.model.lastMessage(1), /Refused by a person: We have a plan already\./);
  });

  it("takes a refused result out of the way of the steps that follow", async () => {
    const session = harness(
      definitionOf([step("plan", "writer", { approval: "after_step" }), step("build", "writer")]),
      (_, call) => `words of call ${call}`,
    );
    const running = session.run();
    const { id, sha256 } = await question(session);
    session.orchestrator.submit({
      kind: "resolve_approval",
      id,
      sha256,
      decision: "refuse",
      comment: "It is too long.",
      by: "person",
    });
    await running;

    assert.match(session.model.lastMessage(2), /Refused by a person: It is too long\./);
    assert.doesNotMatch(session.model.lastMessage(2), /words of call/);
  });

  it("tells the next attempt what a person says of the one before, as text and not as a template", async () => {
    const session = harness(
      definitionOf([step("plan", "writer", { approval: "after_step" })]),
      (_, call) => `try ${call}`,
    );
    const running = session.run();
    const first = await question(session);
    session.orchestrator.submit({
      kind: "resolve_approval",
      id: first.id,
      sha256: first.sha256,
      decision: "retry",
      comment: "Shorter, without {{nonsense}}.",
      by: "person",
    });
    const second = await question(session);
    session.orchestrator.submit({
      kind: "resolve_approval",
      id: second.id,
      sha256: second.sha256,
      decision: "approve",
      by: "person",
    });
    await running;

    assert.match(session.model.lastMessage(2), /says: Shorter, without \{ \{nonsense\}\}\./);
  });

  for (const [text, problem] of [
    ["Do {{nonsense}}.", /nonsense/],
    ["Read {{steps.nobody.summary}}.", /no step nobody/],
    ["In {{inputs.colour}}.", /no input colour/],
  ] as const) {
    it(`takes no instruction with ${text.slice(text.indexOf("{"), -1)}, which the file could not have`, async () => {
      const session = harness(
        definitionOf([step("plan", "writer", { approval: "before_step" })]),
        () => "ok",
      );
      const running = session.run();
      const { id, sha256 } = await question(session);
      const answer = { kind: "resolve_approval", id, sha256, by: "person" } as const;
      assert.throws(
        () => session.orchestrator.submit({ ...answer, decision: "edit", instruction: text }),
        (error: Error) => problem.test(error.message),
      );
      session.orchestrator.submit({ ...answer, decision: "approve" });
      await running;
    });
  }

  it("after a step can have it done again", async () => {
    const session = harness(
      definitionOf([step("plan", "writer", { approval: "after_step" })]),
      (_, call) => `try ${call}`,
    );
    const running = session.run();
    const first = await question(session);
    session.orchestrator.submit({
      kind: "resolve_approval",
      id: first.id,
      sha256: first.sha256,
      decision: "retry",
      by: "person",
    });
    const second = await question(session);
    session.orchestrator.submit({
      kind: "resolve_approval",
      id: second.id,
      sha256: second.sha256,
      decision: "approve",
      by: "person",
    });

    const state = await running;

    assert.equal(state.outcome, "completed");
    assert.equal(session.model.requests.length, 2);
    assert.deepEqual(
      state.steps.slice().map(({ status }) => status),
      ["done"],
    );
  });

  it("can skip the step or stop the session", async () => {
    const session = harness(
      definitionOf([
        step("plan", "writer", { approval: "before_step" }),
        step("build", "writer", { approval: "before_step" }),
      ]),
      () => "ok",
    );
    const running = session.run();
    const first = await question(session);
    session.orchestrator.submit({
      kind: "resolve_approval",
      id: first.id,
      sha256: first.sha256,
      decision: "skip",
      by: "person",
    });
    const second = await question(session);
    session.orchestrator.submit({
      kind: "resolve_approval",
      id: second.id,
      sha256: second.sha256,
      decision: "stop",
      by: "person",
    });

    const state = await running;

    assert.equal(state.outcome, "stopped");
    assert.equal(session.model.requests.length, 0);
  });
});

describe("A limit", () => {
  it("is reserved before each call, never overshot, and raising it lets the session go on", async () => {
    const definition = definitionOf([step("a", "writer"), step("b", "writer"), step("c", "writer")], {
      limits: { total_tokens: 6000 },
    });
    const session = harness(definition, () => ({ text: "ok", usage: measured(900, 1600) }));

    const paused = await session.run();

    assert.equal(paused.pause?.reason, "limit");
    assert.ok(paused.spending.limitTokens <= 6000);
    assert.equal(session.eventsOf("limit_reached")[0]?.data.limit, "total_tokens");
    session.orchestrator.submit({
      kind: "adjust",
      adjustment: { kind: "set_limit", by: "person", limit: "total_tokens", value: 50_000 },
    });
    session.orchestrator.resume("person");
    assert.equal((await session.run()).outcome, "completed");
  });

  it("is said without digits that mean nothing, and for time without a next call", async () => {
    const definition = definitionOf([step("a", "writer"), step("b", "writer")], {
      limits: { cost_usd: 0.01 },
    });
    definition.venue.pricing = { input_per_million_usd: 1, output_per_million_usd: 3 };
    const paid = harness(definition, () => ({ text: "ok", usage: measured(100, 1600) }));
    const state = await paid.run();
    assert.match(
      state.pause?.message ?? "",
      /^The limit cost_usd is 0\.01; 0\.\d{1,6} is left .* use 0\.\d{1,6}\. /,
    );

    const slow = harness(
      definitionOf([step("a", "writer"), step("b", "writer")], { limits: { duration_seconds: 1 } }),
      () => {
        slow.clock.ms += 1500;
        return "ok";
      },
    );
    assert.match(
      (await slow.run()).pause?.message ?? "",
      /duration_seconds is 1, and the session has worked that long/,
    );
  });

  it("on model calls counts retries too", async () => {
    const session = harness(
      definitionOf([step("a", "writer")], { limits: { model_calls: 2 } }),
      () => new ProviderError("server_error", "no"),
    );

    const state = await session.run();

    assert.equal(state.pause?.reason, "limit");
    assert.equal(session.model.requests.length, 2);
  });
});

describe("Cancelling and pausing", () => {
  it("ends a call under way, pauses, and going on makes the call again", async () => {
    let hang = true;
    const session = harness(definitionOf([step("plan", "writer")]), () =>
      hang ? new Promise<string>(() => undefined) : "ok",
    );
    const running = session.run();
    while (session.model.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));

    session.orchestrator.cancel();
    const paused = await running;
    hang = false;
    session.orchestrator.resume("person");
    const ended = await session.run();

    assert.equal(paused.pause?.reason, "cancelled");
    assert.equal(session.eventsOf("model_call_failed")[0]?.data.code, "cancelled");
    assert.equal(ended.outcome, "completed");
    assert.equal(session.eventsOf("step_start").length, 1);
  });

  it("lets a call under way end before a pause that a person asked for", async () => {
    let release: (text: string) => void = () => undefined;
    const session = harness(definitionOf([step("plan", "writer"), step("build", "writer")]), ({ origin }) =>
      origin.stepId === "plan" ? new Promise<string>((resolve) => (release = resolve)) : "ok",
    );
    const running = session.run();
    while (session.model.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    session.orchestrator.submit({ kind: "adjust", adjustment: { kind: "pause", by: "person" } });
    release("the plan");

    const paused = await running;

    assert.equal(paused.pause?.reason, "person");
    assert.equal(session.eventsOf("model_call_end").length, 1);
  });
});

describe("A model call", () => {
  it("leaves only when its beginning is on disk", async () => {
    const onDisk: unknown[] = [];
    const session = harness(definitionOf([step("plan", "writer"), step("build", "writer")]), () => {
      const last = session.store.durable.at(-1);
      onDisk.push([last?.type, last?.step]);
      return "done";
    });
    await session.run();
    assert.deepEqual(onDisk, [
      ["model_call_start", "plan"],
      ["model_call_start", "build"],
    ]);
  });

  it("is not made when its beginning cannot be written, and that is the disk's failure, not the model's", async () => {
    const full = new OrketError("disk_full", "The disk is full.");
    let calls = 0;
    const session = harness(definitionOf([step("plan", "writer")]), () => {
      calls += 1;
      return "done";
    });
    session.store.failure = full;
    await assert.rejects(session.run(), full);
    assert.equal(calls, 0);
    assert.deepEqual(session.eventsOf("model_call_failed"), []);
  });
});

describe("Going on after a crash", () => {
  it("does nothing twice, wherever the journal ends", async () => {
    const definition = definitionOf([
      step("plan", "writer", { produces: ["p.md"] }),
      { kind: "parallel", branches: [step("docs", "writer"), step("tests", "writer")] },
      step("review", "reviewer", { verdict: ["approve"] }),
    ]);
    const answer = ({ origin }: { origin: { stepId: string; answeredCalls: number } }) => {
      if (origin.stepId === "review")
        return { text: "good", calls: [["set_verdict", { verdict: "approve" }]] as const };
      if (origin.answeredCalls > 0) return `${origin.stepId} done`;
      const path = origin.stepId === "plan" ? "p.md" : `${origin.stepId}.txt`;
      return {
        calls: [
          ["write_file", { path, content: origin.stepId }],
          ["update_notes", { set: { [origin.stepId]: "x" } }],
        ] as const,
      };
    };
    const whole = harness(definition, answer);
    await whole.run();
    const artifacts = whole.eventsOf("session_end")[0]?.data.artifacts;

    for (let length = 1; length < whole.store.events.length; length += 1) {
      const cut = harness(definition, answer);
      cut.store.events.push(...whole.store.events.slice(1, length));
      for (const [digest, bytes] of whole.store.blobs) cut.store.blobs.set(digest, bytes);
      await cut.store.flush();
      const again = cut.reopen();
      again.orchestrator.resume("person");
      const state = await again.run();

      assert.equal(state.outcome, "completed", `cut after ${length}`);
      const ends = again
        .eventsOf("step_end")
        .map(({ step: key }) => key)
        .sort();
      assert.deepEqual(ends, ["docs", "plan", "review", "tests"], `cut after ${length}`);
      assert.deepEqual(again.eventsOf("session_end")[0]?.data.artifacts, artifacts);
      assert.equal(again.eventsOf("artifact_written").length, 3);
    }
  });
});

describe("Parallel branches", () => {
  const definition = definitionOf([
    { kind: "parallel", branches: [step("docs", "writer"), step("tests", "writer"), step("lint", "writer")] },
    step("last", "writer"),
  ]);

  it("give the same state, prompts and artifacts whatever finishes first", async () => {
    const orders = [
      ["docs", "tests", "lint"],
      ["lint", "tests", "docs"],
      ["tests", "lint", "docs"],
    ];
    const outcomes = [];
    for (const order of orders) {
      const session = harness(definition, async ({ origin }) => {
        for (let turn = 0; turn < 20 * order.indexOf(origin.stepId); turn += 1)
          await new Promise((resolve) => setImmediate(resolve));
        if (origin.answeredCalls > 0 || origin.stepId === "last") return `${origin.stepId} done`;
        return {
          calls: [
            ["write_file", { path: `${origin.stepId}.txt`, content: origin.stepId }],
            ["update_notes", { set: { who: origin.stepId } }],
            ["list_dir", {}],
          ],
        };
      });
      const state = await session.run();
      outcomes.push({
        notes: state.score.scope.notes,
        prompts: session
          .eventsOf("prompt_built")
          .map((event) => `${event.step ?? ""} ${event.data.turn} ${event.data.sha256}`)
          .sort(),
        artifacts: session.eventsOf("session_end")[0]?.data.artifacts,
        results: session
          .eventsOf("tool_result")
          .map((event) =>
            `${event.step ?? ""} ${JSON.stringify(event.data)}`.replace(/"call_id":"[^"]*"/, ""),
          )
          .sort(),
      });
    }
    assert.deepEqual(outcomes[1], outcomes[0]);
    assert.deepEqual(outcomes[2], outcomes[0]);
    assert.equal(outcomes[0]?.notes["who"], "lint");
  });

  it("find out each for itself that a backend takes no tool calls, and those after them know it", async () => {
    const late = definitionOf([
      {
        kind: "parallel",
        branches: [
          step("docs", "writer"),
          { kind: "loop", max: 1, body: [step("read", "listener"), step("tests", "writer")] },
        ],
      },
      step("last", "writer"),
    ]);
    const outcomes = [];
    for (const slow of ["docs", "read"]) {
      const session = harness(late, async ({ origin, tools }) => {
        for (let turn = 0; origin.stepId === slow && turn < 40; turn += 1)
          await new Promise((resolve) => setImmediate(resolve));
        return tools.length > 0 ? new ProviderError("tools_unsupported", "no tools") : "done";
      });
      await session.run();
      outcomes.push({
        prompts: session
          .eventsOf("prompt_built")
          .map(({ step: key, data }) => `${key ?? ""} ${data.sha256}`)
          .sort(),
        refused: session
          .eventsOf("model_call_failed")
          .map((event) => event.step)
          .sort(),
      });
    }
    assert.deepEqual(outcomes[0]?.refused, ["docs", "tests#1"]);
    assert.deepEqual(outcomes[1], outcomes[0]);
  });

  it("that write one path are a failure that names both, and skipping the later one lets the session go on", async () => {
    const session = harness(definition, ({ origin }) =>
      origin.answeredCalls > 0 || origin.stepId === "last"
        ? "ok"
        : { calls: [["write_file", { path: "same.txt", content: origin.stepId }]] },
    );

    const paused = await session.run();

    assert.equal(paused.status, "paused");
    assert.match(paused.pause?.message ?? "", /docs and tests both wrote same\.txt/);
    session.orchestrator.submit({
      kind: "adjust",
      adjustment: { kind: "skip", by: "person", step: "tests" },
    });
    const again = await session.run();
    assert.match(again.pause?.message ?? "", /docs and lint both wrote same\.txt/);
    session.orchestrator.submit({ kind: "adjust", adjustment: { kind: "skip", by: "person", step: "lint" } });
    const ended = await session.run();
    assert.equal(ended.outcome, "completed");
    assert.equal(Buffer.from(session.store.workspace.get("same.txt") ?? []).toString(), "docs");
  });
});

describe("A prompt", () => {
  it("leaves out the oldest reports first and names them", async () => {
    const steps = Array.from({ length: 12 }, (_, index) => step(`s${index}`, "writer"));
    const definition = definitionOf(steps);
    definition.venue.context_tokens = 4000;
    definition.venue.max_output_tokens = 500;
    const session = harness(definition, ({ origin }) => `${origin.stepId}: ${"word ".repeat(400)}`);

    const state = await session.run();

    assert.equal(state.outcome, "completed");
    const last = session.eventsOf("prompt_built").at(-1)?.data;
    const omitted = last?.omitted[0];
    assert.equal(omitted?.what, "summaries");
    assert.equal(omitted.first, "s0");
    assert.ok((last?.estimated_tokens ?? Infinity) <= 3500);
    assert.match(session.model.lastMessage(), /## s10 \(writer\)/);
    assert.doesNotMatch(session.model.lastMessage(), /## s0 \(writer\)/);
  });

  it("that cannot fit is refused before the call, with a hint", async () => {
    const definition = definitionOf([step("plan", "writer", { instruction: "x".repeat(30_000) })]);
    const session = harness(definition, () => "ok");

    const state = await session.run();

    assert.equal(state.status, "paused");
    assert.equal(session.model.requests.length, 0);
    assert.match(
      session.eventsOf("step_failed")[0]?.data.message ?? "",
      /largest part is the step.s instruction .* raise context_tokens/,
    );
  });

  it("expands placeholders once and only once", async () => {
    const definition = definitionOf(
      [
        step("plan", "writer"),
        step("build", "writer", {
          instruction: "Follow {{steps.plan.summary}} for {{inputs.who}}, {{task}}",
        }),
      ],
      { inputs: { who: "me" } },
    );
    const session = harness(definition, () => "use {{task}} literally");

    await session.run();

    assert.match(session.model.lastMessage(2), /Follow use \{\{task\}\} literally for me, Make it so\./);
  });
});

describe("What a person refused", () => {
  it("is told to the steps that begin later, with the reason on one line", async () => {
    const of = harness(
      definitionOf([step("one", "writer", { approval: "after_step" }), step("two", "writer")]),
      (_, call) =>
        call === 1
          ? {
              calls: [
                ["write_file", { path: "a.txt", content: "a" }],
                ["write_file", { path: "b.txt", content: "b" }],
              ],
            }
          : "Done.",
    );
    const running = of.run();
    const { id, sha256 } = await question(of);
    for (const [path, reason] of [
      ["a.txt", { reason: "No new\nfile." }],
      ["b.txt", {}],
    ] as const) {
      const data = {
        path,
        content: of.orchestrator.state.score.scope.changes.at(0)?.content ?? null,
        ...reason,
      };
      await of.orchestrator.recordDecision({
        type: "artifact_rejected",
        step: null,
        data: { ...data, by: "person" },
      });
    }
    of.orchestrator.submit({ kind: "resolve_approval", id, sha256, decision: "approve", by: "person" });
    await running;
    const prompt = of.model.lastMessage();
    assert.match(prompt, /^- a\.txt \(1 bytes, from one\) \(a person refused it: No new file\.\)$/m);
    assert.match(prompt, /^- b\.txt \(1 bytes, from one\) \(a person refused it\)$/m);
  });
});

import assert from "node:assert/strict";
import path from "node:path";
import { createHttpFetch } from "../../../src/adapters/provider/http/http-fetch";
import { replaySession } from "../../../src/app/session/audit";
import { forkSession } from "../../../src/app/session/fork";
import { repeatSession } from "../../../src/app/session/repeat";
import { readSession, startSession } from "../../../src/app/session/open";
import type { LiveSession, RuntimeOptions } from "../../../src/app/session/session";
import { provenSentences, readProof } from "../../../src/app/session/proof";
import { listSessions } from "../../../src/app/session/session-list";
import { OrketFileSystem as NodeFileSystem } from "../../../src/adapters/files/orket-gate";
import { OrketError } from "../../../src/engine/error/orket-error";
import type { AdjustmentBody, EventData, SessionEvent } from "../../../src/engine/event/event";
import type { Definition, PlanNode } from "../../../src/engine/model/definition";
import { changeDefinition } from "../../../src/engine/history/fork";
import { compareRuns } from "../../../src/engine/history/compare-runs";
import { viewSession } from "../../../src/engine/view/session-view";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import { ModelServer } from "../../fakes/servers/model-server";
import type { Exchange } from "../../fakes/servers/model-server";
import { ollama } from "../../fakes/servers/vendors";
import { temporaryFolder } from "../../fakes/session";

const disk = new NodeFileSystem();

describe("a session that is repeated", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: ModelServer;
  let fetch: ReturnType<typeof createHttpFetch>;
  let options: RuntimeOptions;
  /** Answers the call of this number, over all runs. */
  let answer: (call: number, exchange: Exchange) => string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    server = await ModelServer.start();
    fetch = createHttpFetch();
    let asked = 0;
    server.behaviour = async (exchange) => {
      asked += 1;
      exchange.begin(ollama.contentType);
      await exchange.send(answer(asked, exchange) + ollama.finish({ usage: { input: 3, output: 2 } }));
      exchange.end();
    };
    options = {
      workDomain: folder.path,
      startDirectory: folder.path,
      engineVersion: "0.1.0",
      startedBy: "library",
      resolveSecret: () => Promise.reject(new Error("no secrets here")),
      fetch,
    };
  });
  afterEach(async () => {
    await fetch.close();
    await server.close();
    await folder.remove();
    assert.deepEqual(server.failures, []);
  });

  function definition(nodes?: readonly PlanNode[]): Definition {
    const made = definitionOf(
      nodes ?? [
        step("make", "writer", { produces: ["a.md"] }),
        step("look", "reviewer"),
        step("say", "listener"),
      ],
    );
    made.venue.provider = "ollama";
    made.venue.endpoint = server.url;
    made.venue.model = "test-model";
    made.venue.retry = { attempts: 1, backoff_seconds: 0 };
    made.venue.tool_calls = "native";
    return made;
  }

  /** Each run makes 4 calls: a file, what was done, what was seen, what is to say. */
  function calls(file: (run: number) => string, seen: (run: number) => string = () => "Seen.") {
    return (call: number): string => {
      const run = Math.ceil(call / 4);
      if (call % 4 === 1) return ollama.toolCall("write_file", { path: "a.md", content: file(run) });
      if (call % 4 === 2) return ollama.text("Done.");
      return ollama.text(call % 4 === 3 ? seen(run) : "Said.");
    };
  }

  async function firstRun(made: Definition, onStart: (live: LiveSession) => void = () => undefined) {
    const live = await startSession(made, options);
    try {
      onStart(live);
      const state = await live.orchestrator.run();
      return { directory: live.directory, state };
    } finally {
      await live.close();
    }
  }

  async function refusal(promise: Promise<unknown>): Promise<string> {
    const error = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(OrketError.is(error, "command_refused"), String(error));
    return error.message;
  }

  it("says how many runs gave the same artifacts, and at which step the others first differ, and keeps it", async () => {
    answer = calls((run) => (run === 3 ? "other" : "one"));
    const { directory } = await firstRun(definition());
    const report = await repeatSession(directory, options, { times: 3 });
    assert.deepEqual(
      report.runs.map(({ sameArtifacts, parting }) => [sameArtifacts, parting]),
      [
        [true, undefined],
        [false, { step: "make", what: "reply" }],
        [true, undefined],
      ],
    );
    assert.equal(report.same, 2);
    const { repeated } = await readProof({ fs: disk }, directory);
    assert.deepEqual(
      { ...repeated, at: "" },
      { same: 2, of: 3, at: "", parted: [{ step: "make", count: 1 }] },
    );
    const titles = (await listSessions(disk, folder.path)).map(({ title }) => title);
    assert.deepEqual(titles.sort(), ["test, run 1 of 3", "test, run 2 of 3", "test, run 3 of 3", undefined]);
  });

  it("tells a run that parts in words, and gives the same artifacts anyway, from one that does not part", async () => {
    answer = calls(
      () => "one",
      (run) => `Seen ${run}.`,
    );
    const { directory } = await firstRun(definition());
    const report = await repeatSession(directory, options, { times: 1 });
    assert.deepEqual(report.runs[0]?.parting, { step: "look", what: "reply" });
    assert.equal(report.same, 1);
    assert.deepEqual((await readProof({ fs: disk }, directory)).repeated?.parted, []);
  });

  /** Answers each question in turn. */
  function answering(decisions: readonly EventData<"approval_resolved">["decision"][]) {
    return (live: LiveSession): void => {
      const left = [...decisions];
      live.orchestrator.listen({
        onEvents: () => {
          setImmediate(() => {
            const [open] = viewSession(live.orchestrator.state).approvals;
            const decision = left[0];
            if (open === undefined || decision === undefined) return;
            left.shift();
            const instruction = decision === "edit" ? { instruction: "Look twice." } : {};
            const { id, sha256 } = open;
            live.orchestrator.submit({
              kind: "resolve_approval",
              id,
              sha256,
              decision,
              by: "person",
              ...instruction,
            });
          });
        },
      });
    };
  }

  it("gives the recorded answers at the same questions", async () => {
    answer = (call) => calls(() => "one")(((call - 1) % 3) + 1);
    const steps = definition();
    for (const node of steps.score.steps) if (node.kind === "step") node.approval = "before_step";
    const { directory, state } = await firstRun(steps, answering(["approve", "edit", "approve", "skip"]));
    assert.equal(state.status, "ended");
    const report = await repeatSession(directory, options, { times: 2 });
    assert.deepEqual(
      report.runs.map(({ completed, sameArtifacts, parting }) => [completed, sameArtifacts, parting]),
      [
        [true, true, undefined],
        [true, true, undefined],
      ],
    );
  });

  it("ends a run that asks what was not asked before, and says so", async () => {
    const build = step("build", "writer", { approval: "before_step" });
    const review = step("review", "reviewer", { verdict: ["approve", "again"] });
    const until = { step: "review", verdict: "approve" };
    const looped = definition([{ kind: "loop", max: 2, until, body: [build, review] }]);
    const verdicts = ["approve", "again"];
    answer = (call) =>
      call % 2 === 1
        ? ollama.text("Built.")
        : ollama.toolCall("set_verdict", { verdict: verdicts.shift() ?? "approve" });
    const { directory, state } = await firstRun(looped, answering(["approve"]));
    assert.equal(state.status, "ended");
    const { runs, same } = await repeatSession(directory, options, { times: 1 });
    assert.equal(same, 0);
    assert.deepEqual([runs[0]?.completed, runs[0]?.sameArtifacts], [false, false]);
    assert.match(runs[0]?.problem ?? "", /It asked about build#2 where the recorded session did not/);
    assert.deepEqual(runs[0]?.parting, { step: "review#1", what: "reply" });
  });

  const byPerson = (live: LiveSession, adjustment: AdjustmentBody): void => {
    live.orchestrator.submit({ kind: "adjust", adjustment: { ...adjustment, by: "person" } });
  };

  const asks = ({ request }: Exchange, id: string): boolean =>
    JSON.stringify(request.body).includes(`# Your step: ${id}`);

  /** A model that writes a file in the first step, and says in the others that it is done. */
  function replyTo(exchange: Exchange): string {
    const isAnswered = JSON.stringify(exchange.request.body).includes("Wrote a.md");
    return asks(exchange, "make") && !isAnswered
      ? ollama.toolCall("write_file", { path: "a.md", content: "one" })
      : ollama.text("Done.");
  }

  /** What people can do to a session while it runs, and what is to be seen of it in a run that does it again. */
  const steered: Readonly<Record<string, { readonly adjustment: AdjustmentBody; readonly seen: RegExp }>> = {
    "a step that was skipped": {
      adjustment: { kind: "skip", step: "say", reason: "no need" },
      seen: /"step":"say","data":\{"id":"say","role":"listener","by":"command_line","reason":"no need"\}/,
    },
    "an instruction that was changed": {
      adjustment: { kind: "patch", step: "say", instruction: "Say it in French." },
      seen: /"prompt_built","step":"say".*Say it in French\./,
    },
    "a role that was switched off": {
      adjustment: { kind: "disable", role: "listener" },
      seen: /"step":"say","data":\{.*the role listener is switched off/,
    },
    "a limit that was changed": {
      adjustment: { kind: "set_limit", limit: "model_calls", value: 4 },
      seen: /"kind":"set_limit","limit":"model_calls","value":4,"by":"command_line"/,
    },
  };
  for (const [what, { adjustment, seen }] of Object.entries(steered)) {
    it(`carries over ${what}`, async () => {
      const made = definition();
      made.flow.limits = adjustment.kind === "set_limit" ? { model_calls: 3 } : {};
      answer = (_, exchange) => replyTo(exchange);
      const { directory, state } = await firstRun(made, (live) => {
        live.orchestrator.listen({
          onEvents: (events) => {
            const begins = ({ type, step: key }: SessionEvent): boolean =>
              type === "step_start" && key === "look";
            if (events.some(begins)) byPerson(live, adjustment);
          },
        });
      });
      assert.equal(state.outcome, "completed");
      const report = await repeatSession(directory, options, { times: 2 });
      for (const { completed, sameArtifacts, parting, notCarried, session } of report.runs) {
        assert.deepEqual([completed, sameArtifacts, parting, notCarried], [true, true, undefined, []]);
        const again = path.join(path.dirname(directory), session);
        const { events } = await readSession(again);
        assert.match(
          events.map(({ type, step: key, data }) => JSON.stringify({ type, step: key, data })).join("\n"),
          seen,
        );
        assert.equal((await replaySession(again)).divergence, undefined);
      }
    });
  }

  it("does again what was done about a limit that was reached and a step that failed", async () => {
    const made = definition();
    made.flow.limits = { model_calls: 2 };
    let fails = true;
    answer = (_, exchange) => {
      if (!fails || !asks(exchange, "say")) return replyTo(exchange);
      exchange.reset();
      return "";
    };
    const live = await startSession(made, options);
    const { orchestrator } = live;
    assert.equal((await orchestrator.run()).pause?.reason, "limit");
    byPerson(live, { kind: "set_limit", limit: "model_calls", value: null });
    orchestrator.resume("person");
    assert.equal((await orchestrator.run()).pause?.reason, "step_failed");
    byPerson(live, { kind: "skip", step: "say" });
    const { outcome } = await orchestrator.run();
    await live.close();
    assert.equal(outcome, "completed");

    const [same] = (await repeatSession(live.directory, options, { times: 1 })).runs;
    assert.deepEqual([same?.completed, same?.parting, same?.notCarried], [true, undefined, []]);
    fails = false;
    const [other] = (await repeatSession(live.directory, options, { times: 1 })).runs;
    assert.deepEqual([other?.completed, other?.sameArtifacts], [true, true]);
    assert.match(
      other?.notCarried.join() ?? "",
      /^The skip of say \(event \d+\): this run did not reach that/,
    );
  });

  it("runs a fork again from its beginning on, steered as it was, and says no more than that", async () => {
    answer = (_, exchange) => replyTo(exchange);
    const { directory } = await firstRun(definition(), (live) => {
      byPerson(live, { kind: "patch", step: "look", instruction: "Look twice." });
    });
    const change = (old: Definition): Definition =>
      changeDefinition(old, { prompts: { listener: "You listen well." } });
    const fork = await forkSession(directory, "look", change, options);
    fork.orchestrator.resume("person");
    byPerson(fork, { kind: "patch", step: "say", instruction: "Say it in French." });
    assert.equal((await fork.orchestrator.run()).outcome, "completed");
    await fork.close();
    const asked = server.received.length;

    const [run] = (await repeatSession(fork.directory, options, { times: 1 })).runs;
    assert.deepEqual([run?.completed, run?.parting, run?.notCarried], [true, undefined, []]);
    assert.equal(server.received.length - asked, 2);
    const again = path.join(path.dirname(directory), run?.session ?? "");
    assert.equal((await replaySession(again)).divergence, undefined);
    const { events } = await readSession(again);
    const decided = events.filter(({ type }) => type === "adjustment");
    assert.equal(decided.length, 2, "what the fork shares is not decided twice");
    const { repeated } = await readProof({ fs: disk }, fork.directory);
    assert.deepEqual([repeated?.from, repeated?.same], ["look", 1]);
    const proven = provenSentences({ recorded: true, repeated }, "ollama");
    assert.match(proven.at(-1) ?? "", /^repeated from look on: 1 of 1 run gave the same artifacts/);
  });

  it("is refused for a session that did not complete", async () => {
    answer = (_, exchange) => {
      exchange.reset();
      return "";
    };
    const failed = await firstRun(definition());
    assert.equal(failed.state.status, "paused");
    assert.match(await refusal(repeatSession(failed.directory, options, { times: 1 })), /completed/);
    assert.equal((await listSessions(disk, folder.path)).length, 1);
  });

  it("is ended by a cancel, and then claims nothing", async () => {
    answer = calls(() => "one");
    const { directory } = await firstRun(definition());
    const cancel = new AbortController();
    const report = await repeatSession(directory, options, {
      times: 5,
      onDone: () => {
        cancel.abort();
      },
      cancellation: cancel.signal,
    });
    assert.deepEqual([report.cancelled, report.runs.length], [true, 1]);
    assert.deepEqual(await readProof({ fs: disk }, directory), {});
  });
});

describe("two runs of one definition", () => {
  async function run(replies: readonly string[]) {
    const definition = definitionOf([
      step("a", "writer"),
      { kind: "parallel", branches: [step("b", "writer"), step("c", "writer")] },
      step("d", "reviewer"),
    ]);
    const session = harness(definition, ({ origin }) => replies["abcd".indexOf(origin.stepId)] ?? "");
    await session.run();
    return session.store.events;
  }

  it("part at the first step that was answered otherwise, not at those that follow from it", async () => {
    const first = await run(["1", "2", "3", "4"]);
    assert.deepEqual(compareRuns(first, await run(["1", "2", "3", "4"])), {
      sameArtifacts: true,
      parting: undefined,
    });
    assert.deepEqual(compareRuns(first, await run(["1", "2", "x", "y"])).parting, {
      step: "c",
      what: "reply",
    });
    assert.deepEqual(compareRuns(first, await run(["x", "2", "3", "4"])).parting, {
      step: "a",
      what: "reply",
    });
  });

  it("are not the same when one did not complete", async () => {
    const first = await run(["1", "2", "3", "4"]);
    assert.equal(compareRuns(first, first.slice(0, -1)).sameArtifacts, false);
  });
});

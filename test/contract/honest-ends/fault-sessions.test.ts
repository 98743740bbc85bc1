import assert from "node:assert/strict";
import { createHttpFetch } from "../../../src/adapters/provider/http/http-fetch";
import { OpenAiProvider } from "../../../src/adapters/provider/openai/provider";
import { exitCodeOf, Obstacles } from "../../../src/cli/exit-code";
import { replay } from "../../../src/engine/history/replay";
import type { CommandRunner } from "../../../src/engine/port/commands";
import type { ModelProvider } from "../../../src/engine/port/model-provider";
import { artifactsOf } from "../../../src/engine/state/scope";
import { outcomeSentence } from "../../../src/engine/view/outcome";
import { viewSession } from "../../../src/engine/view/session-view";
import { harness } from "../../fakes/engine-harness";
import type { Harness } from "../../fakes/engine-harness";
import { replayPorts } from "../../fakes/replay-ports";
import { ModelServer } from "../../fakes/servers/model-server";
import { planSession } from "./plan";
import type { Plan } from "./plan";

/** A whole run is `ORKET_FAULT_SESSIONS=1000`; the gate takes a sample. */
const sessions = Number(process.env["ORKET_FAULT_SESSIONS"] ?? 120);
const first = Number(process.env["ORKET_FAULT_SESSIONS_FROM"] ?? 1);

/** The engine's own provider, which says in a header field of the body which step asks: the server answers by step. */
function saidBy(provider: ModelProvider): ModelProvider {
  return {
    call: (request, onDelta, cancellation) => {
      const { settings, origin } = request;
      const params = { ...settings.params, metadata: { step: origin.stepId } };
      return provider.call({ ...request, settings: { ...settings, params } }, onDelta, cancellation);
    },
  };
}

/** Answers each step with its replies, in order; what it was asked too often is kept. */
class FaultServer {
  readonly beyond: string[] = [];
  readonly played = new Map<string, string[]>();
  readonly #server: ModelServer;

  constructor(server: ModelServer, { replies }: Plan) {
    this.#server = server;
    server.behaviour = async (exchange) => {
      const { step } = exchange.request.body["metadata"] as { step: string };
      const played = this.played.get(step) ?? [];
      const sent = replies.get(step)?.[played.length];
      this.played.set(step, [...played, sent?.name ?? "nothing"]);
      if (sent === undefined) {
        this.beyond.push(step);
        exchange.answer(400, { error: { message: "More calls than were expected." } });
        return;
      }
      exchange.response.writeHead(sent.status, { "content-type": sent.contentType });
      if (sent.body !== "") await exchange.send(sent.body);
      if (sent.kind === "failure" && sent.reset) exchange.reset();
      else exchange.end();
    };
  }

  get url(): string {
    return this.#server.url;
  }
}

function commandsOf({ exits }: Plan): CommandRunner {
  let next = 0;
  return {
    run: () =>
      Promise.resolve({
        end: { kind: "exited", code: exits[next++] ?? 99 },
        output: "said\n",
        files: [],
        discarded: { files: 0, bytes: 0 },
        durationMs: 1,
      }),
  };
}

function answerQuestions(session: Harness, { answers }: Plan): void {
  let asked = 0;
  session.orchestrator.listen({
    onEvents: (events) => {
      for (const event of events) {
        if (event.type !== "question_asked") continue;
        const { id, sha256 } = event.data;
        const verdict = answers[asked++] ?? "";
        session.orchestrator.submit({ kind: "answer_question", id, sha256, by: "person", verdict });
      }
    },
  });
}

const byStep = (session: Harness, type: "artifact_written" | "verdict_set"): Map<string, string[]> => {
  const found = new Map<string, string[]>();
  for (const event of session.store.events) {
    if (event.type !== type || event.step === null) continue;
    const id = event.step.replace(/#.*/, "");
    const said = event.type === "artifact_written" ? event.data.path : event.data.verdict;
    found.set(id, [...(found.get(id) ?? []), said]);
  }
  return found;
};

async function check(plan: Plan, session: Harness, server: FaultServer): Promise<void> {
  const { expected } = plan;
  const { state } = session.orchestrator;
  const isCompleted = state.outcome === "completed";
  assert.equal(isCompleted, expected.completed, outcomeSentence(state));
  assert.deepEqual(server.beyond, [], "calls beyond what the replies make necessary");
  const obstacles = new Obstacles();
  for (const event of session.store.events) obstacles.see(event);
  const exit = exitCodeOf(viewSession(state), obstacles);
  assert.equal(exit === 0, expected.completed, `exit code ${exit}`);
  assert.deepEqual([...state.unfinished], expected.unfinished);
  if (isCompleted) assert.deepEqual([...state.lost], expected.lost);
  if (expected.failed !== undefined) {
    assert.equal(state.pause?.reason, "step_failed");
    assert.equal(session.eventsOf("session_paused").at(-1)?.step, expected.failed.key);
    assert.ok(outcomeSentence(state)?.includes(expected.failed.key), outcomeSentence(state));
    assert.equal(exit, expected.failed.exit, outcomeSentence(state));
  }
  if (expected.partly) return;
  for (const [id, replies] of plan.replies)
    assert.equal(server.played.get(id)?.length, replies.length, `calls of ${id}`);
  assert.deepEqual(byStep(session, "artifact_written"), expected.written);
  assert.deepEqual(byStep(session, "verdict_set"), expected.verdicts);
  if (!isCompleted) return;
  const files = new Map<string, string>();
  for (const { path, content } of artifactsOf(state.score.scope))
    if (content !== null) files.set(path, Buffer.from(await session.store.getBytes(content)).toString());
  // A branch that failed leaves nothing behind.
  const lost = (path: string): boolean =>
    expected.lost.some((id) => path.startsWith(`${id}.`) || path.startsWith(`${id}-`));
  assert.deepEqual(
    new Map([...files].sort()),
    new Map([...expected.files].filter(([path]) => !lost(path)).sort()),
  );
}

describe("A session whose model and server fail by chance", function () {
  this.timeout(600_000);
  let server: ModelServer;

  before(async () => {
    server = await ModelServer.start();
  });

  after(async () => {
    await server.close();
  });

  it("is completed exactly where what was expected beforehand holds, and replays identically", async () => {
    const seen = new Map<string, number>();
    let completed = 0;
    for (let seed = first; seed < first + sessions; seed += 1) {
      const plan = planSession(seed);
      const faults = new FaultServer(server, plan);
      const provider = new OpenAiProvider(
        { endpoint: `${faults.url}/v1`, timeouts: plan.definition.venue.timeouts },
        { resolveSecret: () => Promise.resolve(""), fetch: createHttpFetch({}) },
      );
      const session = harness(plan.definition, () => "unused", {
        commands: commandsOf(plan),
        provider: saidBy(provider),
      });
      answerQuestions(session, plan);
      await session.run();
      for (let resumed = 0; resumed < plan.resumes; resumed += 1) {
        const { pause } = session.orchestrator.state;
        const isLoop = session.eventsOf("step_failed").at(-1)?.data.code === "loop_exhausted";
        if (pause?.reason !== "step_failed" || isLoop) break;
        session.orchestrator.resume("person");
        await session.run();
      }
      try {
        await check(plan, session, faults);
        const { divergence } = await replay(
          plan.definition,
          session.store.events,
          replayPorts(session.store),
        );
        assert.equal(divergence, undefined, JSON.stringify(divergence));
      } catch (error) {
        const played = [...faults.played].map(([id, names]) => `${id}: ${names.join(", ")}`).join("\n");
        throw new Error(`seed ${seed}\n${played}`, { cause: error });
      }
      if (plan.expected.completed) completed += 1;
      for (const names of faults.played.values())
        for (const name of names) seen.set(name, (seen.get(name) ?? 0) + 1);
    }
    assert.deepEqual(server.failures, []);
    if (process.env["ORKET_FAULT_SESSIONS"] !== undefined) {
      console.log(`      ${completed} of ${sessions} completed; ${seen.size} kinds of replies and failures`);
      for (const [name, count] of [...seen].sort((a, b) => b[1] - a[1]))
        console.log(`      ${count}\t${name}`);
    }
    assert.ok(completed > sessions / 5 && completed < sessions, `${completed} completed`);
  });
});

import assert from "node:assert/strict";
import { nodesIn } from "../../src/engine/model/definition";
import type { PlanNode } from "../../src/engine/model/definition";
import { planFlow } from "../../src/engine/model/plan-flow";
import { replay } from "../../src/engine/history/replay";
import { artifactsOf } from "../../src/engine/state/scope";
import { harness } from "../fakes/engine-harness";
import type { Answer, Harness } from "../fakes/engine-harness";
import { answer, attend, commandsOf, someDefinition, sum } from "../fakes/generated-score";
import { MemorySessionStore } from "../fakes/memory-session-store";
import { replayPorts } from "../fakes/replay-ports";

const scores = Number(process.env["ORKET_GENERATED_SCORES"] ?? 100);
const first = Number(process.env["ORKET_GENERATED_SCORES_FROM"] ?? 1);

/** How a session ended, whatever finished first in it. */
function endOf({ orchestrator, store }: Harness): unknown {
  const { state } = orchestrator;
  const ended = store.events.filter(({ type }) => type === "step_end" || type === "group_end");
  return {
    outcome: state.outcome ?? state.pause?.message,
    lost: [...state.lost].sort(),
    ends: [
      ...new Map(
        ended.map((event) => [event.step, JSON.stringify("summary" in event.data && event.data.summary)]),
      ),
    ].sort(),
    artifacts: artifactsOf(state.score.scope).map(({ path }) => path),
  };
}

/** Every construct of the language that a Score has, as words. */
function constructsIn(nodes: readonly PlanNode[], into = new Set<string>()): Set<string> {
  for (const node of nodes) {
    for (const condition of node.when ?? []) into.add(`when ${Object.keys(condition).join(" ")}`);
    if (node.kind !== "step") {
      into.add(node.kind);
      if (node.kind === "loop") into.add(`on_exhausted ${node.on_exhausted ?? ""}`);
      if (node.kind === "each")
        into.add("glob" in node.in ? "glob" : "step" in node.in ? "each of a result" : "each of an input");
      if (node.kind === "each" && node.at_once > 1) into.add("at_once");
      if ("on_failure" in node) into.add(`on_failure ${node.on_failure ?? ""}`);
      constructsIn(nodesIn(node), into);
      continue;
    }
    into.add(node.does?.kind ?? "role");
    if (node.does?.kind === "ask" && node.does.from !== undefined) into.add("ask from");
    if (node.does?.kind === "run" && node.does.command === "deploy") into.add("effects outside");
    for (const key of [
      "result",
      "verdict",
      "must",
      "reads",
      "timeout_seconds",
      "retry_feedback",
      "retry_pause_seconds",
    ] as const)
      if (node[key] !== undefined) into.add(key);
  }
  return into;
}

/** What was looked at, for whoever runs more seeds than the gate does. */
const tally = { completed: 0, paused: 0, events: 0, questions: 0, timeouts: 0, outside: 0 };

describe("A generated Score", function () {
  this.timeout(20_000);
  after(() => {
    if (process.env["ORKET_GENERATED_SCORES"] !== undefined) console.log(JSON.stringify(tally));
  });

  it("has every construct of the language among its seeds", () => {
    const all = new Set<string>();
    for (let seed = 1; seed <= 200; seed += 1) constructsIn(someDefinition(seed).score.steps, all);
    const expected =
      "role run ask accept use loop each parallel sequence result verdict must reads timeout_seconds retry_feedback retry_pause_seconds".split(
        " ",
      );
    const phrases = [
      "ask from",
      "effects outside",
      "each of a result",
      "each of an input",
      "at_once",
      "on_exhausted fail",
      "on_exhausted continue",
      "on_exhausted ask",
      "on_failure stop",
      "on_failure continue",
      "when step verdict",
      "when step field is",
      "when input is",
      "when input is_not",
    ];
    assert.deepEqual(
      [...expected, ...phrases].filter((one) => !all.has(one)),
      [],
    );
  });

  for (let seed = first; seed < first + scores; seed += 1) {
    it(`stays within its plan, replays identically, and ends the same after a crash and in any order (seed ${seed})`, async () => {
      await check(seed);
    });
  }
});

async function check(seed: number): Promise<void> {
  const definition = someDefinition(seed);
  const started: string[] = [];
  const session = harness(definition, answer, { commands: commandsOf(started) });
  attend(session);
  const state = await session.run();
  tally[state.outcome === "completed" ? "completed" : "paused"] += 1;
  tally.events += session.store.events.length;
  tally.questions += session.eventsOf("question_asked").length;
  tally.timeouts += session.eventsOf("step_failed").filter(({ data }) => data.code === "timeout").length;
  tally.outside += started.length;
  const plan = planFlow(definition, { prompts: false });
  const begun = new Set(session.eventsOf("step_start").map(({ step: key }) => key));
  assert.ok(begun.size <= plan.worst.maxSteps, "more steps than its plan");
  assert.ok(state.spending.modelCalls <= plan.worst.calls, "more calls than its plan");
  const runs = new Set(plan.runs.map(({ key }) => key));
  if (plan.moreRuns === 0)
    for (const key of begun) assert.ok(runs.has(key ?? ""), `${key ?? ""} is not in its plan`);
  assert.equal(new Set(started.map(stepOf)).size, started.length, "it reached outside twice");
  const { divergence } = await replay(definition, session.store.events, replayPorts(session.store));
  assert.equal(divergence, undefined, JSON.stringify(divergence));

  const slow: Answer = async (request, call) => {
    for (let turn = sum(request.origin.stepKey + seed) % 7; turn > 0; turn -= 1)
      await new Promise((resolve) => setImmediate(resolve));
    return answer(request, call);
  };
  const other = harness(definition, slow, { commands: commandsOf([]) });
  attend(other);
  const otherState = await other.run();
  // Which of two failed branches is told as the reason is the one that failed first.
  if (state.outcome === "completed" || otherState.outcome === "completed")
    assert.deepEqual(endOf(other), endOf(session), "the order counts");

  const cut = 2 + (sum(`cut ${seed}`) % (session.store.events.length - 2));
  const events = session.store.events.slice(0, cut);
  let { clock } = session;
  const store = new MemorySessionStore(() => clock.nowMs(), { events, blobs: session.store.blobs });
  // What was started before the crash reached outside; what was not did not.
  const reached = events.flatMap((event) =>
    event.type === "command_start" && event.data.effects === "outside" ? [event.step ?? ""] : [],
  );
  const after: string[] = [];
  const again = harness(definition, answer, { commands: commandsOf(after), store });
  if (again.orchestrator.state.status === "ended") return;
  again.clock.ms = session.clock.ms;
  ({ clock } = again);
  again.orchestrator.resume("command_line");
  attend(again);
  await again.run();
  const all = [...reached, ...after.map(stepOf)];
  assert.equal(new Set(all).size, all.length, `cut after ${cut}: it reached outside twice`);
  const { divergence: parted } = await replay(definition, again.store.events, replayPorts(again.store));
  assert.equal(parted, undefined, `cut after ${cut}: ${JSON.stringify(parted)}`);
  if (state.outcome === "completed")
    assert.deepEqual(
      { ...(endOf(again) as object), lost: [] },
      { ...(endOf(session) as object), lost: [] },
      `cut after ${cut}`,
    );
}

/** The step of a command's run, `KEY/ATTEMPT/NUMBER`. */
function stepOf(run: string): string {
  return run.replace(/\/\d+\/\d+$/, "");
}

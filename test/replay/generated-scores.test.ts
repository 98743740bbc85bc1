import assert from "node:assert/strict";
import { nodesIn } from "../../src/engine/model/definition";
import type { Condition } from "../../src/engine/model/condition";
import type { Definition, PlanNode } from "../../src/engine/model/definition";
import type { Json } from "../../src/engine/model/field";
import { planFlow } from "../../src/engine/model/plan-flow";
import { replay } from "../../src/engine/history/replay";
import type { CommandRunner } from "../../src/engine/port/commands";
import { openPaths } from "../../src/engine/state/acceptance";
import { activeRuns } from "../../src/engine/state/cursor";
import { artifactsOf, changeAt } from "../../src/engine/state/scope";
import type { StepRun } from "../../src/engine/state/step-run";
import { definitionOf, harness, step } from "../fakes/engine-harness";
import type { Answer, Harness } from "../fakes/engine-harness";
import { Chance } from "../fakes/generated-session";
import { MemorySessionStore } from "../fakes/memory-session-store";
import { replayPorts } from "../fakes/replay-ports";
import { defined } from "../../src/engine/model/defined";

const scores = Number(process.env["ORKET_GENERATED_SCORES"] ?? 100);
const first = Number(process.env["ORKET_GENERATED_SCORES_FROM"] ?? 1);

/** A number that is the same for the same text: what a fake model says may depend on its step alone. */
function sum(text: string): number {
  let total = 7;
  for (const character of text) total = (total * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return total;
}

/** What may stand where a node is made. */
interface Around {
  readonly depth: number;
  /** The `use` around it. */
  readonly frame?: string | undefined;
  /** Nothing is at work beside it, so that a person can decide about artifacts. */
  readonly alone: boolean;
}

class Maker {
  #number = 0;
  #accepted = false;
  readonly #chance: Chance;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  #id(stem: string, { frame }: Around): string {
    const id = `${stem}${++this.#number}`;
    return frame === undefined ? id : `${frame}.${id}`;
  }

  list(around: Around): PlanNode[] {
    const nodes: PlanNode[] = [];
    for (let count = 1 + this.#chance.below(3); count > 0; count -= 1) nodes.push(this.#node(around, nodes));
    return nodes;
  }

  #node(around: Around, before: readonly PlanNode[]): PlanNode {
    const node =
      around.depth > 0 && this.#chance.happens(0.5)
        ? this.#group(around, before)
        : this.#leaf(around, before);
    const when = this.#chance.happens(0.3) ? this.#condition(before) : undefined;
    return when === undefined ? node : { ...node, when: [when] };
  }

  /** A condition on something that was said before, or on an input. */
  #condition(before: readonly PlanNode[]): Condition | undefined {
    const steps = before.filter((one) => one.kind === "step");
    const judge = steps.findLast(({ verdict }) => verdict !== undefined);
    const typed = steps.findLast(({ result }) => result?.risk !== undefined);
    if (typed !== undefined && this.#chance.happens(0.5))
      return { step: typed.id, field: "risk", is: [this.#chance.pick(["low", "high"])] };
    if (judge !== undefined) return { step: judge.id, verdict: [judge.verdict?.[0] ?? ""] };
    return { input: "kind", ...(this.#chance.happens(0.8) ? { is: ["plain"] } : { is_not: ["plain"] }) };
  }

  #leaf(around: Around, before: readonly PlanNode[]): PlanNode {
    const { frame, alone } = around;
    const common = {
      retry_attempts: 1 + this.#chance.below(2),
      ...(this.#chance.happens(0.3) ? { retry_feedback: true as const } : {}),
      ...(this.#chance.happens(0.2) ? { retry_pause_seconds: 2 } : {}),
      ...(this.#chance.happens(0.3) ? { timeout_seconds: 3600 } : {}),
      ...(this.#chance.happens(0.2) ? { reads: this.#chance.pick(["all" as const, [] as string[]]) } : {}),
      ...defined({ frame }),
    };
    const id = (stem = "s"): string => this.#id(stem, around);
    switch (this.#chance.below(10)) {
      case 0:
      case 1:
        return step(id(), "command tests", {
          does: { kind: "run", command: "tests" },
          instruction: "",
          ...(this.#chance.happens(0.2) ? { must: ["pass"] } : {}),
          ...common,
        });
      case 2:
        return step(id(), "reviewer", { verdict: ["approve", "revise"], ...common });
      case 3:
        return step(id("typed"), "writer", {
          result: {
            files: { type: "list", of: "string", max: 3 },
            risk: { enum: ["low", "high"] },
            times: { type: "number", optional: true },
          },
          ...common,
        });
      case 4: {
        const from = before.findLast((one) => one.kind === "step" && one.result?.files !== undefined);
        const asks =
          from !== undefined && this.#chance.happens(0.6)
            ? { from: { step: from.id ?? "", field: "files" }, fields: {} }
            : { question: "Go on?", fields: { note: { optional: true } } };
        return step(id("ask"), "a person", {
          does: { kind: "ask", ...asks },
          ...("from" in asks ? {} : { verdict: ["go", "wait"] }),
          instruction: "",
          ...common,
        });
      }
      case 5:
        // It hangs until its time is up.
        return step(id("hang"), "writer", { ...common, timeout_seconds: 1 });
      case 6:
        if (!alone) break;
        if (this.#accepted && this.#chance.happens(0.7))
          return step(id("out"), "command deploy", {
            does: { kind: "run", command: "deploy" },
            instruction: "",
            must: ["pass"],
            ...common,
          });
        this.#accepted = true;
        return step(id("take"), "a person", {
          does: { kind: "accept", paths: ["**"] },
          instruction: "",
          must: ["accepted", "partly"],
          ...common,
        });
    }
    return step(id(), "writer", common);
  }

  #group(around: Around, before: readonly PlanNode[]): PlanNode {
    const id = this.#id("g", around);
    const { frame, alone } = around;
    const inside = (more: Partial<Around> = {}): PlanNode[] =>
      this.list({ depth: around.depth - 1, frame, alone, ...more });
    switch (this.#chance.below(5)) {
      case 0: {
        const body = inside();
        const review = step(this.#id("r", around), "reviewer", {
          verdict: ["approve", "revise"],
          ...defined({ frame }),
        });
        return {
          kind: "loop",
          id,
          max: 1 + this.#chance.below(3),
          until: [{ step: review.id, verdict: ["approve"] }],
          on_exhausted: this.#chance.pick(["fail", "continue", "ask"]),
          body: [...body, review],
        };
      }
      case 1: {
        const from = before.findLast((one) => one.kind === "step" && one.result?.files !== undefined);
        const atOnce = this.#chance.pick([1, 2]);
        return {
          kind: "each",
          id,
          in:
            from !== undefined && this.#chance.happens(0.6)
              ? { step: from.id ?? "", field: "files" }
              : { input: "list" },
          max: 3,
          at_once: atOnce,
          on_failure: this.#chance.pick(["stop", "continue"]),
          body: inside({ alone: alone && atOnce === 1 }),
          ...defined({ frame }),
        };
      }
      case 2:
        return {
          kind: "parallel",
          id,
          on_failure: this.#chance.pick(["stop", "continue"]),
          branches: inside({ alone: false }),
        };
      case 3:
        return { kind: "sequence", id, body: inside() };
      default: {
        const body = inside({ frame: id });
        return {
          kind: "use",
          id,
          score: "used",
          source: "used.score.yaml",
          inputs: { list: { type: "list" }, kind: {} },
          with: { list: ["x"], kind: "{{inputs.kind}}" },
          result: body.at(-1)?.id ?? "",
          body,
          ...defined({ frame }),
        };
      }
    }
  }
}

function someDefinition(seed: number): Definition {
  const steps = new Maker(new Chance(seed)).list({ depth: 2, alone: true });
  const definition = definitionOf(steps, { inputs: { list: ["a", "b"], kind: "plain" } });
  definition.score.result = { step: steps.at(-1)?.id ?? "" };
  for (const role of Object.values(definition.band.roles)) role.tools.push("set_result");
  const command = {
    argv: ["t"],
    timeout_seconds: 1,
    env: {},
    network: "none",
    writes: [],
    output: "text",
    isolation: "view",
    effects: "none",
  } as const;
  definition.flow.commands = {
    tests: { ...command, argv: ["t"], writes: [] },
    deploy: { ...command, argv: ["d"], writes: [], effects: "outside" },
  };
  return definition;
}

/** What a fake model says depends on the step's key, and on whether it was answered in this attempt already. */
const answer: Answer = ({ origin, messages }) => {
  const roll = sum(origin.stepKey) % 10;
  const told = messages.some(({ role }) => role === "tool");
  const stem = origin.stepId.split(".").at(-1) ?? "";
  if (stem.startsWith("hang")) return new Promise(() => undefined);
  if (origin.role === "reviewer")
    return { calls: [["set_verdict", { verdict: roll < 5 ? "approve" : "revise" }]] };
  if (stem.startsWith("typed")) {
    const files = ["one", "two", "three"].slice(0, roll % 4);
    const result = { files, risk: roll < 5 ? "low" : "high" };
    // Every third one is wrong at first, and right once it was told what is.
    return { calls: [["set_result", roll % 3 === 0 && !told ? { risk: "none" } : result]] };
  }
  if (roll < 4 && !told)
    return { calls: [["write_file", { path: `${sum(origin.stepKey)}.md`, content: origin.stepKey }]] };
  return { text: `${origin.stepKey} is done`, calls: [] };
};

const attemptOf = (run: string): string => run.replace(/\/\d+$/, "");

/** Commands that say the same whenever they are started; `outside` gets the steps whose command reached outside. */
function commandsOf(outside: string[]): CommandRunner {
  return {
    run: ({ run, name }) => {
      if (name === "deploy") outside.push(run);
      const code = name === "tests" && sum(attemptOf(run)) % 3 === 0 ? 1 : 0;
      return Promise.resolve({
        end: { kind: "exited", code },
        place: "view",
        // Of a command that was cut off, nobody has the output.
        output: name === "deploy" ? "" : `${attemptOf(run)}\n`,
        files: [],
        discarded: { files: 0, bytes: 0 },
        durationMs: 1,
      });
    },
  };
}

/** A person who answers whatever is open, by the step alone. */
function attend(session: Harness): void {
  const { orchestrator } = session;
  const by = "person" as const;
  const answerTo = (run: StepRun, question: NonNullable<StepRun["question"]>): void => {
    const { id, sha256, kind } = question;
    const roll = sum(run.key) % 10;
    const give = (given: { verdict?: string; answers?: Json }): void => {
      orchestrator.submit({ kind: "answer_question", id, sha256, by, ...given });
    };
    switch (kind) {
      case "ask":
        return question.questions === undefined
          ? give({ verdict: roll < 8 ? "go" : "wait", answers: roll < 5 ? { note: "n" } : {} })
          : give({ answers: question.questions.map((one) => `about ${one}`) });
      case "exhausted":
        return give({ verdict: roll < 7 ? "go_on" : "fail" });
      case "foreign_tool":
        return give({ verdict: roll < 7 ? "approve" : "refuse" });
      case "happened":
        return give({ verdict: "happened" });
      case "accept":
        for (const path of openPaths(orchestrator.state, question.paths ?? [])) {
          const content = changeAt(orchestrator.state.score.scope, path)?.content ?? null;
          void orchestrator.recordDecision(
            sum(path) % 10 < 9
              ? {
                  type: "artifact_accepted",
                  step: null,
                  data: { path, content, replaced: null, mode: "whole", by },
                }
              : { type: "artifact_rejected", step: null, data: { path, content, by } },
          );
        }
    }
  };
  const look = (): void => {
    for (let turn = 0; ; turn += 1) {
      if (turn > 1000) throw new Error("it asks the same again and again");
      const runs = orchestrator.state.status === "running" ? activeRuns(orchestrator.state.score) : [];
      const open = runs.find(
        ({ run }) =>
          run.approval !== null ||
          (run.question !== null &&
            run.answer === null &&
            (run.question.kind !== "accept" ||
              openPaths(orchestrator.state, run.question.paths ?? []).length > 0)),
      );
      if (open === undefined) return;
      const { approval, question } = open.run;
      if (approval !== null)
        orchestrator.submit({
          kind: "resolve_approval",
          id: approval.id,
          sha256: approval.sha256,
          decision: "approve",
          by,
        });
      else if (question !== null) answerTo(open.run, question);
    }
  };
  orchestrator.listen({
    onEvents: () => {
      if (session.store.events.length > 20_000)
        throw new Error(
          `it never ends: ${session.store.events
            .slice(-8)
            .map(({ type, step: key, data }) => `${type} ${key ?? ""} ${JSON.stringify(data).slice(0, 200)}`)
            .join("\n")}`,
        );
      look();
    },
  });
  look();
}

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

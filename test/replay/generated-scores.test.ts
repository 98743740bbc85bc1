import assert from "node:assert/strict";
import type { Definition, PlanNode } from "../../src/engine/model/definition";
import { planSize } from "../../src/engine/model/plan";
import { replay } from "../../src/engine/history/replay";
import type { CommandRunner } from "../../src/engine/port/commands";
import { artifactsOf } from "../../src/engine/state/scope";
import { definitionOf, harness, step } from "../fakes/engine-harness";
import type { Answer, Harness } from "../fakes/engine-harness";
import { Chance } from "../fakes/generated-session";
import { MemorySessionStore } from "../fakes/memory-session-store";
import { replayPorts } from "../fakes/replay-ports";
import { defined } from "../../src/engine/model/defined";

const scores = Number(process.env["ORKET_GENERATED_SCORES"] ?? 20);
const first = Number(process.env["ORKET_GENERATED_SCORES_FROM"] ?? 1);

/** A number that is the same for the same text: what a fake model says may depend on its step alone. */
function sum(text: string): number {
  let total = 7;
  for (const character of text) total = (total * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return total;
}

class Maker {
  #number = 0;
  readonly #chance: Chance;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  #id(stem: string): string {
    return `${stem}${++this.#number}`;
  }

  list(depth: number, frame?: string): PlanNode[] {
    const nodes: PlanNode[] = [];
    for (let count = 1 + this.#chance.below(3); count > 0; count -= 1)
      nodes.push(this.#node(depth, nodes, frame));
    return nodes;
  }

  #node(depth: number, before: readonly PlanNode[], frame?: string): PlanNode {
    const node = depth > 0 && this.#chance.happens(0.5) ? this.#group(depth, frame) : this.#leaf(frame);
    const judge = before.findLast((one) => one.kind === "step" && one.verdict !== undefined);
    return judge?.kind === "step" && node.kind !== "step" && this.#chance.happens(0.4)
      ? { ...node, when: [{ step: judge.id, verdict: [judge.verdict?.[0] ?? ""] }] }
      : node;
  }

  #whole(id: string, frame?: string): string {
    return frame === undefined ? id : `${frame}.${id}`;
  }

  #leaf(frame?: string): PlanNode {
    const inFrame = frame === undefined ? {} : { frame };
    const id = this.#whole(this.#id("s"), frame);
    switch (this.#chance.below(4)) {
      case 0:
        return step(id, "command tests", {
          does: { kind: "run", command: "tests" },
          instruction: "",
          ...(this.#chance.happens(0.2) ? { must: ["pass"] } : {}),
          retry_attempts: 1 + this.#chance.below(2),
          ...inFrame,
        });
      case 1:
        return step(id, "reviewer", { verdict: ["approve", "revise"], ...inFrame });
      default:
        return step(id, "writer", inFrame);
    }
  }

  #group(depth: number, frame?: string): PlanNode {
    const id = this.#whole(this.#id("g"), frame);
    switch (this.#chance.below(5)) {
      case 0: {
        const review = step(this.#whole(this.#id("r"), frame), "reviewer", {
          verdict: ["approve", "revise"],
          ...defined({ frame }),
        });
        return {
          kind: "loop",
          id,
          max: 1 + this.#chance.below(3),
          until: [{ step: review.id, verdict: ["approve"] }],
          on_exhausted: this.#chance.pick(["fail", "continue"]),
          body: [...this.list(depth - 1, frame), review],
        };
      }
      case 1:
        return {
          kind: "each",
          id,
          in: { input: "list" },
          max: 3,
          at_once: this.#chance.pick([1, 2]),
          on_failure: this.#chance.pick(["stop", "continue"]),
          body: this.list(depth - 1, frame),
        };
      case 2:
        return {
          kind: "parallel",
          id,
          on_failure: this.#chance.pick(["stop", "continue"]),
          branches: this.list(depth - 1, frame),
        };
      case 3:
        return { kind: "sequence", id, body: this.list(depth - 1, frame) };
      default: {
        const body = this.list(depth - 1, id);
        const inputs = { list: { type: "list" as const } };
        return {
          kind: "use",
          id,
          score: "used",
          source: "used.score.yaml",
          inputs,
          with: { list: ["x"] },
          result: body.at(-1)?.id ?? "",
          body,
          ...defined({ frame }),
        };
      }
    }
  }
}

function someDefinition(seed: number): Definition {
  const steps = new Maker(new Chance(seed)).list(2);
  const definition = definitionOf(steps, { inputs: { list: ["a", "b"] } });
  definition.score.result = { step: steps.at(-1)?.id ?? "" };
  const tests = {
    argv: ["t"],
    timeout_seconds: 1,
    env: {},
    network: "none",
    writes: [],
    output: "text",
  } as const;
  definition.flow.commands = {
    tests: { ...tests, argv: [...tests.argv], writes: [], isolation: "view", effects: "none" },
  };
  return definition;
}

const answer: Answer = ({ origin }) => {
  const roll = sum(origin.stepKey) % 10;
  if (origin.role === "reviewer")
    return { calls: [["set_verdict", { verdict: roll < 5 ? "approve" : "revise" }]] };
  return { text: `${origin.stepKey} is done`, calls: [] };
};

const attemptOf = (run: string): string => run.replace(/\/\d+$/, "");

const commands: CommandRunner = {
  // A command that was cut off is started again: it says the same.
  run: ({ run }) =>
    Promise.resolve({
      end: { kind: "exited", code: sum(attemptOf(run)) % 3 === 0 ? 1 : 0 },
      output: `${attemptOf(run)}\n`,
      files: [],
      discarded: { files: 0, bytes: 0 },
      durationMs: 1,
    }),
};

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

describe("A generated Score", function () {
  this.timeout(300_000);

  it("stays within its plan, replays identically, and ends the same after a crash at any event and in any order", async () => {
    for (let seed = first; seed < first + scores; seed += 1) {
      const definition = someDefinition(seed);
      const session = harness(definition, answer, { commands });
      const state = await session.run();
      const { max_steps: steps, max_model_calls: calls } = planSize(definition);
      const started = new Set(session.eventsOf("step_start").map(({ step: key }) => key));
      assert.ok(started.size <= steps && state.spending.modelCalls <= calls, `seed ${seed}: beyond its plan`);
      const { divergence } = await replay(definition, session.store.events, replayPorts(session.store));
      assert.equal(divergence, undefined, `seed ${seed}: ${JSON.stringify(divergence)}`);

      const slow: Answer = async (request, call) => {
        for (let turn = sum(request.origin.stepKey + seed) % 7; turn > 0; turn -= 1)
          await new Promise((resolve) => setImmediate(resolve));
        return answer(request, call);
      };
      const other = harness(definition, slow, { commands });
      const otherState = await other.run();
      // Which of two failed branches is told as the reason is the one that failed first.
      if (state.outcome === "completed" || otherState.outcome === "completed")
        assert.deepEqual(endOf(other), endOf(session), `seed ${seed}: the order counts`);

      if (state.outcome !== "completed") continue;
      const cut = 2 + (sum(`cut ${seed}`) % (session.store.events.length - 2));
      const events = session.store.events.slice(0, cut);
      const store = new MemorySessionStore(() => session.clock.nowMs(), {
        events,
        blobs: session.store.blobs,
      });
      const again = harness(definition, answer, { commands, store });
      again.orchestrator.resume("command_line");
      await again.run();
      assert.deepEqual(
        { ...(endOf(again) as object), lost: [] },
        { ...(endOf(session) as object), lost: [] },
        `seed ${seed}: cut after ${cut}`,
      );
    }
  });
});

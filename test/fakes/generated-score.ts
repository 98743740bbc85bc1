import type { Condition } from "../../src/engine/model/condition";
import type { Definition, PlanNode } from "../../src/engine/model/definition";
import type { Json } from "../../src/engine/model/field";
import type { CommandRunner } from "../../src/engine/port/commands";
import { openPaths } from "../../src/engine/state/acceptance";
import { activeRuns } from "../../src/engine/state/cursor";
import { changeAt } from "../../src/engine/state/scope";
import type { StepRun } from "../../src/engine/state/step-run";
import { defined } from "../../src/engine/model/defined";
import { definitionOf, step } from "./engine-harness";
import type { Answer, Harness } from "./engine-harness";
import { Chance } from "./generated-session";

/** A number that is the same for the same text: what a fake model says may depend on its step alone. */
export function sum(text: string): number {
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

export function someDefinition(seed: number): Definition {
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
export const answer: Answer = ({ origin, messages }) => {
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
export function commandsOf(outside: string[]): CommandRunner {
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
export function attend(session: Harness): void {
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
      case "quoted_call":
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

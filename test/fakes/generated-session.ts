import type { Definition, PlanNode, StepNode } from "../../src/engine/model/definition";
import { ProviderError } from "../../src/engine/error/provider-error";
import type { EventData, EventOf } from "../../src/engine/event/event";
import { stepsOf } from "../../src/engine/model/plan";
import { activeRuns } from "../../src/engine/state/cursor";
import { definitionOf, harness, step } from "./engine-harness";
import type { FakeReply, Harness } from "./engine-harness";

/** A seeded random source (mulberry32): the same seed gives the same session. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  happens(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new Error("nothing to pick from");
    return value;
  }
}

const letters = "abcdefghijklmnopqrstuvwxyz";
const approvals = ["none", "none", "none", "before_step", "after_step", "both"] as const;

function someStep(chance: Chance, id: string): PlanNode {
  const verdict = chance.happens(0.3) ? { verdict: ["approve", "request_changes"] } : {};
  const produces = chance.happens(0.3) ? { produces: [`${id}.md`] } : {};
  return step(id, chance.pick(["writer", "reviewer"]), {
    ...verdict,
    ...produces,
    approval: chance.pick(approvals),
    max_turns: 2 + chance.below(3),
    retry_attempts: 1 + chance.below(2),
  });
}

function someScore(chance: Chance): PlanNode[] {
  let number = 0;
  const next = (): PlanNode => someStep(chance, `${letters.charAt(number % 26)}${number++}`);
  const nodes: PlanNode[] = [];
  for (let count = 1 + chance.below(3); count > 0; count -= 1) {
    const kind = chance.below(4);
    if (kind === 0) {
      const review = step(`r${number++}`, "reviewer", {
        verdict: ["approve", "request_changes"],
      });
      const until = { step: review.id, verdict: "approve" };
      nodes.push({ kind: "loop", max: 1 + chance.below(3), until, body: [next(), review] });
    } else if (kind === 1) nodes.push({ kind: "parallel", branches: [next(), next()] });
    else nodes.push(next());
  }
  return nodes;
}

function someReply(chance: Chance, id: string, verdict: boolean, produces: boolean): FakeReply {
  const roll = chance.next();
  if (roll < 0.08)
    return new ProviderError(chance.pick(["server_error", "connection_lost", "rate_limited"]), "It broke.");
  if (roll < 0.1) return new ProviderError("tools_unsupported", "No tools.");
  const text = `${id} says ${"word ".repeat(chance.happens(0.2) ? 300 : chance.below(20))}${chance.below(1e6)}`;
  const calls: [string, Record<string, unknown>][] = [];
  if (produces && chance.happens(0.8)) calls.push(["write_file", { path: `${id}.md`, content: text }]);
  if (chance.happens(0.2))
    calls.push(["read_file", { path: chance.pick(["a.txt", "none.txt", `${id}.md`]) }]);
  if (chance.happens(0.1)) calls.push(["edit_file", { path: "a.txt", old_text: "hello", new_text: id }]);
  if (chance.happens(0.1)) calls.push(["write_file", { path: ".git/config", content: "x" }]);
  if (chance.happens(0.1)) calls.push(["update_notes", { set: { [`note_${id}`]: text.slice(0, 40) } }]);
  if (chance.happens(0.05)) calls.push(["list_dir", {}]);
  if (verdict && chance.happens(0.8)) {
    calls.push([
      "set_verdict",
      { verdict: chance.pick(["approve", "request_changes", "nonsense"]), reason: text.slice(0, 20) },
    ]);
  }
  if (chance.happens(0.1)) return { text, calls, ...someMove(chance) };
  return calls.length === 0 ? text : { text: chance.happens(0.5) ? text : "", calls };
}

/** What a mesh adds to a reply: which node answered, and how the call reached it. */
function someMove(chance: Chance): Omit<Exclude<FakeReply, string | ProviderError>, "text" | "calls"> {
  const digestChanged = chance.happens(0.3);
  const partialText = "half ".repeat(chance.happens(0.3) ? 300 : chance.below(3));
  return {
    node: "rack",
    failovers: [{ from: "desk", to: "rack", reason: "It broke.", digestChanged, partialText }],
    ...(chance.happens(0.5)
      ? { fingerprint: { digest: chance.pick(["one", "two"]), runtime: "Ollama 1", contextTokens: 4096 } }
      : {}),
  };
}

/** A session that ran to its end through random failures, skips, patches, retries, cancels and answers. */
export interface Generated {
  readonly session: Harness;
  readonly definition: Definition;
}

/** @param steered users also decide about later steps, roles and limits while the models work. */
export async function generateSession(seed: number, { steered = false } = {}): Promise<Generated> {
  const chance = new Chance(seed);
  const definition = definitionOf(someScore(chance), {
    ...(chance.happens(0.2) ? { limits: { total_tokens: 9000 } } : {}),
    conductor: { disabled_roles: chance.happens(0.05) ? ["reviewer"] : [], drift: "off" },
  });
  definition.venue.retry = { attempts: 2, backoff_seconds: 0.01 };
  const session = harness(
    definition,
    ({ origin }) => {
      const node = nodeOf(definition.score.steps, origin.stepId);
      if (chance.happens(0.02))
        queueMicrotask(() => {
          session.orchestrator.cancel();
        });
      if (steered && chance.happens(0.2))
        queueMicrotask(() => {
          steerAhead(session, chance);
        });
      return someReply(chance, origin.stepId, node?.verdict !== undefined, (node?.produces.length ?? 0) > 0);
    },
    { project: { "a.txt": "hello world" } },
  );
  let interventions = 0;
  session.orchestrator.listen({
    onEvents: (events) => {
      for (const event of events) {
        if (event.type !== "approval_requested" || !isOpen(session, event.data.id)) continue;
        interventions += 1;
        answer(session, event, interventions > 40 ? "approve" : someDecision(chance, event.data.kind));
      }
    },
  });
  for (let round = 0; round < 60; round += 1) {
    const state = await session.run();
    if (state.status === "ended") return { session, definition };
    intervene(session, chance, round);
  }
  session.orchestrator.submit({ kind: "adjust", adjustment: { kind: "stop", by: "person" } });
  await session.orchestrator.flush();
  return { session, definition };
}

/** A decision about the step can have withdrawn the question. */
function isOpen({ orchestrator }: Harness, id: string): boolean {
  return activeRuns(orchestrator.state.score).some(({ run }) => run.approval?.id === id);
}

/** A user's decision while no question is open. */
function steerAhead({ orchestrator, definition }: Harness, chance: Chance): void {
  const by = "person";
  const node = chance.pick(stepsOf(definition.score.steps));
  const { role, id } = node;
  const instruction = `Do ${id} in another way (${chance.below(1e6)}).`;
  const value = (orchestrator.state.limits.total_tokens ?? 1_000_000) + chance.below(1000);
  const adjustment = chance.pick<EventData<"adjustment">>([
    { kind: "skip", by, step: chance.pick([id, `${id}#2`]), reason: "not needed" },
    { kind: "patch", by, step: chance.pick([id, `${id}#2`]), instruction },
    { kind: "disable", by, role },
    { kind: "enable", by, role },
    { kind: "set_limit", by, limit: "total_tokens", value },
  ]);
  if (orchestrator.state.status === "running") orchestrator.submit({ kind: "adjust", adjustment });
}

function someDecision(
  chance: Chance,
  kind: "before_step" | "after_step",
): "approve" | "skip" | "edit" | "retry" {
  if (chance.happens(0.7)) return "approve";
  return kind === "before_step" ? chance.pick(["skip", "edit"]) : chance.pick(["edit", "retry"]);
}

function answer(
  session: Harness,
  event: EventOf<"approval_requested">,
  decision: "approve" | "skip" | "edit" | "retry",
): void {
  const { id, sha256 } = event.data;
  const instruction = decision === "edit" ? { instruction: `Do it differently (${id}).` } : {};
  session.orchestrator.submit({
    kind: "resolve_approval",
    id,
    sha256,
    decision,
    by: "person",
    ...instruction,
  });
}

function intervene(session: Harness, chance: Chance, round: number): void {
  const { orchestrator } = session;
  const adjust = (adjustment: Parameters<typeof orchestrator.submit>[0] & { kind: "adjust" }) => {
    orchestrator.submit(adjustment);
  };
  const { pause } = orchestrator.state;
  if (pause?.reason === "limit") {
    const value = round > 5 ? null : (orchestrator.state.limits.total_tokens ?? 0) + 20_000;
    adjust({ kind: "adjust", adjustment: { kind: "set_limit", by: "person", limit: "total_tokens", value } });
  }
  const failed = session.eventsOf("step_failed").at(-1)?.step;
  if (pause?.reason === "step_failed" && failed != null && (round > 20 || chance.happens(0.3))) {
    adjust({ kind: "adjust", adjustment: { kind: "skip", by: "person", step: failed } });
    return;
  }
  if (pause?.reason === "step_failed" && failed != null && chance.happens(0.3)) {
    adjust({
      kind: "adjust",
      adjustment: { kind: "patch", by: "person", step: failed, instruction: "Mend it." },
    });
  }
  orchestrator.resume("person");
}

function nodeOf(nodes: readonly PlanNode[], id: string): StepNode | undefined {
  return stepsOf(nodes).find((node) => node.id === id);
}

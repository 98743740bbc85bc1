import assert from "node:assert/strict";
import type { Condition } from "../../src/engine/model/condition";
import type { Definition, PlanNode } from "../../src/engine/model/definition";
import { reachabilityOf } from "../../src/language/check/never";
import type { Never } from "../../src/language/check/never";
import { harness, step } from "../fakes/engine-harness";
import type { Answer } from "../fakes/engine-harness";
import { answer, attend, commandsOf, someDefinition, sum } from "../fakes/generated-score";
import { Chance } from "../fakes/generated-session";

const scores = Number(process.env["ORKET_GENERATED_SCORES"] ?? 100);

/** What can be said before a node: conditions on steps of the lists around it, and on an input. */
function conditionOn(before: readonly PlanNode[], chance: Chance): Condition {
  const said = before.flatMap((node): Condition[] => {
    if (node.kind !== "step") return [];
    const { id } = node;
    if (node.result?.risk !== undefined)
      return ["low", "high"].flatMap((value) => [
        { step: id, field: "risk", is: [value] },
        { step: id, field: "risk", is_not: [value] },
      ]);
    const words = node.does?.kind === "run" ? ["pass", "fail"] : (node.verdict ?? []);
    return words.map((word) => ({ step: id, verdict: [word] }));
  });
  return said.length > 0 && chance.happens(0.85)
    ? chance.pick(said)
    : chance.pick([
        { input: "kind", is: ["plain"] },
        { input: "kind", is_not: ["plain"] },
      ]);
}

/** The same Score with more conditions, many of which contradict each other, and steps that must say one word. */
function contradictory(
  nodes: readonly PlanNode[],
  chance: Chance,
  before: readonly PlanNode[] = [],
): PlanNode[] {
  const seen: PlanNode[] = [];
  for (const node of nodes) {
    const when = chance.happens(0.4)
      ? [...(node.when ?? []), conditionOn([...before, ...seen], chance)]
      : node.when;
    const more: PlanNode = { ...node, ...(when === undefined ? {} : { when }) };
    if (more.kind === "step" && more.does?.kind === "accept" && chance.happens(0.9)) {
      // Nothing is accepted any more.
      delete more.does;
      delete more.must;
      more.role = "writer";
    }
    if (more.kind === "step" && more.verdict !== undefined && chance.happens(0.2))
      more.must = [more.verdict[0] ?? ""];
    if (more.kind === "parallel")
      more.branches = contradictoryBranches(more.branches, chance, [...before, ...seen]);
    else if (more.kind !== "step") {
      // In a loop a condition can be about a later step: about its round before.
      const around = [...before, ...seen, ...(more.kind === "loop" ? more.body : [])];
      more.body = contradictory(more.body, chance, around);
    }
    if (more.kind === "loop" && Array.isArray(more.until) && chance.happens(0.3))
      more.until = [...more.until, conditionOn(more.body, chance)];
    seen.push(more);
  }
  return seen;
}

const contradictoryBranches = (
  nodes: readonly PlanNode[],
  chance: Chance,
  before: readonly PlanNode[],
): PlanNode[] => nodes.flatMap((node) => contradictory([node], chance, before));

const judge = (id: string): PlanNode => step(id, "reviewer", { verdict: ["approve", "revise"] });

/** Few judges, in a loop and in groups, with many conditions on each other: also on the round before. */
function entangled(seed: number): Definition {
  const chance = new Chance(seed + 90_000);
  const inner = [judge("c"), judge("d")];
  const body: PlanNode[] = [judge("a"), judge("b"), { kind: "sequence", id: "s", body: inner }, judge("e")];
  const nodes: PlanNode[] = [
    judge("o"),
    { kind: "loop", id: "l", max: 3, on_exhausted: "continue", until: [], body },
    judge("z"),
  ];
  const said = (ids: string): Condition => ({
    step: chance.pick(ids.split("")),
    verdict: [chance.pick(["approve", "revise"])],
  });
  const some = (ids: string): Condition[] => [said(ids), ...(chance.happens(0.5) ? [said(ids)] : [])];
  for (const node of [...body, ...inner]) {
    const others = "oabcde".replace(node.id ?? "", "");
    if (chance.happens(0.5)) node.when = some(node.id === "s" ? "oabe" : others);
  }
  const [, loop] = nodes;
  if (loop?.kind === "loop") loop.until = some("abcde");
  const last = nodes.at(-1);
  if (last !== undefined) last.when = some("oabcde");
  const definition = someDefinition(1);
  definition.score.steps = nodes;
  definition.score.result = { step: "z" };
  return definition;
}

/** A judge who often says something else in the next round. */
const changing: Answer = ({ origin }) => {
  const roll = Math.floor(new Chance(sum(origin.stepKey)).next() * 2);
  return { calls: [["set_verdict", { verdict: roll === 0 ? "approve" : "revise" }]] };
};

/** Performs a Score, and fails where something happens that was said never to happen. */
async function perform(
  definition: Definition,
  name: string,
  model: Answer = answer,
): Promise<{ causes: readonly Never[]; started: number }> {
  const found = reachabilityOf(definition.score.steps, new Set(["deploy"]));
  const session = harness(definition, model, { commands: commandsOf([]) });
  attend(session);
  await session.run();
  const started = new Set(session.eventsOf("step_start").map(({ data }) => data.id));
  const held = session.eventsOf("condition_checked").filter(({ data }) => data.holds);
  for (const id of found.unreachable) {
    assert.ok(!started.has(id), `${name}: ${id} started`);
    assert.ok(!held.some(({ step: key }) => key === id), `${name}: the condition of ${id} held`);
  }
  for (const { id, at } of found.causes) {
    if (at !== "until") continue;
    // A loop that ends otherwise than by its condition is exhausted.
    const ends = session.eventsOf("group_end").filter(({ step: key }) => key === id);
    const exhausted = session.eventsOf("loop_exhausted").filter(({ step: key }) => key === id);
    assert.equal(ends.length > 0 && exhausted.length === 0, false, `${name}: ${id} ended`);
  }
  return { causes: found.causes, started: started.size };
}

describe("A step that is reported as unreachable", function () {
  this.timeout(60_000);

  it("never starts in a run of a generated Score", async () => {
    const found = { when: 0, until: 0, run: 0 };
    let reached = 0;
    for (let seed = 1; seed <= scores; seed += 1) {
      const definition = someDefinition(seed);
      definition.score.steps = contradictory(definition.score.steps, new Chance(seed + 7_000));
      const { causes, started } = await perform(definition, `seed ${seed}`);
      for (const { at } of causes) found[at] += 1;
      reached += started;
    }
    assert.ok(found.when >= scores / 4, JSON.stringify(found));
    assert.ok(found.until >= scores / 50, JSON.stringify(found));
    assert.ok(found.run > 0 || scores <= 100, JSON.stringify(found));
    assert.ok(reached > scores, String(reached));
  });

  it("never starts where conditions are about each other and about the round before", async () => {
    let found = 0;
    for (let seed = 1; seed <= scores * 2; seed += 1) {
      const definition = entangled(seed);
      // The model's answers depend on the ids of the steps.
      const text = JSON.stringify(definition.score).replace(/"([oabcdelsz])"/g, `"$1${seed}"`);
      definition.score = JSON.parse(text) as Definition["score"];
      found += (await perform(definition, `seed ${seed}`, changing)).causes.length;
    }
    assert.ok(found > scores, String(found));
  });
});

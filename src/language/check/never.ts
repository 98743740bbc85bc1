import { commandVerdicts } from "../../engine/model/command";
import { conditionText } from "../../engine/model/condition";
import type { Condition } from "../../engine/model/condition";
import { nodesIn } from "../../engine/model/definition";
import type { PlanNode, StepNode } from "../../engine/model/definition";
import type { FieldSpec } from "../../engine/model/field";
import { typeOf } from "../../engine/model/field";
import { acceptVerdicts } from "../../engine/model/score";
import { specAt } from "../project/results";
import { quoted } from "../text/diagnostic";

/** Something in a Score that cannot happen in any run, unless a user skips a failed step. */
export interface Never {
  /** The whole id of the step or group. */
  readonly id: string;
  /** `when`: it never runs. `until`: the loop never reaches it. `run`: the command never starts. */
  readonly at: "when" | "until" | "run";
  readonly message: string;
}

export interface Reachability {
  /** The causes; steps that do not run because of them are not repeated. */
  readonly causes: readonly Never[];
  /** Whole ids of all steps and groups that no run performs. */
  readonly unreachable: ReadonlySet<string>;
}

/** A node with its position. */
interface Item {
  readonly node: PlanNode;
  readonly id: string;
  /** Groups around it, outermost first. */
  readonly around: readonly Item[];
  readonly order: number;
}

/** A condition that must hold for something to happen, and whose it is. */
interface Fact {
  readonly condition: Condition;
  readonly owner: Item;
  readonly text: string;
}

/** Where conditions are evaluated: before an item, or at the end of a loop's round. */
interface Spot {
  readonly item: Item;
  readonly atEnd: boolean;
}

const isRepeated = ({ node }: Item): boolean => node.kind === "loop" || node.kind === "each";

function itemsIn(nodes: readonly PlanNode[]): Item[] {
  const found: Item[] = [];
  const walk = (list: readonly PlanNode[], around: readonly Item[]): void => {
    for (const node of list) {
      const item = { node, id: node.id ?? "", around, order: found.length };
      found.push(item);
      if (node.kind !== "step") walk(nodesIn(node), [...around, item]);
    }
  };
  walk(nodes, []);
  return found;
}

function wordsOf(node: StepNode): readonly string[] | undefined {
  const all =
    node.does?.kind === "run"
      ? commandVerdicts
      : node.does?.kind === "accept"
        ? acceptVerdicts
        : (node.verdict ?? []);
  // Without any word there is an error of its own.
  if (all.length === 0) return undefined;
  return node.must === undefined ? all : all.filter((word) => node.must?.includes(word) === true);
}

function valuesOf(spec: FieldSpec | undefined): readonly unknown[] | undefined {
  if (spec === undefined) return undefined;
  return spec.enum ?? (typeOf(spec) === "boolean" ? [true, false] : undefined);
}

/** What a condition is about; each used Score has its own inputs. */
function aboutOf({ condition, owner }: Fact): string {
  if (!("input" in condition))
    return `${condition.step} ${"field" in condition ? `field ${condition.field}` : "verdict"}`;
  return `${owner.around.findLast(({ node }) => node.kind === "use")?.id ?? ""} input ${condition.input}`;
}

class Analysis {
  readonly items: readonly Item[];
  readonly #byId: ReadonlyMap<string, Item>;
  readonly #inside = new Map<Item | undefined, Item[]>();
  readonly #outside: ReadonlySet<string>;
  readonly #whens = new Map<Item, string | undefined>();
  readonly #untils = new Map<Item, string | undefined>();
  readonly #fails = new Map<Item, boolean>();
  readonly #dead = new Map<Item, boolean>();
  /** Items that do not run only because another one does not. */
  readonly #follows = new Set<Item>();

  constructor(nodes: readonly PlanNode[], outside: ReadonlySet<string>) {
    this.items = itemsIn(nodes);
    this.#byId = new Map([...this.items].reverse().map((item) => [item.id, item]));
    this.#outside = outside;
    for (const item of this.items) {
      const group = item.around.at(-1);
      const list = this.#inside.get(group);
      if (list === undefined) this.#inside.set(group, [item]);
      else list.push(item);
    }
  }

  causes(): Never[] {
    const found: Never[] = [];
    for (const item of this.items) {
      const { id } = item;
      if (
        [...item.around, item].some((one) => this.#follows.has(one)) ||
        item.around.some((one) => this.#when(one))
      )
        continue;
      const when = this.#when(item);
      if (when !== undefined && !this.#follows.has(item)) {
        found.push({ id, at: "when", message: `The condition can never hold: ${when}.` });
        continue;
      }
      const until = this.#until(item);
      if (until !== undefined && !this.#untilFollows(item)) {
        const end =
          item.node.kind === "loop" && item.node.on_exhausted === "fail"
            ? ` The loop always fails${this.#isLast(item) ? "" : ", and nothing after it runs"}.`
            : "";
        found.push({ id, at: "until", message: `'until' can never hold: ${until}.${end}` });
      }
      if (when === undefined && this.#isNotAccepted(item)) {
        const message = `The command has effects outside, and no 'accept' step comes before it: it always fails${this.#isLast(item) ? "" : ", and nothing after it runs"}.`;
        found.push({ id, at: "run", message });
      }
    }
    return found;
  }

  neverRuns(item: Item): boolean {
    return this.isDead(item) || [...item.around, item].some((one) => this.#when(one) !== undefined);
  }

  /** Whether something before it, in its own sequence or around it, always fails. */
  isDead(item: Item): boolean {
    return once(this.#dead, item, false, () => {
      const parent = item.around.at(-1);
      if (parent !== undefined && this.isDead(parent)) return true;
      if (parent?.node.kind === "parallel") return false;
      const siblings = this.#inside.get(parent) ?? [];
      return siblings.some((one) => one.order < item.order && this.#alwaysFails(one));
    });
  }

  #isLast(item: Item): boolean {
    return !this.items.some((one) => one.order > item.order && !one.around.includes(item));
  }

  /** Why the `when` of an item never holds; undefined: it may. */
  #when(item: Item): string | undefined {
    const { when } = item.node;
    if (when === undefined) return undefined;
    return once(this.#whens, item, undefined, () => {
      const why = this.#contradiction({ item, atEnd: false }, when);
      if (why !== undefined) return why;
      const idle = this.#idle(when, item);
      if (idle === undefined) return undefined;
      this.#follows.add(item);
      return `${quoted(idle.id)} never runs`;
    });
  }

  #until(item: Item): string | undefined {
    const until = item.node.kind === "loop" ? item.node.until : undefined;
    if (!Array.isArray(until)) return undefined;
    return once(this.#untils, item, undefined, () => {
      const why = this.#contradiction({ item, atEnd: true }, until);
      if (why !== undefined) return why;
      const idle = this.#idle(until, item);
      return idle === undefined ? undefined : `${quoted(idle.id)} never runs`;
    });
  }

  /** Whether the only reason is a step that another message is about. */
  #untilFollows(item: Item): boolean {
    const until = item.node.kind === "loop" && Array.isArray(item.node.until) ? item.node.until : [];
    return this.#contradiction({ item, atEnd: true }, until) === undefined;
  }

  /** A step that the conditions are about and that never runs. */
  #idle(conditions: readonly Condition[], from: Item): Item | undefined {
    for (const condition of conditions) {
      const step = "step" in condition ? this.#byId.get(condition.step) : undefined;
      if (step !== undefined && step !== from && this.neverRuns(step)) return step;
    }
    return undefined;
  }

  #alwaysFails(item: Item): boolean {
    return once(this.#fails, item, false, () => {
      const { node } = item;
      if (node.when !== undefined || node.kind === "each") return false;
      if (node.kind === "step") return this.#isNotAccepted(item);
      const inside = this.#inside.get(item) ?? [];
      if (node.kind === "parallel" && node.on_failure === "continue")
        return inside.length > 0 && inside.every((one) => this.#alwaysFails(one));
      if (inside.some((one) => this.#alwaysFails(one))) return true;
      return node.kind === "loop" && node.on_exhausted === "fail" && this.#until(item) !== undefined;
    });
  }

  /** Whether a command with effects outside has no accept step that can have run before it. */
  #isNotAccepted(item: Item): boolean {
    const { node } = item;
    if (node.kind !== "step" || node.does?.kind !== "run" || !this.#outside.has(node.does.command))
      return false;
    return !this.items.some(
      (one) =>
        one.node.kind === "step" &&
        one.node.does?.kind === "accept" &&
        (one.order < item.order ||
          one.around.some((group) => group.node.kind === "loop" && item.around.includes(group))),
    );
  }

  /** Two conditions of which at most one holds there, as a sentence. */
  #contradiction(spot: Spot, conditions: readonly Condition[]): string | undefined {
    const known = new Map<string, { values: readonly unknown[] | undefined; facts: Fact[] }>();
    for (const fact of this.#facts(spot, conditions)) {
      const { condition } = fact;
      const key = aboutOf(fact);
      const before = known.get(key) ?? { values: this.#possible(condition), facts: [] };
      const values = remaining(before.values, before.facts, condition);
      if (values?.length === 0) return this.#sentence(before.facts, fact);
      known.set(key, { values, facts: [...before.facts, fact] });
    }
    return undefined;
  }

  #sentence(before: readonly Fact[], fact: Fact): string {
    const other =
      before.find(
        (one) => remaining(remaining(undefined, [], one.condition), [one], fact.condition)?.length === 0,
      ) ?? before.at(-1);
    if (other !== undefined) return `${other.text}, but ${fact.text}`;
    const { condition } = fact;
    const step = "step" in condition ? this.#byId.get(condition.step) : undefined;
    const must = step?.node.kind === "step" ? step.node.must : undefined;
    if (must === undefined || step === undefined)
      return fact.text.replace(/^it requires/, "nothing makes it true");
    return `${fact.text}, but ${quoted(step.id)} has 'must: ${must.join(", ")}' and fails otherwise`;
  }

  /** Everything that must hold for something to happen there: conditions, those around it, and those of steps that ran. */
  #facts({ item, atEnd }: Spot, conditions: readonly Condition[]): Fact[] {
    const facts: Fact[] = conditions.map((condition) => ({
      condition,
      owner: item,
      text: `it requires that ${conditionText(condition)}`,
    }));
    const groups = atEnd ? [...item.around, item] : item.around;
    const spot = { item, atEnd };
    const seen = new Set<Item>();
    const imply = (condition: Condition, at: Spot): void => {
      const step = "step" in condition ? this.#byId.get(condition.step) : undefined;
      if (step === undefined || seen.has(step) || !this.#hasPassed(step, at)) return;
      seen.add(step);
      for (const one of [step, ...step.around.filter((group) => !groups.includes(group))])
        for (const further of one.node.when ?? []) {
          if (!this.#isSteady(further, one, spot)) continue;
          facts.push({
            condition: further,
            owner: one,
            text: `${quoted(one.id)} runs only when ${conditionText(further)}`,
          });
          imply(further, { item: one, atEnd: false });
        }
    };
    for (const condition of conditions) imply(condition, spot);
    for (const group of groups)
      for (const condition of group.node.when ?? []) {
        const step = "step" in condition ? this.#byId.get(condition.step) : undefined;
        if (step !== undefined && (step === group || step.around.includes(group))) continue;
        const name = `the ${group.node.kind} ${quoted(group.id)} around it`;
        facts.push({ condition, owner: group, text: `${name} runs only when ${conditionText(condition)}` });
        if (step !== undefined) imply(condition, { item: group, atEnd: false });
      }
    return facts;
  }

  /** Whether a step has always been passed in the same round when something happens there. */
  #hasPassed(step: Item, { item, atEnd }: Spot): boolean {
    if (item.around.includes(step)) return false;
    return step.order < item.order || (atEnd && step.around.includes(item));
  }

  /** Whether what a condition of `at` looked at is still the same at the spot: its step does not run again in between. */
  #isSteady(condition: Condition, at: Item, spot: Spot): boolean {
    if (!("step" in condition)) return true;
    const step = this.#byId.get(condition.step);
    if (step === undefined || !this.#hasPassed(step, { item: at, atEnd: false })) return false;
    const here = spot.atEnd ? [...spot.item.around, spot.item] : spot.item.around;
    return step.around.filter(isRepeated).every((loop) => at.around.includes(loop) && here.includes(loop));
  }

  /** The values that the object of a condition can have; undefined: not a known list. */
  #possible(condition: Condition): readonly unknown[] | undefined {
    if (!("step" in condition)) return undefined;
    let node = this.#byId.get(condition.step)?.node;
    let must: readonly string[] | undefined;
    while (node?.kind === "use") {
      if (must === undefined) ({ must } = node);
      node = this.#byId.get(node.result)?.node;
    }
    if (node?.kind !== "step") return undefined;
    if ("field" in condition) {
      const fields = node.does?.kind === "ask" ? node.does.fields : node.result;
      return fields === undefined ? undefined : valuesOf(specAt(fields, condition.field));
    }
    const words = wordsOf(node);
    return must === undefined ? words : words?.filter((word) => must.includes(word));
  }
}

/** What is left of some values when a condition must hold as well; undefined: no list of them is known. */
function remaining(
  values: readonly unknown[] | undefined,
  before: readonly Fact[],
  condition: Condition,
): readonly unknown[] | undefined {
  const isOut = (value: unknown): boolean =>
    before.some((fact) => "is_not" in fact.condition && (fact.condition.is_not as unknown[]).includes(value));
  if ("is_not" in condition)
    return values?.filter((value) => !(condition.is_not as unknown[]).includes(value));
  const wanted: readonly unknown[] = "verdict" in condition ? condition.verdict : condition.is;
  return values === undefined
    ? wanted.filter((value) => !isOut(value))
    : values.filter((value) => wanted.includes(value));
}

/** The result of the work, done once for each item; `meanwhile` while it is being done. */
function once<Result>(known: Map<Item, Result>, item: Item, meanwhile: Result, work: () => Result): Result {
  if (!known.has(item)) {
    known.set(item, meanwhile);
    known.set(item, work());
  }
  return known.get(item) as Result;
}

/**
 * What can never happen in a Score, from its conditions, verdicts, enums and `must` alone.
 * @param outside names of the commands with effects outside.
 */
export function reachabilityOf(nodes: readonly PlanNode[], outside: ReadonlySet<string>): Reachability {
  const analysis = new Analysis(nodes, outside);
  const ids = analysis.items.map(({ id }) => id);
  // Two steps of one id are an error of their own.
  if (new Set(ids).size < ids.length) return { causes: [], unreachable: new Set() };
  return {
    causes: analysis.causes(),
    unreachable: new Set(analysis.items.filter((item) => analysis.neverRuns(item)).map(({ id }) => id)),
  };
}

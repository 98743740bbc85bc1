import { callSettings } from "../../engine/model/definition";
import { defined } from "../../engine/model/defined";
import { stepIdOf } from "../../engine/state/place";
import type { SessionState } from "../../engine/state/state";
import type { SessionView, StepView } from "../../engine/view/session-view";
import { stepGroups } from "../../engine/view/step-groups";
import type { StepFacts } from "../../engine/view/transcript";
import { maxStepChoices } from "../../protocol/session-panel";
import type { StepChoice } from "../../protocol/session-panel";
import { entryOf } from "../../engine/model/entry-of";

/** Which surroundings of a step tell its runs apart. */
const telling: ReadonlySet<string> = new Set(["round", "item", "branch"]);

/** Looks up what is known of a session's steps; made again when the view has changed. */
export class StepDirectory {
  readonly #groups: ReturnType<typeof stepGroups>;
  readonly #definition: SessionState["definition"];
  #known: ReadonlyMap<string, StepView> | undefined;

  constructor(
    { definition }: SessionState,
    readonly view: SessionView,
  ) {
    this.#definition = definition;
    this.#groups = stepGroups(definition.score.steps);
  }

  /** Made only when it is needed: a running session has another view with each event. */
  get #byKey(): ReadonlyMap<string, StepView> {
    return (this.#known ??= new Map(begun(this.view).map((step) => [step.key, step])));
  }

  factsOf(key: string): StepFacts | undefined {
    const step = this.#byKey.get(key);
    if (step === undefined) return undefined;
    const { role, id, startedAt } = step;
    const isRole = entryOf(this.#definition.band.roles, role) !== undefined;
    const groups = this.#groups(id, key).filter(({ kind }) => telling.has(kind));
    return {
      role,
      places: groups.map(({ label }) => label),
      ...(isRole ? { model: callSettings(this.#definition, role).model } : {}),
      ...defined({ startedAt }),
    };
  }

  /** Roles that have begun a step, those of the Band first, in its order. */
  get roles(): readonly string[] {
    const used = new Set(begun(this.view).map(({ role }) => role));
    const ofBand = Object.keys(this.#definition.band.roles).filter((role) => used.has(role));
    return [...new Set([...ofBand, ...used])];
  }

  /** The steps whose key holds the text, with those that have several runs as a whole first. */
  matching(text: string): { readonly choices: readonly StepChoice[]; readonly more: number } {
    const wanted = text.trim().toLowerCase();
    const runs = new Map<string, number>();
    const found: StepChoice[] = [];
    for (const { key, role } of this.#byKey.values()) {
      const id = stepIdOf(key);
      if (id !== key) runs.set(id, (runs.get(id) ?? 0) + 1);
      if (key.toLowerCase().includes(wanted)) found.push({ value: key, about: role });
    }
    const wholes = [...runs].flatMap(([id, count]) =>
      id.toLowerCase().includes(wanted) ? [{ value: id, about: `all ${count} runs` }] : [],
    );
    const all = [...wholes, ...found];
    return { choices: all.slice(0, maxStepChoices), more: Math.max(0, all.length - maxStepChoices) };
  }
}

function begun({ steps }: SessionView): readonly StepView[] {
  return steps.filter(({ status }) => status !== "planned");
}

import { draft } from "../event/event";
import type { EventDraft } from "../event/event";
import { currentVersions } from "../event/versions";
import { suggestionKey } from "../state/state";
import type { SessionState } from "../state/state";
import { placeOf } from "./drift/facts";
import { adjustmentFor, nodeOf } from "./drift/rule";
import type { DriftRule, DriftRuleName, DriftView, Finding } from "./drift/rule";
import { driftRules } from "./drift/rules";

/** What a drift rule reports about a step that has ended, with the matching adjustment. */
export interface Drift extends Finding {
  readonly rule: DriftRuleName;
  readonly view: DriftView;
}

/**
 * What the drift rules report about the step that ended last, without earlier suggestions. Pure: a back-test over
 * recorded events calls them in the same way as a run.
 * @param key of the run that has just ended or failed.
 */
export function driftAfter(
  state: SessionState,
  key: string,
  rules: readonly DriftRule[] = driftRules,
): Drift | null {
  const { ended } = state.drift;
  if (ended?.key !== key || ended.end === null) return null;
  const node = nodeOf(state, ended.id);
  if (node === undefined) return null;
  const run = { ...ended, end: ended.end };
  const view: DriftView = { state, run, before: state.drift.earlier.get(placeOf(ended.key)), node };
  for (const rule of rules) {
    if (state.suggested.includes(suggestionKey(rule.name, key))) continue;
    const finding = rule.find(view);
    if (finding !== null) return { ...finding, rule: rule.name, view };
  }
  return null;
}

/**
 * `after_step`: what the Conductor reports about the step whose result has just been recorded: a drift rule's suggestion,
 * and the pause that it asks for where the Flow says `pause`. Called again after each event that it returned. Calls no model.
 * @param key of the step's run.
 */
export function reviewAfter(state: SessionState, key: string): EventDraft | null {
  if (state.definition.flow.conductor.drift === "off") return null;
  if (state.versions.driftRules !== currentVersions.driftRules) return null;
  const drift = driftAfter(state, key);
  if (drift !== null) return draft("suggestion", key, suggestionOf(state, drift));
  if (state.driftPause === null) return null;
  return draft("adjustment", key, { kind: "pause", by: "conductor", reason: state.driftPause });
}

/** The suggestion as which a finding is recorded. */
export function suggestionOf(
  state: SessionState,
  drift: Drift,
): Extract<EventDraft, { type: "suggestion" }>["data"] {
  return {
    id: `d${state.suggested.length + 1}`,
    rule: drift.rule,
    message: drift.message,
    evidence: [...drift.evidence],
    adjustment: adjustmentFor(drift.view, drift),
  };
}

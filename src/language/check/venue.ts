import { toolsOf } from "./role-tools";
import { quoted } from "../text/diagnostic";
import { nearest } from "../text/nearest";
import { keySpan } from "../text/places";
import { replaceValue } from "../schema/report";
import type { Report } from "../schema/report";
import { isGiven, keysAt, textAt } from "../schema/read";
import type { FlowParts } from "../project/flow-parts";
import { valueAt } from "../schema/schema";
import { answering } from "../project/venue-routes";
import type { ScoreView } from "../schema/score-view";
import type { SourceDocument } from "../text/source";
import { reportMissingModel, whoHasModel } from "./venue-model";

function usedRoles(view: ScoreView | undefined): string[] {
  return [...new Set(view?.steps.flatMap(({ role }) => role ?? []) ?? [])];
}

/** What a Venue, or one that the role is routed through, sets for a role itself. */
function saysOfRole({ venue, routes }: FlowParts, role: string, key: "model" | "pricing"): boolean {
  const through = routes.find((route) => route.role === role)?.through ?? [];
  return [venue, ...through].some((one) => one !== undefined && isGiven(one, ["roles", role, key]));
}

/** Roles that steps are given to and that have no model, where the Venue that answers names one only for some roles. */
function checkModels(parts: FlowParts, roles: readonly string[], report: Report): void {
  const without = new Map<SourceDocument, string[]>();
  for (const role of roles) {
    const venue = answering(parts.venue, parts.routes, role);
    if (venue === undefined || whoHasModel(venue) !== "some" || saysOfRole(parts, role, "model")) continue;
    without.set(venue, [...(without.get(venue) ?? []), role]);
  }
  for (const [venue, some] of without) reportMissingModel(venue, report, some);
}

/** Models, prices and settings, for existing roles and steps and for those that do not exist. */
export function checkVenue(parts: FlowParts, view: ScoreView | undefined, report: Report): void {
  const { flow, band, venue } = parts;
  if (venue?.tree === undefined) return;
  const roles = usedRoles(view);
  checkModels(parts, roles, report);
  const known = keysAt(band, ["roles"]);
  for (const role of band?.tree === undefined ? [] : keysAt(venue, ["roles"])) {
    if (known.includes(role)) continue;
    const span = keySpan(venue, ["roles", role]);
    if (span === undefined) continue;
    const near = nearest(role, known);
    const message = `The Band ${band?.path ?? ""} has no role ${quoted(role)}; the override has no effect.`;
    report.span(venue, span, "orket/unknown-override-role", message, {
      severity: "warning",
      hint: near === undefined ? undefined : `Did you mean ${quoted(near)}?`,
    });
  }
  checkReplies(parts, view, report);
  if (!isGiven(flow, ["limits", "cost_usd"]) || view === undefined) return;
  const unpriced = roles.filter((role) => {
    const by = answering(venue, parts.routes, role);
    return by !== undefined && !isGiven(by, ["pricing"]) && !saysOfRole(parts, role, "pricing");
  });
  const [first] = unpriced;
  if (first === undefined) return;
  const without = new Set(unpriced.map((role) => answering(venue, parts.routes, role)?.path));
  const named =
    [...without].length === 1
      ? `the Venue ${[...without].join("")} has`
      : `the Venues ${[...without].join(", ")} have`;
  const message = `The limit on the cost cannot be enforced: ${named} no pricing for ${unpriced.slice(0, 10).join(", ")}.`;
  report.at(flow, ["limits", "cost_usd"], "orket/cost-without-pricing", message, {
    severity: "warning",
    hint: "Add 'pricing' to the Venue; 0 for a backend that costs nothing.",
  });
}

/** Tools that recorded replies call but that the role of their step may not use. */
function checkReplyTools(
  replies: SourceDocument,
  id: string,
  { band }: FlowParts,
  view: ScoreView,
  report: Report,
): void {
  const role = view.byId.get(id)?.role;
  const tools = role === undefined ? undefined : toolsOf(band, role);
  const list = valueAt(replies.value, ["steps", id]);
  if (tools === undefined || !Array.isArray(list)) return;
  list.forEach((_, index) => {
    const calls = valueAt(replies.value, ["steps", id, index, "tool_calls"]);
    if (!Array.isArray(calls)) return;
    calls.forEach((_call, number) => {
      const path = ["steps", id, index, "tool_calls", number, "tool"];
      const tool = textAt(replies, path);
      if (tool === undefined || tools.includes(tool) || report.isFull(replies)) return;
      // A role with skills has it without listing it.
      if (tool === "read_skill" && keysAt(band, ["roles", role ?? ""]).includes("skills")) return;
      const message = `The Band does not give ${quoted(tool)} to the role ${quoted(role ?? "")}: the call will be denied.`;
      report.at(replies, path, "orket/tool-not-given", message, { severity: "warning" });
    });
  });
}

function checkReplies(parts: FlowParts, view: ScoreView | undefined, report: Report): void {
  const all = new Set([parts.replies, ...parts.routes.map(({ replies }) => replies)]);
  for (const replies of all)
    if (replies !== undefined && view !== undefined) checkReplyFile(replies, parts, view, report);
}

function checkReplyFile(replies: SourceDocument, parts: FlowParts, view: ScoreView, report: Report): void {
  const ids = new Set(view.steps.map(({ id }) => id));
  for (const id of keysAt(replies, ["steps"])) {
    if (report.isFull(replies)) return;
    if (ids.has(id)) checkReplyTools(replies, id, parts, view, report);
    const span = ids.has(id) ? undefined : keySpan(replies, ["steps", id]);
    if (span === undefined) continue;
    const near = nearest(id, ids);
    report.span(replies, span, "orket/replies-unknown-step", `The Score has no step ${quoted(id)}.`, {
      severity: "warning",
      hint: near === undefined ? undefined : `Did you mean ${quoted(near)}?`,
    });
  }
}

/** Roles in the Flow and folders that it opens. */
export function checkDisabledRoles(parts: FlowParts, report: Report): void {
  const { flow, band } = parts;
  if (band?.tree === undefined) return;
  const known = keysAt(band, ["roles"]);
  const listed = valueAt(flow.value, ["conductor", "disabled_roles"]);
  if (!Array.isArray(listed)) return;
  listed.forEach((role: unknown, index) => {
    if (typeof role !== "string" || known.includes(role)) return;
    const path = ["conductor", "disabled_roles", index];
    const message = `The Band ${band.path} has no role ${quoted(role)}.`;
    report.at(flow, path, "orket/unknown-role", message, replaceValue(flow, path, nearest(role, known)));
  });
}

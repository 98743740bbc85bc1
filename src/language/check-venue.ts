import { quoted } from "./diagnostic";
import { nearest } from "./nearest";
import { keySpan } from "./places";
import { keysAt, replaceValue, textAt, type FlowParts, type Report } from "./report";
import { valueAt } from "./schema";
import { type ScoreView } from "./score-view";
import { type SourceDocument } from "./source";
import { type ValuePath } from "./tree";

export const defaultOllamaEndpoint = "http://127.0.0.1:11434";
export const defaultOpenaiEndpoint = "https://api.openai.com/v1";

const meshOnly = ["nodes", "routing", "same_model"] as const;

function used(source: SourceDocument, path: ValuePath): boolean {
  return valueAt(source.value, path) !== undefined;
}

function usedRoles(view: ScoreView | undefined): string[] {
  return [...new Set(view?.steps.flatMap(({ role }) => role ?? []) ?? [])];
}

function checkModel(venue: SourceDocument, roles: readonly string[], report: Report): void {
  if (used(venue, ["model"])) return;
  const without = roles.filter((role) => !used(venue, ["roles", role, "model"]));
  if (roles.length > 0 && without.length === 0) return;
  const nodes = valueAt(venue.value, ["nodes"]);
  if (Array.isArray(nodes) && nodes.length > 0) {
    if (nodes.every((_, index) => used(venue, ["nodes", index, "model"]))) return;
  }
  const provider = textAt(venue, ["provider"]) ?? "";
  const whom = without.length > 0 ? ` for ${without.slice(0, 10).join(", ")}` : "";
  report.at(venue, ["provider"], "orket/missing-model", `The provider ${provider} needs a 'model'${whom}.`, {
    mend: "Add 'model:' with the name that the backend gives it.",
  });
}

function checkProvider(venue: SourceDocument, roles: readonly string[], report: Report): void {
  const provider = textAt(venue, ["provider"]);
  const notUsed = (key: string, needed: string): void => {
    const span = keySpan(venue, [key]);
    if (span === undefined) return;
    const message = `${quoted(key)} has no effect: it is for the provider ${needed}.`;
    report.span(venue, span, "orket/setting-not-used", message, { severity: "warning" });
  };
  if (provider === undefined) return;
  if (provider !== "mesh") meshOnly.forEach((key) => notUsed(key, "mesh"));
  if (provider !== "scripted") notUsed("replies", "scripted");
  if (provider === "mesh" || provider === "scripted" || provider === "vscode-lm") {
    notUsed(
      "endpoint",
      provider === "mesh" ? "ollama or openai; a mesh names its nodes' own" : "ollama or openai",
    );
  }
  switch (provider) {
    case "ollama":
      return checkModel(venue, roles, report);
    case "openai": {
      const endpoint = textAt(venue, ["endpoint"]);
      if (endpoint === undefined && !used(venue, ["api_key"])) {
        const message = `Without an 'endpoint' the calls go to ${defaultOpenaiEndpoint}, which needs an 'api_key'.`;
        report.at(venue, ["provider"], "orket/missing-api-key", message, {
          severity: "warning",
          mend: "Add 'api_key: secret:openai', or the 'endpoint' of your own server.",
        });
      }
      return checkModel(venue, roles, report);
    }
    case "mesh": {
      const nodes = valueAt(venue.value, ["nodes"]);
      if (nodes === undefined || (Array.isArray(nodes) && nodes.length === 0)) {
        report.at(venue, ["provider"], "orket/missing-nodes", "A mesh needs at least one entry in 'nodes'.", {
          mend: "Add '- { name: …, provider: ollama, endpoint: … }'.",
        });
      }
      checkNodeNames(venue, report);
      return checkModel(venue, roles, report);
    }
    case "scripted":
      if (!used(venue, ["replies"])) {
        report.at(venue, ["provider"], "orket/missing-replies", "The provider scripted needs 'replies'.", {
          mend: "Add 'replies:' with the path of a *.replies.yaml file.",
        });
      }
      return;
    default:
      return;
  }
}

function checkNodeNames(venue: SourceDocument, report: Report): void {
  const nodes = valueAt(venue.value, ["nodes"]);
  if (!Array.isArray(nodes)) return;
  const seen = new Set<string>();
  nodes.forEach((_, index) => {
    const path = ["nodes", index, "name"];
    const name = textAt(venue, path);
    if (name === undefined) return;
    if (seen.has(name)) {
      report.at(venue, path, "orket/duplicate-name", `Two nodes have the name ${quoted(name)}.`, {
        mend: "Give each node a name of its own.",
      });
    }
    seen.add(name);
  });
}

/** What the provider needs, what has no effect, and settings for roles and steps that there are not. */
export function checkVenue(parts: FlowParts, view: ScoreView | undefined, report: Report): void {
  const { flow, band, venue } = parts;
  if (venue?.tree === undefined) return;
  const roles = usedRoles(view);
  checkProvider(venue, roles, report);
  const known = keysAt(band, ["roles"]);
  for (const role of band?.tree === undefined ? [] : keysAt(venue, ["roles"])) {
    if (known.includes(role)) continue;
    const span = keySpan(venue, ["roles", role]);
    if (span === undefined) continue;
    const near = nearest(role, known);
    const message = `The Band ${band?.path ?? ""} has no role ${quoted(role)}; the override has no effect.`;
    report.span(venue, span, "orket/unknown-override-role", message, {
      severity: "warning",
      mend: near === undefined ? undefined : `Did you mean ${quoted(near)}?`,
    });
  }
  checkReplies(parts, view, report);
  if (!used(flow, ["limits", "cost_usd"]) || view === undefined) return;
  const unpriced = roles.filter(
    (role) => !used(venue, ["pricing"]) && !used(venue, ["roles", role, "pricing"]),
  );
  if (unpriced.length === 0) return;
  const message = `The limit on the cost cannot be enforced: the Venue ${venue.path} has no pricing for ${unpriced.slice(0, 10).join(", ")}.`;
  report.at(flow, ["limits", "cost_usd"], "orket/cost-without-pricing", message, {
    severity: "warning",
    mend: "Add 'pricing' to the Venue; 0 for a backend that costs nothing.",
  });
}

/** Tools that recorded replies call and the role of their step may not. */
function checkReplyTools(
  replies: SourceDocument,
  id: string,
  { band }: FlowParts,
  view: ScoreView,
  report: Report,
): void {
  const role = view.byId.get(id)?.role;
  const tools = role === undefined ? undefined : valueAt(band?.value, ["roles", role, "tools"]);
  const list = valueAt(replies.value, ["steps", id]);
  if (!Array.isArray(tools) || !Array.isArray(list)) return;
  list.forEach((_, index) => {
    const calls = valueAt(replies.value, ["steps", id, index, "tool_calls"]);
    if (!Array.isArray(calls)) return;
    calls.forEach((_call, number) => {
      const path = ["steps", id, index, "tool_calls", number, "tool"];
      const tool = textAt(replies, path);
      if (tool === undefined || tools.includes(tool) || report.isFull(replies)) return;
      const message = `The Band does not give ${quoted(tool)} to the role ${quoted(role ?? "")}: the call will be denied.`;
      report.at(replies, path, "orket/tool-not-given", message, { severity: "warning" });
    });
  });
}

function checkReplies(parts: FlowParts, view: ScoreView | undefined, report: Report): void {
  const { replies } = parts;
  if (replies === undefined || view === undefined) return;
  const ids = new Set(view.steps.map(({ id }) => id));
  for (const id of keysAt(replies, ["steps"])) {
    if (report.isFull(replies)) return;
    if (ids.has(id)) checkReplyTools(replies, id, parts, view, report);
    const span = ids.has(id) ? undefined : keySpan(replies, ["steps", id]);
    if (span === undefined) continue;
    const near = nearest(id, ids);
    report.span(replies, span, "orket/replies-unknown-step", `The Score has no step ${quoted(id)}.`, {
      severity: "warning",
      mend: near === undefined ? undefined : `Did you mean ${quoted(near)}?`,
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

import type { PerformContext } from "../agent/agent";
import { expandFor, expandJson } from "../agent/placeholder-value";
import type { TemplateContext } from "../agent/placeholder-value";
import type { Content } from "../event/content";
import { draft } from "../event/event";
import type { EventDraft } from "../event/event";

import type { EachNode, GroupPlanNode, PlanNode, UseNode } from "../model/definition";
import { readField } from "../model/field";
import type { Json } from "../model/field";
import { groupOf } from "../model/groups";
import { decideRead } from "../policy/file-policy";
import { matchesAny } from "../policy/glob";
import type { ActiveRun } from "../state/cursor";
import { failedStep } from "../state/failed-step";
import { inRound, inUse, keyAt } from "../state/place";
import type { Place } from "../state/place";
import { artifactsOf, resultOf, resultOfKey, resultSeen } from "../state/scope";
import type { Scope, StepResult } from "../state/scope";
import type { StepRun } from "../state/step-run";
import { defined } from "../model/defined";
import { entryOf } from "../model/entry-of";

/** Longest summary of a group, in characters; its parts share it. */
const maxGroupSummary = 16_000;
/** Most folders that a glob searches, and most entries of one of them. */
const maxFolders = 5_000;
const maxEntries = 5_000;

/** What templates of the group itself are resolved with. */
function templateContext(
  { run, scope }: ActiveRun,
  node: EachNode | UseNode,
  context: PerformContext,
): TemplateContext {
  return {
    definition: context.state.definition,
    node: { id: node.id, role: run.node.role, ...defined({ frame: node.frame }) },
    place: run.place,
    scope,
    getText: (content) => context.ports.store.getText(content),
  };
}

function failed(run: StepRun, code: string, message: string): EventDraft {
  return failedStep({ ...run, attempt: 1 }, code, message);
}

/** Fixes the list of an `each`, or the inputs that a `use` gives its Score. */
export async function openGroup(active: ActiveRun, context: PerformContext): Promise<EventDraft> {
  const { run } = active;
  const node = groupOf(context.state.definition, run.node.id);
  if (node?.kind === "each") return openEach(active, node, context);
  if (node?.kind === "use") return openUse(active, node, context);
  throw new Error(`there is nothing to open at ${run.key}`);
}

async function openEach(active: ActiveRun, node: EachNode, context: PerformContext): Promise<EventDraft> {
  const { run } = active;
  const items = await itemsOf(active, node, context);
  if (typeof items === "string") return failed(run, "items_missing", items);
  if (items.length > node.max) {
    const message = `There are ${items.length} items, and ${run.key} takes ${node.max} at most (max).`;
    return failed(run, "too_many_items", message);
  }
  return draft("items_resolved", run.key, { items: [...items] });
}

/** The items, or why there are none. */
async function itemsOf(
  active: ActiveRun,
  node: EachNode,
  context: PerformContext,
): Promise<readonly Json[] | string> {
  const { run, scope } = active;
  const { in: from } = node;
  if ("glob" in from) {
    const glob = await expandFor(templateContext(active, node, context), from.glob);
    return filesMatching(glob, scope, context);
  }
  if ("input" in from) {
    const value = entryOf(run.place.inputs ?? context.state.definition.flow.inputs, from.input);
    return asList(value) ?? `The input ${from.input} is not a list.`;
  }
  const result = resultSeen(scope, from.step, run.place)?.result;
  const value =
    typeof result === "object" && result !== null
      ? entryOf(result as Record<string, Json>, from.field)
      : undefined;
  return asList(value) ?? `The result of ${from.step} has no list ${from.field}.`;
}

function asList(value: Json | undefined): readonly Json[] | undefined {
  return Array.isArray(value) ? (value as readonly Json[]) : undefined;
}

/** The matching files, of the Workspace over the project, that the policy allows to be read, sorted. */
async function filesMatching(
  glob: string,
  scope: Scope,
  { state, ports }: PerformContext,
): Promise<string[] | string> {
  const { policy } = state.definition.flow;
  const found = new Set<string>();
  const fixed = /^[^*?{[\\]*\//.exec(glob)?.[0].replace(/\/$/, "") ?? ".";
  const folders = [fixed];
  let looked = 0;
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    if (++looked > maxFolders)
      return `The glob ${glob} looks into more than ${maxFolders} folders; make it narrower.`;
    const listed = await ports.files.list(folder, maxEntries);
    if (listed.kind !== "dir") continue;
    if (listed.truncated)
      return `The folder ${folder} has more than ${maxEntries} entries; make the glob ${glob} narrower.`;
    for (const { name, type } of listed.entries) {
      const path = folder === "." ? name : `${folder}/${name}`;
      if (type === "dir") folders.push(path);
      else if (matchesAny([glob], path)) found.add(path);
    }
  }
  for (const { path, content } of artifactsOf(scope)) {
    if (!matchesAny([glob], path) || !decideRead("workspace", path, policy).allowed) continue;
    if (content === null) found.delete(path);
    else found.add(path);
  }
  return [...found].sort();
}

async function openUse(active: ActiveRun, node: UseNode, context: PerformContext): Promise<EventDraft> {
  const { run } = active;
  const template = templateContext(active, node, context);
  const around = run.place.inputs ?? context.state.definition.flow.inputs;
  const inputs: Record<string, Json> = {};
  const problems: string[] = [];
  for (const [name, spec] of Object.entries(node.inputs)) {
    const written = entryOf(node.with, name);
    const given = written === undefined ? entryOf(around, name) : await expandJson(template, written);
    const read = readField(name, spec, given);
    if ("problems" in read) problems.push(...read.problems);
    else if (read.value !== undefined) inputs[name] = read.value;
  }
  return problems.length > 0
    ? failed(
        run,
        "input_invalid",
        `What ${run.key} gives the Score ${node.score} does not fit: ${problems.join(" ")}`,
      )
    : draft("inputs_resolved", run.key, { inputs });
}

/** Records the outcome of a group. */
export async function closeGroup(active: ActiveRun, context: PerformContext): Promise<EventDraft> {
  const { run, scope } = active;
  const node = groupOf(context.state.definition, run.node.id);
  const { turns = 0, ends = [] } = run.gate ?? {};
  const lost = ends.filter((end) => end.failed !== undefined).map(({ key }) => key);
  const last = node === undefined ? undefined : standsFor(node, scope, run.place, turns);
  if (last !== undefined) {
    return draft("group_end", run.key, {
      summary: last.summary,
      ...defined({ verdict: last.verdict, result: last.result }),
      parts: turns,
      failed: lost,
    });
  }
  const text = await summaryOf(active, (content) => context.ports.store.getText(content));
  return draft("group_end", run.key, {
    summary: context.ports.store.putText(text),
    parts: turns,
    failed: lost,
  });
}

/** The group's own result: of a loop its last round's last step, of a used Score the step that it returns. */
function standsFor(node: GroupPlanNode, scope: Scope, place: Place, turns: number): StepResult | undefined {
  switch (node.kind) {
    case "loop":
      return lastOf(node.body, scope, inRound(place, node.id ?? "", turns));
    case "sequence":
      return lastOf(node.body, scope, place);
    case "use": {
      const given = resultOf(scope, node.result);
      return given?.key === keyAt(node.result, inUse(place, {})) ? given : undefined;
    }
    default:
      return undefined;
  }
}

function lastOf(nodes: readonly PlanNode[], scope: Scope, place: Place): StepResult | undefined {
  for (const node of [...nodes].reverse()) {
    const result = node.id === undefined ? undefined : resultOf(scope, node.id);
    if (result !== undefined && result.key === keyAt(node.id ?? "", place)) return result;
  }
  return undefined;
}

async function summaryOf(
  { run, scope }: ActiveRun,
  getText: (content: Content) => Promise<string>,
): Promise<string> {
  const { ends = [] } = run.gate ?? {};
  if (ends.length === 0) return "There was nothing to do.";
  const most = Math.max(200, Math.floor(maxGroupSummary / ends.length));
  const parts: string[] = [];
  for (const { key, label, failed: why } of ends) {
    const result = why === undefined && key !== "" ? resultOfKey(scope, key) : undefined;
    const said =
      why !== undefined
        ? `Failed: ${why}`
        : result === undefined
          ? "Skipped."
          : (await getText(result.summary)).trim();
    const verdict = result?.verdict === undefined ? "" : ` (verdict: ${result.verdict})`;
    const text =
      said.length > most ? `${said.slice(0, most)}\n[cut after ${most} of ${said.length} characters]` : said;
    parts.push(`## ${label}${verdict}\n\n${text}`);
  }
  return parts.join("\n\n");
}

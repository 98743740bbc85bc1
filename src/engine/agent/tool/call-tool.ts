import * as z from "zod";
import type { BlobRef } from "../../event/content";
import { draft } from "../../event/event";
import type { EventDraft, ToolCall } from "../../event/event";
import { callSettings } from "../../model/definition";
import { classifyPath, decideRead, decideWrite } from "../../policy/file-policy";
import type { Cancellation } from "../../port/cancellation";
import type { ExternalTools } from "../../port/external-tools";
import type { GuardedFiles } from "../../port/files";
import type { SessionStore } from "../../port/session-store";
import type { Utf8 } from "../../port/utf8";
import type { ActiveRun } from "../../state/cursor";
import { changeAt, newestChanges } from "../../state/scope";
import type { ArtifactChange } from "../../state/scope";
import type { SessionState } from "../../state/state";
import { isBuiltin, maxNotes, toolArgs } from "./specs";

/** Largest file that a tool reads or writes, in bytes. */
export const maxFileBytes = 1_000_000;
const maxListEntries = 500;
const maxSearchMatches = 100;

/** What a tool works with. */
export interface ToolContext {
  readonly state: SessionState;
  readonly active: ActiveRun;
  readonly files: GuardedFiles;
  readonly store: SessionStore;
  readonly external: ExternalTools;
  readonly utf8: Utf8;
  readonly cancellation: Cancellation;
}

/**
 * Performs one tool call and returns the one event that says what came of it. Whatever the model asked for, this does
 * not throw for it: a mistake is a result with `ok: false`, a denial is `tool_denied`.
 */
export async function performTool(call: ToolCall, context: ToolContext): Promise<EventDraft> {
  const { run } = context.active;
  const result = (ok: boolean, text: string): EventDraft =>
    draft("tool_result", run.key, {
      call_id: call.id,
      tool: call.tool,
      ok,
      content: context.store.putText(shorten(text, context)),
    });
  const denied: Denied = (rule, message, path) =>
    draft("tool_denied", run.key, {
      call_id: call.id,
      tool: call.tool,
      rule,
      message,
      ...(path === undefined ? {} : { path }),
    });

  const role = context.state.definition.band.roles[run.node.role];
  if (role?.tools.some((name) => name === call.tool) !== true) {
    const known = role?.tools.join(", ") ?? "";
    return denied(
      "tool-not-listed",
      `The role ${run.node.role} may not call ${call.tool}. Its tools: ${known === "" ? "none" : known}.`,
    );
  }
  let args: unknown;
  try {
    args = JSON.parse(await context.store.getText(call.args));
  } catch {
    return result(false, "The arguments are not valid JSON.");
  }
  if (!isBuiltin(call.tool)) {
    const answer = await context.external.invoke(call.tool, args, context.cancellation);
    return result(answer.ok, answer.text);
  }
  const parsed = toolArgs[call.tool].safeParse(args);
  if (!parsed.success)
    return result(false, `The arguments do not fit ${call.tool}: ${z.prettifyError(parsed.error)}`);
  return performBuiltin({ call, result, denied, context }, {
    tool: call.tool,
    args: parsed.data,
  } as BuiltinCall);
}

type Denied = (rule: string, message: string, path?: string) => EventDraft;
interface Job {
  readonly call: ToolCall;
  readonly result: (ok: boolean, text: string) => EventDraft;
  readonly denied: Denied;
  readonly context: ToolContext;
}
type BuiltinCall = {
  [T in keyof typeof toolArgs]: { tool: T; args: z.infer<(typeof toolArgs)[T]> };
}[keyof typeof toolArgs];

async function performBuiltin(job: Job, call: BuiltinCall): Promise<EventDraft> {
  switch (call.tool) {
    case "read_file":
      return readFile(job, call.args);
    case "list_dir":
      return listDir(job, call.args.path);
    case "search_files":
      return searchFiles(job, call.args.query, call.args.path);
    case "write_file":
      return writeFile(job, call.args.path, () => Promise.resolve({ text: call.args.content }));
    case "edit_file":
      return writeFile(job, call.args.path, (path) => edited(job, path, call.args));
    case "delete_file":
      return deleteFile(job, call.args.path);
    case "update_notes":
      return updateNotes(job, call.args.set);
    case "set_verdict":
      return setVerdict(job, call.args.verdict, call.args.reason);
  }
}

type TextRead =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "missing"; readonly message: string }
  | { readonly kind: "denied"; readonly rule: string; readonly message: string };

/** The team's own version of a file first, then the project's or a reference's. */
async function readText({ context }: Job, raw: string): Promise<TextRead> {
  const { active, state, store, files, utf8 } = context;
  const place = classifyPath(raw);
  const change = place.kind === "relative" ? changeAt(active.scope, place.path) : undefined;
  if (change !== undefined) {
    const decision = decideRead("workspace", change.path, state.definition.flow.policy);
    if (!decision.allowed) return { kind: "denied", rule: decision.rule, message: decision.message };
    if (change.content === null) return { kind: "missing", message: `${raw} was deleted by ${change.step}.` };
    return { kind: "text", text: await store.getText(change.content) };
  }
  const read = await files.read(raw, maxFileBytes);
  if (read.kind !== "file") return read;
  const text = utf8.decode(read.bytes);
  return text === null ? { kind: "missing", message: `${raw} is not a text file.` } : { kind: "text", text };
}

async function readFile(job: Job, args: z.infer<typeof toolArgs.read_file>): Promise<EventDraft> {
  const read = await readText(job, args.path);
  if (read.kind === "denied") return job.denied(read.rule, read.message, args.path);
  if (read.kind === "missing") return job.result(false, read.message);
  if (args.start_line === undefined && args.end_line === undefined) return job.result(true, read.text);
  const lines = read.text.split("\n").slice((args.start_line ?? 1) - 1, args.end_line);
  return job.result(true, lines.join("\n"));
}

/** The change's name below `folder`, split: `["a", "b.ts"]` for `src/a/b.ts` below `src`. */
function below(change: ArtifactChange, folder: string): string[] | undefined {
  if (folder === "" || folder === ".") return change.path.split("/");
  return change.path.startsWith(`${folder}/`) ? change.path.slice(folder.length + 1).split("/") : undefined;
}

async function listDir(job: Job, raw: string): Promise<EventDraft> {
  const { active, files, state } = job.context;
  const place = classifyPath(raw === "" ? "." : raw);
  if (place.kind === "denied") return job.denied(place.rule, place.message, raw);
  const entries = new Map<string, string>();
  const listed = await files.list(raw === "" ? "." : raw, maxListEntries);
  if (listed.kind === "dir") {
    for (const entry of listed.entries) {
      const bytes = entry.bytes === undefined ? "" : ` (${entry.bytes} bytes)`;
      entries.set(entry.name, entry.type === "dir" ? `${entry.name}/` : `${entry.name}${bytes}`);
    }
  }
  let own = 0;
  if (
    place.kind === "relative" &&
    decideRead("workspace", place.path, state.definition.flow.policy).allowed
  ) {
    for (const change of newestChanges(active.scope)) {
      const [name, ...deeper] = below(change, place.path) ?? [];
      if (name === undefined) continue;
      own += 1;
      if (deeper.length > 0) entries.set(name, `${name}/`);
      else if (change.content === null) entries.delete(name);
      else entries.set(name, `${name} (${change.content.bytes} bytes, written by ${change.step})`);
    }
  }
  if (listed.kind === "denied" && own === 0) return job.denied(listed.rule, listed.message, raw);
  if (listed.kind === "missing" && own === 0) return job.result(false, listed.message);
  const lines = [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
  if (listed.kind === "dir" && listed.truncated) lines.push(`… only the first ${maxListEntries} entries`);
  return job.result(true, lines.length === 0 ? "The folder is empty." : lines.join("\n"));
}

async function searchFiles(job: Job, query: string, raw: string): Promise<EventDraft> {
  const { active, files, state, store } = job.context;
  const place = classifyPath(raw === "" ? "." : raw);
  if (place.kind === "denied") return job.denied(place.rule, place.message, raw);
  const lines: string[] = [];
  const own = new Set<string>();
  if (
    place.kind === "relative" &&
    decideRead("workspace", place.path, state.definition.flow.policy).allowed
  ) {
    for (const change of newestChanges(active.scope)) {
      if (below(change, place.path) === undefined) continue;
      own.add(change.path);
      if (change.content === null) continue;
      const text = await store.getText(change.content);
      text.split("\n").forEach((line, index) => {
        if (line.includes(query)) lines.push(`${change.path}:${index + 1}: ${line.trim().slice(0, 300)}`);
      });
    }
  }
  const found = await files.search(query, raw === "" ? "." : raw, maxSearchMatches);
  if (found.kind === "matches") {
    for (const match of found.matches) {
      if (!own.has(match.path)) lines.push(`${match.path}:${match.line}: ${match.text.trim().slice(0, 300)}`);
    }
  } else if (found.kind === "denied" && own.size === 0) {
    return job.denied(found.rule, found.message, raw);
  }
  lines.sort();
  const cut = lines.length > maxSearchMatches || (found.kind === "matches" && found.truncated);
  const shown = lines.slice(0, maxSearchMatches);
  if (cut) shown.push(`… only the first ${maxSearchMatches} lines; search for something narrower`);
  return job.result(true, shown.length === 0 ? "Nothing found." : shown.join("\n"));
}

type Target =
  | {
      readonly kind: "target";
      readonly path: string;
      readonly base: BlobRef | null;
      readonly own: ArtifactChange | undefined;
    }
  | { readonly kind: "refused"; readonly event: EventDraft };

/** Where a write may go, and the project's file that it would replace. */
async function writeTarget(job: Job, raw: string): Promise<Target> {
  const { active, files, state, store } = job.context;
  const place = classifyPath(raw);
  if (place.kind !== "relative") {
    return { kind: "refused", event: job.denied(place.rule, place.message, raw) };
  }
  const decision = decideWrite(place.path, state.definition.flow.policy);
  if (!decision.allowed) return { kind: "refused", event: job.denied(decision.rule, decision.message, raw) };
  const own = changeAt(active.scope, place.path);
  if (own !== undefined) return { kind: "target", path: place.path, base: own.base, own };
  const base = await files.base(place.path);
  if (base.kind === "denied") return { kind: "refused", event: job.denied(base.rule, base.message, raw) };
  return {
    kind: "target",
    path: place.path,
    own: undefined,
    base: base.kind === "file" ? store.putBytes(base.bytes) : null,
  };
}

type NewText = { readonly text: string } | { readonly problem: EventDraft };

async function writeFile(
  job: Job,
  raw: string,
  content: (path: string) => Promise<NewText>,
): Promise<EventDraft> {
  const target = await writeTarget(job, raw);
  if (target.kind === "refused") return target.event;
  const made = await content(target.path);
  if ("problem" in made) return made.problem;
  const bytes = job.context.utf8.encode(made.text);
  if (bytes.length > maxFileBytes) {
    return job.result(false, `The content has ${bytes.length} bytes; a file may have ${maxFileBytes}.`);
  }
  return draft("artifact_written", job.context.active.run.key, {
    call_id: job.call.id,
    path: target.path,
    content: job.context.store.putBytes(bytes),
    base: target.base,
  });
}

async function edited(job: Job, path: string, args: z.infer<typeof toolArgs.edit_file>): Promise<NewText> {
  const read = await readText(job, path);
  if (read.kind === "denied") return { problem: job.denied(read.rule, read.message, path) };
  if (read.kind === "missing") return { problem: job.result(false, read.message) };
  const count = read.text.split(args.old_text).length - 1;
  if (count === 0) return { problem: job.result(false, `old_text does not occur in ${path}.`) };
  if (count > 1 && !args.replace_all) {
    return {
      problem: job.result(
        false,
        `old_text occurs ${count} times in ${path}; make it longer so that it occurs once, or set replace_all.`,
      ),
    };
  }
  return { text: read.text.split(args.old_text).join(args.new_text) };
}

async function deleteFile(job: Job, raw: string): Promise<EventDraft> {
  const target = await writeTarget(job, raw);
  if (target.kind === "refused") return target.event;
  const exists = target.own === undefined ? target.base !== null : target.own.content !== null;
  if (!exists) return job.result(false, `There is no file ${raw}.`);
  return draft("artifact_deleted", job.context.active.run.key, {
    call_id: job.call.id,
    path: target.path,
    base: target.base,
  });
}

function updateNotes(job: Job, set: Record<string, string | null>): EventDraft {
  const { active } = job.context;
  if (Object.keys(set).length === 0) return job.result(false, "Give at least one note in `set`.");
  const keys = new Set([...Object.keys(active.scope.notes), ...Object.keys(set)]);
  if (keys.size > maxNotes)
    return job.result(false, `There can be ${maxNotes} notes; remove some with null.`);
  return draft("notes_updated", active.run.key, { call_id: job.call.id, set });
}

function setVerdict(job: Job, verdict: string, reason: string | undefined): EventDraft {
  const { run } = job.context.active;
  const allowed = run.node.verdict ?? [];
  if (!allowed.includes(verdict)) {
    return job.result(
      false,
      allowed.length === 0
        ? "This step takes no verdict."
        : `"${verdict}" is not a verdict of this step. Use one of: ${allowed.join(", ")}.`,
    );
  }
  return draft("verdict_set", run.key, {
    call_id: job.call.id,
    verdict,
    ...(reason === undefined ? {} : { reason }),
  });
}

/** Cuts a result to a third of the role's context window (three bytes a token), and says how to get the rest. */
function shorten(text: string, { state, active }: ToolContext): string {
  const max = Math.max(2000, callSettings(state.definition, active.run.node.role).context_tokens);
  if (text.length <= max) return text;
  return `${text.slice(0, max)}\n… cut after ${max} of ${text.length} characters; read the rest with start_line and end_line.`;
}

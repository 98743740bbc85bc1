import type { BlobRef } from "../../event/content";
import { draft } from "../../event/event";
import type { EventDraft } from "../../event/event";
import { classifyPath, decideRead, decideWrite } from "../../policy/file-policy";
import { changeAt, inTheWay } from "../../state/scope";
import type { ArtifactChange } from "../../state/scope";
import { describeBytes } from "../../policy/file-kind";
import { maxFileBytes } from "./tool";
import type { Job } from "./tool";

export type TextRead =
  | { readonly kind: "text"; readonly text: string; readonly bytes: number; readonly executable: boolean }
  | { readonly kind: "missing"; readonly message: string }
  | { readonly kind: "denied"; readonly rule: string; readonly message: string };

/** The team's own version of a file; undefined: the team has none. */
export async function readOwn({ context }: Job, raw: string): Promise<TextRead | undefined> {
  const { active, state, store, utf8 } = context;
  const place = classifyPath(raw);
  const change = place.kind === "relative" ? changeAt(active.scope, place.path) : undefined;
  if (change === undefined) return undefined;
  const decision = decideRead("workspace", change.path, state.definition.flow.policy);
  if (!decision.allowed) return { kind: "denied", rule: decision.rule, message: decision.message };
  if (change.content === null) return { kind: "missing", message: `${raw} was deleted by ${change.step}.` };
  const bytes = await store.getBytes(change.content);
  const text = utf8.decode(bytes);
  if (text === null) return { kind: "missing", message: notText(raw, bytes) };
  return { kind: "text", text, bytes: bytes.length, executable: false };
}

/** The whole text of a file: the team's own version if there is one, otherwise the project's or a reference's. */
export async function readText(job: Job, raw: string): Promise<TextRead> {
  const own = await readOwn(job, raw);
  if (own !== undefined) return own;
  const { files, utf8 } = job.context;
  const read = await files.read(raw, maxFileBytes);
  if (read.kind !== "file") return read;
  const text = utf8.decode(read.bytes);
  return text === null
    ? { kind: "missing", message: notText(raw, read.bytes) }
    : { kind: "text", text, bytes: read.bytes.length, executable: false };
}

function notText(path: string, bytes: Uint8Array): string {
  return `${path} is not UTF-8 text: it is ${describeBytes(bytes)} of ${bytes.length} bytes.`;
}

/** The change's name below `folder`, split: `["a", "b.ts"]` for `src/a/b.ts` below `src`. */
export function below(change: ArtifactChange, folder: string): string[] | undefined {
  if (folder === "" || folder === ".") return change.path.split("/");
  return change.path.startsWith(`${folder}/`) ? change.path.slice(folder.length + 1).split("/") : undefined;
}

interface FreeTarget {
  readonly kind: "target";
  readonly path: string;
  readonly base: BlobRef | null;
  readonly own: ArtifactChange | undefined;
  /** What is there now, the team's version or the project's, may be executed. */
  readonly executable: boolean;
}

export type Target = FreeTarget | { readonly kind: "refused"; readonly event: EventDraft };

/** Where a write may go, and the project's file that it would replace. */
export async function writeTarget(job: Job, raw: string): Promise<Target> {
  const { active, files, state, store } = job.context;
  const place = classifyPath(raw);
  if (place.kind !== "relative") {
    return { kind: "refused", event: job.denied(place.rule, place.message, raw) };
  }
  const decision = decideWrite(place.path, state.definition.flow.policy);
  if (!decision.allowed) return { kind: "refused", event: job.denied(decision.rule, decision.message, raw) };
  const own = changeAt(active.scope, place.path);
  if (own !== undefined)
    return { kind: "target", path: place.path, base: own.base, own, executable: own.executable === true };
  const base = await files.base(place.path);
  if (base.kind === "denied") return { kind: "refused", event: job.denied(base.rule, base.message, raw) };
  return {
    kind: "target",
    path: place.path,
    own: undefined,
    executable: base.kind === "file" && base.executable === true,
    base: base.kind === "file" ? store.putBytes(base.bytes) : null,
  };
}

/** The refusal of a write where other files of the session stand above or below it; `leaving` is moved away for it. */
export function noRoom(
  job: Job,
  { path, own }: FreeTarget,
  raw: string,
  leaving?: string,
): EventDraft | undefined {
  if (own !== undefined && own.content !== null) return undefined;
  const found = inTheWay(job.context.active.scope, path, leaving);
  if (found === undefined) return undefined;
  return found.where === "above"
    ? job.denied(
        "not-a-folder",
        `The session's file ${found.path} is in the place of a folder that ${raw} needs.`,
        raw,
      )
    : job.denied("is-folder", `${raw} is a folder: the session has the file ${found.path} in it.`, raw);
}

export type NewText = { readonly text: string } | { readonly problem: EventDraft };

/**
 * Writes what `content` returns as the new version of a file, which stays executable where it was.
 * @param executable whether it becomes executable where it was not.
 */
export async function propose(
  job: Job,
  raw: string,
  content: (path: string) => Promise<NewText>,
  executable = false,
): Promise<EventDraft> {
  const target = await writeTarget(job, raw);
  if (target.kind === "refused") return target.event;
  const refusal = noRoom(job, target, raw);
  if (refusal !== undefined) return refusal;
  const made = await content(target.path);
  if ("problem" in made) return made.problem;
  if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(made.text)) {
    return job.result(false, "The text has half of a character (a lone surrogate), which no file can hold.");
  }
  const bytes = job.context.utf8.encode(made.text);
  if (bytes.length > maxFileBytes) {
    return job.result(false, `The content has ${bytes.length} bytes; a file may have ${maxFileBytes}.`);
  }
  return draft("artifact_written", job.context.active.run.key, {
    call_id: job.call.id,
    path: target.path,
    content: job.context.store.putBytes(bytes),
    base: target.base,
    ...(executable && !target.executable ? { executable: true as const } : {}),
    ...(target.own === undefined && target.executable ? { base_executable: true as const } : {}),
  });
}

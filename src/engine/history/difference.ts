import { isInline } from "../event/content";
import type { BlobRef, Content } from "../event/content";
import type { EventDraft, EventOf, EventType, SessionEvent } from "../event/event";

/** What was changed, or does not follow, where a replay first differs. */
export type DivergenceCause =
  "definition" | "prompt" | "reply" | "tool_call" | "tool_result" | "file" | "policy" | "order" | "engine";

/** The first place where a replay differs from the recording. */
export interface Divergence {
  readonly seq: number;
  readonly step: string | null;
  readonly type: EventType;
  readonly cause: DivergenceCause;
  readonly message: string;
  /** What the replay produces, as JSON; absent where it produces nothing. */
  readonly replayed?: string;
  /** What the journal contains, as JSON. */
  readonly recorded: string;
}

/** What must have been changed where the engine produces a different event. */
export function causeOf(event: SessionEvent): DivergenceCause {
  switch (event.type) {
    case "prompt_built":
      return "prompt";
    case "tool_result":
      return "tool_result";
    case "tool_denied":
      return "policy";
    case "artifact_written":
    case "artifact_deleted":
    case "notes_updated":
    case "verdict_set":
      return "tool_call";
    case "step_end":
      return "reply";
    default:
      return "engine";
  }
}

/**
 * Why a prompt differs from the one the replay builds. A prompt whose text does not match its own digest was changed
 * itself; otherwise one of its sources was, and the first message that differs shows which.
 */
export async function promptCause(
  made: EventDraft,
  event: EventOf<"prompt_built">,
  { getText }: { readonly getText: (content: Content) => Promise<string> },
): Promise<DivergenceCause> {
  if (made.type !== "prompt_built") return "engine";
  if (made.data.sha256 === event.data.sha256) return "prompt";
  const [ours, theirs] = [made.data.added, event.data.added];
  for (const [index, message] of theirs.entries()) {
    const other = ours[index];
    if (other === undefined) return "order";
    if (other.role !== message.role) return "reply";
    if ((await getText(other.content)) === (await getText(message.content))) continue;
    if (message.role === "tool") return "tool_result";
    return message.role === "assistant" ? "reply" : "engine";
  }
  return "prompt";
}

/** What was changed where a content cannot be used. */
export function contentCause(event: SessionEvent, field: string): DivergenceCause {
  if (event.type === "model_call_end") return field.startsWith("tool_calls") ? "tool_call" : "reply";
  if (event.type === "prompt_built") return "prompt";
  if (event.type === "tool_result") return "tool_result";
  if (event.type === "session_start") return "definition";
  if (event.type === "tool_call") return "tool_call";
  return event.type === "step_end" ? "reply" : "file";
}

/** The blobs that an event names, with the field that names each. The definition is a file of its own. */
export function blobsIn(value: unknown, field = ""): { ref: BlobRef; field: string }[] {
  if (typeof value !== "object" || value === null) return [];
  if (isBlobRef(value)) return field === "definition" ? [] : [{ ref: value, field }];
  return Object.entries(value).flatMap(([key, inner]) =>
    blobsIn(inner, field === "" ? key : `${field}.${key}`),
  );
}

function isBlobRef(value: object): value is BlobRef {
  return (
    "sha256" in value && "bytes" in value && Object.keys(value).length === 2 && !isInline(value as Content)
  );
}

/** Undefined: the reproduced event equals the recorded one. */
export function compare(
  made: EventDraft,
  event: SessionEvent,
  cause: DivergenceCause,
): Divergence | undefined {
  const replayed = canonicalJson({ type: made.type, step: made.step, data: made.data });
  const recorded = canonicalJson({ type: event.type, step: event.step, data: event.data });
  if (replayed === recorded) return undefined;
  const what =
    made.type === event.type && made.step === event.step
      ? `The ${event.type} differs.`
      : `The replay records ${made.type}${made.step === null ? "" : ` of ${made.step}`} here.`;
  return { ...differs(event, made.type === event.type ? cause : "order", what), replayed };
}

/** The event as the place where the replay differs. */
export function differs(event: SessionEvent, cause: DivergenceCause, message: string): Divergence {
  const { seq, step, type, data } = event;
  return { seq, step, type, cause, message, recorded: canonicalJson(data) };
}

/** JSON with sorted keys and without undefined values: equal for equal values. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

import type { SessionEvent } from "../event/event";

/** A beginning and its end: a tool call and its outcome, a model call and its reply, a command and its end. */
interface Side {
  readonly key: string;
  readonly is: "start" | "end";
}

function sideOf(event: SessionEvent): Side | undefined {
  const within = event.step ?? "";
  switch (event.type) {
    case "tool_call":
      return { key: `tool ${within} ${event.data.call_id}`, is: "start" };
    case "tool_result":
    case "tool_denied":
    case "artifact_written":
    case "artifact_deleted":
    case "notes_updated":
    case "verdict_set":
    case "result_set":
      return { key: `tool ${within} ${event.data.call_id}`, is: "end" };
    case "model_call_start":
      return { key: `model ${event.data.call}`, is: "start" };
    case "model_call_end":
    case "model_call_failed":
      return { key: `model ${event.data.call}`, is: "end" };
    case "command_start":
      return { key: `command ${within} ${event.data.command}`, is: "start" };
    case "command_end":
      return { key: `command ${within} ${event.data.command}`, is: "end" };
    case "approval_requested":
    case "question_asked":
      return { key: `question ${event.data.id}`, is: "start" };
    case "approval_resolved":
    case "question_answered":
      return { key: `question ${event.data.id}`, is: "end" };
    case "step_start":
      return { key: `step ${within}`, is: "start" };
    case "step_end":
    case "step_failed":
      return { key: `step ${within}`, is: "end" };
    default:
      return undefined;
  }
}

/** A beginning with its end, or the end without a beginning that was seen. */
export interface EventPair {
  readonly start: SessionEvent;
  readonly end: SessionEvent;
}

/** Finds, for each event in turn, the earlier one that it ends. Fed with a session's events in their order. */
export class EventPairs {
  readonly #open = new Map<string, SessionEvent>();

  /** The pair that this event completes. */
  take(event: SessionEvent): EventPair | undefined {
    const side = sideOf(event);
    if (side === undefined) return undefined;
    if (side.is === "start") {
      this.#open.set(side.key, event);
      return undefined;
    }
    const start = this.#open.get(side.key);
    if (start === undefined) return undefined;
    this.#open.delete(side.key);
    return { start, end: event };
  }

  /** Forgets what will not end any more, and returns it. */
  abandon(isLost: (start: SessionEvent) => boolean): readonly SessionEvent[] {
    const lost = this.open.filter(isLost);
    for (const [key, start] of this.#open) if (isLost(start)) this.#open.delete(key);
    return lost;
  }

  /** What has begun and not ended, in the order in which it began. */
  get open(): readonly SessionEvent[] {
    return [...this.#open.values()];
  }
}

/** The other sides of each event, by its number: the ends of a beginning in their order, or the beginning of an end. */
export function partnersOf(events: readonly SessionEvent[]): ReadonlyMap<number, readonly SessionEvent[]> {
  // Unlike a pair, a tool call can have two ends: what it changed, and what the model is told.
  const starts = new Map<string, SessionEvent>();
  const partners = new Map<number, SessionEvent[]>();
  for (const event of events) {
    const side = sideOf(event);
    if (side?.is === "start") starts.set(side.key, event);
    const start = side?.is === "end" ? starts.get(side.key) : undefined;
    if (start === undefined) continue;
    partners.set(start.seq, [...(partners.get(start.seq) ?? []), event]);
    partners.set(event.seq, [start]);
  }
  return partners;
}

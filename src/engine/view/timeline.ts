import type { SessionEvent } from "../event/event";
import { EventPairs } from "./event-pairs";
import { isFailure } from "./event-kind";
import { covered, without } from "./intervals";
import type { Interval } from "./intervals";

/** What a span is: a step, what it does, and what it waits for. */
export type SpanKind = "step" | "call" | "command" | "question";

/** A stretch of time in which a role did something or waited. Times are in milliseconds since 1970. */
export interface TimeSpan extends Interval {
  readonly kind: SpanKind;
  /** The role, or what takes the place of one. */
  readonly lane: string;
  readonly step: string;
  /** The event with which it begins. */
  readonly seq: number;
  readonly failed?: true;
  /** It has not ended. */
  readonly open?: true;
}

function kindOf(event: SessionEvent): SpanKind | undefined {
  switch (event.type) {
    case "step_start":
      return "step";
    case "model_call_start":
      return "call";
    case "command_start":
      return "command";
    case "approval_requested":
    case "question_asked":
      return "question";
    default:
      return undefined;
  }
}

/** Collects a session's spans from its events, in their order. */
export class TimelineFold {
  readonly #pairs = new EventPairs();
  readonly #roles = new Map<string, string>();
  readonly #ended: TimeSpan[] = [];
  readonly #pauses: Interval[] = [];
  #pausedAt: number | undefined;
  #sorted: readonly TimeSpan[] | undefined;
  #lastMs = 0;
  #firstMs = 0;

  take(event: SessionEvent): void {
    const at = Date.parse(event.at);
    if (event.type === "session_resumed") this.#resume(at);
    if (this.#firstMs === 0) this.#firstMs = at;
    this.#lastMs = Math.max(this.#lastMs, at);
    this.#sorted = undefined;
    if (event.type === "step_start" && event.step !== null) this.#roles.set(event.step, event.data.role);
    if (event.type === "session_paused") this.#pausedAt = at;
    const pair = this.#pairs.take(event);
    if (pair === undefined) return;
    const span = this.#spanOf(pair.start, at);
    if (span !== undefined) this.#ended.push(isFailure(event) ? { ...span, failed: true } : span);
  }

  /** What was under way when the session stopped has no end; it ended then. */
  #resume(at: number): void {
    const stopped = this.#pausedAt ?? this.#lastMs;
    this.#pauses.push({ from: stopped, to: at });
    this.#pausedAt = undefined;
    const lost = this.#pairs.abandon(({ type }) => type === "model_call_start" || type === "command_start");
    for (const event of lost) {
      const span = this.#spanOf(event, stopped);
      if (span !== undefined) this.#ended.push({ ...span, failed: true });
    }
  }

  /** The spans so far, in the order in which they began; what is open lasts until now. */
  get spans(): readonly TimeSpan[] {
    return (this.#sorted ??= this.#sort());
  }

  #sort(): readonly TimeSpan[] {
    const open = this.#pairs.open.flatMap((event): TimeSpan[] => {
      const span = this.#spanOf(event, this.#lastMs);
      return span === undefined ? [] : [{ ...span, open: true }];
    });
    return [...this.#ended, ...open].sort((a, b) => a.from - b.from || a.seq - b.seq);
  }

  /** Times in which nobody worked: the session was paused, or waited for a person. */
  get waits(): readonly Interval[] {
    const waiting = this.spans.filter(({ kind }) => kind === "question");
    const working = this.spans.filter(({ kind }) => kind === "call" || kind === "command");
    return without(covered([...this.#pauses, ...waiting]), covered(working));
  }

  /** From the first event to the last. */
  get whole(): Interval {
    return { from: this.#firstMs, to: this.#lastMs };
  }

  #spanOf(start: SessionEvent, to: number): TimeSpan | undefined {
    const kind = kindOf(start);
    if (kind === undefined || start.step === null) return undefined;
    const lane = this.#roles.get(start.step) ?? start.step;
    return { kind, lane, step: start.step, seq: start.seq, from: Date.parse(start.at), to };
  }
}

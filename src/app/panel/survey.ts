import type { SessionState } from "../../engine/state/state";
import { limitUses } from "../../engine/state/limits";
import { TimelineFold } from "../../engine/view/timeline";
import { TimeAxis } from "../../engine/view/timeline-axis";
import { layoutTimeline } from "../../engine/view/timeline-layout";
import { addUse, known, noUsage, UsageFold } from "../../engine/view/usage";
import type { UsageRow } from "../../engine/view/usage";
import type { TimelineScreen, UsageScreen } from "../../protocol/session-panel";
import type { EventSource } from "./event-index";

/** Events that are read together, few, since the thread is held meanwhile, and that are looked through before something is shown. */
const pieceEvents = 512;
const turnEvents = 120 * pieceEvents;
/** Most rows of steps. */
const maxStepRows = 100;

/** Looks through all events of a session once, and then through those that come, for the views that sum them. */
export class SessionSurvey {
  #timeline = new TimelineFold();
  #usage = new UsageFold();
  #scanned = 0;
  #work: Promise<unknown> = Promise.resolve();
  readonly #source: EventSource;

  constructor(source: EventSource) {
    this.#source = source;
  }

  /** Looks through a bounded number of further events. @throws {OrketError} journal_damaged, disk_failed. */
  advance(): Promise<void> {
    const next = this.#work.then(() => this.#advance());
    this.#work = next.catch(() => undefined);
    return next;
  }

  async #advance(): Promise<void> {
    const { total } = this.#source;
    if (total < this.#scanned) this.#restart();
    const until = Math.min(total, this.#scanned + turnEvents);
    while (this.#scanned < until) {
      const events = await this.#source.readEvents(
        this.#scanned,
        Math.min(pieceEvents, until - this.#scanned),
      );
      for (const event of events) {
        this.#timeline.take(event);
        this.#usage.take(event);
      }
      this.#scanned += events.length;
      if (events.length === 0) return;
    }
  }

  /** The part of the session's time between two shares of the whole. */
  timeline(from: number, to: number, columns: number): TimelineScreen {
    const axis = new TimeAxis(this.#timeline.whole, this.#timeline.waits);
    const visible = { from: Math.min(from, to), to: Math.max(to, from + 1e-6) };
    const scale = 1 / (visible.to - visible.from);
    const gaps = axis.gaps.flatMap((gap) => {
      const place = { from: (gap.from - visible.from) * scale, to: (gap.to - visible.from) * scale };
      const isVisible = place.to > 0 && place.from < 1;
      return isVisible ? [{ ms: gap.ms, from: Math.max(0, place.from), to: Math.min(1, place.to) }] : [];
    });
    return {
      ...this.#progress(),
      ...visible,
      startMs: axis.timeAt(visible.from),
      endMs: axis.timeAt(visible.to),
      lanes: layoutTimeline(this.#timeline.spans, axis, visible, columns),
      gaps,
    };
  }

  usage(state: SessionState): UsageScreen {
    const { steps, otherSteps } = bounded(this.#usage.steps);
    return {
      ...this.#progress(),
      roles: this.#usage.roles,
      steps,
      otherSteps,
      session: this.#usage.total,
      limits: limitUses(state).filter(({ value }) => value !== undefined),
    };
  }

  #progress(): { readonly total: number; readonly scanned?: number } {
    const { total } = this.#source;
    return this.#scanned < total ? { total, scanned: this.#scanned } : { total };
  }

  #restart(): void {
    this.#timeline = new TimelineFold();
    this.#usage = new UsageFold();
    this.#scanned = 0;
  }
}

/** The rows that used most, in their own order, and the sum of the others. */
function bounded(rows: readonly UsageRow[]): {
  readonly steps: readonly UsageRow[];
  readonly otherSteps: number;
} {
  if (rows.length <= maxStepRows) return { steps: rows, otherSteps: 0 };
  const size = ({ usage }: UsageRow): number => known(usage.input) + known(usage.output);
  const most = new Set([...rows].sort((a, b) => size(b) - size(a)).slice(0, maxStepRows));
  const others = rows.filter((row) => !most.has(row));
  const usage = others.reduce((sum, row) => addUse(sum, row.usage), noUsage);
  return {
    steps: [...rows.filter((row) => most.has(row)), { name: `${others.length} other steps`, usage }],
    otherSteps: others.length,
  };
}

import type { Interval } from "./intervals";
import type { TimeSpan } from "./timeline";
import type { TimeAxis } from "./timeline-axis";

/** A bar of the timeline; `left` and `width` are shares of the visible part. */
export interface TimelineBar {
  readonly kind: TimeSpan["kind"];
  readonly left: number;
  readonly width: number;
  /** Which line of its lane it stands on, from 0. */
  readonly line: number;
  readonly step: string;
  /** The first event of the first span. */
  readonly seq: number;
  readonly startedMs: number;
  /** How long the spans lasted together. */
  readonly ms: number;
  /** More than one: spans too narrow to be seen one by one. */
  readonly count: number;
  readonly failed?: true;
  readonly open?: true;
}

/** The bars of one role. */
export interface TimelineLane {
  readonly name: string;
  /** Steps, and how long they lasted together, in the visible part. */
  readonly steps: number;
  readonly ms: number;
  readonly lines: number;
  readonly bars: readonly TimelineBar[];
}

/** Steps of a role side by side: on this many lines at most; the others share the last one. */
const maxStepLines = 3;

type Open = { -readonly [Key in keyof TimelineBar]: TimelineBar[Key] };

/**
 * Lays out the spans that the visible part of the axis shows: a lane for each role in the order in which they began, its
 * steps on the first lines, what they did on the last. Spans narrower than a column are put together, so that the number
 * of bars is bounded by lanes, lines and columns, whatever the length of the session.
 * @param spans in the order in which they began
 * @param columns into how many the visible part is divided
 */
export function layoutTimeline(
  spans: readonly TimeSpan[],
  axis: TimeAxis,
  visible: Interval,
  columns: number,
): TimelineLane[] {
  const scale = 1 / Math.max(Number.EPSILON, visible.to - visible.from);
  const lanes = new Map<string, LaneBuilder>();
  for (const span of spans) {
    const left = (axis.placeOf(span.from) - visible.from) * scale;
    const right = (axis.placeOf(span.to) - visible.from) * scale;
    let lane = lanes.get(span.lane);
    if (lane === undefined) lanes.set(span.lane, (lane = new LaneBuilder(1 / columns)));
    if (right < 0 || left > 1) continue;
    lane.add(span, Math.max(0, left), Math.min(1, right));
  }
  return [...lanes].map(([name, lane]) => lane.build(name));
}

class LaneBuilder {
  readonly #least: number;
  readonly #bars: Open[] = [];
  /** The last bar of each line, and of each kind on the line of what steps do. */
  readonly #last = new Map<string, Open>();
  /** Where each line of steps is free again. */
  readonly #free: number[] = [];
  #steps = 0;
  #ms = 0;

  constructor(least: number) {
    this.#least = least;
  }

  add(span: TimeSpan, left: number, right: number): void {
    const ms = span.to - span.from;
    const isStep = span.kind === "step";
    if (isStep) {
      this.#steps += 1;
      this.#ms += ms;
    }
    const line = isStep ? this.#lineFor(span) : -1;
    const key = `${line} ${span.kind}`;
    const last = this.#last.get(key);
    const width = right - left;
    const isNarrow = width < this.#least && last !== undefined && last.width < this.#least;
    if (isNarrow && left - last.left < this.#least) {
      last.count += 1;
      last.ms += ms;
      last.width = Math.max(last.width, right - last.left);
      if (span.failed === true) last.failed = true;
      if (span.open === true) last.open = true;
      return;
    }
    const { kind, step, seq, from } = span;
    const bar: Open = { kind, left, width, line, step, seq, startedMs: from, ms, count: 1 };
    if (span.failed === true) bar.failed = true;
    if (span.open === true) bar.open = true;
    this.#last.set(key, bar);
    this.#bars.push(bar);
  }

  build(name: string): TimelineLane {
    const stepLines = Math.max(1, this.#free.length);
    const hasWork = this.#bars.some(({ line }) => line < 0);
    const bars = this.#bars.map((bar) => (bar.line < 0 ? { ...bar, line: stepLines } : bar));
    return { name, steps: this.#steps, ms: this.#ms, lines: stepLines + (hasWork ? 1 : 0), bars };
  }

  /** The first line on which no other step is at that time. */
  #lineFor({ from, to }: TimeSpan): number {
    const free = this.#free.findIndex((until) => until <= from);
    const line = free >= 0 ? free : Math.min(this.#free.length, maxStepLines - 1);
    this.#free[line] = Math.max(this.#free[line] ?? 0, to);
    return line;
  }
}

import type { JSX } from "preact";
import type { TimelineBar, TimelineLane, TimelineScreen } from "../../src/protocol/session-panel";
import { durationText, numberText, plural } from "../ui/format";
import { Button } from "../ui/toolkit";
import { itemAfterKey } from "../ui/tree-keys";
import { timeText } from "./time";

/** The part of the session's time that is shown, as shares of the whole. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

export const wholeTime: TimeWindow = { from: 0, to: 1 };

/** Height of a line of bars, in pixels. */
const lineHeight = 20;
/** The narrowest part that is shown. */
const narrowest = 1e-5;

/** The window made narrower or wider around a place in it. */
export function zoomed({ from, to }: TimeWindow, factor: number, around = (from + to) / 2): TimeWindow {
  const length = Math.min(1, Math.max(narrowest, (to - from) * factor));
  const start = Math.min(1 - length, Math.max(0, around - length / 2));
  return { from: start, to: start + length };
}

/** The window moved by a share of itself. */
export function moved({ from, to }: TimeWindow, share: number): TimeWindow {
  const length = to - from;
  const start = Math.min(1 - length, Math.max(0, from + share * length));
  return { from: start, to: start + length };
}

interface TimelineProps {
  readonly screen: TimelineScreen | undefined;
  readonly flow: string;
  /** The item that has the keyboard focus. */
  readonly at: string | undefined;
  readonly onWindow: (window: TimeWindow) => void;
  /** Shows the events of a bar. */
  readonly onBar: (bar: TimelineBar) => void;
  readonly onFocus: (id: string) => void;
}

/** What each role did when: a lane for each, seen and read as one tree. */
export function Timeline({ screen, flow, at, onWindow, onBar, onFocus }: TimelineProps): JSX.Element {
  if (screen === undefined) return <p class="hint page-note">Loading …</p>;
  const { lanes, gaps, from, to, startMs, endMs, scanned, total } = screen;
  const isWhole = from === 0 && to === 1;
  const first = lanes[0] === undefined ? undefined : laneId(lanes[0]);
  return (
    <>
      <div class="pager" role="group" aria-label="Time that is shown">
        <Button icon="zoom-in" harmless onPress={() => onWindow(zoomed({ from, to }, 0.5))}>
          Zoom in
        </Button>
        <Button icon="zoom-out" harmless disabled={isWhole} onPress={() => onWindow(zoomed({ from, to }, 2))}>
          Zoom out
        </Button>
        <Button
          icon="arrow-left"
          harmless
          disabled={from === 0}
          onPress={() => onWindow(moved({ from, to }, -0.5))}
        >
          Earlier
        </Button>
        <Button
          icon="arrow-right"
          harmless
          disabled={to === 1}
          onPress={() => onWindow(moved({ from, to }, 0.5))}
        >
          Later
        </Button>
        {!isWhole && (
          <Button harmless onPress={() => onWindow(wholeTime)}>
            Whole session
          </Button>
        )}
        <span class="hint" role="status">
          {`${timeOf(startMs)} – ${timeOf(endMs)}`}
          {scanned !== undefined && `, ${Math.floor((100 * scanned) / total)} % looked through`}
        </span>
      </div>
      {lanes.length === 0 ? (
        <p class="hint page-note">No step has begun.</p>
      ) : (
        <div class="lanes-frame">
          <ul
            class="lanes"
            role="tree"
            aria-label={`Timeline of ${flow}`}
            onKeyDown={(event) => {
              const item = event.target instanceof HTMLElement ? event.target : undefined;
              const next = item === undefined ? undefined : itemAfterKey(event.key, item);
              if (next === undefined) return;
              event.preventDefault();
              next.focus();
            }}
          >
            {lanes.map((lane) => (
              <Lane
                key={lane.name}
                lane={lane}
                gaps={gaps}
                at={at ?? first}
                onBar={onBar}
                onFocus={onFocus}
              />
            ))}
          </ul>
          <p class="legend hint">
            <span class="key step" /> step <span class="key call" /> model call <span class="key command" />{" "}
            command <span class="key question" /> waits for a person{" "}
            {gaps.length > 0 && (
              <>
                <span class="key gap" /> {plural(gaps.length, "long wait")}, drawn shorter:{" "}
                {gaps
                  .slice(0, 5)
                  .map(({ ms }) => spanText(ms))
                  .join(", ")}
              </>
            )}
          </p>
        </div>
      )}
    </>
  );
}

const laneId = ({ name }: TimelineLane): string => `lane ${name}`;
const barId = ({ kind, seq }: TimelineBar): string => `${kind} ${seq}`;
const spanText = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : durationText(ms));
const timeOf = (ms: number): string => timeText(new Date(ms).toISOString());
const percent = (share: number): string => `${(100 * share).toFixed(3)}%`;

interface LaneProps {
  readonly lane: TimelineLane;
  readonly gaps: TimelineScreen["gaps"];
  readonly at: string | undefined;
  readonly onBar: (bar: TimelineBar) => void;
  readonly onFocus: (id: string) => void;
}

function Lane({ lane, gaps, at, onBar, onFocus }: LaneProps): JSX.Element {
  const { name, steps, ms, lines, bars } = lane;
  const id = laneId(lane);
  return (
    <li class="lane" role="none">
      <div
        class="lane-head"
        role="treeitem"
        aria-level={1}
        aria-expanded={bars.length === 0 ? undefined : "true"}
        tabIndex={at === id ? 0 : -1}
        onFocus={() => onFocus(id)}
      >
        <span class="lane-name">{name}</span>{" "}
        <span class="hint lane-facts">
          {steps === 0
            ? bars.length === 0
              ? "nothing here"
              : ""
            : `${plural(steps, "step")}, ${spanText(ms)}`}
        </span>
      </div>
      <ul class="track" role="group" style={{ height: `${lines * lineHeight + 4}px` }}>
        {gaps.map((gap) => (
          <li
            key={gap.from}
            class="gap"
            role="none"
            aria-hidden="true"
            style={{ left: percent(gap.from), width: percent(gap.to - gap.from) }}
          />
        ))}
        {bars.map((bar) => (
          <Bar key={barId(bar)} bar={bar} at={at} onBar={onBar} onFocus={onFocus} />
        ))}
      </ul>
    </li>
  );
}

const kindWords: Readonly<Record<TimelineBar["kind"], string>> = {
  step: "step",
  call: "model call",
  command: "command",
  question: "wait for a person",
};

/** What a bar is, in words. */
function barText({ kind, step, ms, startedMs, count, failed, open }: TimelineBar): string {
  const what =
    count === 1
      ? `${step}, ${kindWords[kind]}`
      : `${numberText(count)} of the kind ${kindWords[kind]}, from ${step} on`;
  return [
    what,
    spanText(ms),
    `at ${timeOf(startedMs)}`,
    ...(failed === true ? ["failed"] : []),
    ...(open === true ? ["not ended"] : []),
  ].join(", ");
}

function Bar({
  bar,
  at,
  onBar,
  onFocus,
}: Omit<LaneProps, "lane" | "gaps"> & { readonly bar: TimelineBar }): JSX.Element {
  const { kind, left, width, line, step, count, failed, open } = bar;
  const id = barId(bar);
  const text = barText(bar);
  return (
    <li role="none">
      <div
        class={`bar ${kind}${failed === true ? " failed" : ""}${open === true ? " open" : ""}`}
        role="treeitem"
        aria-level={2}
        aria-label={text}
        title={text}
        tabIndex={at === id ? 0 : -1}
        style={{ left: percent(left), width: percent(width), top: `${line * lineHeight + 2}px` }}
        onFocus={() => onFocus(id)}
        onClick={() => onBar(bar)}
        onKeyDown={(event) => {
          if (event.key === "Enter") onBar(bar);
        }}
      >
        {kind === "step" && width > 0.04 && (
          <span aria-hidden="true">{count === 1 ? step : numberText(count)}</span>
        )}
      </div>
    </li>
  );
}

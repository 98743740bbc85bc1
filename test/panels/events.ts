import { askedIn } from "../../src/engine/model/prompt-text";
import { eventLine } from "../../src/engine/view/event-line";
import { eventWords } from "../../src/engine/view/event-kind";
import { partnersOf } from "../../src/engine/view/event-pairs";
import { transcriptEntry } from "../../src/engine/view/transcript";
import { TimelineFold } from "../../src/engine/view/timeline";
import { TimeAxis } from "../../src/engine/view/timeline-axis";
import { layoutTimeline } from "../../src/engine/view/timeline-layout";
import { UsageFold } from "../../src/engine/view/usage";
import type {
  CompareScreen,
  EventDetails,
  EventRow,
  PanelView,
  StreamInfo,
  TimelineScreen,
  TranscriptRow,
  UsageScreen,
} from "../../src/protocol/session-panel";
import { sessionEvents } from "./session-events";

/* Every state of the session panel. Rows are created on demand, so a state can have a million of them. */

export interface SessionFixture {
  readonly info: StreamInfo;
  readonly rows: readonly EventRow[];
  /** The transcript's entries of the rows, which are repeated as often as the state needs. */
  readonly entries: readonly TranscriptRow[];
  readonly details: (seq: number) => EventDetails;
  /** The view that is shown; absent: the transcript. */
  readonly view?: PanelView;
  /** Text that is streamed, by step. */
  readonly streams?: Readonly<Record<string, string>>;
  readonly timeline: TimelineScreen;
  readonly usage: UsageScreen;
  readonly compare: CompareScreen;
}

const rows: readonly EventRow[] = sessionEvents.map((event) => {
  const { seq, at, type, step } = event;
  return { seq, at, type, words: eventWords(type), step, text: eventLine(event) };
});

const roles: Readonly<Record<string, string>> = {
  plan: "architect",
  build: "coder",
  review: "reviewer",
  check: "command tests",
};

function entriesOf(): TranscriptRow[] {
  const partners = partnersOf(sessionEvents);
  return sessionEvents.flatMap((event) => {
    const entry = transcriptEntry(event, {
      partners: (seq) => partners.get(seq) ?? [],
      includes: () => true,
      awaits: () => false,
      stepOf: (key) => {
        const [id = "", round] = key.split("#");
        const role = roles[id];
        if (role === undefined) return undefined;
        const model = role.includes(" ") ? {} : { model: "qwen3-coder:latest" };
        return { role, places: round === undefined ? [] : [`Round ${round} of 3`], ...model };
      },
    });
    if (entry === undefined) return [];
    const parts = entry.parts.map(({ content, open, ...part }) => ({
      ...part,
      size: "412 characters",
      ...(open === true && "text" in content
        ? { text: { text: askedIn(content.text) ?? content.text } }
        : {}),
    }));
    return [{ ...entry, index: entry.seq, parts }];
  });
}

const entries = entriesOf();

function details(seq: number): EventDetails {
  const row = rows[seq % rows.length];
  if (row === undefined) throw new Error("there are no rows");
  const { at, type, words, step, text } = row;
  return {
    seq,
    at,
    type,
    words,
    step,
    json: JSON.stringify({ call: 1, tool: "write_file", note: text }, null, 2),
    texts: [
      {
        id: "args",
        label: "Arguments",
        text: { text: 'class Square:\n    """A square."""\n'.repeat(8), cutFrom: 120_000 },
      },
    ],
  };
}

const info = (changes: Partial<StreamInfo> = {}): StreamInfo => ({
  session: "2026-11-22T10-15-03Z-shapes-k3f9",
  flow: "shapes",
  status: "completed",
  live: false,
  total: rows.length,
  matching: rows.length,
  edition: 1,
  roles: ["architect", "coder", "reviewer", "command tests"],
  artifacts: [],
  ...changes,
});

function timeline(): TimelineScreen {
  const fold = new TimelineFold();
  for (const event of sessionEvents) fold.take(event);
  const axis = new TimeAxis(fold.whole, fold.waits);
  const visible = { from: 0, to: 1 };
  const lanes = layoutTimeline(fold.spans, axis, visible, 200);
  const { from: startMs, to: endMs } = fold.whole;
  return { ...visible, startMs, endMs, lanes, gaps: axis.gaps, total: sessionEvents.length };
}

function usage(): UsageScreen {
  const fold = new UsageFold();
  for (const event of sessionEvents) fold.take(event);
  return {
    roles: fold.roles,
    steps: fold.steps,
    otherSteps: 0,
    session: fold.total,
    limits: [
      { limit: "total_tokens", value: 2_000_000, used: 12_500, reserved: 4000 },
      { limit: "cost_usd", value: 0.01, used: 0.0142, reserved: 0 },
      { limit: "model_calls", value: 500, used: 4, reserved: 0 },
    ],
    total: sessionEvents.length,
  };
}

const compare: CompareScreen = {
  left: "shapes (2026-11-22T10-15-03Z-shapes-k3f9)",
  right: "with another prompt (2026-11-22T11-40-00Z-shapes-m2c8)",
  steps: [
    {
      key: "plan",
      differs: "same",
      isSame: true,
      left: "done, 1,840 in, 412 out",
      right: "done, 1,840 in, 412 out",
    },
    {
      key: "build#1",
      differs: "differs: prompt, reply, artifacts",
      isSame: false,
      left: "done, 1,840 in, 412 out",
      right: "done, 2,010 in, 530 out",
    },
    { key: "build#2", differs: "only in the first", isSame: false, left: "failed, unknown", right: "–" },
  ],
  more: 0,
};

/** A reply that is arriving, after everything else. */
function streaming(): SessionFixture {
  const last = rows.length;
  const at = "2026-11-22T10:17:40.000Z";
  const row: EventRow = {
    seq: last,
    at,
    type: "model_call_start",
    words: eventWords("model_call_start"),
    step: "build#2",
    text: "qwen3-coder:latest",
  };
  const entry: TranscriptRow = {
    seq: last,
    index: last,
    at,
    kind: "reply",
    head: "qwen3-coder:latest",
    facts: ["in progress"],
    step: "build#2",
    parts: [],
    open: true,
  };
  const total = last + 1;
  return {
    ...state({ status: "running", live: true, total, matching: total }),
    rows: [...rows, row],
    entries: [...entries, entry],
    streams: { "build#2": "The review is right: the square has no area. I write it now, with " },
  };
}

const state = (changes: Partial<StreamInfo> = {}, view?: PanelView): SessionFixture => ({
  info: info(changes),
  rows,
  entries,
  details,
  ...(view === undefined ? {} : { view }),
  timeline: timeline(),
  usage: usage(),
  compare,
});

export const sessionFixtures: Readonly<Record<string, SessionFixture>> = {
  "no-events": state({ total: 0, matching: 0, status: "running", live: true }),
  few: state({ total: 9, matching: 9 }),
  live: state({ status: "running", live: true }),
  streaming: streaming(),
  events: state({}, "events"),
  timeline: state({}, "timeline"),
  usage: state({}, "usage"),
  compare: state({}, "compare"),
  proven: state({
    proven: [
      "Recorded: the journal is complete.",
      "Replayed: the same prompts and decisions, on 22 November.",
    ],
  }),
  artifacts: state({
    artifacts: [
      {
        path: "PLAN.md",
        change: "added",
        state: "rejected",
        open: false,
        decided: true,
        added: 31,
        removed: 0,
      },
      {
        path: "docs/logo.png",
        change: "changed",
        state: "unchecked",
        open: true,
        decided: false,
        shown: "2c26",
      },
      {
        path: "lib/a-module-with-a-long-name-that-was-moved.py",
        renamedFrom: "shapes/module.py",
        change: "renamed",
        state: "conflict",
        open: true,
        decided: false,
        added: 4,
        removed: 4,
        shown: "fcde",
      },
      {
        path: "shapes/circle.py",
        change: "changed",
        state: "partly",
        open: true,
        decided: true,
        own: true,
        added: 12,
        removed: 3,
        shown: "486e",
      },
      {
        path: "shapes/square.py",
        change: "added",
        state: "accepted",
        open: false,
        decided: true,
        added: 40,
        removed: 0,
      },
    ],
  }),
  "nothing-matches": state({ matching: 0 }),
  searching: state({ total: 1_000_000, matching: 1200, scanned: 312_000, looks: true }),
  "stopped-searching": state({ total: 1_000_000, matching: 0, scanned: 312_000, looks: false }),
  damaged: state({ status: "damaged", problem: "journal.jsonl is damaged at line 214." }),
  million: state({ total: 1_000_000, matching: 1_000_000 }),
};

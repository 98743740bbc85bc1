import type { EventDetails, EventRow, StreamInfo } from "../../src/protocol/session-panel";

/* Every state of the session panel. Rows are created on demand, so a state can have a million of them. */

export interface SessionFixture {
  readonly info: StreamInfo;
  readonly row: (index: number) => EventRow;
  readonly details: (seq: number) => EventDetails;
}

const types = [
  "step_start",
  "prompt_built",
  "model_call_start",
  "model_call_end",
  "tool_call",
  "tool_result",
  "artifact_written",
  "step_end",
  "step_failed",
  "approval_requested",
] as const;

const texts: Readonly<Record<(typeof types)[number], string>> = {
  step_start: "role coder",
  prompt_built: "4 messages, ~1,840 tokens",
  model_call_start: "call 1, qwen3-coder:latest",
  model_call_end: "1840 tokens in, 412 out, 6120 ms, tools: write_file",
  tool_call: 'write_file {"path":"shapes/square.py","content":"class Square: …"}',
  tool_result: "wrote 412 bytes",
  artifact_written: "shapes/square.py, 412 bytes",
  step_end: "Three modules and their tests.",
  step_failed: "The model server closed the connection.",
  approval_requested: "begin the step?",
};

function row(index: number): EventRow {
  const type = types[index % types.length] ?? "step_start";
  const at = new Date(Date.UTC(2026, 10, 22, 10, 15, 3) + index * 640).toISOString();
  return {
    seq: index,
    at,
    type,
    step: `build#${1 + (Math.floor(index / types.length) % 3)}`,
    text: texts[type],
  };
}

function details(seq: number): EventDetails {
  const { at, type, step, text } = row(seq);
  return {
    seq,
    at,
    type,
    step,
    json: JSON.stringify({ call: 1, tool: "write_file", note: text }, null, 2),
    texts: [
      {
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
  total: 64,
  matching: 64,
  edition: 1,
  types,
  steps: ["plan", "build#1", "build#2", "review#1"],
  artifacts: [],
  ...changes,
});

const state = (changes: Partial<StreamInfo> = {}): SessionFixture => ({ info: info(changes), row, details });

export const sessionFixtures: Readonly<Record<string, SessionFixture>> = {
  "no-events": state({ total: 0, matching: 0, status: "running", live: true }),
  few: state({ total: 9, matching: 9 }),
  live: state({ status: "running", live: true }),
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
  searching: state({ total: 1_000_000, matching: 1200, scanned: 312_000 }),
  damaged: state({ status: "damaged", problem: "journal.jsonl is damaged at line 214." }),
  million: state({ total: 1_000_000, matching: 1_000_000 }),
};

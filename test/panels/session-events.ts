import { draft } from "../../src/engine/event/event";
import type { EventDraft, SessionEvent } from "../../src/engine/event/event";

/* The events of a small session, as a run writes them: every kind of entry of the transcript is among them. */

const sha256 = "a".repeat(64);
const text = (value: string): { text: string } => ({ text: value });
const measured = (input: number, output: number, cached?: number) => ({
  input: { count: input, source: "measured" as const },
  ...(cached === undefined ? {} : { cached_input: { count: cached, source: "measured" as const } }),
  output: { count: output, source: "measured" as const },
});

let call = 0;

function prompt(
  step: string,
  turn: number,
  messages: readonly { role: "system" | "user"; text: string }[],
): EventDraft {
  return draft("prompt_built", step, {
    turn,
    kept: turn === 1 ? 0 : 4,
    added: messages.map(({ role, text: content }) => ({ role, content: text(content) })),
    sha256,
    estimated_tokens: 1840,
    max_tokens: 9000,
    omitted: [],
  });
}

function reply(
  step: string,
  turn: number,
  said: string,
  tools: readonly [string, object][],
  more: { reasoning?: string; estimated?: true; cost?: number } = {},
): EventDraft[] {
  call += 1;
  const begun = draft("model_call_start", step, {
    call,
    turn,
    attempt: 1,
    provider: "ollama",
    model: "qwen3-coder:latest",
    tool_calls: "native",
    prompt: sha256,
    reserved_tokens: 4000,
  });
  const answered = draft("model_call_end", step, {
    call,
    turn,
    reply: text(said),
    ...(more.reasoning === undefined ? {} : { reasoning: text(more.reasoning) }),
    tool_calls: tools.map(([tool, args], index) => ({
      id: `1.${turn}.${index + 1}`,
      tool,
      args: text(JSON.stringify(args)),
    })),
    finish_reason: tools.length === 0 ? "stop" : "tool_calls",
    tokens:
      more.estimated === true ? { output: { count: 40, source: "estimated" } } : measured(1840, 412, 1200),
    ...(more.cost === undefined ? {} : { cost_usd: more.cost }),
    total_ms: 6120,
  });
  return [begun, answered];
}

function toolCall(step: string, turn: number, number: number, tool: string, args: object): EventDraft {
  return draft("tool_call", step, {
    call_id: `1.${turn}.${number}`,
    turn,
    tool,
    args: text(JSON.stringify(args, null, 2)),
  });
}

const started = (step: string, id: string, role: string, iteration?: number[]): EventDraft =>
  draft("step_start", step, { id, role, attempt: 1, ...(iteration === undefined ? {} : { iteration }) });

function ended(step: string, summary: string, verdict?: string): EventDraft {
  return draft("step_end", step, {
    attempt: 1,
    summary: text(summary),
    sha256,
    ...(verdict === undefined ? {} : { verdict }),
    artifacts: [],
    turns: 1,
    tokens: measured(1840, 412, 1200),
  });
}

const square = { path: "shapes/square.py", content: 'class Square:\n    """A square."""\n' };
const written = { sha256: "b".repeat(64), bytes: 412 };

const drafts: readonly EventDraft[] = [
  draft("session_start", null, {
    format: 1,
    engine: "0.1.0",
    session: "2026-11-22T10-15-03Z-shapes-k3f9",
    flow: "shapes",
    definition: { sha256, bytes: 900 },
    provider: "ollama",
    started_by: "editor",
  }),
  draft("plan_resolved", null, { steps: 4, max_steps: 10, max_model_calls: 40 }),
  started("plan", "plan", "architect"),
  prompt("plan", 1, [
    { role: "system", text: "You are the Architect." },
    {
      role: "user",
      text: "# Task\n\nBuild a small Python package named 'shapes'.\n\n# Your step: plan\n\nWrite PLAN.md.",
    },
  ]),
  draft("approval_requested", "plan", { id: "a1", kind: "before_step", sha256 }),
  draft("approval_resolved", "plan", { id: "a1", sha256, decision: "approve", by: "person" }),
  ...reply("plan", 1, "", [["read_file", { path: "README.md" }]], {
    reasoning: "I look at what is there first.",
  }),
  toolCall("plan", 1, 1, "read_file", { path: "README.md" }),
  draft("tool_result", "plan", {
    call_id: "1.1.1",
    tool: "read_file",
    ok: true,
    content: text("# shapes\n\nAreas of shapes.\n"),
  }),
  ...reply("plan", 2, "The package has three modules. PLAN.md says what each of them exports.", []),
  ended("plan", "Three modules."),
  started("build#1", "build", "coder", [1]),
  prompt("build#1", 1, [
    { role: "system", text: "You are the Coder." },
    { role: "user", text: "# Your step: build\n\nWrite the modules that PLAN.md names." },
  ]),
  ...reply("build#1", 1, "I write the module.", [["write_file", square]], { cost: 0.0042 }),
  toolCall("build#1", 1, 1, "write_file", square),
  draft("artifact_written", "build#1", { call_id: "1.1.1", path: square.path, content: written, base: null }),
  draft("tool_result", "build#1", {
    call_id: "1.1.1",
    tool: "write_file",
    ok: true,
    content: text("wrote 412 bytes"),
  }),
  toolCall("build#1", 1, 2, "read_file", { path: ".git/config" }),
  draft("tool_denied", "build#1", {
    call_id: "1.1.2",
    tool: "read_file",
    rule: "R4",
    path: ".git/config",
    message: "No agent may read .git.",
  }),
  ended("build#1", "shapes/square.py is written."),
  started("check#1", "check", "command tests", [1]),
  draft("command_start", "check#1", {
    command: "tests",
    attempt: 1,
    argv: ["node", "tests/run.js"],
    env: [],
    network: "none",
    effects: "none",
    isolation: "view",
    sha256,
  }),
  draft("command_end", "check#1", {
    command: "tests",
    end: { kind: "exited", code: 1 },
    verdict: "fail",
    place: "view",
    output: text("1 test\nFAIL square has no area\n"),
    summary: text("FAIL square has no area\n"),
    files: [],
    discarded: { files: 0, bytes: 0 },
    duration_ms: 830,
  }),
  ended("check#1", "FAIL square has no area", "fail"),
  started("review#1", "review", "reviewer", [1]),
  ...reply("review#1", 1, "square.py has no area.", [["set_verdict", { verdict: "request_changes" }]], {
    estimated: true,
  }),
  toolCall("review#1", 1, 1, "set_verdict", { verdict: "request_changes" }),
  draft("verdict_set", "review#1", {
    call_id: "1.1.1",
    verdict: "request_changes",
    reason: "The square has no area.",
  }),
  ended("review#1", "square.py is wrong.", "request_changes"),
  draft("suggestion", "build#2", {
    id: "d1",
    rule: "ignored_verdict",
    message: "review said request_changes, and build wrote nothing.",
    evidence: [4],
  }),
  draft("adjustment", null, { kind: "disable", role: "writer", by: "person", reason: "No tour is needed." }),
  draft("question_asked", "scope", {
    id: "q1",
    kind: "ask",
    text: text("How far is the team to go?"),
    sha256,
    verdict: ["go", "smaller"],
  }),
  draft("question_answered", "scope", { id: "q1", sha256, by: "person", verdict: "smaller" }),
  started("build#2", "build", "coder", [2]),
  draft("model_call_failed", "build#2", {
    call: 99,
    turn: 1,
    attempt: 1,
    code: "connection_lost",
    message: "The model server closed the connection.",
  }),
  draft("step_failed", "build#2", {
    attempt: 1,
    code: "model_connection_lost",
    message: "The model server closed the connection.",
    will_retry: false,
  }),
  draft("session_paused", null, { reason: "step_failed", message: "build#2 failed." }),
];

/** The events in their order, a few seconds apart. */
export const sessionEvents: readonly SessionEvent[] = drafts.map((one, seq) => ({
  ...one,
  seq,
  at: new Date(Date.UTC(2026, 10, 22, 10, 15, 3) + seq * 2640).toISOString(),
}));

import { labelOf } from "../../src/engine/view/session-label";
import type {
  ApprovalScreen,
  QuestionScreen,
  ConductorScreen,
  SuggestionScreen,
  SessionScreen,
  StepScreen,
} from "../../src/protocol/conductor";

/* Building blocks for the states of the conductor view. */

export const measured = (input: number, output: number): StepScreen["tokens"] => ({
  input: { count: input, source: "measured" },
  output: { count: output, source: "measured" },
});

export function step(key: string, role: string, changes: Partial<StepScreen> = {}): StepScreen {
  return { key, role, status: "planned", attempt: 0, tokens: {}, ...changes };
}

export const done = (
  key: string,
  role: string,
  text: string,
  changes: Partial<StepScreen> = {},
): StepScreen =>
  step(key, role, {
    status: "done",
    attempt: 1,
    tokens: measured(1840, 412),
    summary: { text },
    ...changes,
  });

export const plan = done(
  "plan",
  "architect",
  "The package has three modules: `shapes/circle.py`, `shapes/square.py` and `shapes/__init__.py`. PLAN.md says what each exports.",
);

export const steps: readonly StepScreen[] = [
  plan,
  step("build#1", "coder", {
    status: "running",
    attempt: 1,
    tokens: measured(2210, 96),
    activity: "calls write_file",
  }),
  step("review", "reviewer", { note: "Reads what is there, not what the report says." }),
  step("tests", "tester"),
];

const rounds = { key: "loop rounds", label: "rounds, up to 3 rounds" };
const round = (number: number) => ({ key: `round ${number}`, label: `Round ${number} of 3` });
const together = { key: "parallel", label: "Side by side" };
const spent = { costUsd: 0.012, durationMs: 42_000, model: "qwen3-coder:latest" };

/** A loop with two rounds, followed by two branches. */
export const nestedSteps: readonly StepScreen[] = [
  { ...plan, ...spent },
  done("build#1", "coder", "Three modules.", { groups: [rounds, round(1)], ...spent }),
  done("review#1", "reviewer", "square.py is wrong.", {
    groups: [rounds, round(1)],
    verdict: "request_changes",
    ...spent,
  }),
  step("build#2", "coder", {
    groups: [rounds, round(2)],
    status: "running",
    attempt: 1,
    tokens: measured(2210, 96),
    activity: "calls write_file",
  }),
  step("tour", "writer", { groups: [together, { key: "branch 1", label: "Branch 1" }] }),
  step("t1", "tester", { groups: [together, { key: "branch 2", label: "Branch 2" }] }),
];

/** A running session of the sample Flow, with a test's changes. */
export function session(changes: Partial<SessionScreen> = {}): SessionScreen {
  const made: SessionScreen = {
    session: "2026-11-22T10-15-03Z-shapes-k3f9",
    flow: "shapes",
    task: "Build a small Python package named 'shapes'.",
    scripted: false,
    holder: "here",
    status: "running",
    label: "running",
    interrupted: false,
    approvals: [],
    questions: [],
    failures: [],
    suggestions: [],
    pending: [],
    steps,
    roles: [
      {
        role: "architect",
        description: "Plans the work.",
        enabled: true,
        tokens: measured(1840, 412),
      },
      { role: "coder", description: "Writes the code.", enabled: true, tokens: measured(2210, 96) },
      {
        role: "reviewer",
        description: "Checks what was written.",
        enabled: false,
        tokens: { input: { count: 900, source: "estimated" } },
      },
    ],
    artifacts: { pending: 0, accepted: 0, rejected: 0 },
    tokens: measured(4050, 508),
    costUsd: 0.004,
    modelCalls: 3,
    elapsedMs: 83_000,
    ticking: false,
    ...changes,
  };
  const label = labelOf({ ...made, failed: made.failures }, made.holder !== "nobody");
  return { ...made, label: made.problem === undefined ? label : "unreadable", ...changes };
}

export function screen(of: SessionScreen | null, changes: Partial<ConductorScreen> = {}): ConductorScreen {
  return { place: "ready", session: of, flows: [], ...changes };
}

export function approval(changes: Partial<ApprovalScreen> = {}): ApprovalScreen {
  return {
    id: "a1",
    kind: "before_step",
    sha256: "0".repeat(64),
    step: "build#1",
    role: "coder",
    instruction:
      "Write the modules that PLAN.md names. One file a module, type hints everywhere, no dependency beyond the standard library.",
    asked: {
      text: "Write the modules that PLAN.md names for Python 3.12. One file a module, type hints everywhere, no dependency beyond the standard library.",
    },
    answers: { step: "plan", summary: { text: plan.summary?.text ?? "" } },
    prompt: [
      {
        role: "system",
        text: { text: "You are the Coder. Task: Build a small Python package named 'shapes'." },
      },
      {
        role: "user",
        text: {
          text: `Step build (round 1 of 3).\n\nReport of plan:\n${plan.summary?.text ?? ""}\n\n${"Keep the public names short. ".repeat(12)}`,
        },
      },
    ],
    ...changes,
  };
}

export function question(changes: Partial<QuestionScreen> = {}): QuestionScreen {
  return {
    id: "q1",
    kind: "ask",
    sha256: "3".repeat(64),
    step: "scope",
    text: { text: "The plan has three modules and no tests. How far is the team to go?" },
    words: ["go", "smaller"],
    fields: [],
    ...changes,
  };
}

export function suggestion(changes: Partial<SuggestionScreen> = {}): SuggestionScreen {
  const text = "review said request_changes. Change the files so that its complaint no longer holds.";
  return {
    id: "d1",
    rule: "ignored verdict",
    step: "build#2",
    message: "review said request_changes, and build#2 wrote nothing.",
    evidence: [41, 58],
    adjustment: `Change the instruction of build from its next run on: ${text}`,
    text: `Write the modules that PLAN.md names.\n\n${text}`,
    diff: {
      added: 2,
      removed: 0,
      cut: false,
      lines: ["@@ line 1", " Write the modules that PLAN.md names.", "+", `+${text}`],
    },
    ...changes,
  };
}

import type { ApprovalScreen, ConductorScreen, SessionScreen } from "../../src/protocol/conductor";
import {
  approval,
  done,
  measured,
  nestedSteps,
  plan,
  question,
  screen,
  session,
  step,
  steps,
  suggestion,
} from "./parts";

export { approval, screen, session, step } from "./parts";

/*
 * Every state of the conductor view, as the extension would send it. `npm run panels` shows them in a browser; the
 * component tests render them without one. Add new states of the view here.
 */

export interface ConductorFixture {
  readonly screen: ConductorScreen;
  readonly streams?: Readonly<Record<string, string>>;
  /** Instructions being edited, by approval id or step key. */
  readonly drafts?: Readonly<Record<string, string>>;
  /** A refusal with which the extension answers the first request. */
  readonly refusal?: string;
}

const questionWithFields = question({
  agentMayAnswer: true,
  fields: [
    { name: "name", control: "text", description: "Name of the package", optional: false },
    { name: "why", control: "lines", optional: true, hint: "optional" },
    {
      name: "rounds",
      control: "number",
      preset: "3",
      optional: true,
      hint: "a number, at most 5; 3 if left empty",
    },
    { name: "risk", control: "choice", choices: ["low", "high"], optional: true },
    { name: "draft", control: "switch", description: "Only a draft", optional: false },
  ],
});

const afterBuild = approval({
  id: "a2",
  kind: "after_step",
  step: "review#1",
  role: "reviewer",
  prompt: [],
  result: {
    summary: { text: "Square.area() returns the perimeter. circle.py is fine. I ask for one change." },
    verdict: "request_changes",
    artifacts: [
      {
        path: "shapes/square.py",
        deleted: false,
        diff: {
          added: 2,
          removed: 1,
          cut: false,
          lines: [
            "@@ line 4",
            "     def area(self) -> float:",
            "-        return 4 * self.side",
            "+        # The side, squared.",
            "+        return self.side ** 2",
          ],
        },
      },
      { path: "shapes/old.py", deleted: true },
    ],
  },
});

const asking = (of: ApprovalScreen, changes: Partial<SessionScreen> = {}): SessionScreen =>
  session({
    approvals: [of],
    steps: steps.map((one) => (one.key === "build#1" ? { ...one, status: "waiting" as const } : one)),
    ...changes,
  });

const failedSteps = steps.map((one) =>
  one.key === "build#1"
    ? { ...one, status: "failed" as const, reason: "The model server closed the connection." }
    : one,
);

const flows = [
  {
    folder: "file:///project",
    path: "flows/shapes.flow.yaml",
    name: "shapes",
    description: "An architect plans, a coder writes, a reviewer checks.",
    runnable: true,
  },
  {
    folder: "file:///project",
    path: "flows/release-notes.flow.yaml",
    name: "release-notes-for-everybody-who-reads-them",
    runnable: false,
  },
] as const;

const longName = "harden.documentation-of-the-public-interface[12].review-of-the-reviewer#3";

/** Every state by its name, which is also the picture's name. */
export const conductorFixtures: Readonly<Record<string, ConductorFixture>> = {
  "no-folder": { screen: screen(null, { place: "no_folder" }) },
  untrusted: { screen: screen(null, { place: "untrusted" }) },
  virtual: { screen: screen(null, { place: "virtual" }) },
  "no-flow": { screen: screen(null) },
  flows: { screen: screen(null, { flows }) },
  "flows-on-another-venue": { screen: screen(null, { flows, venue: "cloud" }) },
  running: {
    screen: screen(session({ ticking: true })),
    streams: {
      "build#1": `I look at what is there.\n${"The module exports one class. ".repeat(30)}`,
    },
  },
  "running-two-branches": {
    screen: screen(
      session({
        steps: [
          plan,
          step("tour", "writer", { status: "running", attempt: 1, activity: "waits for the model" }),
          step("t1", "tester", { status: "running", attempt: 2, activity: "calls read_file" }),
        ],
      }),
    ),
    streams: { tour: "# A tour of shapes\n\nBegin with `Circle`." },
  },
  "question-before": { screen: screen(asking(approval())) },
  "question-after": { screen: screen(asking(afterBuild)) },
  "question-edited": {
    screen: screen(asking(approval())),
    drafts: { a1: "Write only square.py; keep {{notes.style}} in mind." },
  },
  "question-refused": { screen: screen(asking(afterBuild)), drafts: { "refuse a2": "Square is wrong." } },
  "question-with-feedback": { screen: screen(asking(afterBuild)), drafts: { "feedback a2": "" } },
  "question-command": {
    screen: screen(
      asking(
        approval({
          step: "pr",
          role: "command publish",
          instruction: "",
          prompt: [],
          command: {
            name: "publish",
            facts: [
              { label: "runs", text: { text: 'scripts/publish.sh --title "Shapes with areas" 7' } },
              { label: "variables", text: { text: "GH_TOKEN=secret:github" } },
              { label: "network", text: { text: "ALLOWED" } },
              { label: "effects", text: { text: "OUTSIDE: it works on the project itself" } },
              { label: "accepted", text: { text: "shapes/square.py, shapes/circle.py, PLAN.md" } },
              { label: "isolation", text: { text: "none" } },
              { label: "writes", text: { text: "THE PROJECT ITSELF" } },
              { label: "time", text: { text: "120 s at most" } },
            ],
          },
        }),
      ),
    ),
  },
  "two-questions": {
    screen: screen(
      session({
        approvals: [
          approval({ id: "a3", step: "tour", role: "writer" }),
          approval({ id: "a4", step: "t1", role: "tester" }),
        ],
      }),
    ),
  },
  question: { screen: screen(session({ questions: [question()] })) },
  "question-with-fields": {
    screen: screen(session({ questions: [questionWithFields] })),
    drafts: { "field q1 name": "shapes" },
  },
  "question-list": {
    screen: screen(
      session({
        questions: [
          question({
            words: [],
            text: { text: "1. Which Python?\n2. Who reads the report?" },
            fields: ["Which Python?", "Who reads the report?"].map((description, at) => ({
              name: String(at + 1),
              description,
              control: "lines",
              optional: true,
            })),
          }),
        ],
      }),
    ),
  },
  "question-exhausted": {
    screen: screen(
      session({
        questions: [
          question({
            kind: "exhausted",
            step: "fixing",
            text: { text: "The loop fixing has not come to its end after 3 rounds." },
            words: ["more", "go_on", "fail"],
          }),
        ],
      }),
    ),
  },
  "question-foreign-tool": {
    screen: screen(
      session({
        questions: [
          question({
            kind: "foreign_tool",
            step: "build#1",
            tool: "vscode:run_tests",
            text: {
              text: 'The role coder calls vscode:run_tests with:\n\n{\n  "folder": "shapes",\n  "watch": false\n}\n\nOrket cannot bound this call: it may do whatever vscode:run_tests can, in the project itself.',
            },
            words: ["approve", "refuse"],
            fields: [
              {
                name: "reason",
                control: "lines",
                description: "Why it is refused; the model is told.",
                optional: true,
              },
            ],
          }),
        ],
      }),
    ),
  },
  "question-quoted-call": {
    screen: screen(
      session({
        questions: [
          question({
            kind: "quoted_call",
            step: "build#1",
            tool: "write_file",
            text: {
              text: 'The role coder calls write_file with:\n\n{\n  "path": "setup.cfg",\n  "content": "[metadata]\\nname = shapes\\n"\n}\n\nThis call appears word for word in the result of read_file "docs/CONTRIBUTING.md". It may be somebody else\'s decision that the model repeats: approve it only if it is what the step needs.',
            },
            words: ["approve", "refuse"],
            fields: [
              {
                name: "reason",
                control: "lines",
                description: "Why it is refused; the model is told.",
                optional: true,
              },
            ],
          }),
        ],
      }),
    ),
  },
  "question-accept": {
    screen: screen(
      session({
        questions: [
          question({ kind: "accept", step: "take", words: [], paths: ["shapes/square.py", "PLAN.md"] }),
        ],
        artifacts: { pending: 2, accepted: 0, rejected: 0 },
      }),
    ),
  },
  "failed-new-venue": {
    screen: screen(
      session({
        status: "paused",
        pause: { reason: "step_failed", message: "build#1 failed." },
        steps: failedSteps,
        failures: [
          {
            step: "build#1",
            message: "The model qwen3-coder is not on the server.",
            hint: "Pull the model on the server, or name another one in the Venue's file.",
            instruction: "Write the modules that PLAN.md names.",
            newVenue: "local",
            models: ["llama3.1:8b", "qwen3:8b"],
          },
        ],
      }),
    ),
  },
  "failed-too-long": {
    screen: screen(
      session({
        status: "paused",
        pause: { reason: "step_failed", message: "build#1 failed." },
        steps: failedSteps,
        failures: [
          {
            step: "build#1",
            message: "The prompt needs 9,120 tokens, and 6,144 are there for it.",
            hint: "Edit the prompt to be shorter, or give the Venue more context_tokens and go on with it.",
            instruction: "Write the modules that PLAN.md names.",
            needsChange: true,
          },
        ],
      }),
    ),
  },
  failed: {
    screen: screen(
      session({
        status: "paused",
        pause: { reason: "step_failed", message: "build#1 failed." },
        steps: failedSteps,
        failures: [
          {
            step: "build#1",
            message: "The model server at http://127.0.0.1:11434 closed the connection after 12 of 30 s.",
            hint: "Check the model server, then retry.",
            retry: "continues with turn 3",
            instruction: "Write the modules that PLAN.md names.",
          },
        ],
      }),
    ),
  },
  "steer-stop": { screen: screen(session()), drafts: { stop: "" } },
  "steer-adjustments": {
    screen: screen(
      session({
        pending: [
          {
            seq: 41,
            text: "Change the instruction of review from its next run on: Look at the tests first.",
          },
          { seq: 44, text: "Use model qwen3-coder:30b for reviewer, for one step." },
        ],
      }),
    ),
  },
  "steer-tree": { screen: screen(session({ steps: nestedSteps })) },
  "steer-suggestion": { screen: screen(session({ suggestions: [suggestion()] })) },
  "steer-suggestion-edited": {
    screen: screen(session({ suggestions: [suggestion()] })),
    drafts: { "suggestion d1": "Write the modules that PLAN.md names. Change square.py." },
  },
  "steer-suggestion-paused": {
    screen: screen(
      session({
        status: "paused",
        pause: {
          reason: "drift",
          message: "60 % of the limit total_tokens is used, with 1 of 4 steps done.",
        },
        suggestions: [
          {
            id: "d2",
            rule: "spending",
            step: "plan",
            message: "60 % of the limit total_tokens is used, with 1 of 4 steps done.",
            evidence: [12],
            adjustment: "Pause before the next step.",
          },
        ],
      }),
    ),
  },
  limit: {
    screen: screen(
      session({
        status: "paused",
        pause: { reason: "limit", message: "" },
        limit: { limit: "total_tokens", value: 20_000, used: 18_600, proposed: 40_000 },
      }),
    ),
  },
  "limit-cost": {
    screen: screen(
      session({
        status: "paused",
        pause: { reason: "limit", message: "" },
        limit: { limit: "cost_usd", value: 2, used: 1.9, proposed: 4 },
      }),
    ),
  },
  paused: {
    screen: screen(session({ status: "paused", pause: { reason: "person", message: "" } })),
  },
  pausing: { screen: screen(session({ halting: "pausing" })) },
  interrupted: { screen: screen(session({ holder: "nobody", interrupted: true })) },
  foreign: {
    screen: screen(session({ holder: "nobody", interrupted: true, label: "paused", foreign: true })),
  },
  "watched-only": {
    screen: screen(session({ holder: "elsewhere", heldBy: "orket run performs it (process 4711 on desk)." })),
  },
  done: {
    screen: screen(
      session({
        status: "ended",
        outcome: "completed",
        holder: "nobody",
        steps: [
          plan,
          done("build#1", "coder", "Three modules and their tests.", { attempt: 2 }),
          done("review#1", "reviewer", "Everything is there.", { verdict: "approve" }),
        ],
        artifacts: { pending: 4, accepted: 1, rejected: 0 },
      }),
    ),
  },
  "done-without-files": {
    screen: screen(session({ status: "ended", outcome: "completed", holder: "nobody", steps: [plan] })),
  },
  stopped: {
    screen: screen(session({ status: "ended", outcome: "stopped", holder: "nobody" })),
  },
  damaged: {
    screen: screen(
      session({
        holder: "nobody",
        problem: {
          message: "journal.jsonl is damaged at line 214: the line does not follow from the one before it.",
          hint: "orket verify says what stands before it.",
        },
      }),
    ),
  },
  refused: {
    screen: screen(asking(approval())),
    refusal: "The question was answered in the meantime; another one is shown now.",
  },
  "long-names": {
    screen: screen(
      session({
        flow: "documentation-of-every-public-interface-in-the-whole-repository",
        steps: [
          step(longName, "documentation-reviewer-of-last-resort", {
            status: "running",
            attempt: 3,
            tokens: measured(1_284_000, 96_400),
          }),
          step(`${longName}2`, "writer"),
        ],
        roles: [
          {
            role: "documentation-reviewer-of-last-resort",
            enabled: false,
            tokens: measured(1_284_000, 96_400),
          },
        ],
      }),
    ),
  },
  "other-scripts": {
    screen: screen(
      asking(
        approval({
          step: "مراجعة.المستند",
          role: "المراجع",
          instruction: "راجع المستند docs/index.md ثم اكتب تقريرا قصيرا.",
          asked: { text: "راجع المستند docs/index.md ثم اكتب تقريرا قصيرا." },
          answers: {
            step: "文書を読みやすく書き直して確認する#1",
            summary: { text: "すべての段落を確認しました。" },
          },
        }),
        {
          flow: "文書を読みやすく書き直して確認する",
          steps: [
            step("文書を読みやすく書き直して確認する#1", "技術文書の担当者", {
              status: "done",
              tokens: measured(1_284_000, 96_400),
            }),
            step("مراجعة.المستند", "المراجع", { status: "waiting" }),
          ],
        },
      ),
    ),
  },
  "many-steps": {
    screen: screen(
      session({
        steps: Array.from({ length: 400 }, (_, index) =>
          index < 250
            ? done(`file[${index}].build`, "coder", `File ${index} is written.`)
            : step(`file[${index}].build`, "coder"),
        ),
      }),
    ),
  },
};

import type { FlowBox, FlowScreen } from "../../src/protocol/flow-view";

/* Every state of the flow view, as the extension would send it. */

const box = (id: string, kind: FlowBox["kind"], changes: Partial<FlowBox> = {}): FlowBox => ({
  id,
  kind,
  label: id,
  facts: [],
  boxes: [],
  ...changes,
});

const role = (id: string, name: string, changes: Partial<FlowBox> = {}): FlowBox =>
  box(id, "role", { facts: [name, "qwen3-coder:latest"], ...changes });

function score(changes: Readonly<Record<string, Partial<FlowBox>>> = {}): readonly FlowBox[] {
  return [
    role("plan", "architect", changes["plan"]),
    box("fixing", "loop", {
      facts: ["up to 3 rounds", "until tests says pass and review says approve"],
      boxes: [
        role("build", "coder", changes["build"]),
        box("tests", "run", { facts: ["command tests"], ...changes["tests"] }),
        role("review", "reviewer", {
          facts: ["reviewer", "llama3.1:8b", "says approve or request_changes"],
          ...changes["review"],
        }),
      ],
    }),
    box("parallel 3", "parallel", {
      label: "Side by side",
      across: true,
      boxes: [
        role("tour", "writer"),
        box("checks", "sequence", {
          boxes: [role("t1", "tester"), box("t2", "run", { facts: ["command tests"] })],
        }),
      ],
    }),
    box("take", "accept", { facts: ["a decision about files"] }),
  ];
}

const flow = "shapes";

/** Every state by its name. */
export const flowFixtures: Readonly<Record<string, FlowScreen>> = {
  plan: { flow, boxes: score() },
  running: {
    flow,
    session: { id: "2026-11-22T10-15-03Z-shapes-k3f9", label: "Running", heat: "cost" },
    boxes: score({
      plan: { status: "done", used: "2,252 tokens · $0.02 · 21 s", heat: 1 },
      build: { status: "done", used: "2 runs · 9,806 tokens · $0.09 · 83 s", heat: 4 },
      tests: { status: "failed", used: "3 s" },
      review: { status: "running" },
    }),
  },
  // Forty branches, names that no line holds, and names in other scripts.
  "long-names": {
    flow: "documentation-of-every-public-interface-in-the-whole-repository",
    session: { id: "2026-11-22T10-15-03Z-shapes-k3f9", label: "Running", heat: "cost" },
    boxes: [
      role("مراجعة.المستند", "المراجع", { status: "done", used: "2,252 tokens · $0.02 · 21 s", heat: 2 }),
      role("文書を読みやすく書き直して確認する", "技術文書の担当者", { status: "running" }),
      box("each", "each", {
        label: "harden.documentation-of-the-public-interface",
        boxes: [
          role("review-of-the-reviewer-of-the-documentation-of-last-resort", "writer", {
            facts: [
              "documentation-reviewer-of-last-resort",
              `registry/${"a-model-of-a-very-long-name-".repeat(3)}`,
            ],
            status: "done",
            verdict: "request_changes",
          }),
        ],
      }),
      box("forty", "parallel", {
        across: true,
        boxes: Array.from({ length: 40 }, (_, at) =>
          role(`branch-${at + 1}`, "writer", { status: "planned" }),
        ),
      }),
    ],
  },
  problem: {
    flow: "flows/shapes.flow.yaml",
    boxes: [],
    problem: "The Flow cannot run as it is: Unknown key 'limts'.",
  },
};

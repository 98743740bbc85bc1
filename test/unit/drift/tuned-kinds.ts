import { step } from "../../fakes/engine-harness";
import { builds, fault, measured, mends, planBuildReport, plans, reads, reviews, writes } from "./recordings";
import type { Kind } from "./recordings";

/** The kinds that the rules' thresholds were chosen with. */
export const tunedKinds: readonly Kind[] = [
  {
    name: "reads one file again and again",
    says: "The coder reads the plan five times before it begins.",
    drifts: ["repetition"],
    heldOut: false,
    team: {
      plan: plans,
      build: (job) => [...Array.from({ length: 5 }, () => ({ calls: [reads("PLAN.md")] })), ...builds(job)],
      review: reviews(1),
    },
  },
  {
    name: "writes in a folder of its own",
    says: "The coder adds a generator that nobody planned, in another folder.",
    drifts: ["off_plan_file"],
    heldOut: false,
    team: {
      plan: plans,
      build: (job) => [{ calls: [writes("tools/generate.py", job.text(700))] }, ...builds(job)],
      review: reviews(1),
    },
  },
  {
    name: "says that it wrote what it did not write",
    says: "The coder reports files and writes none.",
    drifts: ["missing_artifact"],
    heldOut: false,
    score: planBuildReport,
    team: { plan: plans, build: ({ files }) => [`I created ${files.join(" and ")} as planned.`] },
  },
  {
    name: "lists more files than it wrote",
    says: "A report with a list of files, two of which nobody wrote.",
    drifts: ["missing_artifact"],
    heldOut: false,
    score: planBuildReport,
    team: {
      plan: plans,
      build: (job) => [
        { calls: [writes(job.files[0] ?? "", job.text(900))] },
        `Files created:\n\n${job.files.map((file) => `- \`${file}\`: done`).join("\n")}\n\nAll of it works.`,
      ],
    },
  },
  {
    name: "reads what is not there",
    says: "Most calls of the coder name files that do not exist.",
    drifts: ["tool_errors"],
    heldOut: false,
    team: {
      plan: plans,
      build: (job) => [
        { calls: [1, 2, 3, 4, 5, 6, 7].map((number) => reads(`src/part-${number}.py`)) },
        ...builds(job),
      ],
      review: reviews(1),
    },
  },
  {
    name: "answers a review with words",
    says: "The review asks for changes; the coder writes nothing in the next round.",
    drifts: ["ignored_verdict"],
    heldOut: false,
    team: {
      plan: plans,
      build: (job, round) =>
        round === 2 ? ["I looked at it again and it is fine as it is."] : builds(job, round),
      review: reviews(3),
    },
  },
  {
    name: "leaves most of a file out",
    says: "In the second round the coder writes a sketch in place of a whole file.",
    drifts: ["shrinking_output"],
    heldOut: false,
    team: {
      plan: plans,
      build: (job, round) =>
        round === 1
          ? builds(job)
          : [
              {
                calls: [
                  writes(job.files[0] ?? "", "# the rest stays as it was\n\ndef check(value):\n    ...\n"),
                ],
              },
              "Added the check.",
            ],
      review: reviews(2),
    },
  },
  {
    name: "is cut off",
    says: "Two replies of the coder end at their greatest length.",
    drifts: ["runaway_output"],
    heldOut: false,
    team: {
      plan: plans,
      build: (job) => [
        { text: job.text(3000), finish: "length" },
        { text: job.text(3000, 1), finish: "length" },
        ...builds(job),
      ],
      review: reviews(1),
    },
  },
  {
    name: "spends its tokens on the plan",
    says: "Over half of the tokens are gone when the first of four steps is done.",
    drifts: ["spending"],
    heldOut: false,
    flow: { limits: { total_tokens: 200_000 } },
    score: () => ["plan", "build", "test", "report"].map((id) => step(id, "writer", { max_turns: 12 })),
    team: {
      plan: (job) =>
        plans(job).map((reply) =>
          typeof reply === "string"
            ? { text: reply, usage: measured(800, 60_000) }
            : { ...reply, usage: measured(800, 60_000) },
        ),
      build: builds,
    },
  },
  {
    name: "goes straight through",
    says: "Plan, build, an approving review.",
    drifts: [],
    heldOut: false,
    team: { plan: plans, build: builds, review: reviews(1) },
  },
  {
    name: "takes three rounds",
    says: "Two reviews ask for changes, and each time something changes.",
    drifts: [],
    heldOut: false,
    team: {
      plan: plans,
      build: (job, round) => (round === 1 ? builds(job) : mends(job, round)),
      review: reviews(3),
    },
  },
  {
    name: "looks around first",
    says: "The coder reads ten files of the project, one of which is not there.",
    drifts: [],
    heldOut: false,
    project: (job) =>
      Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`src/part-${at}.py`, job.text(500, at)])),
    team: {
      plan: plans,
      build: (job) => [
        { calls: Array.from({ length: 10 }, (_, at) => reads(`src/part-${at}.py`)) },
        ...builds(job),
      ],
      review: reviews(1),
    },
  },
  {
    name: "splits a file",
    says: "In the second round a long file becomes three.",
    drifts: [],
    heldOut: false,
    team: {
      plan: plans,
      build: (job, round) =>
        round === 1
          ? [
              { calls: [writes(job.files[0] ?? "", job.text(4000))] },
              ...builds(job).slice(1, 2),
              `Wrote ${job.files.join(", ")}.`,
            ]
          : [
              {
                calls: [
                  writes(job.files[0] ?? "", job.text(500, 7)),
                  writes((job.files[0] ?? "").replace(".py", "_parts.py"), job.text(1800, 8)),
                  writes((job.files[0] ?? "").replace(".py", "_checks.py"), job.text(1600, 9)),
                ],
              },
              "Split the file as the review asked.",
            ],
      review: reviews(2),
    },
  },
  {
    name: "has a server that fails now and then",
    says: "Two calls fail and are made again.",
    drifts: [],
    heldOut: false,
    team: {
      plan: (job) => [fault("server_error"), fault("rate_limited"), ...plans(job)],
      build: builds,
      review: reviews(1),
    },
  },
  {
    name: "works side by side",
    says: "Two branches write a planned file each.",
    drifts: [],
    heldOut: false,
    score: () => [
      step("plan", "writer", { max_turns: 12 }),
      { kind: "parallel", id: "both", branches: [step("left", "writer"), step("right", "writer")] },
    ],
    team: {
      plan: plans,
      left: ({ files, text }) => [{ calls: [writes(files[0] ?? "", text(800))] }, `Wrote ${files[0] ?? ""}.`],
      right: ({ files, text }) => [
        { calls: [writes(files[1] ?? "", text(800))] },
        `Wrote ${files[1] ?? ""}.`,
      ],
    },
  },
  {
    name: "spends its tokens evenly",
    says: "A third of the tokens is gone after half of the steps.",
    drifts: [],
    heldOut: false,
    flow: { limits: { total_tokens: 400_000 } },
    score: () => ["plan", "build", "test", "report"].map((id) => step(id, "writer", { max_turns: 12 })),
    team: {
      plan: (job) =>
        plans(job).map((reply) =>
          typeof reply === "string"
            ? { text: reply, usage: measured(800, 30_000) }
            : { ...reply, usage: measured(800, 30_000) },
        ),
      build: builds,
    },
  },
];

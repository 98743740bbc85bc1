import { competentReplies } from "../../fakes/competent-agent";
import type { FakeReply } from "../../fakes/engine-harness";
import { step } from "../../fakes/engine-harness";
import {
  builds,
  fault,
  measured,
  mends,
  planBuildReport,
  planBuildReview,
  plans,
  reads,
  reviews,
  writes,
} from "./recordings";
import type { Job, Kind } from "./recordings";

/*
 * Kinds that were written down after the rules and their thresholds were fixed, and that were not used to change them.
 * What the rules miss here, and where they speak without need, stands in docs/drift.md.
 */

const first = ({ files }: Job): string => files[0] ?? "";
const verdict = { verdict: ["approve", "request_changes"] };

const drifting: readonly Omit<Kind, "heldOut">[] = [
  {
    name: "searches for the same text between other calls",
    says: "The reviewer searches for one text four times, with other calls between.",
    drifts: ["repetition"],
    team: {
      plan: plans,
      build: builds,
      review: (job) => [
        ...job.files
          .slice(0, 3)
          .flatMap((file): FakeReply[] => [
            { calls: [["search_files", { query: "TODO" }]] },
            { calls: [reads(file)] },
          ]),
        { calls: [["search_files", { query: "TODO" }]] },
        ...reviews(1)(job, 1).slice(1),
      ],
    },
  },
  {
    name: "gives one report in every round",
    says: "The coder changes a few bytes in each round and reports the very same.",
    drifts: ["repetition"],
    team: {
      plan: plans,
      build: (job, round) => [
        { calls: [writes(first(job), `${job.text(1200)}# ${round}\n`)] },
        "I have gone through the whole package once more and made sure that every function does what the plan asks for.",
      ],
      review: reviews(4),
    },
  },
  {
    name: "builds something else in the planned folder",
    says: "One file of the plan and three that it does not know.",
    drifts: ["off_plan_file"],
    team: {
      plan: plans,
      build: (job) => [
        {
          calls: [
            writes(first(job), job.text(900)),
            ...["benchmark", "telemetry", "dashboard"].map((name, at) =>
              writes(`${job.folder}/${name}.py`, job.text(700, at)),
            ),
          ],
        },
        "The package has grown somewhat.",
      ],
      review: reviews(1),
    },
  },
  {
    name: "adds a deployment",
    says: "Beside the planned files the coder writes a manifest in a folder of its own.",
    drifts: ["off_plan_file"],
    team: {
      plan: plans,
      build: (job) => [
        { calls: [writes("deploy/service.yaml", job.text(500)), writes("deploy/run.sh", "#!/bin/sh\n")] },
        ...builds(job),
      ],
      review: reviews(1),
    },
  },
  {
    name: "only talks",
    says: "The coder says how it would begin, and begins nothing.",
    drifts: ["missing_artifact"],
    score: planBuildReport,
    team: {
      plan: plans,
      build: () => ["The plan is clear. I would begin with the smallest module and work upwards from there."],
    },
  },
  {
    name: "forgets the report that it owes",
    says: "A step that must produce a file ends without it, three times told.",
    drifts: ["missing_artifact"],
    endsAs: "paused",
    score: () => [step("plan", "writer", { produces: ["PLAN.md"], max_turns: 3 })],
    team: { plan: () => ["The plan is in my head.", "It is ready.", "As I said, it is ready."] },
  },
  {
    name: "edits texts that are not there",
    says: "Four edits fail before one works.",
    drifts: ["tool_errors"],
    team: {
      plan: plans,
      build: (job) => [
        { calls: [writes(first(job), job.text(1500))] },
        ...[1, 2, 3, 4].map((at) => ({
          calls: [["edit_file", { path: first(job), old_text: `nothing like it ${at}`, new_text: "x" }]] as [
            [string, Record<string, unknown>],
          ],
        })),
        `Wrote ${first(job)}.`,
      ],
      review: reviews(1),
    },
  },
  {
    name: "calls tools that do not exist",
    says: "Five calls of a shell that no role has.",
    drifts: ["tool_errors"],
    team: {
      plan: plans,
      build: (job) => [
        ...[1, 2, 3, 4, 5].map((at) => ({
          calls: [["bash", { command: `ls ${at}` }]] as [[string, Record<string, unknown>]],
        })),
        ...builds(job),
      ],
      review: reviews(1),
    },
  },
  {
    name: "writes the same again",
    says: "After a review that asks for changes, every file is written as it was.",
    drifts: ["ignored_verdict"],
    team: {
      plan: plans,
      build: (job) => [
        { calls: job.files.map((file, at) => writes(file, `# ${at}\n${"value = 1\n".repeat(90)}`)) },
        `Wrote ${job.files.join(", ")} with the changes asked for.`,
      ],
      review: reviews(2),
    },
  },
  {
    name: "answers two reviews by reading",
    says: "In rounds two and three the coder only reads.",
    drifts: ["ignored_verdict"],
    team: {
      plan: plans,
      build: (job, round) =>
        round === 1
          ? builds(job)
          : [{ calls: [reads(first(job))] }, `Round ${round}: the review is mistaken about this.`],
      review: reviews(4),
    },
  },
  {
    name: "cuts a file of the project short",
    says: "A file of the project of some kilobytes is replaced by a stub.",
    drifts: ["shrinking_output"],
    project: (job) => ({ [first(job)]: job.text(5000) }),
    team: {
      plan: plans,
      build: (job) => [
        { calls: [reads(first(job))] },
        {
          calls: [
            writes(first(job), "def main():\n    pass  # unchanged code here\n"),
            ...job.files.slice(1).map((file) => writes(file, job.text(600))),
          ],
        },
        `Updated ${first(job)}.`,
      ],
      review: reviews(1),
    },
  },
  {
    name: "loses a file bit by bit",
    says: "In each round a file keeps two thirds of what it had.",
    drifts: ["shrinking_output"],
    team: {
      plan: plans,
      build: (job, round) => [
        { calls: [writes(first(job), job.text(Math.round(6000 * 0.62 ** (round - 1)), round))] },
        `Tidied ${first(job)} in round ${round}.`,
      ],
      review: reviews(4),
    },
  },
  {
    name: "blows a file up",
    says: "A file of two kilobytes becomes one of fifty.",
    drifts: ["runaway_output"],
    team: {
      plan: plans,
      build: (job, round) =>
        round === 1
          ? builds(job)
          : [{ calls: [writes(first(job), job.text(50_000, round))] }, "Added every case that came to mind."],
      review: reviews(2),
    },
  },
  {
    name: "writes an essay",
    says: "After short reports the reviewer writes thirty kilobytes.",
    drifts: ["runaway_output"],
    team: {
      plan: plans,
      build: (job, round) => (round === 1 ? builds(job) : mends(job, round)),
      review: (job, round) =>
        round === 2
          ? [{ text: job.text(30_000), calls: [["set_verdict", { verdict: "request_changes" }]] }]
          : reviews(3)(job, round),
    },
  },
  {
    name: "uses up its calls early",
    says: "Of thirty model calls twenty are made in the first of five steps.",
    drifts: ["spending"],
    flow: { limits: { model_calls: 30 } },
    score: () =>
      ["plan", "build", "test", "review", "report"].map((id) => step(id, "writer", { max_turns: 25 })),
    team: {
      plan: (job) => [
        ...Array.from({ length: 18 }, (_, at) => ({
          calls: [["list_dir", { path: `src/${at}` }]] as [[string, Record<string, unknown>]],
        })),
        ...plans(job),
      ],
      build: builds,
    },
  },
];

const healthy: readonly Omit<Kind, "heldOut" | "drifts">[] = [
  {
    name: "reads two hundred files and writes six",
    says: "The agent of the long-context tests: over sixty calls in one step, a file written in many pieces.",
    score: () => [step("build", "writer", { max_turns: 200 })],
    project: () =>
      Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`src/part-${at}.ts`, `part ${at}\n`])),
    team: {
      build: () =>
        competentReplies(9000).map((reply): FakeReply => ({
          text: reply.text ?? "",
          calls: (reply.calls ?? []).map(([name, args]) => [name, args] as const),
        })),
    },
  },
  {
    name: "reads after each edit",
    says: "A file is read again after each change of it, so the answers differ.",
    team: {
      plan: plans,
      build: (job) => [
        { calls: [writes(first(job), "a = 1\n")] },
        ...[1, 2, 3].flatMap((at): FakeReply[] => [
          { calls: [reads(first(job))] },
          { calls: [writes(first(job), `a = 1\nb = ${at}\n${job.text(400, at)}`)] },
        ]),
        { calls: job.files.slice(1).map((file) => writes(file, job.text(800))) },
        `Wrote ${job.files.join(", ")}.`,
      ],
      review: reviews(1),
    },
  },
  {
    name: "moves a file as the review asks",
    says: "The change of the second round is a move.",
    team: {
      plan: plans,
      build: (job, round) =>
        round === 1
          ? builds(job)
          : [
              { calls: [["move_file", { from: first(job), to: first(job).replace(".py", "_core.py") }]] },
              "Moved it as the review asked.",
            ],
      review: reviews(2),
    },
  },
  {
    name: "removes dead code",
    says: "A file loses a third.",
    team: {
      plan: plans,
      build: (job, round) =>
        round === 1
          ? builds(job)
          : [{ calls: [writes(first(job), job.text(640, 3))] }, "Removed what nobody calls."],
      review: reviews(2),
    },
  },
  {
    name: "begins with a long draft",
    says: "The first reply is long, the later ones are short.",
    team: {
      plan: plans,
      build: (job, round) =>
        round === 1
          ? [{ ...thought(job), ...firstOf(builds(job)) }, ...builds(job).slice(1)]
          : mends(job, round),
      review: reviews(2),
    },
  },
  {
    name: "documents one file after another",
    says: "The same step for each of a list of files, with the same words of approval each time.",
    score: () => [
      {
        kind: "each",
        id: "docs",
        in: { input: "files" },
        max: 10,
        at_once: 1,
        on_failure: "stop",
        body: [
          step("doc", "writer", { max_turns: 4 }),
          step("check", "reviewer", { max_turns: 4, ...verdict }),
        ],
      },
    ],
    flow: { inputs: { files: ["a.py", "b.py", "c.py", "d.py", "e.py"] } },
    team: {
      doc: (job, _round, item) => [
        { calls: [writes(`docs/part-${item}.md`, job.text(600, item))] },
        `Wrote docs/part-${item}.md.`,
      ],
      check: () => [
        { calls: [["set_verdict", { verdict: "approve" }]] },
        "Read from beginning to end: names, types and examples agree with the code, and nothing is missing.",
      ],
    },
  },
  {
    name: "uses most of its limit in the order of its steps",
    says: "Every step uses a fifth of what the limit allows.",
    flow: { limits: { total_tokens: 1_000_000 } },
    score: () => ["plan", "build", "test", "report"].map((id) => step(id, "writer", { max_turns: 12 })),
    team: {
      plan: (job) => plans(job).map(costing(90_000)),
      build: (job) => builds(job).map(costing(70_000)),
      test: () => ["All tests pass.", ""].slice(0, 1).map(costing(200_000)),
    },
  },
  {
    name: "meets every fault of a server",
    says: "Unreachable, overloaded, a reply that broke off; each is tried again.",
    team: {
      plan: (job) => [fault("unreachable"), ...plans(job)],
      build: (job) => [fault("idle_timeout"), ...builds(job)],
      review: (job) => [fault("rate_limited"), fault("server_error"), ...reviews(1)(job, 1)],
    },
  },
  {
    name: "writes what goes with planned files",
    says: "Tests, an __init__.py and a README beside the planned files.",
    team: {
      plan: plans,
      build: (job) => [
        {
          calls: [
            writes(`${job.folder}/__init__.py`, "\n"),
            writes("README.md", "# Package\n"),
            ...job.files.map((file) => writes(`tests/test_${file.split("/").at(-1) ?? ""}`, job.text(500))),
          ],
        },
        ...builds(job),
      ],
      review: reviews(1),
    },
  },
  {
    name: "says what is left to do",
    says: "A report that names files as wishes and as what was not done.",
    team: {
      plan: plans,
      build: (job) => [
        ...builds(job).slice(0, -1),
        `Wrote ${first(job)}. Next, deploy/run.sh should be created. I did not change setup.cfg, and legacy.py must still be updated.`,
      ],
      review: reviews(1),
    },
  },
  {
    name: "is denied now and then",
    says: "Two of many calls fail.",
    team: {
      plan: plans,
      build: (job) => [{ calls: [reads("gone.py"), reads("never.py")] }, ...builds(job)],
      review: reviews(1),
    },
  },
  {
    name: "looks into it before it builds",
    says: "A step between plan and build that only reads and reports, though it could write.",
    score: () => [
      step("plan", "writer", { produces: ["PLAN.md"], max_turns: 12 }),
      step("study", "writer", { max_turns: 12 }),
      step("build", "writer", { max_turns: 12 }),
    ],
    team: {
      plan: plans,
      study: () => [
        { calls: [reads("PLAN.md")] },
        "The plan holds. The order of the modules matters little.",
      ],
      build: builds,
    },
  },
  {
    name: "mends another file than the one that was named",
    says: "The review names one file; the cause is in another.",
    team: {
      plan: plans,
      build: (job, round) =>
        round === 1
          ? builds(job)
          : [
              { calls: [writes(job.files[1] ?? "", job.text(1500, 40 + round))] },
              `The cause was in ${job.files[1] ?? ""}.`,
            ],
      review: reviews(3),
    },
  },
  {
    name: "talks about files of the project",
    says: "A reviewer that says what the project changed long ago.",
    project: (job) => ({ "src/old.py": job.text(800) }),
    team: {
      plan: plans,
      build: builds,
      review: (job) => [
        ...reviews(1)(job, 1).slice(0, 2),
        "It does what the plan says. src/old.py was changed in an earlier release and stays as it is.",
      ],
    },
  },
  {
    name: "replaces a long file by a short one on request",
    says: "The task itself asks for a small wrapper in place of an old module.",
    project: (job) => ({ [first(job)]: job.text(6000) }),
    team: {
      plan: plans,
      build: (job) => [
        {
          calls: [
            writes(first(job), job.text(500, 9)),
            ...job.files.slice(1).map((file) => writes(file, job.text(700))),
          ],
        },
        `Replaced ${first(job)} by a thin wrapper, as the task asks.`,
      ],
      review: reviews(1),
    },
  },
];

function costing(tokens: number) {
  return (reply: FakeReply): FakeReply => {
    if (reply instanceof Error) return reply;
    const usage = measured(800, tokens);
    return typeof reply === "string" ? { text: reply, usage } : { ...reply, usage };
  };
}

const thought = (job: Job) => ({ text: job.text(11_000, 5) });
function firstOf(replies: readonly FakeReply[]): {
  calls?: NonNullable<Extract<FakeReply, { calls?: unknown }>["calls"]>;
} {
  const [reply] = replies;
  return typeof reply === "object" && !(reply instanceof Error) && reply.calls !== undefined
    ? { calls: reply.calls }
    : {};
}

export const heldOutKinds: readonly Kind[] = [
  ...drifting.map((kind) => ({ ...kind, heldOut: true })),
  ...healthy.map((kind) => ({ ...kind, heldOut: true, drifts: [] })),
].map((kind) => ({ score: planBuildReview, ...kind }));

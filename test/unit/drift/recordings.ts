import { ProviderError } from "../../../src/engine/error/provider-error";
import type { SessionEvent } from "../../../src/engine/event/event";
import type { DriftRuleName } from "../../../src/engine/conductor/drift/rule";
import type { Definition, PlanNode, StepNode } from "../../../src/engine/model/definition";
import type { CommandRunner } from "../../../src/engine/port/commands";
import { noCommands } from "../../../src/engine/port/commands";
import { code, prose } from "../../fakes/competent-agent";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import type { FakeReply, Harness } from "../../fakes/engine-harness";
import { Chance } from "../../fakes/generated-session";

/*
 * The labelled recordings behind docs/drift.md. Each is made by a whole run of the engine with a simulated team: the
 * kind says what the team does, the seed how many files it works on, what they are called and how long they are.
 * Nothing but the label knows whether a run drifts.
 */

/** What a simulated team works on, decided by the seed. */
export interface Job {
  readonly chance: Chance;
  readonly folder: string;
  /** The planned files. */
  readonly files: readonly string[];
  /** Text of about that many bytes for a file. */
  readonly text: (bytes: number, salt?: number) => string;
}

type Call = readonly [tool: string, args: Record<string, unknown>];
/** The replies of one run of a step, in order; the last one is repeated. */
type Replies = readonly FakeReply[];
export type Team = Readonly<Record<string, (job: Job, round: number, item: number) => Replies>>;

export interface Kind {
  readonly name: string;
  /** The rules of which one must speak; empty: the run is healthy, and every suggestion is a false one. */
  readonly drifts: readonly DriftRuleName[];
  /** Kinds that no threshold was chosen with. */
  readonly heldOut: boolean;
  readonly says: string;
  readonly team: Team;
  readonly score?: (job: Job) => readonly PlanNode[];
  readonly flow?: Partial<Definition["flow"]>;
  readonly project?: (job: Job) => Readonly<Record<string, string>>;
  readonly commands?: CommandRunner;
  readonly endsAs?: "paused";
}

const folders = ["shapes", "parser", "store", "router", "queue", "ledger"] as const;
const names = [
  "circle",
  "square",
  "lexer",
  "token",
  "index",
  "cache",
  "route",
  "worker",
  "entry",
  "total",
] as const;

function jobOf(seed: number): Job {
  const chance = new Chance(seed * 7919 + 17);
  const folder = chance.pick(folders);
  const count = 3 + chance.below(3);
  const start = chance.below(names.length);
  const files = Array.from(
    { length: count },
    (_, index) => `${folder}/${names[(start + index * 3) % names.length] ?? "file"}${index}.py`,
  );
  return { chance, folder, files, text: (bytes, salt = 0) => code(bytes, seed * 31 + salt) };
}

// What healthy members of a team do.

export const writes = (path: string, content: string): Call => ["write_file", { path, content }];
export const reads = (path: string): Call => ["read_file", { path }];

/** The architect: a plan with its files. */
export const plans = ({ files, chance }: Job): Replies => [
  {
    calls: [
      writes(
        "PLAN.md",
        `# Plan\n\n${files.map((file) => `- \`${file}\`: ${prose(60 + chance.below(60), file.length)}`).join("\n")}\n`,
      ),
    ],
  },
  `The plan stands in PLAN.md. It has ${files.length} files: ${files.join(", ")}.`,
];

/** The coder: every planned file, in one or two turns, and a true report. */
export const builds = (job: Job, round = 1): Replies => [
  { calls: [reads("PLAN.md")] },
  {
    calls: job.files.map((file, index) =>
      writes(file, job.text(900 + job.chance.below(900), index + round * 100)),
    ),
  },
  `I wrote ${job.files.join(" and ")}. Each has the functions that the plan asks for.`,
];

/** The coder in a later round: one file again, somewhat longer. */
export const mends = (job: Job, round: number): Replies => [
  { calls: [reads(job.files[0] ?? "")] },
  { calls: [writes(job.files[0] ?? "", job.text(2000 + round * 150, round))] },
  `Fixed what the review named in ${job.files[0] ?? ""}.`,
];

/** The reviewer: asks for changes until this round. */
export const reviews =
  (approvesIn: number) =>
  (job: Job, round: number): Replies => [
    { calls: job.files.slice(0, 2).map(reads) },
    {
      calls: [
        [
          "set_verdict",
          round >= approvesIn
            ? { verdict: "approve" }
            : {
                verdict: "request_changes",
                reason: `${job.files[0] ?? ""} needs a check of its input (${round}).`,
              },
        ],
      ],
    },
    round >= approvesIn
      ? "It does what the plan says."
      : `${job.files[0] ?? ""} lacks a check. Round ${round}.`,
  ];

const turns: Partial<StepNode> = { max_turns: 12 };
const verdict = { verdict: ["approve", "request_changes"] };

/** Plan, then build and review in up to four rounds. */
export const planBuildReview = (): readonly PlanNode[] => [
  step("plan", "writer", { produces: ["PLAN.md"], ...turns }),
  {
    kind: "loop",
    id: "rounds",
    max: 4,
    until: { step: "review", verdict: "approve" },
    on_exhausted: "continue",
    body: [step("build", "writer", turns), step("review", "reviewer", { ...verdict, ...turns })],
  },
];

/** Plan, build, report: one after another. */
export const planBuildReport = (): readonly PlanNode[] => [
  step("plan", "writer", { produces: ["PLAN.md"], ...turns }),
  step("build", "writer", turns),
  step("report", "listener", turns),
];

export interface Recording {
  readonly kind: Kind;
  readonly seed: number;
  readonly session: Harness;
  readonly events: readonly SessionEvent[];
}

/** Performs a kind once, as the seed says. */
export async function record(kind: Kind, seed: number): Promise<Recording> {
  const job = jobOf(seed);
  const definition = definitionOf(kind.score?.(job) ?? planBuildReview(), {
    task: "Build the package as planned.",
    ...kind.flow,
  });
  const given = new Map<string, { replies: Replies; next: number }>();
  const session = harness(
    definition,
    ({ origin }) => {
      const { stepId, stepKey } = origin;
      let at = given.get(stepKey);
      if (at === undefined) {
        const round = Number(/#(\d+)/.exec(stepKey)?.[1] ?? 1);
        const item = Number(/\[(\d+)\]/.exec(stepKey)?.[1] ?? 1);
        at = { replies: kind.team[stepId]?.(job, round, item) ?? ["Done as asked."], next: 0 };
        given.set(stepKey, at);
      }
      const reply = at.replies[Math.min(at.next, at.replies.length - 1)];
      at.next += 1;
      return reply ?? "Done.";
    },
    { project: kind.project?.(job) ?? {}, commands: kind.commands ?? noCommands },
  );
  const state = await session.run();
  if (kind.endsAs === undefined && state.status !== "ended")
    throw new Error(`${kind.name} with seed ${seed} did not end: ${state.pause?.message ?? state.status}`);
  return { kind, seed, session, events: session.store.events };
}

/** A failure of the model's server that the next try gets over. */
export const fault = (
  codeName: "unreachable" | "rate_limited" | "server_error" | "idle_timeout",
): ProviderError => new ProviderError(codeName, `The server failed: ${codeName}.`);

/** Tokens as a server measured them. */
export const measured = (input: number, output: number) => ({
  input: { count: input, source: "measured" as const },
  output: { count: output, source: "measured" as const },
});

import { hash } from "node:crypto";
import { readdirSync, readFileSync, mkdirSync, writeFileSync, existsSync } from "node:fs";
import path from "node:path";
import type { FileSystem } from "../../src/adapters/files/file-system";
import { acceptArtifact } from "../../src/app/session/acceptance";
import { openLiveSession, startSession } from "../../src/app/session/open";
import type { LiveSession, RuntimeOptions } from "../../src/app/session/session";
import type { SessionEvent } from "../../src/engine/event/event";
import type { Definition, PlanNode } from "../../src/engine/model/definition";
import type { Clock } from "../../src/engine/port/clock";
import type { RepliesFile } from "../../src/engine/model/venue";
import { viewSession } from "../../src/engine/view/session-view";
import { definitionOf, step } from "../fakes/engine-harness";
import { Chance } from "../fakes/generated-session";
import { libraryOptions } from "../fakes/library-run";

/*
 * A flow of twelve step runs that includes everything that can fail half-way: a loop that turns once, a parallel group,
 * questions before and after a step, tool calls, files written, changed and deleted, a provider that fails once, and
 * acceptances into the project while it runs and after it has ended.
 */

type Reply = RepliesFile["steps"][string][number];

function says(text: string, ...calls: readonly [tool: string, args: Record<string, unknown>][]): Reply {
  return { text, tool_calls: calls.map(([tool, args]) => ({ tool, args })) };
}

const long = (word: string): string => `${word} `.repeat(400);

const steps: readonly PlanNode[] = [
  step("plan", "writer", { produces: ["PLAN.md"], approval: "after_step" }),
  {
    kind: "loop",
    max: 3,
    until: { step: "review", verdict: "approve" },
    body: [
      step("build", "writer", { produces: ["lib/core.txt"] }),
      step("review", "reviewer", { verdict: ["approve", "request_changes"] }),
    ],
  },
  {
    kind: "parallel",
    branches: [step("docs", "writer"), step("tests", "writer"), step("names", "reviewer")],
  },
  step("polish", "writer", { approval: "before_step" }),
  step("flaky", "listener"),
  step("tidy", "writer"),
  step("check", "reviewer", { verdict: ["approve"] }),
];
const replies: RepliesFile = {
  version: 1,
  chunk_delay_ms: 0,
  steps: {
    plan: [
      says(
        "",
        ["write_file", { path: "PLAN.md", content: `# Plan\n${long("plan")}` }],
        ["update_notes", { set: { style: "short" } }],
      ),
      says("The plan stands."),
    ],
    build: [
      says(
        "",
        ["read_file", { path: "lib/core.txt" }],
        ["write_file", { path: "lib/core.txt", content: "first" }],
      ),
      says("A first version."),
      says("", ["write_file", { path: "lib/core.txt", content: `second ${long("core")}` }]),
      says("A second version."),
    ],
    review: [
      says("", ["set_verdict", { verdict: "request_changes", reason: "Too short." }]),
      says(
        "",
        ["read_file", { path: "lib/core.txt" }],
        ["set_verdict", { verdict: "approve", reason: "Good." }],
      ),
    ],
    docs: [
      says("", ["write_file", { path: "docs/guide.md", content: long("guide") }], ["list_dir", {}]),
      says("Documented."),
    ],
    tests: [
      says(
        "",
        ["read_file", { path: "old.txt" }],
        ["write_file", { path: "tests/all.txt", content: "tests" }],
      ),
      says(long("Tested.")),
    ],
    names: [says("", ["update_notes", { set: { names: "good", style: null } }]), says("Named.")],
    polish: [
      says("", ["edit_file", { path: "lib/core.txt", old_text: "second", new_text: "polished" }]),
      says("Polished."),
    ],
    flaky: [{ ...says("Half of it"), fail: "server_error" }, says("Done in spite of it.")],
    tidy: [
      says("", ["delete_file", { path: "old.txt" }], ["write_file", { path: ".git/config", content: "no" }]),
      says("Tidied."),
    ],
    check: [says("", ["set_verdict", { verdict: "approve", reason: "All is there." }])],
  },
};

export function journeyDefinition(): Definition {
  const definition = definitionOf(steps);
  definition.venue.replies = replies;
  definition.venue.retry = { attempts: 6, backoff_seconds: 1 };
  return definition;
}

/** The project's initial files. */
const before: Readonly<Record<string, string>> = {
  "lib/core.txt": "the project's own",
  "old.txt": "old",
  "other.txt": "never touched",
};
/** Accepted at the end of this step, while the session runs. */
const acceptedAfter: Readonly<Record<string, string>> = { polish: "lib/core.txt" };
/** Accepted when the session has ended. */
const acceptedAtEnd = ["docs/guide.md", "old.txt"];
const accepted = [...Object.values(acceptedAfter), ...acceptedAtEnd];

export function makeProject(folder: string): void {
  for (const [file, text] of Object.entries(before)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
}

/** A clock whose time passes only when it is read; waiting takes no time. */
function quickClock(): Clock {
  let ms = Date.UTC(2026, 10, 22);
  return {
    nowMs: () => (ms += 1),
    sleep: (wait, cancellation) => {
      if (wait < 60_000) return Promise.resolve();
      return new Promise((resolve) => {
        cancellation.addEventListener("abort", () => {
          resolve();
        });
      });
    },
  };
}

export function runtimeOptions(folder: string, fs: FileSystem, seed: number): RuntimeOptions {
  const chance = new Chance(seed);
  return libraryOptions(folder, {
    environment: {
      fs,
      clock: quickClock(),
      random: (count) => Uint8Array.from({ length: count }, () => chance.below(256)),
    },
  });
}

/** What a user has seen on the screen: none of it may ever be lost. */
export class Witness {
  readonly events: SessionEvent[] = [];
  readonly accepted = new Set<string>();
  /** Runs with every received event, before the event is recorded here. */
  onEvent: (event: SessionEvent) => void = () => undefined;
}

/** Runs a session to its end, answers its questions and accepts its files, as a patient user would. */
async function attend(session: LiveSession, witness: Witness): Promise<void> {
  const { orchestrator } = session;
  let accepting: Promise<void> = Promise.resolve();
  const accept = (file: string): void => {
    accepting = accepting.then(() => acceptOne(session, file, witness));
    accepting.catch(() => undefined);
  };
  orchestrator.listen({
    onEvents: (events) => {
      for (const event of events) {
        witness.onEvent(event);
        witness.events.push(event);
        if (event.type === "approval_requested") answer(session, event.data.id, event.data.sha256);
        const file = event.type === "step_end" ? acceptedAfter[event.step ?? ""] : undefined;
        if (file !== undefined) accept(file);
      }
    },
  });
  for (const { id, sha256 } of viewSession(orchestrator.state).approvals) answer(session, id, sha256);
  if (orchestrator.state.status !== "ended") {
    const state = await orchestrator.run();
    if (state.status !== "ended")
      throw new Error(`the session is ${state.status}: ${state.pause?.message ?? ""}`);
  }
  for (const file of accepted) accept(file);
  await accepting;
}

function answer({ orchestrator }: LiveSession, id: string, sha256: string): void {
  orchestrator.submit({ kind: "resolve_approval", id, sha256, decision: "approve", by: "person" });
}

async function acceptOne(session: LiveSession, file: string, witness: Witness): Promise<void> {
  await acceptArtifact(session, file);
  witness.accepted.add(file);
}

/** Runs from nothing to the end. Throws what a dead disk causes. */
export async function begin(
  options: RuntimeOptions,
  witness: Witness,
  opened: (session: LiveSession) => void = () => undefined,
): Promise<void> {
  const session = await startSession(journeyDefinition(), options);
  opened(session);
  try {
    await attend(session, witness);
  } finally {
    await session.close();
  }
}

/** Runs from the current state to the end, without manual repair; a session that was never created is started anew. */
export async function goOn(options: RuntimeOptions, witness: Witness): Promise<string> {
  const directory = sessionOf(options.workDomain);
  if (directory === undefined) {
    await begin(options, witness);
    return sessionOf(options.workDomain) ?? "";
  }
  const session = await openLiveSession(directory, options);
  try {
    if (session.orchestrator.state.status !== "ended")
      session.orchestrator.resume("person", session.cutBytes);
    await attend(session, witness);
  } finally {
    await session.close();
  }
  return directory;
}

/** The session's folder; undefined when none has a definition, so that nothing was started. */
export function sessionOf(folder: string): string | undefined {
  const root = path.join(folder, ".orket", "sessions");
  if (!existsSync(root)) return undefined;
  return readdirSync(root)
    .map((name) => path.join(root, name))
    .find((dir) => existsSync(path.join(dir, "definition.json")));
}

/** Digests of the files below a folder. */
export function digestsBelow(folder: string, leaveOut = ""): Record<string, string> {
  const digests: Record<string, string> = {};
  const look = (dir: string): void => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const file = path.join(dir, entry.name);
      const name = path.relative(folder, file).split(path.sep).join("/");
      if (name === leaveOut) continue;
      if (entry.isDirectory()) look(file);
      else digests[name] = hash("sha256", readFileSync(file), "hex");
    }
  };
  look(folder);
  return Object.fromEntries(Object.entries(digests).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function readLines(directory: string): SessionEvent[] {
  const lines = readFileSync(path.join(directory, "journal.jsonl"), "utf8").split("\n").slice(0, -1);
  return lines.map((line) => {
    const { prev: _, ...event } = JSON.parse(line) as SessionEvent & { prev: string };
    return event;
  });
}

/** What must be equal no matter how often the session was killed. */
export interface Outcome {
  readonly project: Record<string, string>;
  readonly workspace: Record<string, string>;
  readonly artifacts: unknown;
  readonly answeredCalls: number;
}

export function outcomeOf(folder: string, directory: string): Outcome {
  const events = readLines(directory);
  const end = events.find((event) => event.type === "session_end");
  return {
    project: digestsBelow(folder, ".orket"),
    workspace: digestsBelow(path.join(directory, "workspace")),
    artifacts: end?.type === "session_end" ? end.data.artifacts : undefined,
    answeredCalls: events.filter(({ type }) => type === "model_call_end").length,
  };
}

/** The project's files that may exist at any moment: each in its initial or its final state. */
export function mixedFiles(folder: string, done: Outcome): string[] {
  const now = digestsBelow(folder, ".orket");
  const leftOver = /(^|\/)\.orket-[0-9a-f]{16}-[a-z0-9]+\.tmp$/;
  const wrong: string[] = [];
  for (const [file, digest] of Object.entries(now)) {
    if (leftOver.test(file)) continue;
    const old = before[file] === undefined ? undefined : hash("sha256", before[file], "hex");
    if (digest !== old && digest !== done.project[file]) wrong.push(`${file} is neither old nor new`);
  }
  for (const file of Object.keys(before)) {
    if (now[file] === undefined && done.project[file] !== undefined) wrong.push(`${file} is gone`);
  }
  return wrong;
}

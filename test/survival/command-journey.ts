import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { acceptArtifact } from "../../src/app/session/acceptance";
import { Consent } from "../../src/app/command/consent";
import { digestOf } from "../../src/app/command/session-commands";
import { openLiveSession, startSession } from "../../src/app/session/open";
import type { LiveSession, RuntimeOptions } from "../../src/app/session/session";
import { nodeEnvironment } from "../../src/adapters/journal/environment";
import type { SessionEvent } from "../../src/engine/event/event";
import type { CommandSpec } from "../../src/engine/model/command";
import type { Definition, StepNode } from "../../src/engine/model/definition";
import { openPaths } from "../../src/engine/state/acceptance";
import { activeRuns } from "../../src/engine/state/cursor";
import { definitionOf, step } from "../fakes/engine-harness";
import { libraryOptions } from "../fakes/library-run";
import { sessionOf } from "./journey";

/*
 * A flow with commands in every place: a loop that turns from red to green, a role that runs one as a tool, two in a
 * parallel group of which one leaves an artifact, and one after an acceptance that has external effects.
 */

/** The folders of a journey: the project, the user's state, and the outside that it may change. */
export interface Places {
  readonly project: string;
  readonly state: string;
  readonly outside: string;
}

export function placesIn(folder: string): Places {
  const places = {
    project: path.join(folder, "project"),
    state: path.join(folder, "state"),
    outside: path.join(folder, "outside"),
  };
  for (const place of Object.values(places)) mkdirSync(place, { recursive: true });
  const file = path.join(places.project, "answer.txt");
  if (!existsSync(file)) writeFileSync(file, "0\n");
  return places;
}

/** Writes to its view before and after it reports its result, so that a kill can hit between the two. */
const script = (body: string): string =>
  `const fs = require("node:fs"); fs.writeFileSync("junk.txt", "x"); ${body}; fs.rmSync("answer.txt");`;

const scripts = {
  check: script(
    `const answer = fs.readFileSync("answer.txt", "utf8").trim(); console.log("the answer is " + answer); process.exitCode = answer === "42" ? 0 : 1`,
  ),
  lint: script(`console.log("no remarks")`),
  count: script(`fs.writeFileSync("count.txt", String(fs.readFileSync("answer.txt").length))`),
  // An append is either complete or absent.
  publish: `require("node:fs").appendFileSync(process.env.OUTSIDE + "/published", "published\\n")`,
} as const;

function commandsFor({ outside }: Places): Record<string, CommandSpec> {
  const spec = (body: string, more: Partial<CommandSpec> = {}): CommandSpec => ({
    argv: ["node", "-e", body],
    timeout_seconds: 60,
    env: {},
    network: "none",
    writes: [],
    output: "text",
    isolation: "view",
    effects: "none",
    ...more,
  });
  return {
    check: spec(scripts.check),
    lint: spec(scripts.lint),
    count: spec(scripts.count, { writes: ["count.txt"] }),
    publish: spec(scripts.publish, { effects: "outside", env: { OUTSIDE: outside } }),
  };
}

const runs = (id: string, command: string, more: Partial<StepNode> = {}): StepNode =>
  step(id, `command ${command}`, { does: { kind: "run", command }, instruction: "", ...more });

function commandDefinition(places: Places): Definition {
  const definition = definitionOf([
    {
      kind: "loop",
      max: 3,
      until: { step: "check", verdict: "pass" },
      body: [step("build", "writer"), runs("check", "check")],
    },
    {
      kind: "parallel",
      branches: [runs("lint", "lint", { must: ["pass"] }), runs("count", "count", { must: ["pass"] })],
    },
    step("take", "accept", { does: { kind: "accept", paths: ["**"] }, instruction: "" }),
    runs("publish", "publish", { must: ["pass"] }),
  ]);
  const writer = definition.band.roles["writer"];
  if (writer !== undefined) writer.tools = ["write_file", "command:lint"];
  definition.flow.commands = commandsFor(places);
  const write = (content: string): { tool: string; args: Record<string, unknown> } => ({
    tool: "write_file",
    args: { path: "answer.txt", content },
  });
  definition.venue.replies = {
    version: 1,
    chunk_delay_ms: 0,
    steps: {
      build: [
        { text: "A try.", tool_calls: [write("41\n"), { tool: "command:lint", args: {} }] },
        { text: "It should be right.", tool_calls: [] },
        { text: "Another.", tool_calls: [write("42\n")] },
        { text: "Now it is.", tool_calls: [] },
      ],
    },
  };
  definition.venue.retry = { attempts: 6, backoff_seconds: 0 };
  return definition;
}

function optionsFor({ project, state }: Places): RuntimeOptions {
  return libraryOptions(project, {
    environment: nodeEnvironment,
    commands: {
      isTrusted: () => true,
      secret: () => Promise.reject(new Error("no secrets")),
      stateFolder: state,
      runner: { cache: path.join(state, "cache"), sandbox: "missing" },
    },
  });
}

/** How often the outside was changed. */
export function published({ outside }: Places): number {
  const file = path.join(outside, "published");
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
}

/** Runs a session to its end: accepts its proposals, allows its requests, and answers whether interrupted commands happened. */
async function attend(
  session: LiveSession,
  places: Places,
  seen: (event: SessionEvent) => void,
): Promise<void> {
  const { orchestrator } = session;
  let accepting: Promise<unknown> = Promise.resolve();
  const look = (): void => {
    for (const { run } of activeRuns(orchestrator.state.score)) {
      if (run.approval !== null) {
        const { id, sha256 } = run.approval;
        orchestrator.submit({ kind: "resolve_approval", id, sha256, decision: "approve", by: "person" });
      }
      if (run.question === null) continue;
      const { id, sha256, kind, paths = [] } = run.question;
      if (kind === "happened") {
        const verdict = published(places) > 0 ? "happened" : "did_not_happen";
        orchestrator.submit({ kind: "answer_question", id, sha256, by: "person", verdict });
      }
      if (kind !== "accept") continue;
      for (const file of openPaths(orchestrator.state, paths))
        accepting = accepting.then(() => acceptArtifact(session, file)).catch(() => undefined);
    }
  };
  orchestrator.listen({
    onEvents: (events) => {
      for (const event of events) seen(event);
      if (events.some(({ type }) => type === "approval_requested" || type === "question_asked"))
        queueMicrotask(look);
    },
  });
  queueMicrotask(look);
  const state = await orchestrator.run();
  await accepting;
  if (state.status !== "ended") throw new Error(`${state.status}: ${state.pause?.message ?? ""}`);
}

/** Runs from nothing, or from the current state, to the end. */
export async function perform(places: Places, seen: (event: SessionEvent) => void): Promise<string> {
  const options = optionsFor(places);
  const definition = commandDefinition(places);
  await new Consent(places.project, places.state).agree(digestOf(definition) ?? "", "test");
  const directory = sessionOf(places.project);
  const session =
    directory === undefined
      ? await startSession(definition, options)
      : await openLiveSession(directory, options);
  try {
    const { status } = session.orchestrator.state;
    if (directory !== undefined && status !== "ended")
      session.orchestrator.resume("person", session.cutBytes);
    if (status !== "ended") await attend(session, places, seen);
  } finally {
    await session.close();
  }
  return sessionOf(places.project) ?? "";
}

/** Leftovers of views in the cache, except what later views are copied from. */
export function viewsLeft({ state }: Places): string[] {
  const left: string[] = [];
  const cache = path.join(state, "cache");
  if (!existsSync(cache)) return left;
  for (const entry of readdirSync(cache, { recursive: true, withFileTypes: true }))
    if (entry.name === "junk.txt") left.push(path.join(entry.parentPath, entry.name));
  return left;
}

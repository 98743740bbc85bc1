import { writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import path from "node:path";
import { createHttpFetch } from "../src/adapters/provider/http/http-fetch";
import { nodeEnvironment } from "../src/adapters/journal/environment";
import { workDomainOf } from "../src/adapters/journal/layout";
import { answerOf, keepFirstScreen, readFirstScreen } from "../src/app/panel/first-screen";
import { SessionController } from "../src/app/session/controller";
import { openSnapshot } from "../src/app/session/snapshot";
import { viewSession } from "../src/engine/view/session-view";
import { SessionFeed } from "../src/host/event-panel/session-feed";
import { noFilter } from "../src/protocol/session-panel";
import { openLiveSession, startSession } from "../src/app/session/open";
import { durableLoop } from "./durable-loop";
import { definitionOf, step } from "../test/fakes/engine-harness";

/*
 * One measurement in a process of its own, since memory and cold code are measured: `memory-child.cjs MODE FOLDER STEPS PORT`.
 * Prints what it cost as JSON.
 */

const [mode = "", folder = "", count = "0", port = "0"] = process.argv.slice(2);
const steps = Number(count);
const own = (number: number): string => `step-${number} `.repeat(128).slice(0, 1024);
const system = `You listen. ${"carefully ".repeat(205).slice(0, 2048)}`;

const options = {
  workDomain: folder,
  startDirectory: folder,
  engineVersion: "bench",
  startedBy: "library",
  resolveSecret: () => Promise.resolve(""),
} as const;

const loop = (): Promise<void> =>
  durableLoop(folder, steps, Number(port), {
    model: "m2000",
    system,
    user: (number, last) => `Do step ${number}. ${own(number)} ${last}`,
  });

async function session(): Promise<void> {
  const definition = definitionOf(
    Array.from({ length: steps }, (_, number) =>
      step(`s${number}`, "listener", {
        instruction: `Do step ${number}. ${own(number)} {{steps.s${Math.max(0, number - 1)}.summary}}`,
        // The loop's prompts have no other report either; the window would be filled with them.
        reads: [`s${Math.max(0, number - 1)}`],
      }),
    ),
  );
  const { listener } = definition.band.roles;
  if (listener !== undefined) listener.prompt = system;
  const endpoint = `http://127.0.0.1:${port}`;
  Object.assign(definition.venue, { provider: "ollama", endpoint, model: "m2000", context_tokens: 8192 });
  const fetch = createHttpFetch();
  const live = await startSession(definition, { ...options, fetch });
  const state = await live.orchestrator.run();
  if (state.outcome !== "completed") throw new Error(state.pause?.message ?? "the flow did not complete");
  await live.close();
  await fetch.close();
  writeFileSync(path.join(folder, "session.txt"), live.directory);
}

/** Reads and parses a journal, as simply as can be. */
async function parse(): Promise<void> {
  const handle = await open(path.join(folder, "journal.jsonl"));
  for await (const line of handle.readLines()) JSON.parse(line);
}

/** A session that can go on. */
async function load(): Promise<void> {
  const live = await openLiveSession(folder, { ...options, workDomain: workDomainOf(folder) });
  await live.close();
}

/** Opens a session for its panel, which stores what it shows first. */
async function keep(): Promise<void> {
  const controller = await SessionController.read(folder, { ...options, workDomain: workDomainOf(folder) });
  const ignore = (): undefined => undefined;
  const parts = {
    send: () => Promise.resolve(),
    artifacts: () => [],
    textOf: String,
    atRest: ignore,
    failed: ignore,
  };
  const feed = new SessionFeed(controller, parts);
  const screen = await feed.firstScreen();
  if (screen === undefined) throw new Error("there is no first screen");
  await keepFirstScreen(nodeEnvironment, folder, controller.position, screen, options.engineVersion);
  feed.stop();
  await controller.dispose();
}

/** What the session's panel shows first: its head, and the newest entries of the transcript. */
async function show(): Promise<void> {
  const screen = await readFirstScreen(nodeEnvironment, folder, options.engineVersion);
  if (screen === undefined) throw new Error("the first screen was not used");
  const { total, edition } = screen.info;
  const head = answerOf(screen, { type: "ready", filter: noFilter });
  const page = answerOf(screen, { type: "transcript", edition, from: total - 40, to: total });
  if (head?.type !== "info" || page?.type !== "transcript" || page.entries.length === 0)
    throw new Error("the first screen is empty");
}

/** The same from the session itself, which replaces it: all that the panel knows then. */
async function view(): Promise<void> {
  const snapshot = await openSnapshot(folder);
  const shown = viewSession(snapshot.state).steps;
  const last = await snapshot.readEvents(snapshot.state.events - 200, 200);
  if (!snapshot.indexed || last.length !== 200 || shown.length < 1000)
    throw new Error("the index was not used");
}

const modes: Readonly<Record<string, () => Promise<void>>> = {
  loop,
  session,
  parse,
  load,
  keep,
  show,
  view,
};

async function main(): Promise<void> {
  const work = modes[mode];
  if (work === undefined) throw new Error(`no mode ${mode}`);
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  process.stdout.write(JSON.stringify({ ms, peakMb: process.resourceUsage().maxRSS / 1024 }));
}

void main();

/*
 * The panels in a real browser, with the code behind them that the editor runs: a session of a million events, a reply of 200
 * tokens a second, a Score of 2,000 steps. A frame is that of this run: no shorter than a screen's, longer on a slow machine.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Browser } from "playwright-core";
import { changedBoxes } from "../src/app/panel/flow-changes";
import { SessionController } from "../src/app/session/controller";
import { openSnapshot } from "../src/app/session/snapshot";
import { flowBoxes } from "../src/engine/view/flow-boxes";
import type { StepView } from "../src/engine/view/session-view";
import type { SessionFeed } from "../src/host/event-panel/session-feed";
import { noFilter } from "../src/protocol/session-panel";
import { definitionWith, writeLongSession } from "../test/fakes/long-session";
import { launchBrowser } from "../test/integration/browser";
import { startPanelServer } from "../test/panels/server";
import type { PanelServer } from "../test/panels/server";
import { optionsFor, PanelPage, screenFrameMs, sessionPage } from "./panel-page";
import type { Bench } from "./panel-page";
import type { BenchRow } from "./row";
import { streamRows } from "./panel-streams";

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
const quantile = (values: readonly number[], share: number): number =>
  sorted(values)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? NaN;
const median = (values: readonly number[]): number => quantile(values, 0.5);

/** From a click on a session until its first entries are painted, in milliseconds; the median of several times. */
async function openingMs(
  bench: Pick<Bench, "browser" | "server">,
  folder: string,
  dir: string,
): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < 5; run += 1) {
    const start = performance.now();
    const controller = await SessionController.read(dir, optionsFor(folder));
    const readMs = performance.now() - start;
    const { page, feed } = await sessionPage(bench, controller);
    times.push(readMs + (await page.paintedMs()));
    feed.stop();
    await page.close();
    await controller.dispose();
  }
  return median(times);
}

async function indexed(folder: string, events: number, steps: number): Promise<string> {
  const { paths } = writeLongSession(folder, events, steps);
  await (
    await openSnapshot(paths.dir)
  ).indexing;
  return paths.dir;
}

/**
 * Frames of a jump to a far place until all its rows are there, in 95 of 100 cases; the best of several rounds. The same jumps
 * in a session of 10,000 events say how long a frame is here.
 */
async function framesOfJump(bench: Bench, page: PanelPage): Promise<number> {
  const folder = path.join(bench.folder, "jumps");
  const dir = await indexed(folder, 10_000, 100);
  const controller = await SessionController.read(dir, optionsFor(folder));
  const other = await sessionPage(bench, controller, "events");
  await other.page.paintedMs();
  const p95 = async (panel: PanelPage): Promise<number> => {
    const jumps: number[] = [];
    for (let jump = 0; jump < 40; jump += 1) jumps.push(await panel.jumpMs(((jump * 7919) % 1000) / 1000));
    return quantile(jumps, 0.95);
  };
  const rounds: { smallMs: number; ownMs: number }[] = [];
  for (let round = 0; round < 3; round += 1)
    rounds.push({ smallMs: await p95(other.page), ownMs: await p95(page) });
  other.feed.stop();
  await other.page.close();
  await controller.dispose();
  const best = (pick: (round: (typeof rounds)[number]) => number): number => Math.min(...rounds.map(pick));
  const frameMs = Math.max(bench.frameMs, best(({ smallMs }) => smallMs) / 2);
  return Math.round((10 * best(({ ownMs }) => ownMs)) / frameMs) / 10;
}

async function millionRows(bench: Bench): Promise<BenchRow[]> {
  const [small, large] = [path.join(bench.folder, "small"), path.join(bench.folder, "large")];
  const smallDir = await indexed(small, 0, 0);
  const largeDir = await indexed(large, 1_000_000, 10_000);
  const emptyMs = await openingMs(bench, small, smallDir);
  const ownMs = await openingMs(bench, large, largeDir);
  const controller = await SessionController.read(largeDir, optionsFor(large));
  await controller.proven();
  const { page, feed } = await sessionPage(bench, controller, "events");
  await page.paintedMs();
  const jumpFrames = await framesOfJump(bench, page);
  const heapMb = await page.heapMb();
  const name = "panel, 1,000,000 events";
  const rows = [
    {
      name: `${name}: first paint`,
      value: ownMs / emptyMs,
      unit: "× empty panel",
      atMost: 3,
      note: `empty panel: ${emptyMs.toFixed(0)} ms`,
    },
    {
      name: `${name}: jump, p95`,
      value: jumpFrames,
      unit: "frames",
      atMost: 2,
      note: "a frame is longer where a jump in 10,000 events takes more than two",
    },
    { name: `${name}: webview heap`, value: heapMb, unit: "MB", atMost: 150 },
    ...(await filterRows(controller, feed, page)),
  ];
  feed.stop();
  await page.close();
  await controller.dispose();
  return rows;
}

/** How long the thread is held while the work is done, at most in 99 of 100 cases, in milliseconds. */
async function holdMsDuring(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await work();
  delay.disable();
  return delay.percentile(99) / 1e6;
}

/** A text filter over the whole session: what it costs beside reading the events, and how long it holds the host's thread. */
async function filterRows(
  controller: SessionController,
  feed: SessionFeed,
  page: PanelPage,
): Promise<BenchRow[]> {
  const pieceEvents = 2000;
  let readMs = 0;
  const readHoldMs = await holdMsDuring(async () => {
    const start = performance.now();
    for (let from = 0; from < controller.total; from += pieceEvents)
      await controller.readEvents(from, pieceEvents);
    readMs = performance.now() - start;
  });
  const start = performance.now();
  let firstMs = 0;
  const holdMs = await holdMsDuring(async () => {
    await feed.handlers.filter({ type: "filter", filter: { ...noFilter, text: "turn 3 of" } });
    await page.untilText(".count", /[1-9]\d* of .* looked through/);
    firstMs = performance.now() - start;
    await page.untilText(".count", /events$/);
  });
  const wholeMs = performance.now() - start;
  const name = "panel, 1,000,000 events: text filter";
  const note = `reading every event: ${readMs.toFixed(0)} ms`;
  return [
    { name: `${name}, first hits`, value: firstMs / readMs, unit: "× reading", atMost: 0.1, note },
    { name: `${name}, to the end`, value: wholeMs / readMs, unit: "× reading", atMost: 4 },
    {
      name: `${name}, host's thread held`,
      value: holdMs / readHoldMs,
      unit: "× reading",
      atMost: 2,
      note: `${holdMs.toFixed(1)} ms`,
    },
  ];
}

const emptyUse = { attempt: 1, turns: 0, tokens: {} } as const;

/** The steps of a session that is at a step: done before it, planned after it. */
function stepsAt(count: number, at: number): readonly StepView[] {
  return Array.from({ length: count }, (_, number): StepView => {
    const key = `s${number}`;
    const status = number < at ? "done" : number === at ? "running" : "planned";
    return { key, id: key, role: "writer", status, ...emptyUse };
  });
}

async function flowPage({ browser, server }: Bench, steps: number): Promise<PanelPage> {
  const boxes = flowBoxes(definitionWith(steps), stepsAt(steps, 3));
  const session = { id: "s", label: "Running" };
  return PanelPage.open(browser, server, {
    panel: "flow",
    first: ".box",
    onRequest: (request: { type: string }, page) =>
      request.type === "ready"
        ? page.send({ type: "screen", screen: { flow: "bench", session, boxes } })
        : undefined,
  });
}

async function flowRows(bench: Bench): Promise<BenchRow[]> {
  const opened = async (steps: number): Promise<number> => {
    const times: number[] = [];
    for (let run = 0; run < 5; run += 1) {
      const page = await flowPage(bench, steps);
      times.push(await page.paintedMs());
      await page.close();
    }
    return median(times);
  };
  const [smallMs, largeMs] = [await opened(20), await opened(2000)];
  const page = await flowPage(bench, 2000);
  await page.paintedMs();
  const definition = definitionWith(2000);
  const updates: number[] = [];
  let shown = flowBoxes(definition, stepsAt(2000, 3));
  for (let at = 4; at < 24; at += 1) {
    const boxes = flowBoxes(definition, stepsAt(2000, at));
    const changed = changedBoxes(shown, boxes) ?? [];
    shown = boxes;
    const screen = { flow: "bench", session: { id: "s", label: "Running" }, boxes: changed };
    const before = await page.workedMs();
    await page.send({ type: "changes", screen });
    await page.untilText(`[data-id="s${at}"]`, /running/);
    updates.push((await page.workedMs()) - before);
  }
  await page.close();
  return [
    {
      name: "flow view, 2,000 steps: open",
      value: largeMs / smallMs,
      unit: "× 20 steps",
      atMost: 5,
      note: `20 steps: ${smallMs.toFixed(0)} ms`,
    },
    {
      name: "flow view, 2,000 steps: update",
      value: median(updates) / bench.frameMs,
      unit: "frames",
      atMost: 1,
      note: `${median(updates).toFixed(1)} ms`,
    },
  ];
}

/** A frame of this run: the median of an empty panel's. */
async function frameOf(browser: Browser, server: PanelServer, folder: string): Promise<number> {
  const dir = await indexed(path.join(folder, "frame"), 0, 0);
  const controller = await SessionController.read(dir, optionsFor(folder));
  const { page, feed } = await sessionPage({ browser, server }, controller);
  await page.paintedMs();
  const gaps = await page.framesDuring(() => new Promise((resolve) => setTimeout(resolve, 2000)));
  feed.stop();
  await page.close();
  await controller.dispose();
  return Math.max(screenFrameMs, median(gaps));
}

export async function benchPanels(): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "orket-panels-"));
  const server = await startPanelServer();
  const browser = await launchBrowser();
  try {
    const bench = { browser, server, folder, frameMs: await frameOf(browser, server, folder) };
    return [...(await flowRows(bench)), ...(await streamRows(bench)), ...(await millionRows(bench))];
  } finally {
    await browser.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

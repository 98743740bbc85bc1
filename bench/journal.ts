import { closeSync, fdatasyncSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openSnapshot } from "../src/app/session/snapshot";
import { nodeEnvironment } from "../src/adapters/journal/environment";
import { openLiveSession } from "../src/app/session/open";
import type { SessionPaths } from "../src/adapters/journal/layout";
import { createSession } from "../src/adapters/journal/session-folder";
import { definitionWith, stepEvents, writeLongSession } from "../test/fakes/long-session";
import type { BenchRow } from "./row";
import { heldMb } from "../test/fakes/held-memory";

/** The baseline: the whole file read in pieces, and each line parsed. */
function readAndParse(file: string): number {
  const handle = openSync(file, "r");
  const chunk = Buffer.allocUnsafe(1 << 20);
  let rest: Buffer = Buffer.alloc(0);
  let parsed = 0;
  const start = performance.now();
  for (let count = readSync(handle, chunk); count > 0; count = readSync(handle, chunk)) {
    const data = Buffer.concat([rest, chunk.subarray(0, count)]);
    let from = 0;
    for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10, from)) {
      if (typeof JSON.parse(data.toString("utf8", from, end)) === "object") parsed += 1;
      from = end + 1;
    }
    rest = data.subarray(from);
  }
  const ms = performance.now() - start;
  closeSync(handle);
  if (parsed === 0) throw new Error("an empty journal");
  return ms;
}

/** The best of several runs, on both sides: other load on the machine only adds to it. */
const best = (values: readonly number[]): number => Math.min(...values);

function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), "orket-bench-"));
  return work(folder).finally(() => {
    rmSync(folder, { recursive: true, force: true });
  });
}

const options = (folder: string): Parameters<typeof openLiveSession>[1] => ({
  workDomain: folder,
  startDirectory: folder,
  engineVersion: "bench",
  startedBy: "library",
  resolveSecret: () => Promise.resolve(""),
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

interface Opening {
  readonly baseMs: number;
  readonly firstMs: number;
  readonly verifiedMs: number;
  readonly rowsMs: number;
}

/** Events of an initial view. */
const screenEvents = 200;

async function openOnce(paths: SessionPaths, total: number): Promise<Opening> {
  const baseMs = readAndParse(paths.journal);
  const start = performance.now();
  const snapshot = await openSnapshot(paths.dir);
  const last = await snapshot.readEvents(total - screenEvents, screenEvents);
  const firstMs = performance.now() - start;
  if (!snapshot.indexed || last.length !== screenEvents) throw new Error("the index was not used");
  if ((await snapshot.checked()) !== snapshot) throw new Error("the chain is not whole");
  const verifiedMs = performance.now() - start;
  const rowsMs = await timed(() => snapshot.readEvents(Math.floor(total / 2), 100));
  return { baseMs, firstMs, verifiedMs, rowsMs };
}

/** Memory of an open session after its chain was checked, in megabytes. */
async function heldByOpen(paths: SessionPaths): Promise<number> {
  const before = heldMb();
  const snapshot = await openSnapshot(paths.dir);
  await snapshot.checked();
  const held = heldMb() - before;
  if (snapshot.state.events === 0) throw new Error("nothing was opened");
  return held;
}

function opening(events: number, steps: number, runs: number): Promise<BenchRow[]> {
  return inFolder(async (folder) => {
    const { paths, events: total } = writeLongSession(folder, events, steps);
    const name = `open ${total.toLocaleString("en")} events`;
    const madeMs = await timed(async () => {
      const snapshot = await openSnapshot(paths.dir);
      await snapshot.indexing;
    });
    const memory = await heldByOpen(paths);
    const times: Opening[] = [];
    for (let run = 0; run < runs; run += 1) times.push(await openOnce(paths, total));
    const baseMs = best(times.map((one) => one.baseMs));
    const ratio = (pick: (one: Opening) => number): number => best(times.map(pick)) / baseMs;
    const unit = "× read+parse";
    const note = `read+parse ${baseMs.toFixed(0)} ms; ${steps.toLocaleString("en")} steps`;
    return [
      { name: `${name}: first screen`, value: ratio((one) => one.firstMs), unit, atMost: 0.5, note },
      { name: `${name}: chain verified`, value: ratio((one) => one.verifiedMs), unit, atMost: 2 },
      { name: `${name}: without an index`, value: madeMs / baseMs, unit },
      { name: `${name}: memory held`, value: memory, unit: "MB", atMost: 64 },
      { name: `${name}: 100 rows within`, value: ratio((one) => one.rowsMs), unit, atMost: 0.05 },
    ];
  });
}

function resuming(steps: number, runs: number): Promise<BenchRow[]> {
  return inFolder(async (folder) => {
    const { paths, events } = writeLongSession(folder, steps * 7, steps);
    const resume = async (): Promise<number> => {
      const start = performance.now();
      const live = await openLiveSession(paths.dir, options(folder));
      const ms = performance.now() - start;
      if (live.orchestrator.state.events !== events) throw new Error("not the whole session was opened");
      await live.close();
      return ms;
    };
    const plainMs = await resume();
    const times: { baseMs: number; ownMs: number }[] = [];
    for (let run = 0; run < runs; run += 1) {
      times.push({ baseMs: readAndParse(paths.journal), ownMs: await resume() });
    }
    const baseMs = best(times.map((one) => one.baseMs));
    const name = `resume ${steps.toLocaleString("en")} steps`;
    const unit = "× read+parse";
    const note = `${events.toLocaleString("en")} events; read+parse ${baseMs.toFixed(0)} ms`;
    return [
      { name, value: best(times.map((one) => one.ownMs)) / baseMs, unit, atMost: 1.5, note },
      { name: `${name}: without an index`, value: plainMs / baseMs, unit },
    ];
  });
}

/** Events per batch, and batches, for measuring appends. */
const batch = 500;
const batches = 40;

function appending(runs: number): Promise<BenchRow[]> {
  return inFolder(async (folder) => {
    const events = [...stepEvents(0, Math.ceil(batch / 5), { made: 0 })].slice(0, batch);
    const times: { bareMs: number; ownMs: number }[] = [];
    for (let run = -1; run < runs; run += 1) {
      const file = openSync(path.join(folder, `bare-${run}.jsonl`), "w");
      const bareMs = await timed(() => {
        let seq = 0;
        for (let number = 0; number < batches; number += 1) {
          const lines = events.map((one) =>
            JSON.stringify({ seq: seq++, at: new Date().toISOString(), ...one }),
          );
          writeSync(file, `${lines.join("\n")}\n`);
          fdatasyncSync(file);
        }
        return Promise.resolve();
      });
      closeSync(file);
      const { store } = await createSession(nodeEnvironment, folder, definitionWith(1));
      const ownMs = await timed(async () => {
        for (let number = 0; number < batches; number += 1) {
          store.append(events);
          await store.flush();
        }
      });
      await store.close();
      if (run >= 0) times.push({ bareMs, ownMs });
    }
    const bareMs = best(times.map((one) => one.bareMs));
    const rate = (batch * batches) / bareMs;
    return [
      {
        name: `append, ${batch} events a durable batch`,
        value: bareMs / best(times.map((one) => one.ownMs)),
        unit: "× bare",
        atLeast: 0.7,
        note: `bare ${rate.toFixed(0)} events/ms`,
      },
    ];
  });
}

/** Long sessions: opening them for reading, resuming them, and writing them. */
export async function benchJournal(): Promise<BenchRow[]> {
  return [
    ...(await opening(100_000, 1000, 5)),
    ...(await opening(1_000_000, 10_000, 3)),
    ...(await resuming(10_000, 9)),
    ...(await appending(12)),
  ];
}

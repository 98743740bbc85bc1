import { hash } from "node:crypto";
import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { openForView } from "../src/adapters/runtime/glance";
import { nodeEnvironment, openLiveSession } from "../src/adapters/runtime/session-runtime";
import { sessionPaths, type SessionPaths } from "../src/adapters/session/layout";
import { createSession } from "../src/adapters/session/sessions";
import { encodeEvent, firstPrev } from "../src/engine/event/codec";
import { draft, type EventDraft } from "../src/engine/event/event";
import { type Definition } from "../src/engine/model/definition";
import { startEvent } from "../src/engine/session/start";
import { definitionOf, step } from "../test/fakes/engine-harness";
import { type BenchRow } from "./row";

const digest = "a".repeat(64);
const id = "2026-11-22T00-00-00Z-test-abcd";

function definitionWith(steps: number): Definition {
  return definitionOf(Array.from({ length: steps }, (_, number) => step(`s${number.toString()}`, "writer")));
}

/** The events of one step as a run writes them: turns with a tool call each, then the step's end. */
function* stepEvents(number: number, turns: number, calls: { made: number }): Generator<EventDraft> {
  const key = `s${number.toString()}`;
  yield draft("step_start", key, { id: key, role: "writer", attempt: 1 });
  for (let turn = 1; turn <= turns; turn += 1) {
    const call = (calls.made += 1);
    const text = `Turn ${turn.toString()} of ${key}: ${"some words of a prompt ".repeat(4)}`;
    yield draft("prompt_built", key, {
      turn,
      kept: 0,
      added: [{ role: "user", content: { text } }],
      sha256: digest,
      estimated_tokens: 50,
      max_tokens: 300,
      omitted: [],
    });
    yield draft("model_call_start", key, {
      call,
      turn,
      attempt: 1,
      provider: "scripted",
      model: "scripted",
      tool_calls: "native",
      prompt: digest,
      reserved_tokens: 2348,
    });
    const last = turn === turns;
    const args = { text: JSON.stringify({ path: "a.txt" }) };
    yield draft("model_call_end", key, {
      call,
      turn,
      reply: { text: last ? "Done." : "" },
      tool_calls: last ? [] : [{ id: `1.${turn.toString()}.1`, tool: "read_file", args }],
      finish_reason: "stop",
      tokens: { input: { count: 50, source: "measured" }, output: { count: 9, source: "measured" } },
      total_ms: 12,
      sent: { text: '{"model":"scripted"}' },
    });
    if (last) break;
    const call_id = `1.${turn.toString()}.1`;
    yield draft("tool_call", key, { call_id, turn, tool: "read_file", args });
    yield draft("tool_result", key, {
      call_id,
      tool: "read_file",
      ok: true,
      content: { text: "hello ".repeat(30) },
    });
  }
  yield draft("step_end", key, {
    attempt: 1,
    summary: { text: "Done." },
    sha256: digest,
    artifacts: [],
    turns,
    tokens: { input: { count: 50, source: "measured" }, output: { count: 9, source: "measured" } },
  });
}

/** A session of so many events on the disk, as if it had been run; it is left unfinished. */
function writeSession(
  folder: string,
  events: number,
  steps: number,
): { paths: SessionPaths; events: number } {
  const paths = sessionPaths(path.join(folder, ".orket", "sessions", id));
  mkdirSync(paths.workspace, { recursive: true });
  // One step more than is performed, so that the session can go on.
  const definition = definitionWith(steps + 1);
  const bytes = Buffer.from(JSON.stringify(definition));
  writeFileSync(paths.definition, bytes);
  const ref = { sha256: hash("sha256", bytes, "hex"), bytes: bytes.length };
  const journal = openSync(paths.journal, "w");
  let prev = firstPrev;
  let seq = 0;
  let lines: string[] = [];
  const put = (one: EventDraft): void => {
    const at = new Date(Date.UTC(2026, 10, 22) + seq).toISOString();
    const line = encodeEvent({ ...one, seq, at }, prev);
    prev = hash("sha256", line, "hex");
    lines.push(line);
    seq += 1;
    if (lines.length < 5000) return;
    writeSync(journal, `${lines.join("\n")}\n`);
    lines = [];
  };
  put(startEvent({ engine: "bench", session: id, definition, digest: ref, startedBy: "library" }));
  put(draft("plan_resolved", null, { steps, max_steps: steps, max_model_calls: 4 * steps }));
  const turns = Math.max(1, Math.round((events / steps - 2) / 5));
  const calls = { made: 0 };
  for (let number = 0; number < steps; number += 1) {
    for (const one of stepEvents(number, turns, calls)) put(one);
  }
  writeSync(journal, `${lines.join("\n")}\n`);
  closeSync(journal);
  return { paths, events: seq };
}

/** The yardstick: the whole file read in pieces, and each line parsed. */
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

/** The best of several runs, on either side: whatever else the machine does only adds to it. */
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

/** Memory that is held, in megabytes, after everything that is not has gone. */
function heldMb(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

interface Opening {
  readonly baseMs: number;
  readonly firstMs: number;
  readonly verifiedMs: number;
  readonly rowsMs: number;
}

async function openOnce(paths: SessionPaths, total: number): Promise<Opening> {
  const baseMs = readAndParse(paths.journal);
  const start = performance.now();
  const glance = await openForView(paths.dir);
  const firstMs = performance.now() - start;
  if (!glance.indexed || glance.total !== total) throw new Error("the index was not used");
  const problem = await glance.verifyChain();
  if (problem) throw problem;
  const verifiedMs = performance.now() - start;
  const rowsMs = await timed(() => glance.readEvents(Math.floor(total / 2), 100));
  return { baseMs, firstMs, verifiedMs, rowsMs };
}

/** What an opened session holds when its chain was checked, in megabytes. */
async function heldByOpen(paths: SessionPaths): Promise<number> {
  const before = heldMb();
  const glance = await openForView(paths.dir);
  await glance.verifyChain();
  const held = heldMb() - before;
  if (glance.total === 0 || glance.last.length === 0) throw new Error("nothing was opened");
  return held;
}

function opening(events: number, steps: number, runs: number): Promise<BenchRow[]> {
  return inFolder(async (folder) => {
    const { paths, events: total } = writeSession(folder, events, steps);
    const name = `open ${total.toLocaleString("en")} events`;
    const madeMs = await timed(async () => {
      const glance = await openForView(paths.dir);
      await glance.indexing;
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
      { name: `${name}: 100 rows within`, value: best(times.map((one) => one.rowsMs)), unit: "ms" },
    ];
  });
}

function resuming(steps: number, runs: number): Promise<BenchRow[]> {
  return inFolder(async (folder) => {
    const { paths, events } = writeSession(folder, steps * 7, steps);
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

/** Events a batch, and batches, of the figure for appending. */
const batch = 500;
const batches = 40;

function appending(runs: number): Promise<BenchRow[]> {
  return inFolder(async (folder) => {
    const events = [...stepEvents(0, Math.ceil(batch / 5), { made: 0 })].slice(0, batch);
    const times: { bareMs: number; ownMs: number }[] = [];
    for (let run = -1; run < runs; run += 1) {
      const file = openSync(path.join(folder, `bare-${run.toString()}.jsonl`), "w");
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
        name: `append, ${batch.toString()} events a durable batch`,
        value: bareMs / best(times.map((one) => one.ownMs)),
        unit: "× bare",
        atLeast: 0.7,
        note: `bare ${rate.toFixed(0)} events/ms`,
      },
    ];
  });
}

/** Long sessions: opening to look at them, going on with them, and writing them. */
export async function benchJournal(): Promise<BenchRow[]> {
  return [
    ...(await opening(100_000, 1000, 5)),
    ...(await opening(1_000_000, 10_000, 3)),
    ...(await resuming(10_000, 9)),
    ...(await appending(12)),
  ];
}

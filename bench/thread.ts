/*
 * How long the host's thread is held without a pause, by what the editor does while it is used, compared with a bare loop that
 * does the same work in the same run. Other load on the machine adds little: no more counts than the thread's own time, which some
 * systems count in steps.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { open, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Agent } from "undici";
import { parseDocument } from "yaml";
import { createHttpFetch } from "../src/adapters/provider/http/http-fetch";
import { projectOf } from "../src/app/project/project-of";
import { readProjectFiles } from "../src/app/project/project-files";
import { SessionController } from "../src/app/session/controller";
import { openSnapshot } from "../src/app/session/snapshot";
import { fileKindOf } from "../src/language";
import { definitionOf, step } from "../test/fakes/engine-harness";
import { writeLongSession } from "../test/fakes/long-session";
import type { BenchRow } from "./row";

const tokens = 20_000;
const runs = 5;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** A step in which a system counts a thread's time: that of Linux with 250 ticks a second. */
const tickMs = 4;

/** The longest time of this thread between two turns of its loop while the work is done, in milliseconds. */
async function longestHoldMs(work: () => Promise<unknown>): Promise<number> {
  const usedMs = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let longest = 0;
  let going = true;
  const watched = new Promise<void>((resolve) => {
    let before = { usedMs: usedMs(), wallMs: performance.now() };
    const turn = (): void => {
      const now = { usedMs: usedMs(), wallMs: performance.now() };
      longest = Math.max(longest, Math.min(now.wallMs - before.wallMs, now.usedMs - before.usedMs + tickMs));
      before = now;
      if (going) setImmediate(turn);
      else resolve();
    };
    setImmediate(turn);
  });
  await work();
  going = false;
  await watched;
  return longest;
}

async function compared(
  name: string,
  bare: () => Promise<unknown>,
  own: () => Promise<unknown>,
  times = runs,
): Promise<BenchRow> {
  const pairs: { bareMs: number; ownMs: number }[] = [];
  for (let run = -1; run < times; run += 1) {
    const pair = { bareMs: await longestHoldMs(bare), ownMs: await longestHoldMs(own) };
    // The first one compiles.
    if (run >= 0) pairs.push(pair);
  }
  const bareMs = median(pairs.map((pair) => pair.bareMs));
  const ownMs = median(pairs.map((pair) => pair.ownMs));
  return {
    name: `the thread is held: ${name}`,
    value: ownMs / bareMs,
    unit: "× a bare loop",
    atMost: 2,
    note: `${ownMs.toFixed(1)} ms; bare ${bareMs.toFixed(1)} ms`,
  };
}

function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), "orket-bench-"));
  return work(folder).finally(() => rmSync(folder, { recursive: true, force: true }));
}

/** A burst of tokens, as fast as a server can send it, to a session that a window watches. */
function burst(): Promise<BenchRow> {
  return inFolder(async (folder) => {
    const hook = path.join(__dirname, "..", "scripts", "transpile-hook.cjs");
    const server = fork(path.join(__dirname, "model-server.ts"), { execArgv: ["-r", hook] });
    const [port] = (await once(server, "message")) as [number];
    const endpoint = `http://127.0.0.1:${port}/n/${tokens}`;
    const agent = new Agent();
    const fetch = createHttpFetch();
    const bare = async (): Promise<void> => {
      const { body } = await agent.request({
        method: "POST",
        origin: new URL(endpoint).origin,
        path: `/n/${tokens}/api/chat`,
        body: "{}",
      });
      let rest = "";
      let text = "";
      const decoder = new TextDecoder();
      for await (const bytes of body as AsyncIterable<Uint8Array>) {
        const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          text += (JSON.parse(line) as { message?: { content?: string } }).message?.content ?? "";
        }
      }
      if (text.length !== tokens * 5) throw new Error("not the whole reply");
    };
    const own = async (): Promise<void> => {
      const definition = definitionOf([step("only", "listener", {})]);
      Object.assign(definition.venue, { provider: "ollama", endpoint, model: "bench" });
      const controller = await SessionController.start(definition, {
        workDomain: folder,
        startDirectory: folder,
        engineVersion: "bench",
        startedBy: "editor",
        resolveSecret: () => Promise.resolve(""),
        fetch,
      });
      let shown = 0;
      await new Promise<void>((resolve, reject) => {
        controller.listen({
          streamed: ({ text }) => (shown += text.length),
          changed: () => {
            if (controller.state.status === "ended" && controller.holder === "nobody") resolve();
          },
          failed: reject,
        });
      });
      await controller.dispose();
      if (shown !== tokens * 5) throw new Error(`${shown} characters were shown`);
    };
    try {
      return await compared("a burst of 20,000 tokens", bare, own);
    } finally {
      await fetch.close();
      await agent.close();
      server.disconnect();
    }
  });
}

/** Reads a journal in pieces and parses each line, without blocking on the disk. */
async function readPieces(file: string): Promise<void> {
  const handle = await open(file);
  const chunk = Buffer.allocUnsafe(1 << 20);
  let rest: Buffer = Buffer.alloc(0);
  for (;;) {
    const { bytesRead } = await handle.read(chunk, 0, chunk.length);
    if (bytesRead === 0) break;
    const data = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let from = 0;
    for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10, from)) {
      JSON.parse(data.toString("utf8", from, end));
      from = end + 1;
    }
    rest = data.subarray(from);
  }
  await handle.close();
}

/** A session of a million events is opened, by its index and without one. */
function opening(): Promise<BenchRow[]> {
  return inFolder(async (folder) => {
    const { paths } = writeLongSession(folder, 1_000_000, 10_000);
    const bare = (): Promise<void> => readPieces(paths.journal);
    const whole = async (): Promise<void> => {
      const snapshot = await openSnapshot(paths.dir, undefined, { byIndex: false });
      await snapshot.indexing;
    };
    const indexed = async (): Promise<void> => {
      const snapshot = await openSnapshot(paths.dir);
      if (!snapshot.indexed) throw new Error("the index was not used");
      await snapshot.checked();
    };
    return [
      await compared("a million events opened without an index", bare, whole, 2),
      await compared("a million events opened by the index, and checked", bare, indexed, 3),
    ];
  });
}

/** 50,000 files, 200 of them definition files. */
function writeRepository(folder: string): void {
  for (let number = 0; number < 50_000; number += 1) {
    const into = path.join(folder, `src/part-${Math.floor(number / 100)}`);
    if (number % 100 === 0) mkdirSync(into, { recursive: true });
    writeFileSync(path.join(into, `file-${number}.txt`), "x\n");
  }
  for (let number = 0; number < 50; number += 1) {
    const name = `f${number}`;
    const steps = Array.from(
      { length: 20 },
      (_, at) => `  - { id: s${at}, role: coder, instruction: "Do part ${at} of {{task}}." }\n`,
    ).join("");
    const files = {
      flow: `band: ${name}\nvenue: ${name}\nscore: ${name}\ntask: Build it.\n`,
      band: "roles:\n  coder: { prompt: Work., tools: [read_file] }\n",
      venue: "provider: ollama\nmodel: bench\n",
      score: `steps:\n${steps}`,
    };
    for (const [kind, text] of Object.entries(files))
      writeFileSync(path.join(folder, `${name}.${kind}.yaml`), `version: 1\nname: ${name}\n${text}`);
  }
}

/** The same files found and parsed, one after another. */
async function findAndParse(folder: string): Promise<void> {
  const found: string[] = [];
  const look = async (place: string): Promise<void> => {
    for (const entry of await readdir(place, { withFileTypes: true })) {
      const file = path.join(place, entry.name);
      if (entry.isDirectory()) await look(file);
      else if (fileKindOf(file) !== undefined) found.push(file);
    }
  };
  await look(folder);
  for (const file of found) parseDocument(await readFile(file, "utf8"));
}

/** The definition files of a large repository are found and read, as when its window opens. */
function indexing(): Promise<BenchRow> {
  return inFolder(async (folder) => {
    writeRepository(folder);
    return compared(
      "50,000 files indexed",
      () => findAndParse(folder),
      async () => {
        const { files } = await readProjectFiles(folder, (place) => fileKindOf(place) !== undefined);
        const { sources } = await projectOf(files);
        const count = [...sources.keys()].length;
        if (count !== 200) throw new Error(`${count} files were found`);
      },
      3,
    );
  });
}

/** How long the thread of a window is held by a burst of tokens, a long session and a large repository. */
export async function benchThread(): Promise<BenchRow[]> {
  return [await burst(), await indexing(), ...(await opening())];
}

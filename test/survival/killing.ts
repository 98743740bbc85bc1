import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { constants, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { verifySession } from "../../src/app/session/audit";
import type { SessionEvent } from "../../src/engine/event/event";
import { OrketError } from "../../src/engine/error/orket-error";
import { diskFailure, FaultyFileSystem } from "../fakes/faulty-file-system";
import type { Operation } from "../fakes/faulty-file-system";
import {
  begin,
  goOn,
  makeProject,
  mixedFiles,
  outcomeOf,
  readLines,
  runtimeOptions,
  sessionOf,
  Witness,
} from "./journey";
import type { Outcome } from "./journey";

/** A moment at which a process dies. Operations and events are counted from 1. */
export type Point =
  | { readonly kind: "before" | "after"; readonly operation: number }
  | { readonly kind: "torn"; readonly operation: number; readonly part: number }
  | {
      readonly kind: "before append" | "after append" | "before told" | "after told";
      readonly event: number;
    };

export interface Measured {
  readonly done: Outcome;
  /** Disk operations, including those that only read. */
  readonly operations: readonly string[];
  readonly events: number;
}

/** A disk whose process dies at the point; without a point it lives. */
function dyingDisk(point: Point | undefined): FaultyFileSystem {
  const fs = new FaultyFileSystem();
  fs.everything = true;
  fs.unsynced = true;
  if (point === undefined || "event" in point) return fs;
  const hook = (operation: { number: number }): void => {
    if (operation.number === point.operation) fs.kill();
  };
  if (point.kind === "after") fs.after = hook;
  else fs.before = hook;
  if (point.kind === "torn") fs.torn = point.part;
  return fs;
}

function dieAtEvent(fs: FaultyFileSystem, point: Point, witness: Witness): Parameters<typeof begin>[2] {
  if (!("event" in point)) return undefined;
  const at = point.event;
  witness.onEvent = (event: SessionEvent) => {
    if (event.seq === at && point.kind === "before told") fs.die();
    if (event.seq === at && point.kind === "after told")
      queueMicrotask(() => {
        fs.die();
      });
  };
  return ({ store }) => {
    const append = store.append.bind(store);
    store.append = (drafts) => {
      const first = readSeq(store);
      const isIt = at >= first && at < first + drafts.length;
      if (isIt && point.kind === "before append") fs.die();
      const events = append(drafts);
      if (isIt && point.kind === "after append") fs.die();
      return events;
    };
  };
}

function readSeq(store: object): number {
  return (store as { lines: number }).lines;
}

let deadPid: number | undefined;
/** The id of a process that has ended. */
function pidOfTheDead(): number {
  deadPid ??= spawnSync(process.execPath, ["-e", ""]).pid;
  return deadPid;
}

/** Replaces this process's id on the disk by that of a dead one, as if another process had written it. */
function forget(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (!entry.isFile()) continue;
    if (
      !entry.name.startsWith("lock") ||
      path.dirname(path.dirname(file)) !== path.join(folder, ".orket", "sessions")
    )
      continue;
    const text = readFileSync(file, "utf8");
    const holder = parsed(text);
    if (holder !== undefined)
      writeFileSync(file, JSON.stringify({ ...holder, pid: pidOfTheDead(), started: "1" }));
  }
}

function parsed(text: string): object | undefined {
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}

export async function inProject<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), "orket-survival-"));
  try {
    makeProject(folder);
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Measures the undisturbed journey. */
export function measure(): Promise<Measured> {
  return inProject(async (folder) => {
    const fs = dyingDisk(undefined);
    const witness = new Witness();
    await begin(runtimeOptions(folder, fs, 1), witness);
    const directory = sessionOf(folder) ?? "";
    assertWhole(folder, directory, witness);
    return { done: outcomeOf(folder, directory), operations: fs.log, events: readLines(directory).length };
  });
}

/** How much of a write reached the disk: one byte, or a fraction of it. */
const tornParts = [1, ...Array.from({ length: 23 }, (_, index) => (index + 1) / 23.2)];

/** Every point of a journey that took these operations and events. */
export function pointsOf({ operations, events }: Measured): Point[] {
  const points: Point[] = [];
  operations.forEach((name, index) => {
    const operation = index + 1;
    points.push({ kind: "before", operation }, { kind: "after", operation });
    if (name !== "write" && name !== "writeNow") return;
    for (const part of tornParts) points.push({ kind: "torn", operation, part });
  });
  for (let event = 1; event < events; event += 1) {
    for (const kind of ["before append", "after append", "before told", "after told"] as const) {
      points.push({ kind, event });
    }
  }
  return points;
}

/** What a killed journey must have kept, and must not have done twice. */
function assertWhole(folder: string, directory: string, ...witnesses: readonly Witness[]): void {
  const journal = readLines(directory);
  for (const witness of witnesses) {
    for (const event of witness.events) {
      assert.deepEqual(
        journal[event.seq],
        event,
        `the event ${event.seq} (${event.type}) was told of and is lost`,
      );
    }
  }
  const once = (what: string, keyOf: (event: SessionEvent) => string | undefined): void => {
    const keys = journal.flatMap((event) => keyOf(event) ?? []);
    assert.deepEqual(keys, [...new Set(keys)], `${what} twice`);
  };
  const callOf =
    (...types: string[]) =>
    (event: SessionEvent) =>
      types.includes(event.type) && "call_id" in event.data
        ? `${event.step ?? ""} ${event.data.call_id}`
        : undefined;
  once("a step ended", ({ type, step }) => (type === "step_end" ? (step ?? "") : undefined));
  once("a file was written", callOf("artifact_written", "artifact_deleted"));
  once("a tool answered", callOf("tool_result", "tool_denied"));
  once("notes were written", callOf("notes_updated"));
  once("a verdict was given", callOf("verdict_set"));
  once("a file was accepted", (event) => (event.type === "artifact_accepted" ? event.data.path : undefined));
  once("a question was answered", (event) =>
    event.type === "approval_resolved" ? event.data.id : undefined,
  );
  once("the session ended", ({ type }) => (type === "session_end" ? type : undefined));
  assert.equal(journal.filter(({ type }) => type === "step_end").length, 12);
  const known = ["contents", "definition.json", "head.json", "journal.jsonl", "workspace"];
  assert.deepEqual(
    readdirSync(directory).filter((name) => !known.includes(name)),
    [],
  );
  assert.deepEqual(readdirSync(path.join(folder, ".orket")).sort(), [".gitignore", "sessions"]);
}

/**
 * Runs the journey, dies at the point, continues, and checks whether the result shows it.
 * @returns whether the point was reached.
 */
export function killAt(point: Point, done: Outcome, again?: number): Promise<boolean> {
  return inProject(async (folder) => {
    const fs = dyingDisk(point);
    const witness = new Witness();
    const failure = await begin(runtimeOptions(folder, fs, 1), witness, dieAtEvent(fs, point, witness)).then(
      () => undefined,
      (error: unknown) => error,
    );
    await fs.bury();
    if (!fs.killed && failure !== undefined) throw failure as Error;
    forget(folder);
    const witnesses = [witness];
    if (again !== undefined) {
      const second = dyingDisk({ kind: again % 2 === 0 ? "before" : "after", operation: again });
      const other = new Witness();
      witnesses.push(other);
      const why = await goOn(runtimeOptions(folder, second, 2), other).catch((error: unknown) => error);
      await second.bury();
      if (!second.killed && why instanceof Error) throw why;
      forget(folder);
    }
    await look(folder, done, witnesses);
    return fs.killed;
  });
}

export type FaultCode = "ENOSPC" | "EIO" | "EROFS";

/** Whether a disk in this state refuses the operation. */
function refuses(code: FaultCode, { name, args }: Operation): boolean {
  if (code === "EIO") return true;
  const creates =
    name === "open" && (Number(args[1]) & (constants.O_CREAT | constants.O_WRONLY | constants.O_RDWR)) !== 0;
  const grows = ["write", "writeNow", "rename", "link", "makeDir"].includes(name);
  if (code === "ENOSPC") return creates || grows || name === "sync" || name === "syncData";
  return creates || grows || ["truncate", "chmod", "unlink", "unlinkNow", "removeDir"].includes(name);
}

/** The numbers of the operations that a disk refuses in this state. */
export function refusedBy(code: FaultCode, operations: readonly Operation[]): number[] {
  return operations.filter((operation) => refuses(code, operation)).map(({ number }) => number);
}

/** The journey's changing operations. */
export function changingOperations(): Promise<Operation[]> {
  return inProject(async (folder) => {
    const fs = healthyDisk();
    const operations: Operation[] = [];
    fs.before = (operation) => operations.push({ ...operation });
    await begin(runtimeOptions(folder, fs, 1), new Witness());
    return operations;
  });
}

/**
 * Runs the journey on a disk that refuses one operation, or everything from there on, repairs the disk and continues in
 * the same process.
 * @returns whether a failure was reported; cleanup may fail silently.
 */
export function failAt(code: FaultCode, at: number, lasting: boolean, done: Outcome): Promise<boolean> {
  return inProject(async (folder) => {
    const fs = healthyDisk();
    fs.before = (operation) => {
      const isIt = lasting ? operation.number >= at : operation.number === at;
      if (isIt && refuses(code, operation)) throw diskFailure(code);
    };
    fs.torn = at % 2 === 0 ? 0.5 : 0;
    const witness = new Witness();
    const failure = await begin(runtimeOptions(folder, fs, 1), witness).then(
      () => undefined,
      (error: unknown) => error,
    );
    await fs.bury();
    if (failure !== undefined) {
      if (!OrketError.is(failure)) throw failure as Error;
      assert.equal(failure.code, code === "ENOSPC" ? "disk_full" : "disk_failed", failure.message);
      assert.match(failure.hint ?? "", /\.$/);
    }
    await look(folder, done, [witness]);
    return failure !== undefined;
  });
}

/** Continues after a death or a failure, and compares the result. */
export async function look(folder: string, done: Outcome, witnesses: readonly Witness[]): Promise<void> {
  const found = sessionOf(folder);
  if (found !== undefined) {
    const seen = await verifySession(found);
    const damage = seen.findings.filter(({ message }) =>
      /damaged|missing from|cannot be read|not what was/.test(message),
    );
    assert.deepEqual(damage, [], "something is damaged");
  }
  assert.deepEqual(mixedFiles(folder, done), []);
  const last = new Witness();
  const directory = await goOn(runtimeOptions(folder, healthyDisk(), 3), last);
  assertWhole(folder, directory, ...witnesses, last);
  assert.deepEqual(outcomeOf(folder, directory), done);
  const { ok, finished, findings } = await verifySession(directory);
  assert.deepEqual({ ok, finished, findings }, { ok: true, finished: true, findings: [] });
}

function healthyDisk(): FaultyFileSystem {
  const fs = new FaultyFileSystem();
  fs.unsynced = true;
  return fs;
}

import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { verifySession } from "../../src/app/session/audit";
import { sessionPaths } from "../../src/adapters/journal/layout";
import type { SessionPaths } from "../../src/adapters/journal/layout";
import { encodeContents } from "../../src/adapters/journal/contents";
import { encodeEvent, firstPrev } from "../../src/engine/event/codec";
import { draft } from "../../src/engine/event/event";
import type { SessionEvent } from "../../src/engine/event/event";
import { OrketError } from "../../src/engine/error/orket-error";
import { blobsIn } from "../../src/engine/history/difference";
import { artifactViews } from "../../src/engine/view/session-view";
import { artifactsOf } from "../../src/engine/state/scope";
import { Chance, generateSession } from "../fakes/generated-session";
import { temporaryFolder } from "../fakes/session";

/** Total number of tampered journals; each session is tampered with in every way. */
const wanted = Number(process.env["ORKET_TAMPERED_JOURNALS"] ?? 1000);

const sha256 = (data: string | Uint8Array): string => hash("sha256", data, "hex");

/** Recomputes the chain of the lines, as an attacker who knows the format would. */
function chained(events: readonly SessionEvent[]): string[] {
  let prev = firstPrev;
  return events.map((event, seq) => {
    const line = encodeEvent({ ...event, seq }, prev);
    prev = sha256(line);
    return line;
  });
}

function parsed(lines: readonly string[]): SessionEvent[] {
  return lines.map((line) => {
    const { prev: _, ...event } = JSON.parse(line) as SessionEvent & { prev: string };
    return event;
  });
}

interface Stored {
  readonly paths: SessionPaths;
  readonly lines: readonly string[];
  readonly blobs: readonly string[];
}

/** A generated session, with decisions about its artifacts after its end, as files. */
async function store(seed: number, folder: string): Promise<Stored> {
  const { session, definition } = await generateSession(seed);
  for (const { path: file, content, base, step } of artifactViews(session.orchestrator.state)) {
    await session.orchestrator.recordDecision(
      draft("artifact_accepted", step, { path: file, content, replaced: base, mode: "whole" }) as never,
    );
  }
  const paths = sessionPaths(path.join(folder, ".orket", "sessions", "2026-11-22T00-00-00Z-test-abcd"));
  mkdirSync(paths.workspace, { recursive: true });
  const definitionBytes = Buffer.from(JSON.stringify(definition, null, 2));
  writeFileSync(paths.definition, definitionBytes);
  const events: SessionEvent[] = structuredClone(session.store.events);
  const [start] = events;
  if (start?.type === "session_start") {
    start.data.definition = { sha256: sha256(definitionBytes), bytes: definitionBytes.length };
  }
  const lines = chained(events);
  writeFileSync(paths.journal, `${lines.join("\n")}\n`);
  const last = sha256(lines.at(-1) ?? "");
  writeFileSync(paths.head, `${JSON.stringify({ format: 1, events: lines.length, sha256: last })}\n`);
  const blobs = [...session.store.blobs].map(([digest, stored]) => ({ sha256: digest, stored }));
  writeFileSync(paths.contents, encodeContents(blobs, 0).bytes);
  for (const { path: file, content } of artifactsOf(session.orchestrator.state.score.scope)) {
    if (content !== null)
      put(path.join(paths.workspace, file), session.store.blobs.get(content.sha256) ?? Buffer.of());
  }
  const named = new Set(events.flatMap((event) => blobsIn(event.data).map(({ ref }) => ref.sha256)));
  return { paths, lines, blobs: [...named] };
}

function put(file: string, bytes: Uint8Array): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, bytes);
}

/** Replaces one byte of a file by another. */
function changeByte(file: string, chance: Chance): void {
  const bytes = readFileSync(file);
  const at = chance.below(bytes.length);
  bytes[at] = ((bytes[at] ?? 0) + 1 + chance.below(255)) % 256;
  writeFileSync(file, bytes);
}

function write(paths: SessionPaths, lines: readonly string[]): void {
  writeFileSync(paths.journal, lines.map((line) => `${line}\n`).join(""));
}

/** An event of the same type with other data. */
function forged(event: SessionEvent, chance: Chance): SessionEvent {
  const later = new Date(Date.parse(event.at) + 1 + chance.below(1000)).toISOString();
  return { ...event, at: later };
}

/** Every way to tamper; false: this session has nothing to apply it to. */
const ways: Record<string, (stored: Stored, chance: Chance) => boolean> = {
  "one byte changed": ({ paths }, chance) => {
    changeByte(paths.journal, chance);
    return true;
  },
  "one byte of the last line changed": ({ paths, lines }, chance) => {
    const bytes = Buffer.from(lines.at(-1) ?? "");
    const digits = [...bytes.keys()].filter((at) => (bytes[at] ?? 0) >= 0x30 && (bytes[at] ?? 0) <= 0x39);
    const at = chance.pick(digits);
    bytes[at] = bytes[at] === 0x31 ? 0x32 : 0x31;
    write(paths, [...lines.slice(0, -1), bytes.toString()]);
    return true;
  },
  "an event changed and the chain made anew": ({ paths, lines }, chance) => {
    const events = parsed(lines);
    const at = chance.below(events.length);
    write(paths, chained(events.map((event, index) => (index === at ? forged(event, chance) : event))));
    return true;
  },
  "two lines changed places": ({ paths, lines }, chance) => {
    const at = 1 + chance.below(lines.length - 2);
    write(paths, [...lines.slice(0, at), lines[at + 1] ?? "", lines[at] ?? "", ...lines.slice(at + 2)]);
    return true;
  },
  "two events changed places and the chain made anew": ({ paths, lines }, chance) => {
    const events = parsed(lines);
    const at = 1 + chance.below(events.length - 2);
    const [moved] = events.splice(at, 1);
    if (moved !== undefined) events.splice(at + 1, 0, moved);
    write(paths, chained(events));
    return true;
  },
  "a line inserted": ({ paths, lines }, chance) => {
    const at = chance.below(lines.length + 1);
    write(paths, [...lines.slice(0, at), chance.pick(lines), ...lines.slice(at)]);
    return true;
  },
  "an event inserted and the chain made anew": ({ paths, lines }, chance) => {
    const events = parsed(lines);
    const at = 1 + chance.below(events.length - 1);
    write(paths, chained([...events.slice(0, at), chance.pick(events.slice(1)), ...events.slice(at)]));
    return true;
  },
  "a line removed": ({ paths, lines }, chance) => {
    const at = chance.below(lines.length);
    write(
      paths,
      lines.filter((_, index) => index !== at),
    );
    return true;
  },
  "an event removed and the chain made anew": ({ paths, lines }, chance) => {
    const events = parsed(lines);
    const at = 1 + chance.below(events.length - 1);
    write(paths, chained(events.filter((_, index) => index !== at)));
    return true;
  },
  "lines cut off its end": ({ paths, lines }, chance) => {
    write(paths, lines.slice(0, 1 + chance.below(lines.length - 1)));
    return true;
  },
  "its last line cut off": ({ paths, lines }) => {
    write(paths, lines.slice(0, -1));
    return true;
  },
  "cut off in a line": ({ paths }, chance) => {
    const bytes = readFileSync(paths.journal);
    writeFileSync(paths.journal, bytes.subarray(0, 1 + chance.below(bytes.length - 1)));
    return true;
  },
  "a line repeated at its end": ({ paths, lines }, chance) => {
    const last = parsed(lines).at(-1);
    if (last === undefined) return false;
    write(paths, [...lines, encodeEvent(forged(last, chance), sha256(lines.at(-1) ?? ""))]);
    return true;
  },
  "a content changed": ({ paths, blobs }, chance) => {
    if (blobs.length === 0) return false;
    const { from, to } = placeOf(paths, chance.pick(blobs));
    if (from === to) return false;
    const bytes = readFileSync(paths.contents);
    const at = from + chance.below(to - from);
    bytes[at] = (bytes[at] ?? 0) ^ (1 + chance.below(255));
    writeFileSync(paths.contents, bytes);
    return true;
  },
  "a content removed": ({ paths, blobs }, chance) => {
    if (blobs.length === 0) return false;
    const { header, to } = placeOf(paths, chance.pick(blobs));
    const bytes = readFileSync(paths.contents);
    writeFileSync(paths.contents, Buffer.concat([bytes.subarray(0, header), bytes.subarray(to + 1)]));
    return true;
  },
  "the definition changed": ({ paths }, chance) => {
    changeByte(paths.definition, chance);
    return true;
  },
};

/** Where a content is stored: its header, its first byte, and the byte after its last one. */
function placeOf(paths: SessionPaths, digest: string): { header: number; from: number; to: number } {
  const bytes = readFileSync(paths.contents, "latin1");
  const header = bytes.indexOf(`{"sha256":"${digest}"`);
  const from = bytes.indexOf("\n", header) + 1;
  return { header, from, to: from + Number(/"bytes":(\d+)/.exec(bytes.slice(header, from))?.[1]) };
}

/** Whether verification reports a problem. */
async function isFlagged(directory: string): Promise<boolean> {
  try {
    return !(await verifySession(directory)).ok;
  } catch (error) {
    if (OrketError.is(error, "journal_damaged", "format_unsupported")) return true;
    throw error;
  }
}

describe("Verification", function () {
  this.timeout(600_000);

  it("flags every journal, content and definition that was tampered with after the session was closed", async () => {
    let tampered = 0;
    for (let seed = 1; tampered < wanted; seed += 1) {
      const folder = await temporaryFolder();
      try {
        const whole = path.join(folder.path, "whole");
        const stored = await store(seed, whole);
        const { ok, finished, findings } = await verifySession(stored.paths.dir);
        assert.deepEqual({ ok, finished, findings }, { ok: true, finished: true, findings: [] });
        for (const [name, way] of Object.entries(ways)) {
          const copy = path.join(folder.path, "copy");
          cpSync(whole, copy, { recursive: true });
          const dir = path.join(copy, path.relative(whole, stored.paths.dir));
          if (way({ ...stored, paths: sessionPaths(dir) }, new Chance(seed * 100 + tampered))) {
            tampered += 1;
            assert.ok(await isFlagged(dir), `seed ${seed}: ${name} was not seen`);
          }
          rmSync(copy, { recursive: true });
        }
      } finally {
        await folder.remove();
      }
    }
  });

  it("says of a session that was never closed that it has not finished, or that its end is not sealed", async () => {
    const folder = await temporaryFolder();
    try {
      for (let seed = 1; seed <= 20; seed += 1) {
        const { paths, lines } = await store(seed, path.join(folder.path, seed.toString()));
        rmSync(paths.head);
        const ended = await verifySession(paths.dir);
        assert.deepEqual([ended.ok, ended.finished, ended.sealed], [true, true, false]);
        const end = lines.findIndex((line) => line.includes('"type":"session_end"'));
        write(paths, lines.slice(0, end));
        rmSync(paths.workspace, { recursive: true });
        const cut = await verifySession(paths.dir);
        assert.deepEqual([cut.finished, cut.sealed], [false, false]);
      }
    } finally {
      await folder.remove();
    }
  });
});

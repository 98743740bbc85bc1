import { hash } from "node:crypto";
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import path from "node:path";
import { sessionPaths } from "../../src/adapters/journal/layout";
import type { SessionPaths } from "../../src/adapters/journal/layout";
import { encodeEvent, firstPrev } from "../../src/engine/event/codec";
import { draft } from "../../src/engine/event/event";
import type { EventDraft } from "../../src/engine/event/event";
import type { Definition } from "../../src/engine/model/definition";
import { startEvent } from "../../src/engine/orchestrator/start";
import { definitionOf, step } from "./engine-harness";

const digest = "a".repeat(64);
const id = "2026-11-22T00-00-00Z-test-abcd";

export function definitionWith(steps: number): Definition {
  return definitionOf(Array.from({ length: steps }, (_, number) => step(`s${number}`, "writer")));
}

/** The events of one step as a run writes them: turns with a tool call each, then the step's end. */
export function* stepEvents(number: number, turns: number, calls: { made: number }): Generator<EventDraft> {
  const key = `s${number}`;
  yield draft("step_start", key, { id: key, role: "writer", attempt: 1 });
  for (let turn = 1; turn <= turns; turn += 1) {
    const call = (calls.made += 1);
    const text = `Turn ${turn} of ${key}: ${"some words of a prompt ".repeat(4)}`;
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
      tool_calls: last ? [] : [{ id: `1.${turn}.1`, tool: "read_file", args }],
      finish_reason: "stop",
      tokens: { input: { count: 50, source: "measured" }, output: { count: 9, source: "measured" } },
      total_ms: 12,
      sent: { text: '{"model":"scripted"}' },
    });
    if (last) break;
    const call_id = `1.${turn}.1`;
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

/** Writes a session of about this many events to the disk, as if it had been run; it is left unfinished. */
export function writeLongSession(
  folder: string,
  events: number,
  steps: number,
): { paths: SessionPaths; events: number } {
  const paths = sessionPaths(path.join(folder, ".orket", "sessions", id));
  mkdirSync(paths.workspace, { recursive: true });
  // One step more than was performed, so that the session can continue.
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

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { emptyFolder, onlySession, orket, readJournal } from "../cli/orket";
import type { Line } from "../cli/orket";
import { code } from "../fakes/competent-agent";
import type { ServedReply } from "../fakes/servers/counting-server";
import { ScriptedTurns } from "./scripted-turns";
import type { ProcessedPrompt } from "./scripted-turns";
import { LlamaServer } from "./servers";
import { measure, patientMs, withServer } from "./support";

const contextTokens = 8192;
const maxOutputTokens = 1024;
/** Turns that are measured from the first one whose prompt no longer fitted. */
const fullTurns = 30;
/** Calls of the script: enough that the window is full for that many turns. */
const scriptedCalls = 52;
const linesOfTurn = 28;
const partBytes = 40_000;

/** How much a turn may take at a full window, as a multiple of the median before it was full. */
const atMost = 1.5;
/**
 * A turn whose prompt is cut processes what follows the cut anew and takes longer than that; at most one turn in so many may.
 * Its time is in the means.
 */
const turnsPerCut = 10;

/** An agent that reads its way through a project, and writes a summary now and then. */
function replyTo(call: number): ServedReply {
  if (call > scriptedCalls) return { text: "All is read." };
  if (call % 6 === 0) {
    const content = code(1100, call);
    return {
      text: "I write down what I found.",
      calls: [["write_file", { path: `notes/${call}.md`, content }]],
    };
  }
  const start = 1 + ((call * linesOfTurn) % 500);
  const range = { start_line: start, end_line: start + linesOfTurn - 1 };
  return { text: "I read on.", calls: [["read_file", { path: `src/part-${call % 8}.ts`, ...range }]] };
}

function project(endpoint: string, model: string): string {
  const folder = emptyFolder();
  const files: Record<string, unknown> = {
    "full.flow.yaml": {
      version: 1,
      name: "full",
      band: "full",
      venue: "live",
      score: "full",
      task: "Read the project and write down what each part does.",
      approval: "none",
    },
    "full.band.yaml": {
      version: 1,
      name: "full",
      roles: { reader: { prompt: "You read code. {{task}}", tools: ["read_file", "write_file"] } },
    },
    "full.score.yaml": {
      version: 1,
      name: "full",
      steps: [{ id: "read", role: "reader", instruction: "Read all of it.", max_turns: scriptedCalls + 10 }],
    },
    "live.venue.yaml": {
      version: 1,
      name: "live",
      provider: "openai",
      endpoint,
      model,
      temperature: 0,
      seed: 42,
      context_tokens: contextTokens,
      max_output_tokens: maxOutputTokens,
      timeouts: { connect_seconds: 10, first_token_seconds: 200, idle_seconds: 120, total_seconds: 280 },
      retry: { attempts: 1, backoff_seconds: 0 },
    },
  };
  for (const [name, file] of Object.entries(files))
    writeFileSync(path.join(folder, name), JSON.stringify(file));
  mkdirSync(path.join(folder, "src"));
  for (let part = 0; part < 8; part += 1)
    writeFileSync(path.join(folder, "src", `part-${part}.ts`), code(partBytes, part));
  return folder;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

interface Turn extends ProcessedPrompt {
  /** Something was left out of its prompt. */
  readonly cut: boolean;
}

/** The turns of the session with what the server said of each; the first two lists of calls are in the same order. */
function turnsOf(journal: readonly Line[], prompts: readonly ProcessedPrompt[]): Turn[] {
  const built = journal.filter(({ type }) => type === "prompt_built");
  return prompts.map((prompt, index) => ({
    ...prompt,
    cut: ((built[index]?.data.omitted as readonly unknown[] | undefined) ?? []).length > 0,
  }));
}

/** Prompt and tool calls as in real work, at a real server; a model of this size could not do the work itself. */
describe("llama.cpp at a full window", function () {
  this.timeout(8 * patientMs);
  const server = new LlamaServer("tools.jinja", contextTokens);
  withServer(server);

  it(`processes a turn's prompt about as fast as before the window was full (real prompts and times, scripted replies)`, async () => {
    const proxy = new ScriptedTurns(server.origin, replyTo);
    const folder = project(await proxy.start(), server.model);
    try {
      const done = await orket(["-C", folder, "run", "full"]);
      assert.equal(done.code, 0, done.stdout + done.stderr);
    } finally {
      await proxy.stop();
    }
    const turns = turnsOf(readJournal(onlySession(folder)), proxy.prompts);
    const firstCut = turns.findIndex(({ cut }) => cut);
    assert(firstCut > 5, `the window was full after ${firstCut} turns`);
    // The first turn processes the role's prompt and the tools, which every later one finds in the cache.
    const before = turns.slice(1, firstCut);
    const full = turns.slice(firstCut, firstCut + fullTurns);
    assert.equal(full.length, fullTurns, "the script is too short");
    const cuts = full.filter(({ cut }) => cut);
    const usualMs = median(before.map(({ promptMs }) => promptMs));
    const usualTokens = median(before.map(({ processedTokens }) => processedTokens));
    const times = full.map(({ promptMs }) => promptMs / usualMs);
    const tokens = full.map(({ processedTokens }) => processedTokens / usualTokens);
    const slow = full.filter(({ promptMs }) => promptMs > atMost * usualMs);
    const note = (what: string, value: string): void =>
      measure(server.name, `${fullTurns} turns at a full window of ${contextTokens} tokens: ${what}`, value);
    const both = (of: (values: readonly number[]) => number): string =>
      `${of(times).toFixed(2)} (tokens to process: ${of(tokens).toFixed(2)})`;
    note(
      "a turn before it was full, median",
      `${usualMs.toFixed(0)} ms to process ${usualTokens} tokens (${before.length} turns)`,
    );
    note("prompt time as a multiple of that, median", both(median));
    note("prompt time as a multiple of that, mean, cuts included", both(mean));
    note(`turns over ${atMost} times, and those of them with a cut`, `${slow.length}, ${cuts.length}`);
    note(
      "a turn with a cut, median",
      `${median(cuts.map(({ promptMs }) => promptMs)).toFixed(0)} ms to process ${median(cuts.map(({ processedTokens }) => processedTokens))} tokens`,
    );
    note("refused prompts", String(proxy.refused));
    if (process.env["ORKET_SHOW"] !== undefined) console.table(turns);

    assert(median(times) <= atMost, `the median is ${median(times).toFixed(2)} times that before`);
    assert(mean(tokens) <= atMost, `on average ${mean(tokens).toFixed(2)} times the tokens are processed`);
    assert(cuts.length * turnsPerCut <= fullTurns, `${cuts.length} of ${fullTurns} turns cut the prompt`);
    assert(
      slow.length * turnsPerCut <= fullTurns,
      `${slow.length} of ${fullTurns} turns took more than ${atMost} times the median before`,
    );
    assert.equal(proxy.refused, 0);
  });
});

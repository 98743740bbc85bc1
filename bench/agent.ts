import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { searchFolders } from "../src/adapters/command/environment";
import { NodeGuardedFiles } from "../src/adapters/files/guarded-files";
import { findRipgrep } from "../src/adapters/files/ripgrep";
import type { SearchOptions } from "../src/engine/port/files";
import type { ModelProvider } from "../src/engine/port/model-provider";
import { definitionOf, harness, step } from "../test/fakes/engine-harness";
import type { BenchRow } from "./row";

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

const needle = "haystack-needle";
const [folders, filesOfFolder] = [500, 100];

/** A repository of 50,000 source files of 1 to 4 KB; ten of them contain the needle. */
function repository(): string {
  const root = mkdtempSync(path.join(tmpdir(), "orket-search-"));
  writeFileSync(path.join(root, ".gitignore"), "dist/\n*.log\n");
  const words = "the build reads each file once and keeps what it found for the next".split(" ");
  for (let folder = 0; folder < folders; folder += 1) {
    const below = path.join(root, `pkg-${folder % 25}`, `mod-${folder}`, "src");
    mkdirSync(below, { recursive: true });
    for (let file = 0; file < filesOfFolder; file += 1) {
      const number = folder * filesOfFolder + file;
      const size = 1000 + ((number * 7919) % 3000);
      let text = number % 5000 === 77 ? `const found = "${needle}";\n` : "";
      for (let line = 0; text.length < size; line += 1)
        text += `export const ${words[(line + file) % words.length]}${line} = "${words[(line * 3 + folder) % words.length]} ${line * folder}";\n`;
      writeFileSync(path.join(below, `file-${file}.ts`), text);
    }
  }
  return root;
}

/** A search of a large repository, compared with ripgrep, which also obeys ignore files and numbers the lines. */
async function searchRows(): Promise<BenchRow[]> {
  const root = repository();
  try {
    const ripgrep = findRipgrep(searchFolders(process.env), root);
    const policy = { read_scope: ["domain" as const], write_scope: [], allow: [], foreign_tools: [] };
    const plain = { workDomain: root, startDirectory: root, references: [], policy };
    const search = async (
      files: NodeGuardedFiles,
      query: string,
      options: SearchOptions,
    ): Promise<number> => {
      const start = performance.now();
      const found = await files.search(query, ".", 200, { report: true, ...options });
      if (found.kind !== "matches" || found.matches.length !== 10) throw new Error("the search is wrong");
      return performance.now() - start;
    };
    const bare = (query: string): number => {
      const start = performance.now();
      const { status } = spawnSync(ripgrep ?? "", ["--no-config", "-n", "-e", query, root]);
      if (status !== 0) throw new Error("ripgrep found nothing");
      return performance.now() - start;
    };
    const own = new NodeGuardedFiles(plain);
    const quick = new NodeGuardedFiles(ripgrep === undefined ? plain : { ...plain, ripgrep });
    const ratio = async (
      files: NodeGuardedFiles,
      query: string,
      options: SearchOptions = {},
    ): Promise<number | undefined> => {
      if (ripgrep === undefined) return undefined;
      const [times, bareTimes]: [number[], number[]] = [[], []];
      // Alternating, so that what else the machine does falls on both.
      for (let run = 0; run < 7; run += 1) {
        bareTimes.push(bare(query));
        times.push(await search(files, query, options));
      }
      // The fastest of each: nothing but load makes a search slower.
      return Math.min(...times) / Math.min(...bareTimes);
    };
    const unit = "x ripgrep";
    const note = ripgrep === undefined ? "ripgrep is not on the PATH" : `${folders * filesOfFolder} files`;
    return [
      { name: "search of a text", value: await ratio(quick, needle), unit, atMost: 2, note },
      {
        name: "search of a regular expression",
        value: await ratio(quick, "hayst[a-c]ck-needle", { regex: true }),
        unit,
        atMost: 2,
        note,
      },
      {
        name: "search of a text in files of two globs",
        value: await ratio(quick, needle, { globs: ["*.ts", "pkg-1*/**/*.{ts,tsx}"] }),
        unit,
        atMost: 2,
        note,
      },
      { name: "search of a text, every file read", value: await ratio(own, needle), unit, note },
    ];
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const turns = 1000;

/** The engine's time of each turn of one step, from a reply to the next request. */
async function turnTimes(contextTokens: number): Promise<number[]> {
  const definition = definitionOf([step("build", "writer", { max_turns: turns + 1 })], {});
  Object.assign(definition.venue, { context_tokens: contextTokens, max_output_tokens: 1000 });
  const times: number[] = [];
  let replied = 0;
  let call = 0;
  // Keeps no request: a thousand prompts of a thousand turns would measure the memory.
  const provider: ModelProvider = {
    call: async ({ recorded }) => {
      await recorded;
      call += 1;
      if (call > 1) times.push(performance.now() - replied);
      const range = { path: "a.ts", start_line: call, end_line: call + 30 };
      const toolCalls = call > turns ? [] : [{ name: "read_file", argumentsJson: JSON.stringify(range) }];
      const reply = {
        text: `Turn ${call}.`,
        toolCalls,
        finishReason: "stop" as const,
        usage: {},
        totalMs: 1,
        sent: {},
      };
      replied = performance.now();
      return reply;
    },
  };
  const project = { "a.ts": "export const value = 1;\n".repeat(turns + 40) };
  const session = harness(definition, () => "", { project, provider });
  const { outcome } = await session.run();
  if (outcome !== "completed") throw new Error("the step did not end");
  return times;
}

/** The time of late turns compared with early ones, per turn and per message of the prompt. */
async function turnRows(): Promise<BenchRow[]> {
  const full = await turnTimes(32_768);
  const whole = await turnTimes(100_000_000);
  const late = (times: readonly number[]): number => median(times.slice(-100));
  return [
    {
      name: "turn 1,000 of a step, window full",
      value: late(full) / median(full.slice(200, 300)),
      unit: "x turn 250",
      atMost: 1.5,
    },
    {
      name: "turn 1,000 of a step, whole history kept",
      value: late(whole) / (turns - 50) / (median(whole.slice(200, 300)) / 250),
      unit: "x per turn kept",
      atMost: 1.5,
    },
  ];
}

/** The bytes of all prompts of a long Flow, compared with the texts that they must contain. */
async function promptRow(): Promise<BenchRow> {
  const count = 100;
  const report = "It is done as it was planned, and every file is in its place. ".repeat(15);
  const instruction = (number: number): string =>
    `Do part ${number} of the work as the plan says. `.repeat(8);
  const steps = Array.from({ length: count }, (_, number) =>
    step(`part-${number}`, "listener", {
      instruction: instruction(number),
      reads: { nearest: Array.from({ length: number }, (__, before) => `part-${number - 1 - before}`) },
    }),
  );
  const definition = definitionOf(steps, { task: "Make it so, and leave nothing out. ".repeat(12) });
  const session = harness(definition, () => report);
  await session.run();
  const bytes = session.model.requests.reduce(
    (sum, { messages }) => sum + messages.reduce((all, { content }) => all + Buffer.byteLength(content), 0),
    0,
  );
  const system = definition.band.roles["listener"]?.prompt ?? "";
  const bare = steps.reduce(
    (sum, { instruction: own }, number) =>
      sum + system.length + definition.flow.task.length + own.length + (number === 0 ? 0 : report.length),
    0,
  );
  if (session.model.requests.length !== count) throw new Error("not every step ran");
  const note = `${Math.round(bytes / 1000)} kB`;
  return {
    name: "prompts of a Flow of 100 steps",
    value: bytes / bare,
    unit: "x bare texts",
    atMost: 1.2,
    note,
  };
}

/** What an agent's turns cost: search, prompts over a long step, prompts of a long Flow. */
export async function benchAgent(): Promise<BenchRow[]> {
  return [...(await searchRows()), ...(await turnRows()), await promptRow()];
}

import { benchActivation } from "./activation";
import { benchAgent } from "./agent";
import { benchCommands } from "./commands";
import { benchFlow } from "./flow";
import { benchFresh } from "./fresh";
import { benchJournal } from "./journal";
import { benchMesh } from "./mesh";
import { benchStartup } from "./startup";
import { benchRounds } from "./rounds";
import { benchStream } from "./stream";
import { benchMemory } from "./memory";
import { benchThread } from "./thread";
import { benchLanguage } from "./language";
import { keepsPromise } from "./row";
import type { BenchRow } from "./row";

const suites: Record<string, () => Promise<BenchRow[]>> = {
  startup: benchStartup,
  activation: benchActivation,
  flow: benchFlow,
  fresh: benchFresh,
  rounds: benchRounds,
  journal: benchJournal,
  language: benchLanguage,
  stream: benchStream,
  thread: benchThread,
  memory: benchMemory,
  mesh: benchMesh,
  commands: benchCommands,
  agent: benchAgent,
  panels: async () => (await import("./panels")).benchPanels(),
};

async function main(names: readonly string[]): Promise<void> {
  let broken = 0;
  for (const name of names.length > 0 ? names : Object.keys(suites)) {
    const suite = suites[name];
    if (suite === undefined) throw new Error(`no bench ${name}; there are ${Object.keys(suites).join(", ")}`);
    for (const row of await suite()) {
      const kept = keepsPromise(row);
      if (!kept) broken += 1;
      const promise =
        row.atMost === undefined ? (row.atLeast === undefined ? "" : `≥ ${row.atLeast}`) : `≤ ${row.atMost}`;
      const mark = promise === "" || row.value === undefined ? " " : kept ? "✓" : "✗";
      console.log(
        `${mark} ${row.name.padEnd(44)} ${(row.value?.toFixed(2) ?? "unknown").padStart(9)} ${row.unit.padEnd(13)} ${promise.padEnd(8)} ${row.note ?? ""}`,
      );
    }
  }
  process.exitCode = broken === 0 ? 0 : 1;
}

void main(process.argv.slice(2));

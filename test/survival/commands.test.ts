import assert from "node:assert/strict";
import childProcess, { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { nodeEnvironment } from "../../src/adapters/journal/environment";
import { replaySession, verifySession } from "../../src/app/session/audit";
import type { SessionEvent } from "../../src/engine/event/event";
import { Chance } from "../fakes/generated-session";
import { perform, placesIn, published, viewsLeft } from "./command-journey";
import type { Places } from "./command-journey";
import { digestsBelow, readLines } from "./journey";

/*
 * The gate kills at a few moments, drawn by ORKET_SEED or the day; ORKET_SURVIVAL=all takes 200.
 */
const moments = process.env["ORKET_SURVIVAL"] === "all" ? 200 : 6;
const seed = Number(process.env["ORKET_SEED"] ?? Math.floor(Date.now() / 86_400_000));
const hook = path.join(__dirname, "..", "..", "scripts", "transpile-hook.cjs");

/** What must be equal no matter how often it was killed. */
interface End {
  readonly project: Record<string, string>;
  readonly workspace: Record<string, string>;
  readonly artifacts: unknown;
  readonly verdicts: readonly (readonly [string | null, unknown])[];
  readonly published: number;
}

function endOf(places: Places, directory: string): End {
  const events = readLines(directory);
  const end = events.find((event) => event.type === "session_end");
  return {
    project: digestsBelow(places.project, ".orket"),
    workspace: digestsBelow(path.join(directory, "workspace")),
    artifacts: end?.type === "session_end" ? [end.data.outcome, end.data.artifacts] : undefined,
    // Branches may interleave; for an interrupted command, only the end that counted is compared.
    verdicts: events
      .flatMap(({ type, step, data }): (readonly [string | null, unknown])[] =>
        type === "step_end" ? [[step, "verdict" in data ? data.verdict : undefined]] : [],
      )
      .sort(([a], [b]) => ((a ?? "") < (b ?? "") ? -1 : 1)),
    published: published(places),
  };
}

/** Replays with a `child_process` that throws: starting a process fails the test. */
async function replaysWithoutProcesses(directory: string): Promise<void> {
  const names = ["spawn", "spawnSync", "exec", "execFile", "execSync", "execFileSync", "fork"] as const;
  const real = names.map((name) => [name, childProcess[name]] as const);
  const refuse = (): never => {
    throw new Error("a replay started a process");
  };
  for (const name of names) Object.assign(childProcess, { [name]: refuse });
  try {
    const { divergence } = await replaySession(directory, nodeEnvironment);
    assert.equal(divergence, undefined, JSON.stringify(divergence));
  } finally {
    for (const [name, own] of real) Object.assign(childProcess, { [name]: own });
  }
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), "orket-commands-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

describe("A session with commands", function () {
  this.timeout(moments > 10 ? 3_600_000 : 120_000);

  let whole: End;
  let told: readonly SessionEvent[];

  before(async function () {
    if (process.platform === "win32") return this.skip();
    await inFolder(async (folder) => {
      const places = placesIn(folder);
      const events: SessionEvent[] = [];
      const directory = await perform(places, (event) => events.push(event));
      whole = endOf(places, directory);
      told = events;
      await replaysWithoutProcesses(directory);
    });
    assert.equal(whole.published, 1);
    assert.deepEqual(
      whole.verdicts.filter(([key]) => key?.startsWith("check")),
      [
        ["check#1", "fail"],
        ["check#2", "pass"],
      ],
    );
  });

  it(`ends as if undisturbed, wherever it was killed (${moments} moments, ORKET_SEED=${seed})`, async () => {
    const chance = new Chance(seed);
    let hit = 0;
    const starts = told.filter(({ type }) => type === "command_start");
    for (let number = 0; number < moments; number += 1) {
      // Every other kill happens while a command runs: node takes some 40 ms to start and to end.
      const during = number % 2 === 0;
      const from = during ? starts : told;
      const { seq = 0 } = from[chance.below(from.length)] ?? {};
      const delayMs = during ? 1 + chance.below(120) : 0;
      await inFolder(async (folder) => {
        const child = spawn(
          process.execPath,
          ["-r", hook, path.join(__dirname, "doomed-commands.ts"), folder, String(seq), String(delayMs)],
          { stdio: ["ignore", "inherit", "inherit"] },
        );
        const [, signal] = (await once(child, "close")) as [number | null, string | null];
        if (signal === "SIGKILL") hit += 1;
        const places = placesIn(folder);
        const moment = `killed ${delayMs} ms after event ${seq} (${told[seq]?.type ?? "?"} ${told[seq]?.step ?? ""})`;
        const directory = await perform(places, () => undefined);
        assert.deepEqual(endOf(places, directory), whole, moment);
        assert.deepEqual(viewsLeft(places), [], moment);
        await replaysWithoutProcesses(directory);
        const { ok, findings } = await verifySession(directory);
        assert.deepEqual({ ok, findings }, { ok: true, findings: [] }, moment);
      });
    }
    assert.ok(hit >= moments / 2, `${hit} of ${moments} processes were killed`);
  });
});

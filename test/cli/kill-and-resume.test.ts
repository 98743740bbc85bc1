import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { inParallel } from "../../src/app/in-parallel";
import { copyProject, digestsBelow, onlySession, orket, readJournal } from "./orket";
import type { Line } from "./orket";

/*
 * A run that is killed (SIGKILL: no handler, no goodbye) and resumed must be the run that was not killed: no event that
 * was told of is lost, no step is done twice, and the artifacts are the same.
 */

const kills = 30;
const sideBySide = 4;
/** Kills that met a living process. */
let hits = 0;
const performArgs = (project: string, ...args: string[]): string[] => [
  "-C",
  project,
  ...args,
  "--approve",
  "all",
  "--json",
];

interface Outcome {
  readonly artifacts: unknown;
  readonly workspace: Record<string, string>;
}

function outcomeOf(session: string, lines: readonly Line[]): Outcome {
  const end = lines.findLast(({ type }) => type === "session_end");
  return { artifacts: end?.data.artifacts, workspace: digestsBelow(path.join(session, "workspace")) };
}

/** Kills the process when it has printed `lines` lines and a little time has passed. */
async function killed(args: readonly string[], lines: number, delayMs: number): Promise<string[]> {
  let fired = false;
  const { stdout, signal } = await orket(args, {
    watch: (child, out) => {
      if (fired || out.split("\n").length - 1 < lines) return;
      fired = true;
      if (delayMs === 0) child.kill("SIGKILL");
      else setTimeout(() => child.kill("SIGKILL"), delayMs);
    },
  });
  if (signal === "SIGKILL") hits += 1;
  return stdout.split("\n").slice(0, -1);
}

function withoutLink({ seq, at, type, step, data }: Line): Omit<Line, "prev"> {
  return { seq, at, type, step, data };
}

/** Every event that was printed stands in the journal as it was printed. */
function assertKept(printed: readonly string[], journal: readonly Line[]): void {
  for (const text of printed) {
    const event = JSON.parse(text) as Omit<Line, "prev">;
    const kept = journal[event.seq];
    assert.ok(kept !== undefined, `the event ${event.seq} (${event.type}) was told of and is lost`);
    assert.deepEqual(withoutLink(kept), event);
  }
}

function assertOnce(what: string, keys: readonly string[]): void {
  const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
  assert.deepEqual(twice, [], `${what} twice: ${twice.join(", ")}`);
}

function assertNothingTwice(journal: readonly Line[]): void {
  const keysOf = (...types: string[]): string[] =>
    journal.flatMap(({ type, step, data }) =>
      types.includes(type) ? [`${step ?? ""} ${"call_id" in data ? String(data.call_id) : ""}`] : [],
    );
  assertOnce("steps ended", keysOf("step_end"));
  assertOnce("files written", keysOf("artifact_written", "artifact_deleted"));
  assertOnce("tools answered", keysOf("tool_result", "tool_denied"));
  assertOnce("notes written", keysOf("notes_updated"));
  assertOnce("verdicts given", keysOf("verdict_set"));
  assert.equal(journal.filter(({ type }) => type === "session_end").length, 1);
}

/** A number that looks random and is the same every time. */
function spread(number: number, below: number): number {
  return ((number * 2654435761) >>> 0) % below;
}

describe("a run that is killed and resumed", function () {
  this.timeout(120_000);

  let undisturbed: Outcome;
  let events: number;

  before(async () => {
    const project = copyProject("team");
    const run = await orket(performArgs(project, "run", "team"));
    assert.equal(run.code, 0, run.stderr);
    const session = onlySession(project);
    const journal = readJournal(session);
    assertKept(run.stdout.trimEnd().split("\n"), journal);
    assertNothingTwice(journal);
    undisturbed = outcomeOf(session, journal);
    events = journal.length;
    assert.deepEqual(Object.keys(undisturbed.workspace).sort(), [
      "PLAN.md",
      "README.md",
      "docs/guide.md",
      "lib/core.txt",
      "tests/all.txt",
    ]);
  });

  async function disturb(number: number): Promise<"resumed" | "nothing begun"> {
    const project = copyProject("team");
    try {
      const at = Math.round((number / (kills - 1)) * (events - 1));
      const printed = await killed(performArgs(project, "run", "team"), at, spread(number, 6));
      const sessions = path.join(project, ".orket", "sessions");
      if (!existsSync(sessions) || readdirSync(sessions).length === 0) {
        assert.deepEqual(printed, []);
        return "nothing begun";
      }
      const session = onlySession(project);
      if (!existsSync(path.join(session, "definition.json"))) {
        assert.deepEqual(printed, []);
        return "nothing begun";
      }
      // Some are killed a second time, while they go on.
      if (number % 5 === 0) {
        printed.push(...(await killed(performArgs(project, "resume", "last"), 1 + spread(number, 30), 1)));
      }
      const resumed = await orket(performArgs(project, "resume", "last"));
      const ended = resumed.code === 2 && resumed.stderr.includes("has ended");
      assert.ok(resumed.code === 0 || ended, `kill ${number}: ${resumed.code} ${resumed.stderr}`);
      printed.push(...resumed.stdout.split("\n").slice(0, -1));
      const journal = readJournal(session);
      assertKept(printed, journal);
      assertNothingTwice(journal);
      assert.deepEqual(outcomeOf(session, journal), undisturbed, `kill ${number}, after ${at} events`);
      return "resumed";
    } finally {
      rmSync(project, { recursive: true, force: true });
    }
  }

  it(`is the run that was not killed, at ${kills} moments`, async () => {
    const outcomes: string[] = [];
    await inParallel([...Array(kills).keys()], sideBySide, async (number) => {
      outcomes.push(await disturb(number));
    });

    const begun = outcomes.filter((outcome) => outcome === "resumed").length;
    assert.equal(outcomes.length, kills);
    assert.ok(hits >= kills - 5, `only ${hits} kills met a living process`);
    assert.ok(begun >= kills - 2, `only ${begun} kills hit a run that had begun`);
  });
});

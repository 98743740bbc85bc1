import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { OrketFileSystem } from "../../../src/adapters/files/orket-gate";
import type { GateMode } from "../../../src/adapters/files/orket-gate";
import type { SessionEnvironment } from "../../../src/adapters/journal/jsonl-session-store";
import { acceptArtifact, rejectArtifact, revertAcceptance } from "../../../src/app/session/acceptance";
import { replayAndProve, verifySession } from "../../../src/app/session/audit";
import { exportPieces } from "../../../src/app/session/export";
import { forkSession } from "../../../src/app/session/fork";
import { openSnapshot } from "../../../src/app/session/snapshot";
import { deleteSession, diskUse, pruneBlobs, sessionSize } from "../../../src/app/session/housekeeping";
import { renameSession } from "../../../src/app/session/label";
import { openLiveSession, startSession } from "../../../src/app/session/open";
import { listSessions } from "../../../src/app/session/session-list";
import { searchSessions } from "../../../src/app/session/session-search";
import type { LiveSession, RuntimeOptions } from "../../../src/app/session/session";
import { CapabilityMemory } from "../../../src/app/venue/capability-memory";
import { OrketError } from "../../../src/engine/error/orket-error";
import { definitionOf, step } from "../../fakes/engine-harness";
import { makeOutside, plants, snapshot } from "../../fakes/hostile/orket-folder";
import type { Ground, Plant } from "../../fakes/hostile/orket-folder";
import { libraryOptions, withReplies } from "../../fakes/library-run";
import { environment } from "../../fakes/session";

/** The gate without the waits for the disk, which only a power loss would show. */
class Unsynced extends OrketFileSystem {
  override sync(): Promise<void> {
    return Promise.resolve();
  }
  override syncData(): Promise<void> {
    return Promise.resolve();
  }
}

type Act = (ground: Ground, options: RuntimeOptions, machine: SessionEnvironment) => Promise<unknown>;

async function withLive(
  ground: Ground,
  options: RuntimeOptions,
  work: (session: LiveSession) => Promise<unknown>,
): Promise<void> {
  const live = await openLiveSession(ground.session, options);
  try {
    await work(live);
  } finally {
    await live.close();
  }
}

const content = "a plan\n".repeat(400);

/** Everything that either host does with what stands in `.orket`. */
const acts: Readonly<Record<string, Act>> = {
  rename: (ground, _, machine) => renameSession(machine, ground.session, "A title"),
  "take a title away": (ground, _, machine) => renameSession(machine, ground.session, ""),
  sessions: (ground, _, machine) => listSessions(machine.fs, ground.project),
  sizes: async (ground, _, machine) => {
    await diskUse(machine, ground.project);
    await sessionSize(machine, ground.session);
  },
  search: async (ground, _, machine) => {
    for await (const found of searchSessions(machine, ground.project, "plan")) void found;
  },
  show: async (ground, _, machine) => {
    const seen = await openSnapshot(ground.session, machine);
    await seen.indexing;
    await seen.readEvents(0, 100);
    await seen.checked();
  },
  verify: (ground, _, machine) => verifySession(ground.session, machine),
  replay: (ground, _, machine) => replayAndProve(ground.session, "test", machine),
  export: async (ground, _, machine) => {
    const seen = await (await openSnapshot(ground.session, machine)).checked();
    for await (const piece of exportPieces(seen, { format: "html", contents: true })) void piece;
  },
  fork: async (ground, options) => {
    await (await forkSession(ground.session, "plan", (same) => same, options)).close();
  },
  resume: (ground, options) =>
    withLive(ground, options, async ({ orchestrator }) => {
      orchestrator.resume("person");
      await orchestrator.run();
    }),
  accept: (ground, options) =>
    withLive(ground, options, async (live) => {
      await acceptArtifact(live, "PLAN.md");
      await revertAcceptance(live, "PLAN.md");
    }),
  reject: (ground, options) => withLive(ground, options, (live) => rejectArtifact(live, "PLAN.md")),
  run: async (ground, options) => {
    const live = await startSession(team(), { ...options, workDomain: ground.project });
    await live.orchestrator.run();
    await live.close();
  },
  "try a Venue out": (ground, _, machine) =>
    new CapabilityMemory(machine, ground.project).find({
      provider: "ollama",
      endpoint: "http://127.0.0.1:1",
      model: "m",
    }),
  prune: (ground, _, machine) => pruneBlobs(machine, ground.project),
  "prune --dry-run": (ground, _, machine) => pruneBlobs(machine, ground.project, { dryRun: true }),
  delete: (ground, _, machine) => deleteSession(machine, ground.project, ground.session),
};

const team = () =>
  withReplies(definitionOf([step("plan", "writer", { produces: ["PLAN.md"] }), step("last", "writer")]), {
    plan: [
      { text: "", tool_calls: [{ tool: "write_file", args: { path: "PLAN.md", content } }] },
      { text: content, tool_calls: [] },
    ],
  });

describe("A project's .orket from a stranger", function () {
  this.timeout(60_000);
  let top: string;
  let good: string;
  let id: string;

  before(async () => {
    top = realpathSync(mkdtempSync(path.join(tmpdir(), "orket-stranger-")));
    good = path.join(top, "good");
    mkdirSync(good);
    const live = await startSession(team(), runtime(good, environment(new Unsynced())));
    await live.orchestrator.run();
    await live.close();
    ({ id } = live);
  });
  after(() => {
    rmSync(top, { recursive: true, force: true });
  });

  const runtime = (project: string, machine: SessionEnvironment): RuntimeOptions =>
    libraryOptions(project, { environment: machine });

  function ground(): Ground {
    const place = mkdtempSync(path.join(top, "g-"));
    const project = path.join(place, "project");
    const outside = path.join(place, "outside");
    cpSync(good, project, { recursive: true });
    mkdirSync(outside);
    makeOutside(outside);
    const orket = path.join(project, ".orket");
    return { project, orket, session: path.join(orket, "sessions", id), outside };
  }

  /** All commands, one after the other, on one folder: those that look first, those that remove last. */
  async function attack(plant: Plant, mode: GateMode, turn: number): Promise<void> {
    const there = ground();
    plant.put(there);
    const before = snapshot(there.outside);
    const machine = environment(new Unsynced(mode));
    for (const [index, [name, act]] of Object.entries(acts).entries()) {
      // In the gate every command meets every kind of plant, not every plant; ORKET_ALL_PLANTS=1 makes it so.
      if (process.env.ORKET_ALL_PLANTS !== "1" && (index + turn) % 4 !== 0) continue;
      const failure = await act(there, runtime(there.project, machine), machine).then(
        () => undefined,
        (error: unknown) => error,
      );
      assert.deepEqual(snapshot(there.outside), before, `${name} touched what is outside`);
      const known = OrketError.is(failure) && failure.code !== "internal";
      assert.ok(failure === undefined || known, `${name} failed with ${String(failure)}`);
    }
    rmSync(path.dirname(there.project), { recursive: true, force: true });
  }

  // Its plants are links and devices, which Windows has in other forms.
  const onPosix = process.platform === "win32" ? it.skip : it;
  for (const [turn, plant] of plants().entries()) {
    onPosix(`touches nothing outside and reads within bounds, whatever is done: ${plant.name}`, () =>
      attack(plant, "handles", turn),
    );
    if (turn % 5 === 0)
      onPosix(`does so where handles have no names: ${plant.name}`, () => attack(plant, "paths", turn));
  }

  it("is opened, deleted and pruned as ever when nothing in it is foreign", async () => {
    const there = ground();
    const machine = environment(new Unsynced());
    assert.equal((await listSessions(machine.fs, there.project)).length, 1);
    assert.equal((await verifySession(there.session, machine)).ok, true);
    await deleteSession(machine, there.project, there.session);
    await pruneBlobs(machine, there.project);
    assert.deepEqual(await listSessions(machine.fs, there.project), []);
  });
});

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createHttpFetch } from "../../../src/adapters/provider/http/http-fetch";
import type { HttpFetch } from "../../../src/adapters/provider/http/http-fetch";
import { MeshPool } from "../../../src/adapters/provider/mesh/mesh-pool";
import { replaySession, verifySession } from "../../../src/app/session/audit";
import { openLiveSession, readSession, startSession } from "../../../src/app/session/open";
import type { LiveSession, RuntimeOptions } from "../../../src/app/session/session";
import type { Definition } from "../../../src/engine/model/definition";
import { definitionOf, step } from "../../fakes/engine-harness";
import { libraryOptions } from "../../fakes/library-run";
import { FakeNode } from "./mesh-node";

describe("A session on a mesh", function () {
  this.timeout(30_000);
  let folder: string;
  let fetch: HttpFetch;
  let desk: FakeNode;
  let rack: FakeNode;

  const options = (mesh = new MeshPool()): RuntimeOptions => libraryOptions(folder, { fetch, mesh });
  const definition = (sameModel: "required" | "allowed"): Definition => {
    const made = definitionOf([step("plan", "listener"), step("build", "listener")]);
    Object.assign(made.venue, {
      provider: "mesh",
      model: "m",
      nodes: [desk.spec(), rack.spec()],
      routing: "ordered",
      same_model: sameModel,
      retry: { attempts: 1, backoff_seconds: 0 },
      timeouts: { connect_seconds: 0.3, first_token_seconds: 30, idle_seconds: 30, total_seconds: 60 },
    });
    return made;
  };
  /** Kills the desk as soon as the first text of its second call is shown. */
  const killInBuild = (live: LiveSession): string[] => {
    const shown: string[] = [];
    live.orchestrator.listen({
      onEvents: (events) => {
        if (events.some(({ type, step: key }) => type === "step_end" && key === "plan"))
          desk.fate = () => "stall";
      },
      onDelta: (key, delta) => {
        if (key !== "build" || delta.kind === "waiting") return;
        shown.push(delta.kind === "restart" ? "RESTART" : delta.text);
        void desk.kill();
      },
    });
    return shown;
  };

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "orket-mesh-"));
    fetch = createHttpFetch();
    desk = await new FakeNode("desk").start();
    rack = await new FakeNode("rack").start();
  });
  afterEach(async () => {
    await fetch.close();
    await desk.kill();
    await rack.kill();
    rmSync(folder, { recursive: true });
  });

  it("records a node's death in mid-stream, keeps what had arrived, and replays from its journal alone", async () => {
    const live = await startSession(definition("required"), options());
    const shown = killInBuild(live);
    const state = await live.orchestrator.run();
    await live.close();
    assert.equal(state.outcome, "completed");
    assert.equal(shown.slice(0, 2).join("|"), "reply to |RESTART");
    const { events } = await readSession(live.directory);
    const own = events.filter((event) => event.step === "build").map(({ type }) => type);
    const at = own.indexOf("failover");
    assert.deepEqual(own.slice(at - 1, at + 2), ["model_call_start", "failover", "model_call_end"]);
    const move = events.find((event) => event.type === "failover");
    assert(move?.type === "failover");
    assert.deepEqual(move.data.partial, { text: "reply to " });
    assert.equal(move.data.digest_changed, false);
    const ends = events.flatMap((event) => (event.type === "model_call_end" ? [event.data] : []));
    assert.deepEqual(
      ends.map(({ node, fingerprint }) => [node, fingerprint?.digest]),
      [
        ["desk", "sha256:one"],
        ["rack", "sha256:one"],
      ],
    );
    assert.equal(state.digestChanges, 0);
    assert((await verifySession(live.directory)).ok);
    assert.equal((await replaySession(live.directory)).divergence, undefined);
  });

  it("stays with its model over a pause and a new process, and counts a change that is allowed", async () => {
    rack.digest = "sha256:other";
    for (const sameModel of ["required", "allowed"] as const) {
      const live = await startSession(definition(sameModel), options());
      desk.fate = () => "answer";
      killInBuild(live);
      const state = await live.orchestrator.run();
      await live.close();
      if (sameModel === "allowed") {
        assert.equal(state.outcome, "completed");
        assert.equal(state.digestChanges, 1);
        return;
      }
      assert.equal(state.pause?.reason, "step_failed");
      assert.match(state.pause.message, /same_model: allowed/);
      const again = await openLiveSession(live.directory, options());
      again.orchestrator.resume("person");
      const after = await again.orchestrator.run();
      await again.close();
      assert.equal(after.pause?.reason, "step_failed");
      assert.equal(rack.asked.length, 0);
      await desk.start();
      const back = await openLiveSession(live.directory, options());
      desk.fate = () => "answer";
      back.orchestrator.resume("person");
      assert.equal((await back.orchestrator.run()).outcome, "completed");
      await back.close();
    }
  });
});

import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { OrketFileSystem } from "../../../src/adapters/files/orket-gate";
import { deleteSession, pruneBlobs } from "../../../src/app/session/housekeeping";
import { renameSession } from "../../../src/app/session/label";
import { acceptArtifact } from "../../../src/app/session/acceptance";
import { openSnapshot } from "../../../src/app/session/snapshot";
import { openLiveSession, startSession } from "../../../src/app/session/open";
import { listSessions } from "../../../src/app/session/session-list";
import { OrketError } from "../../../src/engine/error/orket-error";
import { snapshot } from "../../fakes/hostile/orket-folder";
import { definitionOf, step } from "../../fakes/engine-harness";
import { libraryOptions, withReplies } from "../../fakes/library-run";
import { environment } from "../../fakes/session";

const team = () => withReplies(definitionOf([step("plan", "writer")]));

describe("In a window that is not trusted", () => {
  let project: string;
  beforeEach(() => {
    project = realpathSync(mkdtempSync(path.join(tmpdir(), "orket-untrusted-")));
  });
  afterEach(() => {
    rmSync(project, { recursive: true, force: true });
  });

  it("sessions are listed and opened, and nothing of them is changed, whoever asks", async () => {
    const fs = new OrketFileSystem();
    const machine = environment(fs);
    const options = libraryOptions(project, { environment: machine });
    const live = await startSession(team(), options);
    await live.orchestrator.run();
    await live.close();
    writeFileSync(path.join(project, "a.txt"), "a");
    fs.restrict(() => false);
    const before = snapshot(project);

    assert.equal((await listSessions(fs, project)).length, 1);
    await (
      await openSnapshot(live.directory, machine)
    ).indexing;
    for (const act of [
      () => pruneBlobs(machine, project),
      () => deleteSession(machine, project, live.directory),
      () => renameSession(machine, live.directory, "Mine"),
      () => startSession(team(), options),
      async () => acceptArtifact(await openLiveSession(live.directory, options), "a.txt"),
    ]) {
      await assert.rejects(act, (error) => OrketError.is(error, "not_trusted"));
    }
    assert.deepEqual(snapshot(project), before);
  });
});

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { replaySession, verifySession } from "../../src/app/session/audit";

/*
 * Sessions that released engines wrote. They replay for ever: a change that breaks one breaks the sessions that people
 * have. A new release adds a folder; no folder is ever changed. Each stands in the place of a `.orket` folder.
 */
const root = path.join(__dirname, "histories");

describe("A session that an earlier engine wrote", () => {
  for (const release of readdirSync(root)) {
    const sessions = path.join(root, release, "sessions");
    for (const id of readdirSync(sessions)) {
      it(`is verified and replays identically: ${release}, ${id}`, async () => {
        const directory = path.join(sessions, id);

        const verified = await verifySession(directory);
        const replayed = await replaySession(directory);

        assert.deepEqual(verified.findings, []);
        assert.equal(verified.finished, true);
        assert.equal(replayed.divergence, undefined);
        assert.equal(replayed.identical, true);
        assert.deepEqual(replayed.asRecorded, ["prompts", "calls", "results"]);
      });
    }
  }
});

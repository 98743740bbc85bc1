import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { IndexKeeper } from "../../../src/app/session/index-keeper";
import { createSession, readSession } from "../../../src/adapters/journal/session-folder";
import { definitionMaxBytes, OrketFileSystem } from "../../../src/adapters/files/orket-gate";
import { NodeFileSystem } from "../../../src/adapters/files/file-system";
import { OrketError } from "../../../src/engine/error/orket-error";
import type { Definition } from "../../../src/engine/model/definition";
import type { SessionState } from "../../../src/engine/state/state";
import { environment, smallDefinition, startOf, temporaryFolder } from "../../fakes/session";

function withTask(characters: number): Definition {
  const small = smallDefinition();
  return { ...small, flow: { ...small.flow, task: "x".repeat(characters) } };
}

describe("a session with a very long definition", () => {
  const machine = environment(new OrketFileSystem());
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  before(async () => {
    folder = await temporaryFolder();
  });

  after(() => folder.remove());

  it("of 20 MiB can be read again", async () => {
    const definition = withTask(20 << 20);
    const { store, paths, definitionRef } = await createSession(machine, folder.path, definition);
    store.append([startOf(paths.id, definitionRef)]);
    await store.close();

    assert.equal((await readSession(machine, paths.dir)).definition.flow.task, definition.flow.task);
  });

  it("is refused beyond that, before anything is written", async () => {
    const project = path.join(folder.path, "other");
    await assert.rejects(
      createSession(machine, project, withTask(definitionMaxBytes)),
      (error) =>
        OrketError.is(error, "definition_invalid") && error.message.includes(String(definitionMaxBytes)),
    );
    assert.equal(existsSync(project), false);
  });

  it("does not try a failed index again with every event", async () => {
    let opened = 0;
    class WithoutJournal extends NodeFileSystem {
      override open(): Promise<number> {
        opened += 1;
        return Promise.reject(new Error("not now"));
      }
    }
    const { store, paths, definitionRef } = await createSession(machine, folder.path, smallDefinition());
    await store.close();
    const keeper = new IndexKeeper(environment(new WithoutJournal()), paths, definitionRef, undefined);
    for (let events = 1000; events <= 40_000; events += 1000) {
      keeper.grew({ events } as SessionState);
      await new Promise(setImmediate);
    }
    assert.equal(opened, 2);
  });
});

import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import {
  acceptArtifact,
  offerSource,
  redoAcceptance,
  rejectArtifact,
  revertAcceptance,
} from "../../../src/app/session/acceptance";
import { blameFile } from "../../../src/app/session/blame";
import { gitPatch } from "../../../src/app/artifact/git-patch";
import { artifactAt, artifactOffer } from "../../../src/app/artifact/project-offer";
import { patchesOf, reviewRows } from "../../../src/app/artifact/review-rows";
import type { LiveSession } from "../../../src/app/session/session";
import { NodeFileSystem } from "../../../src/adapters/files/file-system";
import { OrketError } from "../../../src/engine/error/orket-error";
import type { ErrorCode } from "../../../src/engine/error/orket-error";
import { artifactViews } from "../../../src/engine/view/session-view";
import { Killed } from "../../fakes/faulty-file-system";
import { proposing, quickDisk, reopened, writeFiles } from "../../fakes/proposal";
import type { Proposed } from "../../fakes/proposal";
import { temporaryFolder } from "../../fakes/session";

const lines = (change: Readonly<Record<number, string>> = {}): string =>
  Array.from({ length: 20 }, (_, index) => `${change[index] ?? `line ${index}`}\n`).join("");
const moved: readonly Proposed[] = [{ "lib/new.txt": { from: "src/old.txt" } }];
const movedAndChanged: readonly Proposed[] = [...moved, { "lib/new.txt": lines({ 15: "agent" }) }];

describe("A file that an agent moved", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const open: LiveSession[] = [];
  beforeEach(async () => {
    folder = await temporaryFolder();
    writeFiles(folder.path, { "src/old.txt": lines() });
  });
  afterEach(async () => {
    for (const live of open.splice(0)) await live.close().catch(() => undefined);
    await folder.remove();
  });
  async function session(steps: readonly Proposed[]): Promise<LiveSession> {
    const live = await proposing(folder.path, steps);
    open.push(live);
    return live;
  }
  const at = (file: string): string | undefined => {
    const place = path.join(folder.path, file);
    return existsSync(place) ? readFileSync(place, "utf8") : undefined;
  };
  const decision = (live: LiveSession): string => {
    const views = artifactViews(live.orchestrator.state);
    assert.deepEqual(
      views.map(({ path: file, change, renamedFrom }) => [file, change, renamedFrom]),
      [["lib/new.txt", "renamed", "src/old.txt"]],
    );
    return views[0]?.decision ?? "";
  };
  const refuses = (work: Promise<unknown>, code: ErrorCode): Promise<void> =>
    assert.rejects(work, (error) => OrketError.is(error, code));

  it("is decided as one, by either name: accepted, taken back, brought again, rejected", async () => {
    chmodSync(path.join(folder.path, "src/old.txt"), 0o755);
    const live = await session(movedAndChanged);
    assert.equal(decision(live), "pending");
    await acceptArtifact(live, "src/old.txt");
    assert.equal(decision(live), "accepted");
    const isMoved = (): void => {
      assert.equal(at("src/old.txt"), undefined);
      assert.equal(at("lib/new.txt"), lines({ 15: "agent" }));
      if (process.platform !== "win32")
        assert.equal(statSync(path.join(folder.path, "lib/new.txt")).mode & 0o777, 0o755);
    };
    isMoved();
    for (const name of ["src/old.txt", "lib/new.txt"]) {
      await revertAcceptance(live, name);
      assert.equal(decision(live), "pending");
      assert.equal(at("src/old.txt"), lines());
      assert.equal(at("lib/new.txt"), undefined);
      if (process.platform !== "win32")
        assert.equal(statSync(path.join(folder.path, "src/old.txt")).mode & 0o777, 0o755);
      await redoAcceptance(live, name);
      assert.equal(decision(live), "accepted");
      isMoved();
    }
    await revertAcceptance(live, "lib/new.txt");
    await rejectArtifact(live, "lib/new.txt", "Stays where it is.");
    assert.equal(decision(live), "rejected");
    await revertAcceptance(live, "src/old.txt");
    assert.equal(decision(live), "pending");
    assert.equal(at("src/old.txt"), lines());
  });

  it("takes along what the project changed in it, there and back", async () => {
    const live = await session(movedAndChanged);
    writeFiles(folder.path, { "src/old.txt": lines({ 2: "human" }) });
    assert.equal((await acceptArtifact(live, "lib/new.txt"))?.merged, true);
    assert.equal(at("lib/new.txt"), lines({ 2: "human", 15: "agent" }));
    writeFiles(folder.path, { "lib/new.txt": lines({ 2: "human", 8: "human later", 15: "agent" }) });
    await revertAcceptance(live, "lib/new.txt");
    assert.equal(at("src/old.txt"), lines({ 2: "human", 8: "human later" }));
    assert.equal(at("lib/new.txt"), undefined);
  });

  it("is a conflict where both changed the same lines, the old file is gone, or another has the new name; nothing is written", async () => {
    const live = await session(movedAndChanged);
    const cases: readonly (readonly [string, string | undefined, string | undefined])[] = [
      ["both_changed", lines({ 15: "human" }), undefined],
      ["deleted_in_project", undefined, undefined],
      ["both_added", lines(), "another\n"],
    ];
    for (const [reason, old, now] of cases) {
      for (const [file, text] of [
        ["src/old.txt", old],
        ["lib/new.txt", now],
      ] as const) {
        rmSync(path.join(folder.path, file), { force: true });
        if (text !== undefined) writeFiles(folder.path, { [file]: text });
      }
      const offer = await artifactOffer(
        offerSource(live),
        artifactAt(live.orchestrator.state, "lib/new.txt"),
      );
      assert.equal(offer.conflict?.reason, reason);
      await refuses(acceptArtifact(live, "lib/new.txt"), "acceptance_conflict");
      assert.deepEqual([at("src/old.txt"), at("lib/new.txt")], [old, now], reason);
      await acceptArtifact(live, "lib/new.txt", { content: Buffer.from("both\n"), shown: offer.shown });
      assert.deepEqual([at("src/old.txt"), at("lib/new.txt")], [undefined, "both\n"]);
      await revertAcceptance(live, "lib/new.txt");
      assert.deepEqual([at("src/old.txt"), at("lib/new.txt")], [old, now], reason);
      assert.equal(decision(live), "pending");
    }
  });

  it("has no hunks of its own, and is refused when it is not what was shown", async () => {
    const live = await session(movedAndChanged);
    await refuses(acceptArtifact(live, "lib/new.txt", { hunks: [1] }), "usage");
    await refuses(rejectArtifact(live, "lib/new.txt", undefined, { hunks: [1] }), "usage");
    const { shown } = await artifactOffer(
      offerSource(live),
      artifactAt(live.orchestrator.state, "lib/new.txt"),
    );
    writeFiles(folder.path, { "lib/new.txt": "came in the way\n" });
    await refuses(acceptArtifact(live, "lib/new.txt", { shown }), "acceptance_stale");
    assert.equal(at("src/old.txt"), lines());
  });

  it("leaves the lines to whoever wrote them before, and the agent only its own", async () => {
    const live = await session(movedAndChanged);
    await acceptArtifact(live, "lib/new.txt", { provenance: true });
    const blamed = await blameFile(new NodeFileSystem(), folder.path, "lib/new.txt");
    assert.deepEqual(
      blamed.flatMap(({ line, origin }) => (origin === null ? [] : [[line, origin.step]])),
      [[16, "write2"]],
    );
  });

  it("is moved by the names that it had last, and is two files where the old name is written anew", async () => {
    const live = await session([
      { "middle.txt": { from: "src/old.txt" } },
      { "lib/new.txt": { from: "middle.txt" } },
    ]);
    assert.equal(decision(live), "pending");
    const back = await session([{ "a.txt": { from: "src/old.txt" } }, { "src/old.txt": { from: "a.txt" } }]);
    assert.deepEqual(artifactViews(back.orchestrator.state), []);
    const anew = await session([...moved, { "src/old.txt": "something else\n" }]);
    assert.deepEqual(
      artifactViews(anew.orchestrator.state).map(({ path: file, change }) => [file, change]),
      [
        ["lib/new.txt", "added"],
        ["src/old.txt", "changed"],
      ],
    );
  });

  it("is a rename in a patch", async () => {
    const live = await session(movedAndChanged);
    const rows = await reviewRows(offerSource(live), artifactViews(live.orchestrator.state));
    const patch = patchesOf(rows).flatMap((file) => gitPatch(file).map(({ text }) => text));
    assert.deepEqual(patch.slice(0, 4), [
      "diff --git a/src/old.txt b/lib/new.txt",
      "similarity index 94%",
      "rename from src/old.txt",
      "rename to lib/new.txt",
    ]);
    assert.ok(patch.includes("+agent") && patch.includes("-line 15"));
  });

  it("has both names or none decided wherever an acceptance is cut off, and after the next opening one of them", async () => {
    const disk = quickDisk();
    const seen = new Set<string>();
    for (let kill = 1, finished = false; !finished; kill += 1) {
      const project = path.join(folder.path, `p${kill}`);
      writeFiles(project, { "src/old.txt": lines() });
      const live = await proposing(project, movedAndChanged, disk);
      const from = disk.count;
      disk.before = ({ number }) => {
        if (number === from + kill) throw new Killed();
      };
      finished = await acceptArtifact(live, "lib/new.txt").then(
        () => true,
        () => false,
      );
      disk.before = () => undefined;
      const there = (file: string): boolean => existsSync(path.join(project, file));
      assert.ok(there("src/old.txt") || there("lib/new.txt"), `nothing is lost, cut at ${kill}`);
      await live.close().catch(() => undefined);
      rmSync(path.join(live.directory, "lock"), { force: true, recursive: true });
      const again = await reopened(live);
      const { decisions } = again.orchestrator.state;
      const state = [
        there("src/old.txt"),
        there("lib/new.txt"),
        decisions["src/old.txt"]?.kind,
        decisions["lib/new.txt"]?.kind,
      ].join(" ");
      seen.add(state);
      await again.close();
    }
    assert.deepEqual([...seen].sort(), ["false true accepted accepted", "true false  "]);
  });
});

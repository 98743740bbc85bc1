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
import { artifactAt, artifactOffer } from "../../../src/app/artifact/project-offer";
import type { ProjectOffer } from "../../../src/app/artifact/project-offer";
import type { LiveSession } from "../../../src/app/session/session";
import { OrketError } from "../../../src/engine/error/orket-error";
import type { ErrorCode } from "../../../src/engine/error/orket-error";
import { artifactViews } from "../../../src/engine/view/session-view";
import { Killed } from "../../fakes/faulty-file-system";
import { Chance } from "../../fakes/generated-session";
import { proposing, quickDisk, reopened, writeFiles } from "../../fakes/proposal";
import { temporaryFolder } from "../../fakes/session";

const posix = process.platform !== "win32";
const lines = (count: number, change: Readonly<Record<number, string>> = {}): string =>
  Array.from({ length: count }, (_, index) => `${change[index] ?? `line ${index}`}\n`).join("");

/** A sample; `ORKET_REVERT_ROUNDS=1000` runs as many. */
const revertRounds = Number(process.env["ORKET_REVERT_ROUNDS"] ?? 4);

describe("Accepting an artifact", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const open: LiveSession[] = [];
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    for (const live of open.splice(0)) await live.close().catch(() => undefined);
    await folder.remove();
  });

  async function session(
    ...args: Parameters<typeof proposing> extends [string, ...infer R] ? R : never
  ): Promise<LiveSession> {
    const made = await proposing(folder.path, ...args);
    open.push(made);
    return made;
  }
  const at = (file: string): string => readFileSync(path.join(folder.path, file), "utf8");
  const there = (file: string): boolean => existsSync(path.join(folder.path, file));
  const decision = (live: LiveSession, file: string): string | undefined =>
    artifactViews(live.orchestrator.state).find((one) => one.path === file)?.decision;
  const offer = (live: LiveSession, file: string): Promise<ProjectOffer> =>
    artifactOffer(offerSource(live), artifactAt(live.orchestrator.state, file));
  const refuses = (work: Promise<unknown>, code: ErrorCode): Promise<void> =>
    assert.rejects(work, (error) => OrketError.is(error, code));

  const base = lines(40);
  const proposed = lines(40, { 2: "agent A", 20: "agent B", 38: "agent C" });

  it("brings one hunk of three, then the others, and takes them back one by one in another order", async () => {
    writeFiles(folder.path, { "a.txt": base });
    const live = await session([{ "a.txt": proposed }]);
    const first = await acceptArtifact(live, "a.txt", { hunks: [2] });
    assert.equal(first?.open, true);
    assert.equal(at("a.txt"), lines(40, { 20: "agent B" }));
    assert.equal(decision(live, "a.txt"), "partly");
    await acceptArtifact(live, "a.txt", { hunks: [2] });
    assert.equal(at("a.txt"), lines(40, { 20: "agent B", 38: "agent C" }));
    await acceptArtifact(live, "a.txt");
    assert.equal(at("a.txt"), proposed);
    assert.equal(decision(live, "a.txt"), "accepted");
    const [one] = live.orchestrator.state.acceptances["a.txt"] ?? [];
    await revertAcceptance(live, "a.txt", { acceptance: one?.seq ?? -1 });
    assert.equal(at("a.txt"), lines(40, { 2: "agent A", 38: "agent C" }));
    assert.equal(decision(live, "a.txt"), "partly");
    await redoAcceptance(live, "a.txt");
    assert.equal(at("a.txt"), proposed);
    while ((live.orchestrator.state.acceptances["a.txt"] ?? []).length > 0)
      await revertAcceptance(live, "a.txt");
    assert.equal(at("a.txt"), base);
    assert.equal(decision(live, "a.txt"), "pending");
    for (let count = 0; count < 3; count += 1) await redoAcceptance(live, "a.txt");
    assert.equal(at("a.txt"), proposed);
    assert.equal(decision(live, "a.txt"), "accepted");
    await refuses(redoAcceptance(live, "a.txt"), "command_refused");
  });

  it("restores the exact bytes when any of its hunks are taken back in any order", async function () {
    this.timeout(2000 + revertRounds * 1000);
    const chance = new Chance(5);
    const places = [2, 14, 26, 38];
    const agent = (of: Iterable<number>): string =>
      lines(40, Object.fromEntries([...of].map((line) => [line, `agent ${line}`])));
    for (let round = 0; round < revertRounds; round += 1) {
      const file = `f${round}.txt`;
      writeFiles(folder.path, { [file]: base });
      const live = await session([{ [file]: agent(places) }]);
      for (const _ of places) await acceptArtifact(live, file, { hunks: [1] });
      const stand = (live.orchestrator.state.acceptances[file] ?? []).map(({ seq }, index) => ({
        seq,
        line: places[index] ?? -1,
      }));
      while (stand.length > 0) {
        const [taken] = stand.splice(chance.below(stand.length), 1);
        await revertAcceptance(live, file, { acceptance: taken?.seq ?? -1 });
        assert.equal(at(file), agent(stand.map(({ line }) => line)));
        // A subset stays, and what was taken back comes again.
        if (chance.happens(0.2)) break;
      }
      while (live.orchestrator.state.undone[file] !== undefined) await redoAcceptance(live, file);
      assert.equal(at(file), agent(places));
      await live.close();
    }
  });

  it("merges what the project changed meanwhile, and reverting leaves that alone", async () => {
    writeFiles(folder.path, { "a.txt": base });
    const live = await session([{ "a.txt": proposed }]);
    writeFiles(folder.path, { "a.txt": lines(40, { 10: "human" }) });
    assert.equal((await acceptArtifact(live, "a.txt"))?.merged, true);
    assert.equal(at("a.txt"), lines(40, { 2: "agent A", 10: "human", 20: "agent B", 38: "agent C" }));
    writeFiles(folder.path, { "a.txt": at("a.txt").replace("line 30", "human later") });
    await revertAcceptance(live, "a.txt");
    assert.equal(at("a.txt"), lines(40, { 10: "human", 30: "human later" }));
  });

  it("is refused and writes nothing when the project or the proposal is not what was shown", async () => {
    writeFiles(folder.path, { "a.txt": base });
    const live = await session([{ "a.txt": proposed }]);
    const { shown } = await offer(live, "a.txt");
    writeFiles(folder.path, { "a.txt": lines(40, { 10: "human" }) });
    await refuses(acceptArtifact(live, "a.txt", { shown }), "acceptance_stale");
    await refuses(acceptArtifact(live, "a.txt", { shown, hunks: [1] }), "acceptance_stale");
    await refuses(acceptArtifact(live, "a.txt", { shown, content: Buffer.from("mine") }), "acceptance_stale");
    await refuses(acceptArtifact(live, "a.txt", { content: Buffer.from("mine") }), "acceptance_conflict");
    assert.equal(at("a.txt"), lines(40, { 10: "human" }));
    assert.equal(decision(live, "a.txt"), "pending");
    const now = await offer(live, "a.txt");
    await acceptArtifact(live, "a.txt", { shown: now.shown, content: Buffer.from("mine") });
    assert.equal(at("a.txt"), "mine");
  });

  it("keeps hunks that were refused out, says why, and takes the refusal back", async () => {
    writeFiles(folder.path, { "a.txt": base });
    const live = await session([{ "a.txt": proposed }]);
    await rejectArtifact(live, "a.txt", "  Not this one. ", { hunks: [2] });
    assert.equal(decision(live, "a.txt"), "partly");
    await acceptArtifact(live, "a.txt");
    assert.equal(at("a.txt"), lines(40, { 2: "agent A", 38: "agent C" }));
    const [view] = artifactViews(live.orchestrator.state);
    assert.deepEqual([view?.decision, view?.open], ["partly", undefined]);
    await revertAcceptance(live, "a.txt");
    await rejectArtifact(live, "a.txt", "No.");
    assert.equal(artifactViews(live.orchestrator.state)[0]?.reason, "No.");
    await revertAcceptance(live, "a.txt");
    assert.equal(decision(live, "a.txt"), "pending");
  });

  it("keeps the mode of a file, also of one that was deleted and comes back", async function () {
    if (!posix) this.skip();
    writeFiles(folder.path, { "run.sh": "old\n", "gone.sh": "bye\n" });
    chmodSync(path.join(folder.path, "run.sh"), 0o750);
    chmodSync(path.join(folder.path, "gone.sh"), 0o755);
    const live = await session([{ "run.sh": "new\n", "gone.sh": null }]);
    for (const file of ["run.sh", "gone.sh"]) await acceptArtifact(live, file);
    assert.equal(statSync(path.join(folder.path, "run.sh")).mode & 0o777, 0o750);
    assert.equal(there("gone.sh"), false);
    await revertAcceptance(live, "gone.sh");
    assert.equal(statSync(path.join(folder.path, "gone.sh")).mode & 0o777, 0o755);
    assert.equal(at("gone.sh"), "bye\n");
  });

  it("is a conflict where the project deleted the file, or a file came in the way; both can be solved by an edited version", async () => {
    writeFiles(folder.path, { "a.txt": base });
    const live = await session([{ "a.txt": proposed, "new.txt": "agent\n" }]);
    rmSync(path.join(folder.path, "a.txt"));
    writeFiles(folder.path, { "new.txt": "human\n" });
    for (const file of ["a.txt", "new.txt"]) {
      await refuses(acceptArtifact(live, file), "acceptance_conflict");
      const { shown } = await offer(live, file);
      await acceptArtifact(live, file, { shown, content: Buffer.from("both\n") });
      assert.equal(at(file), "both\n");
      await revertAcceptance(live, file);
    }
    assert.equal(there("a.txt"), false);
    assert.equal(at("new.txt"), "human\n");
  });

  it("writes into an editor that holds the file unsaved, and counts its text as the project's", async () => {
    writeFiles(folder.path, { "a.txt": base });
    const live = await session([{ "a.txt": proposed }]);
    let text = lines(40, { 10: "unsaved" });
    const desk = {
      unsaved: () => Promise.resolve(Buffer.from(text)),
      prepare: (_: string, bytes: Uint8Array) =>
        Promise.resolve(() => {
          text = Buffer.from(bytes).toString();
          return Promise.resolve();
        }),
    };
    await acceptArtifact(live, "a.txt", { desk });
    assert.equal(text, lines(40, { 2: "agent A", 10: "unsaved", 20: "agent B", 38: "agent C" }));
    assert.equal(at("a.txt"), base, "the person saves it");
    await revertAcceptance(live, "a.txt", { desk });
    assert.equal(text, lines(40, { 10: "unsaved" }));
  });

  it("decides nothing when the editor cannot hold the text, and takes the decision back when it does not apply it", async () => {
    writeFiles(folder.path, { "a.txt": base });
    const live = await session([{ "a.txt": proposed }]);
    const unsaved = (): Promise<Uint8Array> => Promise.resolve(Buffer.from(lines(40, { 10: "unsaved" })));
    const refuse = (): Promise<never> => Promise.reject(new OrketError("acceptance_conflict", "It cannot."));
    const { decisions } = live.orchestrator.state;
    const unable = { unsaved, prepare: refuse };
    await refuses(acceptArtifact(live, "a.txt", { desk: unable }), "acceptance_conflict");
    assert.equal(live.orchestrator.state.decisions, decisions, "nothing is recorded");
    const broken = { unsaved, prepare: () => Promise.resolve(refuse) };
    await refuses(acceptArtifact(live, "a.txt", { desk: broken }), "acceptance_conflict");
    assert.equal(decision(live, "a.txt"), "pending");
    assert.equal(at("a.txt"), base);
  });

  it("leaves the old or the new file wherever it is cut off, and the next opening agrees with the journal", async () => {
    const disk = quickDisk();
    for (let kill = 1, finished = false; !finished; kill += 1) {
      const project = path.join(folder.path, `p${kill}`);
      writeFiles(project, { "a.txt": base });
      const live = await proposing(project, [{ "a.txt": proposed }], disk);
      const from = disk.count;
      disk.before = ({ number }) => {
        if (number === from + kill) throw new Killed();
      };
      const cut = await acceptArtifact(live, "a.txt", { hunks: [1] }).then(
        () => false,
        () => true,
      );
      disk.before = () => undefined;
      const now = readFileSync(path.join(project, "a.txt"), "utf8");
      const accepted = lines(40, { 2: "agent A" });
      assert.ok(now === base || now === accepted);
      finished = !cut;
      await live.close().catch(() => undefined);
      rmSync(path.join(live.directory, "lock"), { force: true, recursive: true });
      const again = await reopened(live);
      const after = readFileSync(path.join(project, "a.txt"), "utf8");
      assert.equal(
        after === accepted,
        again.orchestrator.state.decisions["a.txt"] !== undefined,
        `cut at ${kill}`,
      );
      await again.close();
    }
  });
});

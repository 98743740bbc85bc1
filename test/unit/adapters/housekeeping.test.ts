import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { appendFile, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { OrketError } from "../../../src/engine/error/orket-error";
import { inlineContentMaxBytes } from "../../../src/engine/event/content";
import { draft } from "../../../src/engine/event/event";
import { deleteSession, diskUse, pruneBlobs } from "../../../src/app/session/housekeeping";
import { renameSession } from "../../../src/app/session/label";
import { listSessions } from "../../../src/app/session/session-list";
import { searchSessions } from "../../../src/app/session/session-search";
import type { SessionHits } from "../../../src/app/session/session-search";
import { createSession, openSession, readSession } from "../../../src/adapters/journal/session-folder";
import type {
  JsonlSessionStore,
  SessionEnvironment,
} from "../../../src/adapters/journal/jsonl-session-store";
import { NodeFileSystem } from "../../../src/adapters/files/file-system";
import { OrketFileSystem } from "../../../src/adapters/files/orket-gate";
import type { FileSystem } from "../../../src/adapters/files/file-system";
import { FaultyFileSystem, Killed } from "../../fakes/faulty-file-system";
import { environment, sharedContent, smallDefinition, startOf, temporaryFolder } from "../../fakes/session";

const disk = new OrketFileSystem();

/** A text long enough to be a blob. */
function long(word: string): string {
  return `${word} `.repeat(1000);
}

/** A session of old that names a blob for each text; closed unless it stays open. */
async function begin(
  project: string,
  texts: readonly string[],
  machine = environment(),
): Promise<JsonlSessionStore> {
  const { store, paths, definitionRef } = await createSession(machine, project, smallDefinition());
  store.append([startOf(paths.id, definitionRef)]);
  record(store, texts);
  await store.flush();
  return store;
}

function record(store: JsonlSessionStore, texts: readonly string[]): void {
  for (const text of texts) {
    const isLong = text.length > inlineContentMaxBytes;
    const content = isLong ? sharedContent(store.paths.blobs, text) : store.putText(text);
    store.append([draft("tool_result", "make", { call_id: "c", tool: "read_file", ok: true, content })]);
  }
}

async function session(project: string, texts: readonly string[]): Promise<string> {
  const store = await begin(project, texts);
  await store.close();
  return store.paths.dir;
}

function blobsOf(project: string): string {
  return path.join(project, ".orket", "blobs", "sha256");
}

async function blobs(project: string): Promise<string[]> {
  const entries = await readdir(blobsOf(project), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

/** As if the blobs had been written a while ago. */
async function age(project: string): Promise<void> {
  const before = new Date(Date.now() - 60_000);
  for (const file of await blobs(project)) await utimes(file, before, before);
}

/** Every content that the session names can be read. */
async function assertWhole(dir: string, texts: readonly string[]): Promise<void> {
  const read = await readSession(environment(), dir);
  assert.equal(read.damage, undefined);
  const found: string[] = [];
  for (const event of read.events) {
    if (event.type === "tool_result") found.push(await read.blobs.getText(event.data.content));
  }
  assert.deepEqual(found, texts);
}

async function refusal(promise: Promise<unknown>, code: string): Promise<OrketError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(OrketError.is(error), String(error));
  assert.equal(error.code, code);
  return error;
}

describe("housekeeping of sessions", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let project: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    project = folder.path;
  });
  afterEach(() => folder.remove());

  describe("what sessions take on the disk", () => {
    it("counts each session's own files and the contents that it names, and says what others share", async () => {
      const [one, two] = [
        await session(project, [long("a"), long("b")]),
        await session(project, [long("b")]),
      ];
      const use = await diskUse(environment(), project);
      const bytes = long("a").length;
      const of = (dir: string) => use.sessions.find(({ id }) => id === path.basename(dir));
      assert.deepEqual([of(one)?.blobBytes, of(one)?.sharedBytes], [2 * bytes, bytes]);
      assert.deepEqual([of(two)?.blobBytes, of(two)?.sharedBytes], [bytes, bytes]);
      let own = 0;
      for (const entry of await readdir(one, { withFileTypes: true })) {
        if (entry.isFile()) own += (await stat(path.join(one, entry.name))).size;
      }
      assert.equal(of(one)?.ownBytes, own);
      assert.equal(
        use.totalBytes,
        use.sessions.reduce((sum, { ownBytes }) => sum + ownBytes, 2 * bytes),
      );
      assert.equal(use.unreferencedBlobs, 0);
    });
  });

  describe("a title", () => {
    it("is shown beside the id, which stays, and an empty one takes it away", async () => {
      const dir = await session(project, []);
      await renameSession(environment(), dir, "  The \u202efirst\n try \u0007 ");
      const [named] = await listSessions(disk, project);
      assert.deepEqual([named?.title, named?.id], ["The first try", path.basename(dir)]);
      await renameSession(environment(), dir, " ");
      assert.equal((await listSessions(disk, project))[0]?.title, undefined);
      await refusal(renameSession(environment(), dir, "x".repeat(201)), "usage");
    });

    it("is the old one or the new one, whenever the process is killed", async () => {
      const dir = await session(project, []);
      await renameSession(environment(), dir, "old");
      for (let kill = 1; ; kill += 1) {
        const fs = new FaultyFileSystem();
        fs.before = ({ number }) => {
          if (number === kill) fs.kill();
        };
        const failed = await renameSession(environment(fs), dir, "new").then(
          () => false,
          () => true,
        );
        assert.match((await listSessions(disk, project))[0]?.title ?? "", /^(old|new)$/);
        if (!failed) break;
        await renameSession(environment(), dir, "old");
        assert.deepEqual(
          (await readdir(dir)).filter((name) => name.startsWith("label.json-")),
          [],
        );
      }
    });
  });

  describe("a search", () => {
    async function found(text: string): Promise<SessionHits[]> {
      const hits: SessionHits[] = [];
      for await (const one of searchSessions({ fs: disk }, project, text)) hits.push(one);
      return hits;
    }

    it("finds a text in short and long contents, in the task and in the title, in either case", async () => {
      const dir = await session(project, [
        "a short Circle",
        `${long("filler")} the SQUARE ${long("filler")}`,
      ]);
      await renameSession(environment(), dir, "Triangles");
      const places = async (text: string) =>
        (await found(text)).flatMap(({ hits }) => hits.map(({ place }) => place));
      assert.deepEqual(await places("circle"), ["tool_result"]);
      assert.deepEqual(await places("square"), ["tool_result"]);
      assert.deepEqual(await places("triangle"), ["title"]);
      assert.deepEqual(await places("build IT"), ["task"]);
      assert.deepEqual(await found("nowhere"), []);
      const [hit] = (await found("square"))[0]?.hits ?? [];
      assert.match(hit?.excerpt ?? "", /^…filler .*the SQUARE filler.*…$/);
    });

    it("goes on past damage, and gives at most a few hits for each session", async () => {
      const dir = await session(
        project,
        Array.from({ length: 20 }, (_, index) => `needle ${index}`),
      );
      await appendFile(path.join(dir, "journal.jsonl"), "not a line\n");
      assert.equal((await found("needle"))[0]?.hits.length, 3);
    });
  });

  describe("a deletion", () => {
    it("removes the session and nothing else, and leaves what links in its Workspace lead to", async () => {
      const [one, two] = [await session(project, [long("a")]), await session(project, [long("a")])];
      await writeFile(path.join(project, "kept.txt"), "kept");
      await mkdir(path.join(one, "workspace", "deep"));
      await symlink(project, path.join(one, "workspace", "deep", "link"));
      await deleteSession(environment(), project, one);
      assert.deepEqual(
        (await listSessions(disk, project)).map(({ path: dir }) => dir),
        [two],
      );
      assert.deepEqual(await readdir(path.join(project, ".orket", "trash")), []);
      assert.equal(await readFile(path.join(project, "kept.txt"), "utf8"), "kept");
      await assertWhole(two, [long("a")]);
    });

    it("is refused while the session is written, and for a folder that is no session", async () => {
      const store = await begin(project, []);
      await refusal(deleteSession(environment(), project, store.paths.dir), "session_locked");
      await store.close();
      await refusal(deleteSession(environment(), project, path.join(project, "src")), "session_not_found");
    });

    it("killed at any operation leaves the whole session, or remains that the next housekeeping removes", async () => {
      let kills = 0;
      for (let kill = 1, done = false; !done; kill += 1) {
        const dir = await session(project, [long("a"), long("b")]);
        await mkdir(path.join(dir, "workspace", "deep"));
        await writeFile(path.join(dir, "workspace", "deep", "x.txt"), "x");
        const fs = new FaultyFileSystem();
        fs.before = ({ number }) => {
          if (number === kill) fs.kill();
        };
        done = await deleteSession(environment(fs), project, dir).then(
          () => true,
          () => false,
        );
        if (!done) kills += 1;
        const listed = await listSessions(disk, project);
        if (listed.length > 0) {
          assert.deepEqual(
            listed.map(({ path: one }) => one),
            [dir],
          );
          await assertWhole(dir, [long("a"), long("b")]);
          assert.equal(await readFile(path.join(dir, "workspace", "deep", "x.txt"), "utf8"), "x");
          await deleteSession(environment(), project, dir);
        } else await pruneBlobs(environment(), project);
        const trash = await readdir(path.join(project, ".orket", "trash")).catch(() => []);
        assert.deepEqual(trash, [], `after kill ${kill}`);
      }
      assert.ok(kills > 15, `${kills} kills`);
    });
  });

  describe("pruning", () => {
    it("removes what no session names and keeps the rest; a dry run removes nothing and says the same", async () => {
      const kept = await session(project, [long("a"), long("b")]);
      const gone = await session(project, [long("b"), long("c"), long("d")]);
      await age(project);
      await deleteSession(environment(), project, gone);
      const stray = path.join(blobsOf(project), "notes.txt");
      await writeFile(stray, "none of Orket's");
      const dry = await pruneBlobs(environment(), project, { dryRun: true });
      assert.equal((await blobs(project)).length, 5);
      const pruned = await pruneBlobs(environment(), project);
      assert.deepEqual(pruned, dry);
      assert.deepEqual([pruned.blobs, pruned.bytes, pruned.keptBlobs], [2, 2 * long("c").length, 2]);
      await assertWhole(kept, [long("a"), long("b")]);
      assert.equal((await blobs(project)).length, 3);
    });

    it("keeps what only a note of an unfinished acceptance, or a torn line, names", async () => {
      const dir = await session(project, [long("a")]);
      const other = await session(project, [long("b"), long("c")]);
      const lines = (await readFile(path.join(other, "journal.jsonl"), "utf8")).split("\n");
      const [b, c] = lines.slice(1, 3).map((line) => /"content":(\{[^}]*\})/.exec(line)?.[1]);
      await deleteSession(environment(), project, other);
      await writeFile(path.join(dir, "acceptance.json"), `{"path":"x","content":${b ?? ""},"expected":null}`);
      await appendFile(path.join(dir, "journal.jsonl"), `{"seq":2,"data":{"content":${c ?? ""}`);
      await age(project);
      assert.equal((await pruneBlobs(environment(), project)).blobs, 0);
    });

    it("removes nothing when a journal is damaged anywhere, or gone beside a Workspace with files, and says which", async () => {
      const dir = await session(project, [long("a"), "short", long("b")]);
      await deleteSession(environment(), project, await session(project, [long("c")]));
      await age(project);
      const journal = path.join(dir, "journal.jsonl");
      const whole = await readFile(journal);
      const lastStart = whole.subarray(0, -1).lastIndexOf(10) + 1;
      for (let at = 3; at < lastStart; at += 37) {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ 1;
        await writeFile(journal, changed);
        const error = await refusal(pruneBlobs(environment(), project), "command_refused");
        assert.ok(error.message.includes(path.basename(dir)));
        assert.equal((await blobs(project)).length, 3, `a bit at ${at}`);
      }
      await rm(journal);
      await writeFile(path.join(dir, "workspace", "x.txt"), "x");
      await refusal(pruneBlobs(environment(), project), "command_refused");
      assert.equal((await blobs(project)).length, 3);
      await writeFile(journal, whole);
      assert.equal((await pruneBlobs(environment(), project)).blobs, 1);
    });

    it("is refused while a session is written, since what it is about to name cannot be known", async () => {
      const store = await begin(project, [long("a")]);
      store.putText(long("unnamed"));
      await store.flush();
      await age(project);
      const error = await refusal(pruneBlobs(environment(), project), "command_refused");
      assert.ok(error.message.includes(store.paths.id));
      record(store, [long("unnamed")]);
      await store.close();
      await assertWhole(store.paths.dir, [long("a"), long("unnamed")]);
    });

    it("killed at any operation never loses a content that a session names, and the next one finishes it", async () => {
      let kills = 0;
      const words = ["a", "b", "c", "d", "e"].map(long);
      const kept = await session(project, words.slice(0, 2));
      for (let kill = 1, done = false; !done; kill += 1) {
        await deleteSession(environment(), project, await session(project, words));
        await age(project);
        const fs = new FaultyFileSystem();
        fs.before = ({ number }) => {
          if (number === kill) fs.kill();
        };
        done = await pruneBlobs(environment(fs), project).then(
          () => true,
          (error: unknown) => {
            assert.ok(error instanceof Killed || OrketError.is(error), String(error));
            return false;
          },
        );
        if (!done) kills += 1;
        await assertWhole(kept, words.slice(0, 2));
        // Who comes next is not kept out by what the killed one left.
        const store = await begin(project, [words[2] ?? ""]);
        await store.close();
        await assertWhole(store.paths.dir, [words[2] ?? ""]);
        await deleteSession(environment(), project, store.paths.dir);
        await age(project);
        await pruneBlobs(environment(), project);
        assert.equal((await blobs(project)).length, 2, `after kill ${kill}`);
      }
      assert.ok(kills >= 8, `${kills} kills`);
    });

    for (const way of ["starts", "is opened"] as const) {
      for (const stays of [false, true]) {
        const then = stays ? "and stays open" : "and is closed again";
        it(`loses nothing of a session that ${way} ${then} before any of its operations`, async () => {
          const words = ["a", "b", "c", "d"].map(long);
          let waited = 0;
          let refused = 0;
          for (let moment = 1, reached = true; reached; moment += 1) {
            const opened = await session(project, []);
            await deleteSession(environment(), project, await session(project, words));
            await age(project);
            const pruned = signal();
            const waits = signal();
            let writer: Promise<JsonlSessionStore> | undefined;
            const fs = pausing(moment, async () => {
              const machine = {
                ...environment(),
                clock: {
                  nowMs: () => Date.now(),
                  sleep: async () => {
                    waits.give();
                    await pruned.given;
                  },
                },
              };
              writer = (
                way === "starts" ? begin(project, words, machine) : reopen(opened, words, machine)
              ).then(async (store) => {
                if (!stays) await store.close();
                return store;
              });
              await Promise.race([writer, waits.given.then(() => (waited += 1))]);
            });
            await pruneBlobs(environment(fs), project).catch((error: unknown) => {
              assert.ok(OrketError.is(error, "command_refused"), String(error));
              refused += 1;
            });
            pruned.give();
            const store = await writer;
            reached = store !== undefined;
            await store?.close();
            if (store !== undefined) await assertWhole(store.paths.dir, words);
            for (const { path: dir } of await listSessions(disk, project)) {
              await deleteSession(environment(), project, dir);
            }
            await age(project);
            await pruneBlobs(environment(), project);
          }
          assert.ok(waited > 10, `a writer waited ${waited} times`);
          if (stays) assert.ok(refused > 0, "no pruning was refused");
        }).timeout(60_000);
      }
    }

    it("removes nothing more when its lock was taken away while it slept", async () => {
      await deleteSession(environment(), project, await session(project, ["a", "b", "c"].map(long)));
      await age(project);
      const before = (await blobs(project)).length;
      const fs = new FaultyFileSystem();
      let removed = 0;
      fs.after = ({ name, args }) => {
        if (name !== "unlink" || !String(args[0]).includes("sha256")) return;
        removed += 1;
        rmSync(path.join(project, ".orket", "prune.lock"));
      };
      await refusal(pruneBlobs(environment(fs), project), "command_refused");
      assert.equal(removed, 1);
      assert.equal((await blobs(project)).length, before - 1);
    });

    it("removes nothing when a journal was cut at a line's end after it was closed", async () => {
      const dir = await session(project, [long("a"), long("b")]);
      await age(project);
      const journal = path.join(dir, "journal.jsonl");
      const lines = (await readFile(journal, "utf8")).split("\n");
      await writeFile(journal, `${lines.slice(0, -2).join("\n")}\n`);
      await refusal(pruneBlobs(environment(), project), "command_refused");
      assert.equal((await blobs(project)).length, 2);
    });
  });
});

async function reopen(
  dir: string,
  texts: readonly string[],
  machine: SessionEnvironment,
): Promise<JsonlSessionStore> {
  const { store } = await openSession(machine, dir);
  record(store, texts);
  await store.flush();
  return store;
}

function signal(): { readonly given: Promise<void>; give(): void } {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return {
    given,
    give: () => {
      give();
    },
  };
}

/** A disk that does something else before one of its operations, reading ones included, and waits for it. */
function pausing(moment: number, pause: () => Promise<void>): FileSystem {
  let count = 0;
  return new Proxy<FileSystem>(new NodeFileSystem(), {
    get: (target, key, receiver) => {
      const value: unknown = Reflect.get(target, key, receiver);
      if (typeof value !== "function" || (typeof key === "string" && key.endsWith("Now"))) return value;
      const method = value as (...args: unknown[]) => unknown;
      return async (...args: unknown[]) => {
        count += 1;
        if (count === moment) await pause();
        return method.apply(target, args);
      };
    },
  });
}

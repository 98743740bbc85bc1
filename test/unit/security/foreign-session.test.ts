import assert from "node:assert/strict";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { UserSessionMarks } from "../../../src/adapters/journal/session-marks";
import { sha256 } from "../../../src/adapters/system/sha256";
import { replaySession, verifySession } from "../../../src/app/session/audit";
import { SessionController } from "../../../src/app/session/controller";
import { forkSession } from "../../../src/app/session/fork";
import { isOwnSession } from "../../../src/app/session/ownership";
import { openLiveSession, startSession } from "../../../src/app/session/open";
import type { RuntimeOptions } from "../../../src/app/session/session";
import { listSessions } from "../../../src/app/session/session-list";
import { OrketError } from "../../../src/engine/error/orket-error";
import type { Definition } from "../../../src/engine/model/definition";
import { definitionOf, step } from "../../fakes/engine-harness";
import { libraryOptions, withReplies } from "../../fakes/library-run";
import { environment } from "../../fakes/session";

const team = (): Definition => withReplies(definitionOf([step("plan", "writer"), step("last", "writer")]));

describe("A session", () => {
  let top: string;
  beforeEach(() => {
    top = realpathSync(mkdtempSync(path.join(tmpdir(), "orket-foreign-")));
  });
  afterEach(() => {
    rmSync(top, { recursive: true, force: true });
  });

  /** A user on a machine, told from others by the state folder. */
  function user(name: string, more: Partial<RuntimeOptions> = {}): RuntimeOptions {
    const project = path.join(top, "project");
    return libraryOptions(project, {
      environment: { ...environment(), marks: new UserSessionMarks(() => path.join(top, name)) },
      ...more,
    });
  }

  /** Started and closed after its first step, so that there is something to go on with. */
  async function begun(options: RuntimeOptions): Promise<string> {
    cpSync(__filename, path.join(top, "project", "a.txt"), { recursive: true });
    const live = await startSession(team(), options);
    await live.close();
    return live.directory;
  }

  const goesOn = async (directory: string, options: RuntimeOptions): Promise<void> => {
    const live = await openLiveSession(directory, options);
    try {
      live.orchestrator.resume("person");
      await live.orchestrator.run();
    } finally {
      await live.close();
    }
  };
  const isForeign = (error: unknown): boolean => OrketError.is(error, "session_foreign");

  it("that was written here goes on without a question, and again after that", async () => {
    const me = user("me");
    const directory = await begun(me);
    await goesOn(directory, me);
    await (await openLiveSession(directory, me)).close();
  });

  it("of somebody else is looked at and forked, and goes on only when a person read what it would do", async () => {
    const directory = await begun(user("them"));
    const asked: string[] = [];
    await assert.rejects(goesOn(directory, user("me")), (error) => {
      assert.ok(isForeign(error));
      assert.match(
        (error as Error).message,
        /Agents read: .*the project.*Sent to: no server.*Keys: none.*Commands: none/,
      );
      return true;
    });
    const { environment: mine } = user("me");
    assert.ok(mine);
    const [listed] = await listSessions(mine.fs, path.join(top, "project"), mine.marks);
    assert.equal(listed?.foreign, true);
    assert.notEqual(listed?.status, "interrupted");
    assert.equal((await verifySession(directory, mine)).ok, true);
    assert.equal((await replaySession(directory, mine)).identical, true);

    const yes = user("me", {
      confirmForeign: (id) => {
        asked.push(id);
        return Promise.resolve(true);
      },
    });
    await goesOn(directory, yes);
    assert.deepEqual(asked, [path.basename(directory)]);
    // It is ours from then on.
    await (await openLiveSession(directory, user("me"))).close();
  });

  it("is searched for its writer once, and again when somebody has performed it", async () => {
    const directory = await begun(user("them"));
    let asked = 0;
    class Counted extends UserSessionMarks {
      override find(first: string): ReturnType<UserSessionMarks["find"]> {
        asked += 1;
        return super.find(first);
      }
    }
    const marks = new Counted(() => path.join(top, "me"));
    const controller = await SessionController.read(directory, {
      ...user("me"),
      environment: { ...environment(), marks },
    });
    await controller.refresh();
    await controller.refresh();
    assert.deepEqual([controller.foreign, asked], [true, 1]);

    await goesOn(directory, user("me", { confirmForeign: () => Promise.resolve(true) }));
    await controller.refresh();
    assert.deepEqual([controller.foreign, asked], [false, 2]);
    await controller.dispose();
  });

  it("of ours is found wherever its mark says that it ends, as older versions did not say", async () => {
    const me = user("me");
    const directory = await begun(me);
    await goesOn(directory, me);
    const [name = ""] = readdirSync(path.join(top, "me", "sessions"));
    const mark = path.join(top, "me", "sessions", name);
    const noted = JSON.parse(readFileSync(mark, "utf8")) as Record<string, unknown>;
    assert.equal(noted.bytes, statSync(path.join(directory, "journal.jsonl")).size);
    const mine = { ...environment(), marks: new UserSessionMarks(() => path.join(top, "me")) };
    for (const bytes of [undefined, 7, 1 << 30]) {
      writeFileSync(mark, JSON.stringify({ ...noted, bytes }));
      assert.equal(await isOwnSession(mine, directory), true);
    }
    // The line is found there, and it is not the one that the mark is about.
    writeFileSync(mark, JSON.stringify({ ...noted, lines: Number(noted.lines) - 1 }));
    assert.equal(await isOwnSession(mine, directory), false);
  });

  it("of ours whose journal no longer holds what was written here is somebody else's", async () => {
    const me = user("me");
    const directory = await begun(me);
    await goesOn(directory, me);
    const file = path.join(directory, "journal.jsonl");
    const [first = "", ...rest] = readFileSync(file, "utf8").trimEnd().split("\n");
    // Another history behind the same first line, its chain whole.
    let prev = sha256(first);
    const forged = rest.slice(0, 3).map((line) => {
      const own = line
        .replace(/"prev":"[0-9a-f]+"\}$/, `"prev":"${prev}"}`)
        .replace(/"at":"[^"]+"/, '"at":"2026-01-01T00:00:00.000Z"');
      prev = sha256(own);
      return own;
    });
    writeFileSync(file, `${[first, ...forged].join("\n")}\n`);
    rmSync(path.join(directory, "head.json"));
    rmSync(path.join(directory, "journal.idx"), { force: true });
    await assert.rejects(goesOn(directory, me), isForeign);
  });

  for (const [what, change] of [
    ["references the whole disk", (one: Definition) => (one.flow.references = ["/"])],
    ["references a folder above", (one: Definition) => (one.flow.references = ["../.."])],
    ["holds a key in params", (one: Definition) => (one.venue.params = { headers: { authorization: "x" } })],
  ] as const) {
    it(`runs nothing whose definition ${what}, whoever says yes`, async () => {
      const options = user("them", { confirmForeign: () => Promise.resolve(true) });
      const directory = await begun(options);
      const file = path.join(directory, "definition.json");
      const definition = JSON.parse(readFileSync(file, "utf8")) as Definition;
      change(definition);
      writeFileSync(file, JSON.stringify(definition));
      const isInvalid = (error: unknown): boolean => OrketError.is(error, "definition_invalid");
      await assert.rejects(goesOn(directory, options), isInvalid);
      await assert.rejects(
        forkSession(directory, "plan", (same) => same, options),
        (error) => OrketError.is(error, "definition_invalid", "command_refused"),
      );
    });
  }
});

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { copyProject, onlySession, orket, readJournal } from "./orket";
import { sharedContent } from "../fakes/session";
import { otlpTraceSchema } from "../fakes/otlp-schema";

describe("orket export, repeat and housekeeping", function () {
  this.timeout(60_000);

  let project: string;
  let session: string;
  let id: string;

  before(async () => {
    project = copyProject("team");
    const run = await orket(["-C", project, "run", "team", "--approve", "all"]);
    assert.equal(run.code, 0, run.stderr);
    session = onlySession(project);
    id = path.basename(session);
  });
  after(() => {
    rmSync(project, { recursive: true, force: true });
  });

  async function call(...args: string[]) {
    const finished = await orket(["-C", project, ...args]);
    assert.equal(finished.code, 0, finished.stderr);
    return finished;
  }

  it("exports the events as NDJSON, as the run printed them", async () => {
    const { stdout } = await call("export", "last", "--format", "ndjson");
    const lines = stdout.trimEnd().split("\n");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line) as unknown),
      readJournal(session).map(({ prev: _, ...event }) => event),
    );
    const contents = await call("export", "last", "--format", "ndjson", "--contents");
    assert.ok(contents.stdout.length > stdout.length);
  });

  it("exports a trace that fits OTLP's schema, the same each time", async () => {
    const first = await call("export", id, "--format", "otlp");
    assert.ok(otlpTraceSchema.safeParse(JSON.parse(first.stdout)).success);
    assert.equal((await call("export", id, "--format=otlp")).stdout, first.stdout);
  });

  it("exports a page to a file, as a whole or not at all, and says what was proven", async () => {
    const repeated = await call("repeat", "last", "--times", "1");
    assert.match(repeated.stdout, /1 of 1 run gave the same artifacts/);
    assert.match(repeated.stdout, /no model was asked/);
    const { stdout, stderr } = await call("export", id, "--format", "html", "-o", "page.html");
    assert.equal(stdout, "");
    assert.match(stderr, /Wrote .*page\.html/);
    const page = readFileSync(path.join(project, "page.html"), "utf8");
    assert.match(page, /recorded: the journal is complete and unbroken \(orket verify checks its contents\)/);
    assert.match(page, /repeated: 1 of 1 run gave the same artifacts, with scripted replies/);
    assert.ok(!page.includes("<script"));
    const failed = await orket(["-C", project, "export", id, "--format", "html", "-o", "none/page.html"]);
    assert.equal(failed.code, 2);
    assert.deepEqual(
      readdirSync(project).filter((name) => name.endsWith(".new")),
      [],
    );
  });

  it("wants a format, and exports what stands before damage with exit code 10", async () => {
    assert.equal((await orket(["-C", project, "export", id])).code, 2);
    const journal = path.join(session, "journal.jsonl");
    const whole = readFileSync(journal);
    writeFileSync(journal, `${whole.toString("utf8").split("\n").slice(0, 5).join("\n")}\nbroken\n`);
    const cut = await orket(["-C", project, "export", id, "--format", "ndjson"]);
    assert.equal(cut.code, 10);
    assert.equal(cut.stdout.trimEnd().split("\n").length, 5);
    assert.match(cut.stderr, /damaged at line 6/);
    const refused = await orket(["-C", project, "prune"]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /Nothing was removed: the session .* cannot be read whole/);
    writeFileSync(journal, whole);
  });

  it("gives a title, finds it, and shows what sessions take", async () => {
    await call("rename", id, "The second try");
    assert.match((await call("sessions")).stdout, /The second try/);
    const [found] = (await call("sessions", "--search", "SECOND TRY", "--json")).stdout.trimEnd().split("\n");
    assert.equal((JSON.parse(found ?? "") as { session: string }).session, id);
    const use = JSON.parse((await call("sessions", "--size", "--json")).stdout) as {
      sessions: { id: string; ownBytes: number }[];
    };
    assert.ok((use.sessions.find((one) => one.id === id)?.ownBytes ?? 0) > 1000);
  });

  it("deletes sessions with their contents, then frees what sessions of old alone needed", async () => {
    sharedContent(path.join(project, ".orket", "blobs", "sha256"), "written by an older Orket");
    const { stdout } = await call("sessions", "--json");
    for (const { id: one } of JSON.parse(stdout) as { id: string }[]) {
      assert.equal((await call("delete", one)).stdout, `deleted  ${one}\n`);
    }
    assert.ok(!existsSync(session));
    const dry = JSON.parse((await call("prune", "--dry-run", "--json")).stdout) as { blobs: number };
    const pruned = JSON.parse((await call("prune", "--json")).stdout) as { blobs: number; keptBlobs: number };
    assert.ok(dry.blobs > 0);
    assert.deepEqual([pruned.blobs, pruned.keptBlobs], [dry.blobs, 0]);
  });
});

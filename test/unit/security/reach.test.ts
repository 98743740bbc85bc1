import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { NodeGuardedFiles } from "../../../src/adapters/files/guarded-files";
import { originOf, reachOf } from "../../../src/engine/model/reach";
import type { Reach } from "../../../src/engine/model/reach";
import type { Definition } from "../../../src/engine/model/definition";
import { Orchestrator } from "../../../src/engine/orchestrator/orchestrator";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import { SeededRandom } from "../../simulation/random";

/** Each file holds one mark, so that a text that was read says where it came from. */
const files: Readonly<Record<string, string>> = {
  "project/src/a.txt": "mark-project",
  "project/.env": "mark-secret",
  "project/certs/server.pem": "mark-secret",
  "project/.git/config": "mark-never-git",
  "project/.orket/sessions/x.txt": "mark-never-orket",
  "project/docs/r.txt": "mark-project",
  "shared/ref/r.txt": "mark-never-shared",
  "start/s.txt": "mark-start",
  "start/below/x.txt": "mark-never-below-start",
  "start/below/deeper/x.txt": "mark-never-below-start",
  "outside/o.txt": "mark-never-outside",
};

/** The gate takes a sample; ORKET_REACH_RUNS=10000 is the whole count that SECURITY.md tells. */
const runs = Number(process.env.ORKET_REACH_RUNS ?? 600);

describe("What the plan says could happen", function () {
  this.timeout(1_200_000);
  let top: string;
  before(() => {
    top = realpathSync(mkdtempSync(path.join(tmpdir(), "orket-reach-")));
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(top, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, `${text}\n`);
    }
  });
  after(() => {
    rmSync(top, { recursive: true, force: true });
  });

  const tools = [
    "read_file",
    "list_dir",
    "search_files",
    "write_file",
    "edit_file",
    "delete_file",
    "update_notes",
  ] as const;

  function definitionFrom(random: SeededRandom): Definition {
    const some = <T>(items: readonly T[]): T[] => items.filter(() => random.chance(0.6));
    const approval = random.pick(["none", "before_step", "after_step"] as const);
    const definition = definitionOf([step("one", "writer", { max_turns: 8, approval })], {
      policy: {
        read_scope: some(["workspace", "reference", "domain"] as const),
        write_scope: some(["workspace"] as const),
        allow: some([".env", "**/*.pem", "**"]).slice(0, 1),
      },
      references: some(["docs"]),
    });
    const { writer } = definition.band.roles;
    if (writer !== undefined)
      definition.band.roles = { ...definition.band.roles, writer: { ...writer, tools: some(tools) } };
    return definition;
  }

  /** A place that a model could name: right, wrong and hostile. */
  function placeFrom(random: SeededRandom): string {
    const known = random.pick(Object.keys(files) as [string, ...string[]]);
    const name = random.chance(0.3) ? path.posix.dirname(known) : known;
    return random.pick([
      path.join(top, name),
      path.posix.relative("project", name) || ".",
      `../${name}`,
      name.replace("project/", ""),
      "new/file.md",
      `./${name.replace("project/", "")}`,
    ]);
  }

  function callFrom(random: SeededRandom): [string, Record<string, unknown>] {
    const tool = random.pick([...tools]);
    const place = placeFrom(random);
    switch (tool) {
      case "read_file":
      case "list_dir":
      case "delete_file":
        return [tool, { path: place }];
      case "search_files":
        return [tool, { query: "mark", path: place }];
      case "write_file":
        return [tool, { path: place, content: "text" }];
      case "edit_file":
        return [tool, { path: place, old_text: "mark", new_text: "text" }];
      case "update_notes":
        return [tool, { notes: { a: "b" } }];
    }
  }

  function marksAllowed(reach: Reach): RegExp {
    const has = (what: string): boolean => reach.reads.some((one) => one.includes(what));
    const inProject = has("the project");
    return new RegExp(
      `^mark-(?:${[
        ...(has("started from") ? ["start"] : []),
        ...(inProject || has("the reference docs") ? ["project"] : []),
        ...(inProject && reach.secretsReadable.length > 0 ? ["secret"] : []),
        "$^",
      ].join("|")})$`,
    );
  }

  it(`is never exceeded by a run, in ${runs} Flows with models that try everything`, async () => {
    let read = 0;
    let wrote = 0;
    for (let seed = 1; seed <= runs; seed += 1) {
      const random = new SeededRandom(seed);
      const definition = definitionFrom(random);
      const reach = reachOf(definition);
      const made = harness(definition, () => ({
        calls: [callFrom(random), callFrom(random), callFrom(random)],
      }));
      const guarded = new NodeGuardedFiles({
        workDomain: path.join(top, "project"),
        startDirectory: path.join(top, "start"),
        references: definition.flow.references,
        policy: definition.flow.policy,
      });
      const orchestrator = new Orchestrator({ ...made.ports, files: guarded }, made.orchestrator.state);
      orchestrator.listen({
        onEvents: (events) => {
          for (const one of events) {
            if (one.type !== "approval_requested") continue;
            const { id, sha256 } = one.data;
            setImmediate(() =>
              orchestrator.submit({
                kind: "resolve_approval",
                id,
                sha256,
                decision: "approve",
                by: "person",
              }),
            );
          }
        },
      });
      await orchestrator.run();
      const allowed = marksAllowed(reach);
      for (const event of made.store.events) {
        if (event.type === "artifact_written" || event.type === "artifact_deleted") {
          wrote += 1;
          assert.ok(reach.writes, `seed ${seed}: ${JSON.stringify(event)}`);
          const asked = made.store.events.some(({ type }) => type === "approval_requested");
          assert.ok(asked || reach.writesWithoutApproval, `seed ${seed}: written without a question`);
        }
        if (event.type !== "tool_result") continue;
        const text = await made.store.getText(event.data.content);
        // A search says what it looked for; only what stands in a file counts.
        for (const [mark] of text.matchAll(/mark-[a-z-]+/g)) {
          read += 1;
          assert.match(mark, allowed, `seed ${seed}: ${event.data.tool} showed ${text}`);
        }
      }
    }
    console.log(
      `      ${runs} runs: ${read} marks read, ${wrote} files written or deleted, none beyond the table`,
    );
    // The generator is worth something only when much is allowed, too.
    assert.ok(read > runs / 2 && wrote > runs / 4, `${read} marks read, ${wrote} files written`);
  });

  it("names servers as the standard does, whatever they are called", () => {
    for (const address of [
      "https://API.OpenAI.com/v1",
      "http://127.0.0.1:11434",
      "https://host:443/x?y#z",
      "http://host:80",
      "http://host:0080/",
      "http://[::1]:8080/v1",
      "https://user@evil.example:8443/",
    ]) {
      assert.equal(originOf(address), new URL(address).origin);
    }
  });
});
